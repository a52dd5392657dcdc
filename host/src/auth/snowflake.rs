//! Snowflake: a token signed with the operator's private key, or one that somebody else granted.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::sync::Mutex;

use super::rsa_key::{KeyError, RsaKey};
use super::{AuthError, Outgoing, read_secret};
use crate::config;
use crate::secret::SecretString;

/// Snowflake takes tokens that live for up to an hour.
const LIFETIME: Duration = Duration::from_secs(59 * 60);
/// A token is made anew when less than this is left of it.
const MARGIN: Duration = Duration::from_secs(300);
const HOSTS: [&str; 2] = [".snowflakecomputing.com", ".snowflakecomputing.cn"];

/// A Snowflake identity of the operator's.
pub struct Snowflake {
    name: String,
    login: config::Snowflake,
    current: Mutex<Option<(SecretString, SystemTime)>>,
}

impl Snowflake {
    /// The identity that the config names; nothing is read yet.
    pub fn new(name: &str, login: &config::Snowflake) -> Self {
        Self {
            name: name.to_owned(),
            login: login.clone(),
            current: Mutex::new(None),
        }
    }

    pub(super) async fn warm(&self) -> Result<(), AuthError> {
        self.token(SystemTime::now()).await.map(|_| ())
    }

    pub(super) async fn headers(
        &self,
        outgoing: &Outgoing<'_>,
    ) -> Result<Vec<(String, SecretString)>, AuthError> {
        let host = outgoing.asked.host_str().unwrap_or_default();
        if !HOSTS.iter().any(|end| host.ends_with(end)) {
            return Err(AuthError::WrongPlace {
                name: self.name.clone(),
                host: host.to_owned(),
                problem: "a Snowflake credential is for ACCOUNT.snowflakecomputing.com only",
            });
        }
        let token = self.token(SystemTime::now()).await?;
        let kind = match self.login {
            config::Snowflake::KeyPair { .. } => "KEYPAIR_JWT",
            config::Snowflake::OAuth(_) => "OAUTH",
            config::Snowflake::AccessToken(_) => "PROGRAMMATIC_ACCESS_TOKEN",
        };
        let bearer = SecretString::new(format!("Bearer {}", token.expose()));
        let kind = SecretString::new(kind.to_owned());
        Ok(vec![
            ("authorization".to_owned(), bearer),
            ("x-snowflake-authorization-token-type".to_owned(), kind),
        ])
    }

    async fn token(&self, now: SystemTime) -> Result<SecretString, AuthError> {
        let mut current = self.current.lock().await;
        if let Some((token, _)) = current.as_ref().filter(|(_, until)| *until > now + MARGIN) {
            return Ok(token.clone());
        }
        let token = match &self.login {
            config::Snowflake::OAuth(source) | config::Snowflake::AccessToken(source) => {
                read_secret(&self.name, source).await?
            }
            config::Snowflake::KeyPair {
                account,
                user,
                private_key,
                passphrase,
            } => {
                let pem = read_secret(&self.name, private_key).await?;
                let passphrase = match passphrase {
                    Some(source) => Some(read_secret(&self.name, source).await?),
                    None => None,
                };
                let key = RsaKey::from_pem(pem.expose(), passphrase.as_ref());
                let signed = key.and_then(|key| signed(&key, account, user, now));
                signed.map_err(|error| self.unusable(error))?
            }
        };
        *current = Some((token.clone(), now + LIFETIME));
        Ok(token)
    }

    fn unusable(&self, error: KeyError) -> AuthError {
        AuthError::Unavailable {
            name: self.name.clone(),
            problem: format!("`private_key` can't be used: {error}"),
        }
    }
}

fn signed(
    key: &RsaKey,
    account: &str,
    user: &str,
    now: SystemTime,
) -> Result<SecretString, KeyError> {
    let subject = format!("{}.{}", account_in_token(account), user.to_uppercase());
    let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = json!({
        "iss": format!("{subject}.{}", key.fingerprint()?),
        "sub": subject,
        "iat": issued,
        "exp": issued + LIFETIME.as_secs(),
    });
    key.token(&json!({ "typ": "JWT", "alg": "RS256" }), &claims)
}

/// The account without region and cloud, which are part of the host's name only. An organization's
/// account has a hyphen and no dot; a replicated one is `NAME-REGION.global`.
fn account_in_token(account: &str) -> String {
    let end = match account.to_ascii_lowercase().contains(".global") {
        true => account.find('-'),
        false => account.find('.'),
    };
    account[..end.unwrap_or(account.len())].to_uppercase()
}

#[cfg(test)]
mod tests;
