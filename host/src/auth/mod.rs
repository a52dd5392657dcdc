//! What the http gate adds on the way out, so that a sink never holds the operator's credentials.

mod aws;
mod azure;
#[cfg(test)]
mod fixtures;
mod header;
mod rsa_key;
mod snowflake;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use url::Url;

use crate::config::{Auth, SecretSource};
use crate::secret::SecretString;

pub use aws::{Aws, AwsPlace};
pub use azure::Azure;
pub use header::Header;
pub use snowflake::Snowflake;

/// A request as it leaves: routed, its tokens replaced.
pub struct Outgoing<'a> {
    /// Upper case.
    pub method: &'a str,
    /// Where the sink asked for; tells service and region.
    pub asked: &'a Url,
    /// Where it is sent.
    pub url: &'a Url,
    /// As the sink set them.
    pub headers: &'a [(String, String)],
    /// With values in it.
    pub body: &'a [u8],
}

/// Why a request could not be signed in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The operator has no such credential.
    #[error(
        "the sink wants the credential `{name}`, and the config has no [auth.{name}]: add it, or map it with `auth = {{ {name} = \"…\" }}` at the runner"
    )]
    Unknown {
        /// As the need names it.
        name: String,
    },
    /// The chain found none, or its source refused.
    #[error("no credential from [auth.{name}]: {problem}")]
    Unavailable {
        /// In the config.
        name: String,
        /// What the source said and what to do.
        problem: String,
    },
    /// It may not be used there.
    #[error("the credential [auth.{name}] is not used for `{host}`: {problem}")]
    WrongPlace {
        /// In the config.
        name: String,
        /// Where the request goes.
        host: String,
        /// Why.
        problem: &'static str,
    },
}

/// Something that signs requests in.
pub enum Authenticator {
    /// AWS Signature Version 4.
    Aws(Aws),
    /// A token of Microsoft Entra.
    Azure(Box<Azure>),
    /// A token that Snowflake takes.
    Snowflake(Snowflake),
    /// A header with a secret, a user and a password.
    Header(Header),
}

impl Authenticator {
    /// The credential that `[auth.NAME]` describes; nothing is fetched yet.
    pub fn from_config(name: &str, auth: &Auth) -> Self {
        match auth {
            Auth::Aws { profile, role_arn } => {
                Authenticator::Aws(Aws::new(name.to_owned(), profile.clone(), role_arn.clone()))
            }
            Auth::Azure(azure) => Authenticator::Azure(Box::new(Azure::new(name, azure))),
            Auth::Snowflake(login) => Authenticator::Snowflake(Snowflake::new(name, login)),
            Auth::Header {
                name: header,
                prefix,
                value,
                hosts,
            } => Authenticator::Header(Header::new(name, header, prefix, value, hosts)),
            Auth::Basic {
                user,
                password,
                hosts,
            } => Authenticator::Header(Header::basic(name, user, password, hosts)),
        }
    }

    /// Fetches what can be fetched before it is needed.
    ///
    /// # Errors
    /// If there is no credential to be had.
    pub async fn warm(&self) -> Result<(), AuthError> {
        match self {
            Authenticator::Aws(aws) => aws.warm().await,
            Authenticator::Azure(azure) => azure.warm().await,
            Authenticator::Snowflake(snowflake) => snowflake.warm().await,
            Authenticator::Header(header) => header.warm().await,
        }
    }

    /// The headers that sign this request in.
    ///
    /// # Errors
    /// If there is no credential, or it isn't for this place.
    pub async fn headers(
        &self,
        outgoing: &Outgoing<'_>,
    ) -> Result<Vec<(String, SecretString)>, AuthError> {
        match self {
            Authenticator::Aws(aws) => aws.headers(outgoing).await,
            Authenticator::Azure(azure) => azure.headers(outgoing).await,
            Authenticator::Snowflake(snowflake) => snowflake.headers(outgoing).await,
            Authenticator::Header(header) => header.headers(outgoing).await,
        }
    }
}

/// The operator's credentials by the names that needs use, for one runner.
#[derive(Clone, Default)]
pub struct Authenticators(BTreeMap<String, Arc<Authenticator>>);

impl Authenticators {
    /// Makes a credential usable under a name.
    pub fn insert(&mut self, name: String, authenticator: Arc<Authenticator>) {
        self.0.insert(name, authenticator);
    }

    /// The credential that a need names.
    ///
    /// # Errors
    /// If the operator has none of that name.
    pub fn get(&self, name: &str) -> Result<&Arc<Authenticator>, AuthError> {
        self.0.get(name).ok_or_else(|| AuthError::Unknown {
            name: name.to_owned(),
        })
    }
}

/// Fetches a secret that the config names. Off the runtime's threads: a program may take its time.
async fn read_secret(name: &str, source: &SecretSource) -> Result<SecretString, AuthError> {
    let unavailable = |problem: String| AuthError::Unavailable {
        name: name.to_owned(),
        problem,
    };
    let source = source.clone();
    let read = tokio::task::spawn_blocking(move || source.read()).await;
    read.map_err(|error| unavailable(error.to_string()))?
        .map_err(|error| unavailable(error.to_string()))
}
