//! The http gate: every request of a sink, in a row of steps that can be read from top to bottom.
//!
//! parse, match a need, refuse what is the host's, put values in, route, check the address, sign
//! in, send once, bound, seal. What leaves holds no token and what comes back holds no value.

mod address;
mod answer;
mod client;

use std::time::{Duration, Instant};

use url::Url;

pub use client::PrivateRanges;

use self::client::{Request, Wire, WireError};
use crate::auth::{Authenticators, Outgoing};
use crate::policy::{Asked, Grant, HttpGrant, authorize, stays_as_approved};
use crate::seal::Seal;

/// A sink's request, as it came out of the sandbox.
pub struct SinkRequest {
    /// As given.
    pub method: String,
    /// As given.
    pub url: String,
    /// As given.
    pub headers: Vec<(String, String)>,
    /// Tokens in it.
    pub body: Vec<u8>,
}

/// An answer as a sink may see it.
pub struct SinkResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, values sealed.
    pub headers: Vec<(String, String)>,
    /// Sealed.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// Which kind.
    pub why: Obstacle,
    /// For the sink and the operator.
    pub message: String,
    /// Whether the other side may have it.
    pub maybe_sent: bool,
}

/// The kinds of `Unanswered`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// No need allows it.
    NotApproved,
    /// No connection.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// Over the limit.
    TooLarge,
}

/// One request to another address than the sink asked for.
#[derive(Clone, Debug)]
pub struct Route {
    /// An https origin.
    pub from: Url,
    /// Where its requests go.
    pub to: Url,
}

/// The gate of one process: what is the same for all sinks.
pub struct HttpGate {
    wire: Wire,
    routes: Vec<Route>,
}

/// What a request may use up.
pub struct Bounds {
    /// A body, in either direction.
    pub body_bytes: usize,
    /// From connecting to the last byte.
    pub time: Duration,
}

/// Of address and headers of a request, and of the headers of an answer.
const HEADER_BYTES: usize = 64 << 10;

impl HttpGate {
    /// A gate with the operator's routes, reaching public addresses and the `private` ones named.
    pub fn new(routes: Vec<Route>, mut private: PrivateRanges) -> Self {
        for route in &routes {
            if route.to.host_str() == Some("localhost") {
                let loopback = ["127.0.0.0/8", "::1/128"].map(str::parse::<ipnet::IpNet>);
                private
                    .entry("localhost".into())
                    .or_default()
                    .extend(loopback.into_iter().flatten());
            }
        }
        Self {
            wire: Wire::new(private),
            routes,
        }
    }

    /// Sends one request of a sink, or says why not.
    pub async fn send(
        &self,
        request: SinkRequest,
        grant: &Grant,
        auth: &Authenticators,
        seal: &mut Seal,
        bounds: &Bounds,
    ) -> Result<SinkResponse, Unanswered> {
        let url = parse(&request, seal, bounds)?;
        let asked = Asked {
            method: &request.method,
            url: &url,
            headers: &request.headers,
            body: &request.body,
        };
        let granted = authorize(grant, &asked, seal).map_err(|refused| {
            let method = &request.method;
            let place = place(&url);
            not_approved(format!("{method} {place} is not approved: {}", refused.0))
        })?;
        if !granted.carries_secret && seal.has_token(&request.body) {
            return Err(not_approved(format!(
                "{} {} is approved without the secret, and its body holds a token",
                request.method,
                place(&url)
            )));
        }
        let body = seal
            .unseal(&request.body)
            .map_err(|error| not_approved(error.to_string()))?;
        stays_as_approved(granted, &request.body, &body, seal)
            .map_err(|refused| not_approved(refused.0))?;
        let (target, routed) = self.route(&url);
        let signed = self
            .sign_in(granted, auth, &request, &url, &target, &body)
            .await?;
        let headers: Vec<(&str, &str)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(
                signed
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.expose())),
            )
            .collect();
        let ready = Request {
            method: &granted.method,
            url: &target,
            headers: &headers,
            body: bytes::Bytes::from_owner(body),
        };
        let started = Instant::now();
        let answer = self
            .wire
            .send(ready, routed, bounds.body_bytes, bounds.time)
            .await;
        let elapsed_ms = started.elapsed().as_millis();
        let method = granted.method.as_str();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let unanswered = unanswered(&url, error, seal);
                tracing::info!(method, place = place(&url), why = ?unanswered.why, elapsed_ms, "sink request unanswered");
                return Err(unanswered);
            }
        };
        let (status, length) = (answer.status, answer.body.len());
        tracing::info!(
            method,
            place = place(&url),
            status,
            length,
            elapsed_ms,
            "sink request"
        );
        answer::sealed(answer, granted, seal, &url)
    }

    /// Looks an origin up in the operator's routes.
    fn route(&self, url: &Url) -> (Url, bool) {
        let Some(route) = self
            .routes
            .iter()
            .find(|route| route.from.origin() == url.origin())
        else {
            return (url.clone(), false);
        };
        let mut target = route.to.clone();
        let base = route.to.path().trim_end_matches('/');
        target.set_path(&format!("{base}{}", url.path()));
        target.set_query(url.query());
        (target, true)
    }

    async fn sign_in(
        &self,
        granted: &HttpGrant,
        auth: &Authenticators,
        request: &SinkRequest,
        asked: &Url,
        url: &Url,
        body: &[u8],
    ) -> Result<Vec<(String, crate::secret::SecretString)>, Unanswered> {
        let Some(name) = &granted.auth else {
            return Ok(Vec::new());
        };
        let outgoing = Outgoing {
            method: &granted.method,
            asked,
            url,
            headers: &request.headers,
            body,
        };
        let refused = |error: crate::auth::AuthError| Unanswered {
            why: Obstacle::NotApproved,
            message: error.to_string(),
            maybe_sent: false,
        };
        auth.get(name)
            .map_err(refused)?
            .headers(&outgoing)
            .await
            .map_err(refused)
    }
}

/// The address, read by the one parser that is also used to send.
fn parse(request: &SinkRequest, seal: &Seal, bounds: &Bounds) -> Result<Url, Unanswered> {
    if request.body.len() > bounds.body_bytes {
        return Err(Unanswered {
            why: Obstacle::TooLarge,
            message: format!(
                "a body of {} bytes is over the limit of {}",
                request.body.len(),
                bounds.body_bytes
            ),
            maybe_sent: false,
        });
    }
    let length: usize = request
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if length + request.url.len() > HEADER_BYTES {
        return Err(not_approved(
            "the address and headers are over 64 KiB".to_owned(),
        ));
    }
    let in_headers = request
        .headers
        .iter()
        .any(|(name, value)| seal.has_token(name.as_bytes()) || seal.has_token(value.as_bytes()));
    if in_headers
        || seal.has_token(request.url.as_bytes())
        || seal.has_token(request.method.as_bytes())
    {
        return Err(not_approved(
            "a token may stand in a body only, never in an address or a header".to_owned(),
        ));
    }
    if let Some((name, _)) = request.headers.iter().find(|(name, value)| {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        name.is_empty()
            || !name.bytes().all(token)
            || !value
                .bytes()
                .all(|b| b == b'\t' || (0x20..0x7f).contains(&b))
    }) {
        return Err(not_approved(format!(
            "the header `{}` holds what no header can",
            name.escape_debug()
        )));
    }
    if let Some((name, _)) = request
        .headers
        .iter()
        .find(|(name, _)| crate::policy::is_sensitive(&name.to_ascii_lowercase()))
    {
        return Err(not_approved(format!("the header `{name}` is the host's")));
    }
    let url = Url::parse(&request.url)
        .map_err(|error| not_approved(format!("the address can't be read: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(not_approved(
            "an address has no user info and no fragment".to_owned(),
        ));
    }
    Ok(url)
}

fn unanswered(url: &Url, error: WireError, seal: &Seal) -> Unanswered {
    let place = place(url);
    let (why, message, maybe_sent) = match error {
        WireError::Refused(refused) => (Obstacle::NotApproved, refused.to_string(), false),
        WireError::NotConnected(problem) => (
            Obstacle::Unreachable,
            format!("no connection to {place}: {problem}"),
            false,
        ),
        WireError::TimedOut => (
            Obstacle::TimedOut,
            format!("{place} gave no answer in time"),
            true,
        ),
        WireError::Broken(problem) => (
            Obstacle::Unreachable,
            format!("the connection to {place} broke: {problem}"),
            true,
        ),
        WireError::TooLarge => (
            Obstacle::TooLarge,
            format!("the answer of {place} is over the limit"),
            true,
        ),
    };
    Unanswered {
        why,
        message: seal.redact(&message),
        maybe_sent,
    }
}

/// Host and path, which is all of an address that is ever shown.
fn place(url: &Url) -> String {
    format!("{}{}", url.host_str().unwrap_or_default(), url.path())
}

fn not_approved(message: String) -> Unanswered {
    Unanswered {
        why: Obstacle::NotApproved,
        message,
        maybe_sent: false,
    }
}
