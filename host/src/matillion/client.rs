//! The client itself: who asks, where, and the two ways of asking. Every call of the API goes
//! through [`Client::read`] or [`Client::order`], except the refresh.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::answers;
use super::endpoints::{Endpoints, why_not};
use super::error::Error;
use super::problem::Problem;
use super::retry::{self, Pace};
use super::token::Token;
use super::transport::{Answer, Connection, Payload, Request, Transport};
use crate::secret::{Credential, SecretString};

pub(super) const READ_WITHIN: Duration = Duration::from_secs(30);
const PAGE_SIZE: usize = 100;
const MOST_PAGES: usize = 1000;

/// Talks to the issuer in the operator's name. Clones share connections and token.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) endpoints: Endpoints,
    pub(super) identity: Credential,
    pub(super) transport: Transport,
    pub(super) token: tokio::sync::Mutex<Option<Token>>,
    pub(super) pace: Pace,
    /// Set when the issuer does not know the status QUEUED, which is not documented.
    pub(super) no_queued: AtomicBool,
}

impl Client {
    /// Checks the addresses; connects to nothing yet.
    pub fn new(
        endpoints: Endpoints,
        client_id: String,
        client_secret: SecretString,
    ) -> Result<Client, Error> {
        let identity = Credential {
            client_id,
            client_secret,
        };
        Client::with_pace(endpoints, identity, Pace::READS)
    }

    pub(super) fn with_pace(
        endpoints: Endpoints,
        identity: Credential,
        pace: Pace,
    ) -> Result<Client, Error> {
        check("base_url", &endpoints.base_url)?;
        check("token_url", &endpoints.token_url)?;
        let inner = Inner {
            endpoints,
            identity,
            transport: Transport::default(),
            token: tokio::sync::Mutex::default(),
            pace,
            no_queued: AtomicBool::new(false),
        };
        Ok(Client {
            inner: Arc::new(inner),
        })
    }

    /// The address of a call: `base_url`, `v1`, and these segments, each encoded.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.inner.endpoints.base_url.clone();
        url.path_segments_mut()
            .expect("only http and https addresses were let in")
            .pop_if_empty()
            .push("v1")
            .extend(segments);
        url
    }

    /// Reads, with all the patience that a read may have.
    pub(super) async fn read(&self, url: Url) -> Result<Answer, Error> {
        self.call(Method::GET, url, None, self.inner.pace).await
    }

    /// Tells the issuer to do something. Sent again only if the token was not accepted.
    pub(super) async fn order(&self, url: Url, body: &Value) -> Result<Answer, Error> {
        let once = Pace {
            tries: 1,
            ..self.inner.pace
        };
        self.call(Method::POST, url, Some(body), once).await
    }

    async fn call(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
        pace: Pace,
    ) -> Result<Answer, Error> {
        let (mut tried, mut renewed) = (0, false);
        loop {
            let token = self.token(Duration::ZERO).await?;
            let request = Request {
                method: method.clone(),
                url: url.clone(),
                bearer: Some(&token),
                payload: body.map_or(Payload::Empty, Payload::Json),
                connection: Connection::Pooled,
                within: READ_WITHIN,
            };
            let error = match self.inner.transport.send(request).await {
                Ok(answer) if answer.is_success() => return Ok(answer),
                Ok(answer) => self.refused(&answer, &token),
                Err(error) => error,
            };
            if error.status() == Some(401) {
                self.forget(&token).await;
                if !renewed {
                    renewed = true;
                    continue;
                }
            }
            tried += 1;
            match pace.pause(&error, tried, retry::chance()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    /// Reads all pages of a list. An entry that can't be read is an error: what is silently left
    /// out would count as not there.
    pub(super) async fn list<T>(
        &self,
        segments: &[&str],
        entry: fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut last = None;
        for page in 0..MOST_PAGES {
            let mut url = self.url(segments);
            url.query_pairs_mut()
                .append_pair("page", &page.to_string())
                .append_pair("size", &PAGE_SIZE.to_string());
            let answer = self.read(url).await?;
            let found = answers::page(&answer)?;
            // An issuer that does not know pages gives the same one for ever.
            if found.results.is_empty() || last.as_ref() == found.results.first() {
                break;
            }
            last = found.results.first().cloned();
            for value in &found.results {
                let read = entry(value);
                all.push(read.ok_or_else(|| answer.unreadable("an entry has no id or name"))?);
            }
            let complete = match found.total {
                Some(total) if total > 0 => all.len() >= total,
                _ => found.results.len() < found.size.unwrap_or(PAGE_SIZE),
            };
            if complete {
                break;
            }
        }
        Ok(all)
    }

    /// The error for an answer that is no success.
    pub(super) fn refused(&self, answer: &Answer, token: &SecretString) -> Error {
        refused(answer, &[token, &self.inner.identity.client_secret], false)
    }
}

pub(super) fn refused(answer: &Answer, secrets: &[&SecretString], at_token: bool) -> Error {
    Error::Refused {
        call: answer.call.clone(),
        status: answer.status,
        problem: Box::new(Problem::read(&answer.body, secrets)),
        at_token,
        wait: answer.retry_after,
    }
}

fn check(what: &'static str, url: &Url) -> Result<(), Error> {
    let Some(why) = why_not(url) else {
        return Ok(());
    };
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // Neither can fail on an address that has a host, and without one there is nothing to hide.
    shown.set_username("").ok();
    shown.set_password(None).ok();
    Err(Error::Endpoint {
        what,
        url: shown.into(),
        why,
    })
}
