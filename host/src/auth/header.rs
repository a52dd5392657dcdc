//! Private stores: a header with a secret in it, or a user and a password. The operator names the
//! hosts; no sink can have them sent anywhere else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::OnceCell;

use super::{AuthError, Outgoing, read_secret};
use crate::config::SecretSource;
use crate::secret::SecretString;

/// A secret that stands in a header as it is, or encoded.
pub struct Header {
    name: String,
    header: String,
    form: Form,
    source: SecretSource,
    hosts: Vec<String>,
    value: OnceCell<SecretString>,
}

enum Form {
    Prefix(String),
    Basic(String),
}

impl Header {
    /// A header with a prefix before the secret.
    pub fn new(
        name: &str,
        header: &str,
        prefix: &str,
        source: &SecretSource,
        hosts: &[String],
    ) -> Self {
        let form = Form::Prefix(prefix.to_owned());
        Self::with(name, header, form, source, hosts)
    }

    /// A user and a password.
    pub fn basic(name: &str, user: &str, password: &SecretSource, hosts: &[String]) -> Self {
        let form = Form::Basic(user.to_owned());
        Self::with(name, "authorization", form, password, hosts)
    }

    fn with(name: &str, header: &str, form: Form, source: &SecretSource, hosts: &[String]) -> Self {
        Self {
            name: name.to_owned(),
            header: header.to_ascii_lowercase(),
            form,
            source: source.clone(),
            hosts: hosts.to_vec(),
            value: OnceCell::new(),
        }
    }

    pub(super) async fn warm(&self) -> Result<(), AuthError> {
        self.value().await.map(|_| ())
    }

    pub(super) async fn headers(
        &self,
        outgoing: &Outgoing<'_>,
    ) -> Result<Vec<(String, SecretString)>, AuthError> {
        let authority = outgoing.asked.authority();
        if !self.hosts.iter().any(|host| host == authority) {
            return Err(AuthError::WrongPlace {
                name: self.name.clone(),
                host: authority.to_owned(),
                problem: "it is not among its `hosts`",
            });
        }
        let value = self.value().await?.clone();
        Ok(vec![(self.header.clone(), value)])
    }

    async fn value(&self) -> Result<&SecretString, AuthError> {
        let value = async {
            let secret = read_secret(&self.name, &self.source).await?;
            let visible = |b: u8| b == b'\t' || (0x20..0x7f).contains(&b);
            Ok(SecretString::new(match &self.form {
                Form::Prefix(_) if !secret.expose().bytes().all(visible) => {
                    return Err(AuthError::Unavailable {
                        name: self.name.clone(),
                        problem: "its secret holds characters that can't stand in a header".into(),
                    });
                }
                Form::Prefix(prefix) => format!("{prefix}{}", secret.expose()),
                Form::Basic(user) => {
                    let pair = zeroize::Zeroizing::new(format!("{user}:{}", secret.expose()));
                    format!("Basic {}", STANDARD.encode(pair.as_bytes()))
                }
            }))
        };
        self.value.get_or_try_init(|| value).await
    }
}

#[cfg(test)]
mod tests;
