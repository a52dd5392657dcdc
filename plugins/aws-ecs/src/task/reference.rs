//! How a task definition names a secret: `arn:…:secret:name-AbCdEf:json-key:version-stage:version-id`,
//! the last three often empty or left out, the six characters too.

use crate::store::Entry;

/// The parts of a reference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    /// An ARN, or a name.
    pub(crate) secret: &'a str,
    pub(crate) key: Option<&'a str>,
    stage: Option<&'a str>,
    version: Option<&'a str>,
}

impl<'a> Reference<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        // Six colons lead to the name in an ARN of Secrets Manager.
        let leading = if text.starts_with("arn:") && text.contains(":secretsmanager:") {
            6
        } else {
            usize::MAX
        };
        let end = text
            .match_indices(':')
            .nth(leading)
            .map_or(text.len(), |(at, _)| at);
        let mut parts = text[end..]
            .split(':')
            .skip(1)
            .map(|part| Some(part).filter(|part| !part.is_empty()));
        let mut next = || parts.next().flatten();
        Self {
            secret: &text[..end],
            key: next(),
            stage: next(),
            version: next(),
        }
    }

    /// Whether it names the entry: by its ARN, with or without the six characters, or its name.
    pub(crate) fn names(&self, entry: &Entry) -> bool {
        let short = entry
            .arn
            .rsplit_once('-')
            .filter(|(_, end)| end.len() == 6)
            .map(|(short, _)| short);
        self.secret == entry.arn || Some(self.secret) == short || self.secret == entry.name
    }

    /// Whether it stays at a version that no write moves.
    pub(crate) fn is_pinned(&self) -> bool {
        self.version.is_some() || self.stage.is_some_and(|stage| stage != "AWSCURRENT")
    }

    /// What it is pinned to.
    pub(crate) fn pin(&self) -> &'a str {
        self.version.or(self.stage).unwrap_or_default()
    }
}
