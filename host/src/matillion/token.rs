//! The access token: fetched when it is needed, renewed before it ends, one fetch at a time.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::answers;
use super::client::{Client, READ_WITHIN, refused};
use super::error::Error;
use super::retry;
use super::transport::{Answer, Connection, Payload, Request};
use crate::secret::{Credential, SecretString};

const AUDIENCE: &str = "https://api.matillion.com";
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// A granted token and when to stop using it.
pub(super) struct Token {
    text: SecretString,
    ends: Instant,
    margin: Duration,
}

impl Token {
    fn new(text: SecretString, lifetime: Duration, asked: Instant) -> Self {
        Token {
            text,
            // Counted from the request: the answer may have taken its time.
            ends: asked + lifetime,
            // A token shorter-lived than the margin would be renewed for every call.
            margin: RENEW_BEFORE.min(lifetime / 4),
        }
    }

    fn lasts(&self, at_least: Duration) -> bool {
        let left = self.ends.saturating_duration_since(Instant::now());
        left > self.margin.max(at_least)
    }
}

impl Client {
    /// Signs in unless that was done already, and makes everything ready for the refresh. The token
    /// then lasts at least so long, or as long as the issuer grants one.
    pub async fn sign_in(&self, at_least: Duration) -> Result<(), Error> {
        let base_url = &self.inner.endpoints.base_url;
        self.inner.transport.warm(base_url, Connection::Fresh)?;
        self.token(at_least).await.map(drop)
    }

    /// Whether the token endpoint accepts this pair: the proof that it is the live one, where the
    /// issuer grants tokens to runners.
    pub async fn grants_token(&self, credential: &Credential) -> Result<bool, Error> {
        match self.grant(credential).await {
            Ok(_) => Ok(true),
            Err(Error::Refused {
                status: 400 | 401, ..
            }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn token(&self, at_least: Duration) -> Result<SecretString, Error> {
        let mut held = self.inner.token.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.lasts(at_least)) {
            return Ok(token.text.clone());
        }
        let token = self.grant(&self.inner.identity).await?;
        Ok(held.insert(token).text.clone())
    }

    /// Forgets a token that was not accepted, unless it has been renewed in the meantime.
    pub(super) async fn forget(&self, refused: &SecretString) {
        let mut held = self.inner.token.lock().await;
        if held
            .as_ref()
            .is_some_and(|token| token.text.same_as(refused))
        {
            *held = None;
        }
    }

    async fn grant(&self, pair: &Credential) -> Result<Token, Error> {
        let mut tried = 0;
        loop {
            let asked = Instant::now();
            let error = match self.ask_for_token(pair).await {
                Ok(answer) => {
                    let (text, lifetime) = answers::token(&answer)?;
                    return Ok(Token::new(text, lifetime, asked));
                }
                Err(error) => error,
            };
            tried += 1;
            match self.inner.pace.pause(&error, tried, retry::chance()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    async fn ask_for_token(&self, pair: &Credential) -> Result<Answer, Error> {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &pair.client_id),
            ("client_secret", pair.client_secret.expose()),
            ("audience", AUDIENCE),
        ];
        let request = Request {
            method: Method::POST,
            url: self.inner.endpoints.token_url.clone(),
            bearer: None,
            payload: Payload::Form(&fields),
            connection: Connection::Pooled,
            within: READ_WITHIN,
        };
        let answer = self.inner.transport.send(request).await?;
        if answer.is_success() {
            return Ok(answer);
        }
        Err(refused(&answer, &[&pair.client_secret], true))
    }
}
