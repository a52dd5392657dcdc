//! Answers that a test lays out, and the record of what was sent.

use serde_json::Value;

use super::Mock;
use crate::{Obstacle, Unanswered};

/// A request as it left the host, with the values in place of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers that the sink set.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Sent {
    /// The header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// An answer, before it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// An answer with a JSON body.
    pub fn json(status: u16, body: Value) -> Self {
        Self::text(status, body.to_string())
    }

    /// An answer with any body.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type Answer = Box<dyn Fn(&Sent) -> Result<Reply, Unanswered>>;

pub(super) struct Rule {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    uses: Option<u32>,
    answer: Answer,
}

impl Rule {
    /// The answer, if the rule fits and is not used up.
    pub(super) fn answer(&mut self, sent: &Sent) -> Option<Result<Reply, Unanswered>> {
        let fits = self.method == sent.method
            && self.url == sent.url
            && self
                .headers
                .iter()
                .all(|(name, value)| sent.header(name) == Some(value));
        if !fits || self.uses == Some(0) {
            return None;
        }
        self.uses = self.uses.map(|uses| uses - 1);
        Some((self.answer)(sent))
    }
}

/// An answer that is being laid out; the call that says what it is ends it.
#[must_use = "nothing is laid out until the answer is given"]
pub struct On<'a> {
    mock: &'a Mock,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    uses: Option<u32>,
}

impl<'a> On<'a> {
    pub(super) fn new(mock: &'a Mock, method: &str, url: &str) -> Self {
        Self {
            mock,
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            uses: None,
        }
    }

    /// Only for requests with this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Only for the first such request; the next rule that fits answers those after it.
    pub fn once(mut self) -> Self {
        self.uses = Some(1);
        self
    }

    /// A JSON body.
    pub fn json(self, status: u16, body: Value) {
        self.reply(Reply::json(status, body));
    }

    /// This answer.
    pub fn reply(self, reply: Reply) {
        self.with(move |_| Ok(reply.clone()));
    }

    /// No answer.
    pub fn unanswered(self, why: Obstacle, maybe_sent: bool) {
        let message = format!("no answer to {} {}", self.method, self.url);
        self.with(move |_| {
            Err(Unanswered {
                why,
                message: message.clone(),
                maybe_sent,
            })
        });
    }

    /// What the function makes of the request.
    pub fn with(self, answer: impl Fn(&Sent) -> Result<Reply, Unanswered> + 'static) {
        let On {
            mock,
            method,
            url,
            headers,
            uses,
        } = self;
        let rule = Rule {
            method,
            url,
            headers,
            uses,
            answer: Box::new(answer),
        };
        mock.rules.borrow_mut().push(rule);
    }
}
