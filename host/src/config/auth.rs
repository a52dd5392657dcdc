//! `[auth.NAME]`: credentials of the operator's that the http gate adds on the way out. The file
//! names them; it never holds them.

mod azure;
mod snowflake;

use super::document::{Field, Section};
use super::error::ConfigError;
use super::secret_source::{self, SecretSource};

pub use azure::{Azure, AzureMethod};
pub use snowflake::Snowflake;

/// A credential that the http gate adds, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// AWS Signature V4, with the AWS SDK's default chain of credentials.
    Aws {
        /// A profile of the AWS config files, instead of the default one.
        profile: Option<String>,
        /// A role to assume with what the chain found.
        role_arn: Option<String>,
    },
    /// A token of Microsoft Entra.
    Azure(Box<Azure>),
    /// A token that Snowflake takes.
    Snowflake(Box<Snowflake>),
    /// A header that holds a secret.
    Header {
        /// Its name.
        name: String,
        /// What stands before the secret: `Bearer `, say.
        prefix: String,
        /// The secret.
        value: SecretSource,
        /// Where it may be used.
        hosts: Vec<String>,
    },
    /// A user and a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretSource,
        /// Where they may be used.
        hosts: Vec<String>,
    },
}

#[derive(Clone, Copy)]
enum Kind {
    Aws,
    Azure,
    Snowflake,
    Header,
    Basic,
}

const KINDS: &[(&str, Kind)] = &[
    ("aws", Kind::Aws),
    ("azure", Kind::Azure),
    ("snowflake", Kind::Snowflake),
    ("header", Kind::Header),
    ("basic", Kind::Basic),
];

pub(super) fn read(section: Section<'_>) -> Result<Auth, ConfigError> {
    let kind = section.need("kind", "kind = \"aws\"")?.choice(KINDS)?;
    match kind {
        Kind::Aws => aws(&section),
        Kind::Azure => Ok(Auth::Azure(Box::new(azure::read(&section)?))),
        Kind::Snowflake => Ok(Auth::Snowflake(Box::new(snowflake::read(&section)?))),
        Kind::Header => header(&section),
        Kind::Basic => basic(&section),
    }
}

fn aws(section: &Section<'_>) -> Result<Auth, ConfigError> {
    section.accept(&["kind", "profile", "role_arn"])?;
    if let Some(role) = section.get("role_arn")
        && !(role.text()?.starts_with("arn:") && role.text()?.contains(":role/"))
    {
        return Err(role.wrong(
            "is no ARN of a role",
            "write something like \"arn:aws:iam::123456789012:role/keyferry\"",
        ));
    }
    Ok(Auth::Aws {
        profile: text(section, "profile")?,
        role_arn: text(section, "role_arn")?,
    })
}

fn header(section: &Section<'_>) -> Result<Auth, ConfigError> {
    section.accept(&["kind", "name", "prefix", "value", "hosts"])?;
    let name = section.need("name", "name = \"X-Vault-Token\"")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let taken = ["host", "content-length", "transfer-encoding", "connection"];
    if !name.text()?.bytes().all(plain) || taken.contains(&&*name.text()?.to_ascii_lowercase()) {
        let remedy = "write a header's name, like \"X-Vault-Token\" or \"Authorization\"";
        return Err(name.wrong("can't be a header that signs in", remedy));
    }
    let prefix = text(section, "prefix")?.unwrap_or_default();
    if let Some(field) = section.get("prefix")
        && !prefix.bytes().all(|b| (0x20..0x7f).contains(&b))
    {
        return Err(field.wrong(
            "can't stand in a header",
            "write something like \"Bearer \"",
        ));
    }
    Ok(Auth::Header {
        name: name.text()?.to_owned(),
        prefix,
        value: secret(section, "value")?,
        hosts: hosts(section)?,
    })
}

fn basic(section: &Section<'_>) -> Result<Auth, ConfigError> {
    section.accept(&["kind", "user", "password", "hosts"])?;
    let user = section.need("user", "user = \"NAME\"")?;
    if user.text()?.contains(':') {
        return Err(user.wrong("holds a colon, which ends it", "write a user without one"));
    }
    Ok(Auth::Basic {
        user: user.text()?.to_owned(),
        password: secret(section, "password")?,
        hosts: hosts(section)?,
    })
}

/// Exact host names, with a port where it isn't the usual one.
fn hosts(section: &Section<'_>) -> Result<Vec<String>, ConfigError> {
    let field = section.need("hosts", "hosts = [\"vault.example.com\"]")?;
    let list = field.list()?;
    if list.is_empty() {
        return Err(field.wrong("is empty", "name the hosts it may be used for"));
    }
    list.iter().map(host).collect()
}

fn host(field: &Field<'_>) -> Result<String, ConfigError> {
    let text = field.text()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b);
    let url = url::Url::parse(&format!("https://{text}/")).ok();
    match url.filter(|_| text.bytes().all(plain)) {
        Some(url) => Ok(url.authority().to_owned()),
        None => Err(field.wrong(
            "is no host name",
            "write a name without scheme, path and `*`, like \"vault.example.com\"",
        )),
    }
}

fn text(section: &Section<'_>, key: &str) -> Result<Option<String>, ConfigError> {
    let field = section.get(key);
    field
        .map(|field| field.text().map(str::to_owned))
        .transpose()
}

fn secret(section: &Section<'_>, key: &str) -> Result<SecretSource, ConfigError> {
    let example = format!("{key} = {{ env = \"NAME\" }}");
    secret_source::parse(&section.need(key, &example)?)
}

fn optional_secret(section: &Section<'_>, key: &str) -> Result<Option<SecretSource>, ConfigError> {
    section
        .get(key)
        .map(|field| secret_source::parse(&field))
        .transpose()
}
