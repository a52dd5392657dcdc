//! The stored text: what it holds, and the same text with the credential replaced. Everything else
//! in it stays byte for byte, order and white space included, because only the two values are cut
//! out and put in anew.

use std::fmt;

use keyferry_sdk::{Credential, Encoding, Failure};
use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::settings::Settings;

#[cfg(test)]
mod tests;

/// What the store holds under the two keys.
#[derive(Debug)]
pub(crate) enum Held<'a> {
    /// The secret has no value yet.
    Nothing,
    /// A text that is no JSON object: the secret is the whole of it.
    Plain(&'a str),
    /// A JSON object.
    Document {
        text: &'a str,
        members: Members<'a>,
        secret: Option<&'a RawValue>,
        id: Option<&'a RawValue>,
    },
}

/// The members of an object as they stand in its text.
type Members<'a> = Vec<(String, &'a RawValue)>;

impl<'a> Held<'a> {
    /// Reads the stored text; rejected if one of the keys stands in it twice.
    pub(crate) fn parse(text: &'a str, settings: &Settings) -> Result<Self, Failure> {
        let Some(members) = members(text) else {
            return Ok(Self::Plain(text));
        };
        let find = |key: &str| {
            let mut found = members
                .iter()
                .filter(|(name, _)| name == key)
                .map(|(_, value)| *value);
            let first = found.next();
            match found.next() {
                None => Ok(first),
                Some(_) => Err(Failure::rejected(format!(
                    "the key {key} stands twice in the secret's JSON; remove the one that is not read"
                ))),
            }
        };
        let (secret, id) = (
            find(&settings.client_secret_key)?,
            find(&settings.client_id_key)?,
        );
        Ok(Self::Document {
            text,
            members,
            secret,
            id,
        })
    }

    /// Whether it is this credential. An id that is not stored here is not compared.
    pub(crate) fn is(&self, credential: &Credential) -> bool {
        match self {
            Self::Nothing => false,
            Self::Plain(text) => credential.client_secret.matches(text),
            Self::Document { secret, id, .. } => {
                let secret = secret
                    .and_then(text_of)
                    .is_some_and(|text| credential.client_secret.matches(&text));
                secret && id.is_none_or(|id| text_of(id).as_deref() == Some(&credential.client_id))
            }
        }
    }

    /// The text with this credential in it, the secret as a token.
    pub(crate) fn with(&self, fresh: &Credential, settings: &Settings) -> String {
        let secret = || quoted(&fresh.client_secret.token(&[Encoding::Json, Encoding::Json]));
        let key = quoted(&settings.client_secret_key);
        match self {
            Self::Nothing => {
                let (id_key, id) = (quoted(&settings.client_id_key), quoted(&fresh.client_id));
                format!("{{{id_key}:{id},{key}:{}}}", secret())
            }
            Self::Plain(_) => fresh.client_secret.token(&[Encoding::Json]),
            Self::Document {
                text,
                members,
                secret: place,
                id,
            } => {
                let mut cuts = Vec::new();
                match (place, members.last()) {
                    (Some(place), _) => cuts.push((span(text, place), secret())),
                    (None, Some((_, last))) => {
                        let end = span(text, last).1;
                        cuts.push(((end, end), format!(",{key}:{}", secret())));
                    }
                    (None, None) => {
                        let open = text.find('{').map_or(0, |at| at + 1);
                        cuts.push(((open, open), format!("{key}:{}", secret())));
                    }
                }
                match id {
                    Some(id) if text_of(id).as_deref() != Some(&fresh.client_id) => {
                        cuts.push((span(text, id), quoted(&fresh.client_id)));
                    }
                    _ => {}
                }
                splice(text, cuts)
            }
        }
    }
}

/// The members, or nothing if the text is no JSON object.
fn members(text: &str) -> Option<Members<'_>> {
    struct InOrder;

    impl<'de> Visitor<'de> for InOrder {
        type Value = Members<'de>;

        fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
            formatter.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    let mut parser = serde_json::Deserializer::from_str(text);
    let members = parser.deserialize_map(InOrder).ok()?;
    parser.end().ok()?;
    Some(members)
}

fn text_of(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Where the value stands in the text that it was read from.
fn span(text: &str, value: &RawValue) -> (usize, usize) {
    let start = value.get().as_ptr().addr() - text.as_ptr().addr();
    (start, start + value.get().len())
}

fn splice(text: &str, mut cuts: Vec<((usize, usize), String)>) -> String {
    cuts.sort_by_key(|((start, _), _)| std::cmp::Reverse(*start));
    let mut spliced = text.to_owned();
    for ((start, end), put) in cuts {
        spliced.replace_range(start..end, &put);
    }
    spliced
}
