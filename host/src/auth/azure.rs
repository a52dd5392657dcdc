//! Azure: a token of Microsoft Entra, from whichever source there is, for the management endpoint
//! of one cloud and nothing else.

mod certificate;
mod problem;
mod sources;
mod transport;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::AccessToken;
use azure_core::time::OffsetDateTime;
use azure_identity::Executor;
use tokio::sync::Mutex;

use self::transport::Transport;
use super::{AuthError, Outgoing};
use crate::config::{self, AzureMethod};
use crate::secret::SecretString;

/// A token is fetched anew when less than this is left of it.
const MARGIN: Duration = Duration::from_secs(300);
/// How long one source may take, with all its own retries.
const PATIENCE: Duration = Duration::from_secs(45);

type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A Microsoft Entra identity of the operator's.
pub struct Azure {
    name: String,
    config: config::Azure,
    variable: Environment,
    transport: Transport,
    executor: Option<Arc<dyn Executor>>,
    current: Mutex<Option<(SecretString, OffsetDateTime)>>,
}

/// Why a source gave no token.
enum NoToken {
    /// It isn't set up here, so the next may be tried.
    NotHere(String),
    /// It is, and something is wrong.
    Failed(String),
}

impl Azure {
    /// The identity that the config names; nothing is fetched yet.
    pub fn new(name: &str, config: &config::Azure) -> Self {
        Self {
            name: name.to_owned(),
            config: config.clone(),
            variable: Box::new(|name| std::env::var(name).ok().filter(|value| !value.is_empty())),
            transport: Transport::new(&config.authority),
            executor: None,
            current: Mutex::new(None),
        }
    }

    pub(super) async fn warm(&self) -> Result<(), AuthError> {
        self.token().await.map(|_| ())
    }

    pub(super) async fn headers(
        &self,
        outgoing: &Outgoing<'_>,
    ) -> Result<Vec<(String, SecretString)>, AuthError> {
        // Sinks name the public cloud's endpoint; a route takes them to another cloud's.
        let endpoint = self.config.scope.origin();
        if outgoing.asked.origin() != endpoint && outgoing.url.origin() != endpoint {
            return Err(AuthError::WrongPlace {
                name: self.name.clone(),
                host: outgoing.asked.authority().to_owned(),
                problem: "an Azure credential is for the management endpoint of its cloud only, which is the host of its `scope`",
            });
        }
        let token = self.token().await?;
        let bearer = SecretString::new(format!("Bearer {}", token.expose()));
        Ok(vec![("authorization".to_owned(), bearer)])
    }

    async fn token(&self) -> Result<SecretString, AuthError> {
        let mut current = self.current.lock().await;
        let now = OffsetDateTime::now_utc();
        if let Some((token, _)) = current.as_ref().filter(|(_, until)| *until > now + MARGIN) {
            return Ok(token.clone());
        }
        let token = match self.config.method {
            Some(method) => self.one(method).await.map_err(|no| match no {
                NoToken::NotHere(problem) | NoToken::Failed(problem) => {
                    format!("`{}`: {problem}", method.name())
                }
            }),
            None => self.first().await,
        };
        let token = token.map_err(|problem| AuthError::Unavailable {
            name: self.name.clone(),
            problem,
        })?;
        let secret = SecretString::new(token.token.secret().to_owned());
        *current = Some((secret.clone(), token.expires_on));
        Ok(secret)
    }

    /// The first source that is set up; one that is and fails is not passed over, or another
    /// identity than the one that was meant would be used.
    async fn first(&self) -> Result<AccessToken, String> {
        let mut reasons = Vec::new();
        for method in AzureMethod::all() {
            match self.one(method).await {
                Ok(token) => return Ok(token),
                Err(NoToken::Failed(problem)) => {
                    return Err(format!("`{}`: {problem}", method.name()));
                }
                Err(NoToken::NotHere(reason)) => {
                    reasons.push(format!("{}: {reason}", method.name()));
                }
            }
        }
        Err(format!(
            "no source gave a token ({}). Sign in with `az login`, or set one of them up",
            reasons.join("; ")
        ))
    }

    async fn one(&self, method: AzureMethod) -> Result<AccessToken, NoToken> {
        match tokio::time::timeout(PATIENCE, self.ask(method)).await {
            Ok(answer) => answer,
            Err(_) => Err(NoToken::Failed(format!(
                "no token within {} s",
                PATIENCE.as_secs()
            ))),
        }
    }
}
