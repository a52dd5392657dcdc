//! `[auth.NAME]`: credentials of the operator's that the http gate adds on the way out. The file
//! names them; it never holds them.

use super::document::Section;
use super::error::ConfigError;

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
}

#[derive(Clone, Copy)]
enum Kind {
    Aws,
}

const KINDS: &[(&str, Kind)] = &[("aws", Kind::Aws)];

pub(super) fn read(section: Section<'_>) -> Result<Auth, ConfigError> {
    let kind = section.need("kind", "kind = \"aws\"")?.choice(KINDS)?;
    match kind {
        Kind::Aws => aws(&section),
    }
}

fn aws(section: &Section<'_>) -> Result<Auth, ConfigError> {
    section.accept(&["kind", "profile", "role_arn"])?;
    let text = |key: &str| {
        let field = section.get(key);
        field
            .map(|field| field.text().map(str::to_owned))
            .transpose()
    };
    if let Some(role) = section.get("role_arn")
        && !(role.text()?.starts_with("arn:") && role.text()?.contains(":role/"))
    {
        return Err(role.wrong(
            "is no ARN of a role",
            "write something like \"arn:aws:iam::123456789012:role/keyferry\"",
        ));
    }
    Ok(Auth::Aws {
        profile: text("profile")?,
        role_arn: text("role_arn")?,
    })
}
