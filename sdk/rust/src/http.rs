//! Requests and their answers. The host adds the operator's credential, so there is nothing here
//! about signing; and since a lost answer means one thing for a read and another for a write,
//! [`Unanswered`] has a way to a [`Failure`] for each.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Host};

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Never with a token.
    pub url: String,
    /// Never with a token.
    pub headers: Vec<(String, String)>,
    /// Tokens in it become values if the need carries secrets.
    pub body: Vec<u8>,
}

/// A request that is being put together.
#[must_use = "nothing is sent until `send` is called"]
pub struct RequestBuilder<'a> {
    host: &'a dyn Host,
    request: Request,
}

impl<'a> RequestBuilder<'a> {
    pub(crate) fn new(host: &'a dyn Host, method: &str, url: &str) -> Self {
        let request = Request {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        Self { host, request }
    }

    /// Adds a header. Besides those that the need lists, only `accept` and `content-type` pass.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request
            .headers
            .push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body, and `content-type: application/json` unless another one was set before.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.request.body = serde_json::to_vec(body).expect("a body with string keys serializes");
        let named = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
        if self.request.headers.iter().any(named) {
            return self;
        }
        self.header("content-type", "application/json")
    }

    /// Sets the body.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.request.body = bytes.into();
        self
    }

    /// Sends it. Any status is an answer.
    pub fn send(self) -> Result<Response, Unanswered> {
        self.host.send(self.request)
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// With tokens where secrets stand.
    pub body: Vec<u8>,
}

impl Response {
    /// Whether the status is a 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; rejected if it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::rejected(format!(
                "the answer with status {} is not the JSON expected: {error}",
                self.status
            ))
        })
    }

    /// The body as text, with a mark where it is not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// How long the other side asks to wait, in milliseconds, if it says so in seconds.
    pub fn retry_after_ms(&self) -> Option<u32> {
        let seconds: u32 = self.header("retry-after")?.trim().parse().ok()?;
        seconds.checked_mul(1000)
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// No approved need allows this request.
    NotApproved,
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The request or the answer is over the limit.
    TooLarge,
}

/// A request without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// Why.
    pub why: Obstacle,
    /// In words.
    pub message: String,
    /// Whether the other side may have received the request.
    pub maybe_sent: bool,
}

impl Unanswered {
    /// The failure of a request that changes nothing: it can simply be sent again.
    pub fn while_reading(self) -> Failure {
        match self.why {
            Obstacle::Unreachable | Obstacle::TimedOut => Failure::unavailable(self.message),
            Obstacle::NotApproved | Obstacle::TooLarge => Failure::rejected(self.message),
        }
    }

    /// The failure of a request that changes something: uncertain if it may have been received.
    pub fn while_writing(self) -> Failure {
        match self.maybe_sent {
            true => Failure::uncertain(self.message),
            false => self.while_reading(),
        }
    }
}

/// The cautious way, as for a request that changes something.
impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.while_writing()
    }
}
