//! `kind = "snowflake"`: a key pair, or a token that somebody else granted.

use super::super::document::Section;
use super::super::error::ConfigError;
use super::super::secret_source::SecretSource;
use super::{optional_secret, secret};

/// How to sign in to Snowflake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snowflake {
    /// A user whose public key Snowflake knows.
    KeyPair {
        /// As in the host name.
        account: String,
        /// As in `DESCRIBE USER`.
        user: String,
        /// In PEM.
        private_key: SecretSource,
        /// Opens the key.
        passphrase: Option<SecretSource>,
    },
    /// A token of an identity provider.
    OAuth(SecretSource),
    /// A programmatic access token.
    AccessToken(SecretSource),
}

#[derive(Clone, Copy)]
enum Method {
    KeyPair,
    OAuth,
    AccessToken,
}

const METHODS: &[(&str, Method)] = &[
    ("key-pair", Method::KeyPair),
    ("oauth", Method::OAuth),
    ("access-token", Method::AccessToken),
];

pub(super) fn read(section: &Section<'_>) -> Result<Snowflake, ConfigError> {
    let method = section.get("method").map(|field| field.choice(METHODS));
    let method = method.transpose()?.unwrap_or(Method::KeyPair);
    match method {
        Method::KeyPair => key_pair(section),
        Method::OAuth | Method::AccessToken => {
            section.accept(&["kind", "method", "token"])?;
            let token = secret(section, "token")?;
            Ok(match method {
                Method::OAuth => Snowflake::OAuth(token),
                _ => Snowflake::AccessToken(token),
            })
        }
    }
}

fn key_pair(section: &Section<'_>) -> Result<Snowflake, ConfigError> {
    section.accept(&[
        "kind",
        "method",
        "account",
        "user",
        "private_key",
        "private_key_passphrase",
    ])?;
    let account = section.need("account", "account = \"ORGANIZATION-ACCOUNT\"")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !account.text()?.chars().all(plain) {
        let remedy = "write what stands before .snowflakecomputing.com, like \"myorg-prod\"";
        return Err(account.wrong("is no account", remedy));
    }
    Ok(Snowflake::KeyPair {
        account: account.text()?.to_owned(),
        user: section.need("user", "user = \"NAME\"")?.text()?.to_owned(),
        private_key: secret(section, "private_key")?,
        passphrase: optional_secret(section, "private_key_passphrase")?,
    })
}
