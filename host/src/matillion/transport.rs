//! One request and its whole answer. Nothing below this line sends a request a second time: not
//! the connection pool, not the HTTP/2 layer, not a redirect.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Method, redirect};
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::endpoints::is_loopback;
use super::error::{Call, Error};
use super::retry;
use crate::secret::SecretString;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("keyferry/", env!("CARGO_PKG_VERSION"));
const LARGEST_ANSWER: usize = 8 << 20;

/// How a connection is made. Clients are built when a kind is first used: loading the system's
/// CA certificates costs milliseconds that plain http to this machine need not pay.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Wire {
    tls: bool,
    loopback: bool,
    once: bool,
}

/// Whether a request may travel on a connection that was used before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Connection {
    /// Kept-alive connections are used, HTTP/2 where offered.
    Pooled,
    /// A new HTTP/1.1 connection. The pool silently sends a request again when a kept-alive
    /// connection turns out to be closed, and can't be told not to; it never does on a new one.
    Fresh,
}

pub(super) enum Payload<'a> {
    Empty,
    Json(&'a Value),
    Form(&'a [(&'a str, &'a str)]),
}

pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) bearer: Option<&'a SecretString>,
    pub(super) payload: Payload<'a>,
    pub(super) connection: Connection,
    pub(super) within: Duration,
}

impl Request<'_> {
    /// How errors name this request.
    pub(super) fn call(&self) -> Call {
        let mut place = self.url.clone();
        place.set_query(None);
        Call {
            method: self.method.clone(),
            place: place.into(),
        }
    }
}

pub(super) struct Answer {
    pub(super) call: Call,
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The error for a success whose body is not as it should be. `reason` must not quote it.
    pub(super) fn unreadable(&self, reason: impl Into<String>) -> Error {
        Error::Unreadable {
            call: self.call.clone(),
            status: self.status,
            reason: reason.into(),
        }
    }
}

#[derive(Default)]
pub(super) struct Transport {
    clients: Mutex<HashMap<Wire, reqwest::Client>>,
}

impl Transport {
    /// Makes the client for `url` ready, so that a later request does not pay for it.
    pub(super) fn warm(&self, url: &Url, connection: Connection) -> Result<(), Error> {
        self.client(url, connection).map(drop)
    }

    /// Sends once and reads the whole answer. Any status is an answer.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Answer, Error> {
        let (call, within) = (request.call(), request.within);
        let mut builder = self
            .client(&request.url, request.connection)?
            .request(request.method, request.url)
            .timeout(within)
            .header(ACCEPT, "application/json");
        if let Some(token) = request.bearer {
            let text = Zeroizing::new(format!("Bearer {}", token.expose()));
            let mut value = HeaderValue::from_str(&text).map_err(|_| Error::Setup {
                cause: "the access token can't stand in a header".to_owned(),
            })?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        builder = match request.payload {
            Payload::Empty => builder,
            Payload::Json(body) => builder.json(body),
            Payload::Form(fields) => builder.form(fields),
        };
        let fault = |error| fault(&call, within, error);
        let mut response = builder.send().await.map_err(fault)?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(retry::asked_wait);
        let mut body = Zeroizing::new(Vec::with_capacity(4 << 10));
        while let Some(chunk) = response.chunk().await.map_err(fault)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Error::Unreadable {
                    call,
                    status,
                    reason: format!("the body is larger than {} MiB", LARGEST_ANSWER >> 20),
                });
            }
            append(&mut body, &chunk);
        }
        Ok(Answer {
            call,
            status,
            retry_after,
            body,
        })
    }

    fn client(&self, url: &Url, connection: Connection) -> Result<reqwest::Client, Error> {
        let wire = Wire {
            tls: url.scheme() == "https",
            loopback: is_loopback(url),
            once: connection == Connection::Fresh,
        };
        let mut clients = self.clients.lock().unwrap_or_else(|held| held.into_inner());
        if let Some(client) = clients.get(&wire) {
            return Ok(client.clone());
        }
        let client = build(wire).map_err(|error| Error::Setup {
            cause: root_cause(error),
        })?;
        clients.insert(wire, client.clone());
        Ok(client)
    }
}

fn build(wire: Wire) -> reqwest::Result<reqwest::Client> {
    // Fails when a provider is installed already, which is just as well.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_WITHIN)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never());
    if !wire.tls {
        builder = builder.tls_certs_only([]);
    }
    if wire.loopback {
        builder = builder.no_proxy();
    }
    if wire.once {
        builder = builder.pool_max_idle_per_host(0).http1_only();
    }
    builder.build()
}

/// Grows without leaving a copy behind in freed memory.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    let needed = body.len() + chunk.len();
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * body.capacity())));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(chunk);
}

fn fault(call: &Call, within: Duration, error: reqwest::Error) -> Error {
    let call = call.clone();
    let unsent = error.is_connect() || error.is_builder();
    if error.is_timeout() && !unsent {
        return Error::TimedOut {
            call,
            after: within,
        };
    }
    Error::Unreachable {
        call,
        cause: root_cause(error),
        unsent,
    }
}

/// The innermost cause is the one that tells something; the outer ones repeat the address.
fn root_cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
