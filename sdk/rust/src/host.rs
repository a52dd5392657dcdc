//! All that a sink can reach. A sink is given a `&dyn Host`: the component's imports when it runs
//! for real, a [`Mock`](crate::mock) in its tests.

use crate::{Failure, Request, RequestBuilder, Response, Unanswered};

/// The contents of a file and the name of that state of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The bytes, with tokens where secrets stand.
    pub contents: Vec<u8>,
    /// Hand it back to [`Host::replace`].
    pub revision: String,
}

impl Document {
    /// The contents as text; rejected if they are not UTF-8.
    pub fn text(&self) -> Result<&str, Failure> {
        std::str::from_utf8(&self.contents)
            .map_err(|_| Failure::rejected("the file is not UTF-8 text; is it the right file?"))
    }
}

/// How a program ended and what it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit status; 128 and the signal's number if a signal ended it.
    pub status: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For the sink's author.
    Debug,
    /// For the operator.
    Info,
    /// For the operator, who should act.
    Warning,
}

/// What the host does for a sink, all of it bounded by the needs that were approved.
pub trait Host {
    /// Sends a request. Any status is an answer; no redirect is followed, nothing is tried again.
    fn send(&self, request: Request) -> Result<Response, Unanswered>;

    /// The file of the need with this name.
    fn read(&self, name: &str) -> Result<Document, Failure>;

    /// Replaces the file, all or nothing; a conflict if it is not at `revision`. The new revision.
    fn replace(&self, name: &str, contents: &[u8], revision: &str) -> Result<String, Failure>;

    /// Runs the program of the need with this name to its end.
    fn run(&self, name: &str) -> Result<Output, Failure>;

    /// A line for the operator.
    fn log(&self, level: Level, message: &str);
}

impl dyn Host + '_ {
    /// Begins a request.
    pub fn request(&self, method: &str, url: &str) -> RequestBuilder<'_> {
        RequestBuilder::new(self, method, url)
    }

    /// Begins a GET.
    pub fn get(&self, url: &str) -> RequestBuilder<'_> {
        self.request("GET", url)
    }

    /// Begins a POST.
    pub fn post(&self, url: &str) -> RequestBuilder<'_> {
        self.request("POST", url)
    }

    /// Begins a PUT.
    pub fn put(&self, url: &str) -> RequestBuilder<'_> {
        self.request("PUT", url)
    }

    /// Begins a PATCH.
    pub fn patch(&self, url: &str) -> RequestBuilder<'_> {
        self.request("PATCH", url)
    }

    /// A line for the sink's author.
    pub fn debug(&self, message: &str) {
        self.log(Level::Debug, message);
    }

    /// A line for the operator.
    pub fn info(&self, message: &str) {
        self.log(Level::Info, message);
    }

    /// A line for the operator, who should act.
    pub fn warn(&self, message: &str) {
        self.log(Level::Warning, message);
    }
}
