//! What can go wrong between keyferry and the issuer, each with what to do about it. No query, no
//! body and no value of a secret ever gets in here.

use std::fmt::{self, Display};
use std::time::Duration;

use reqwest::Method;

use super::problem::Problem;

/// The call that failed: method and path, never the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// Scheme, host and path.
    pub place: String,
}

impl Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.place)
    }
}

/// A call that did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address that a secret may not be sent to.
    #[error("{what} `{url}` can't be used: {why}")]
    Endpoint {
        /// The setting, `base_url` or `token_url`.
        what: &'static str,
        /// The address, without user, password and query.
        url: String,
        /// Which rule it breaks.
        why: &'static str,
    },
    /// The HTTP client can't be set up on this machine.
    #[error("the HTTP client can't be set up: {cause}; check the system's CA certificates")]
    Setup {
        /// What the library said.
        cause: String,
    },
    /// No connection, or it broke before a whole answer was there.
    #[error("{call} got no answer: {cause}; check the network, and the region or base_url")]
    Unreachable {
        /// The call.
        call: Call,
        /// What the network said.
        cause: String,
        /// Whether no connection came about, so that nothing was sent.
        unsent: bool,
    },
    /// No whole answer in time.
    #[error("{call} got no whole answer within {} s; try again, or check the network", after.as_secs())]
    TimedOut {
        /// The call.
        call: Call,
        /// How long it was waited for.
        after: Duration,
    },
    /// The issuer answered with something else than success.
    #[error("{call} was answered with {status}{problem}; {}", advice(*status, *at_token, *wait))]
    Refused {
        /// The call.
        call: Call,
        /// The HTTP status.
        status: u16,
        /// The issuer's own words.
        problem: Box<Problem>,
        /// Whether it was the token endpoint that refused.
        at_token: bool,
        /// How long the issuer asked to wait.
        wait: Option<Duration>,
    },
    /// Success, with a body that does not hold what it should.
    #[error(
        "{call} was answered with {status}, but {reason}; if it stays so, the API has changed and keyferry must be updated"
    )]
    Unreadable {
        /// The call.
        call: Call,
        /// The HTTP status.
        status: u16,
        /// What is missing or wrong, without quoting the body.
        reason: String,
    },
    /// No runner has this id or name.
    #[error(
        "there is no runner `{wanted}` in this account and region{}",
        suggest(nearest)
    )]
    NoSuchRunner {
        /// The id or name that was looked for.
        wanted: String,
        /// Names that come close, the closest first.
        nearest: Vec<String>,
    },
    /// Several runners have this name.
    #[error("{} runners are named `{name}`: use one of their ids instead: {}", ids.len(), ids.join(", "))]
    NotUnique {
        /// The name.
        name: String,
        /// The ids of all that have it.
        ids: Vec<String>,
    },
}

impl Error {
    /// The HTTP status the issuer answered with, if it answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Error::Refused { status, .. } | Error::Unreadable { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// Why a refresh has no credential to show, by the one thing that matters: was the secret made?
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Nothing was changed: the request was not sent, or it was refused.
    #[error("the credential was not refreshed: {0}")]
    NotDone(#[source] Error),
    /// The secret may have been made, and the old one revoked. Read it back; never ask again.
    #[error("whether the credential was refreshed is not known: {0}")]
    Unknown(#[source] Error),
}

fn advice(status: u16, at_token: bool, wait: Option<Duration>) -> String {
    let text = match status {
        400 | 401 | 403 if at_token => {
            "check the API credential's client_id and client_secret, and token_url if it is set"
        }
        401 => "check the API credential's client_id and client_secret, and the region",
        403 => {
            "the API credential's role must allow \"Manage agents\": make one with the role Admin or Super Admin"
        }
        404 => "check the id, and that region and account are the runner's own",
        409 => "something else is in progress there: try again when it is over",
        429 => {
            return match wait {
                Some(wait) => format!("too many requests: try again in {} s", wait.as_secs()),
                None => "too many requests: try again in a minute".to_owned(),
            };
        }
        300..=399 => "keyferry follows no redirect: check base_url and token_url",
        500..=599 => "the fault is at the issuer: try again later",
        _ => "check the region or base_url",
    };
    text.to_owned()
}

fn suggest(nearest: &[String]) -> String {
    match nearest {
        [] => "; `keyferry status` and the issuer's own page show which there are".to_owned(),
        names => format!("; did you mean `{}`?", names.join("`, `")),
    }
}
