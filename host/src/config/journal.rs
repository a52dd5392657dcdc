//! `[journal]`: who besides this machine can open the secrets that are held for `resume`.

use super::document::{Field, Section};
use super::error::ConfigError;

/// How the journal is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// age recipients that a held secret is encrypted to, besides the local identity.
    pub recipients: Vec<String>,
}

pub(super) fn read(root: &Section<'_>) -> Result<Journal, ConfigError> {
    let Some(field) = root.get("journal") else {
        return Ok(Journal::default());
    };
    let section = field.section()?;
    section.accept(&["recipients"])?;
    let recipients = match section.get("recipients") {
        Some(field) => field
            .list()?
            .iter()
            .map(recipient)
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(Journal { recipients })
}

fn recipient(field: &Field<'_>) -> Result<String, ConfigError> {
    let text = field.text()?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.starts_with("age1") && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    // It may be the private key.
    Err(field.wrong_secret(
        "is no age recipient",
        "write the public key, which begins with age1; `age-keygen -y KEYFILE` prints it",
    ))
}
