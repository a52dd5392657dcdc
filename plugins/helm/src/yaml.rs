//! One scalar of a YAML text, found and replaced without touching another byte: comments, order,
//! anchors, quoting of the neighbours, further documents and line ends stay.
//!
//! Where a scalar begins and ends is worked out from the parser's events; the result is parsed
//! again and compared with what was meant, so that a mistake in it is refused, never written.

mod events;
mod source;
#[cfg(test)]
mod tests;

use saphyr_parser::{Event, ScalarStyle};

use crate::key::Key;
use events::Events;
pub(crate) use events::Syntax;
use source::Seen;

/// A scalar that can be replaced.
#[derive(Debug)]
pub(crate) struct Scalar {
    /// What it means. A token where the host hides it.
    pub(crate) value: String,
    event: usize,
    source: source::Source,
}

/// Why the scalar of a key can't be replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The text is no YAML.
    Syntax(Syntax),
    /// There is no such key; `merged` if it may come in by `<<`.
    Absent { merged: bool },
    /// It stands in a document that Helm does not read.
    LaterDocument,
    /// It stands twice.
    Twice,
    /// It has no value.
    Null,
    /// Its value is a mapping or a list.
    Collection,
    /// The value, or something on the way to it, is an alias.
    Alias,
    /// Its value is anchored, and an alias elsewhere repeats it.
    Shared,
    /// Its value is given a type.
    Tagged(String),
    /// The parser's word on its borders is not understood.
    Unclear,
}

/// The parsed text.
#[derive(Debug)]
pub(crate) struct Document<'t> {
    text: &'t str,
    events: Events<'t>,
}

impl<'t> Document<'t> {
    pub(crate) fn parse(text: &'t str) -> Result<Self, Obstacle> {
        let events = Events::parse(text).map_err(Obstacle::Syntax)?;
        Ok(Self { text, events })
    }

    /// The scalar of the key, in the first document: Helm reads no other.
    pub(crate) fn scalar(&self, key: &Key) -> Result<Scalar, Obstacle> {
        let mut documents = self.events.documents();
        let first = documents.next().ok_or(Obstacle::Absent { merged: false })?;
        let found = self.walk(first, key);
        match found {
            Err(Obstacle::Absent { .. }) if documents.any(|root| self.walk(root, key).is_ok()) => {
                Err(Obstacle::LaterDocument)
            }
            found => self.at(found?),
        }
    }

    /// The text with the scalars replaced by these values, each in double quotes. The values are
    /// written as they are: the inside of a double-quoted scalar.
    pub(crate) fn with(&self, changes: &[(&Scalar, &str)]) -> Result<String, Obstacle> {
        let mut ordered: Vec<_> = changes.iter().collect();
        ordered.sort_by_key(|(scalar, _)| scalar.source.begin);
        let mut text = String::with_capacity(self.text.len());
        let mut done = 0;
        for (scalar, value) in &ordered {
            text.push_str(&self.text[done..scalar.source.begin]);
            text.push('"');
            text.push_str(value);
            text.push('"');
            text.push_str(&self.text[scalar.source.kept.clone()]);
            done = scalar.source.end;
        }
        text.push_str(&self.text[done..]);
        match self.is_meant(&text, changes) {
            true => Ok(text),
            false => Err(Obstacle::Unclear),
        }
    }

    /// Whether the other text differs in these scalars and in nothing else.
    fn is_meant(&self, text: &str, changes: &[(&Scalar, &str)]) -> bool {
        let Ok(after) = Events::parse(text) else {
            return false;
        };
        let mut pairs = self.events.iter().zip(after.iter()).enumerate();
        let same = |(index, (old, new)): (usize, (&Event<'_>, &Event<'_>))| match (
            old,
            new,
            changes.iter().find(|(s, _)| s.event == index),
        ) {
            (_, _, None) => old == new,
            (
                Event::Scalar(_, _, anchor, tag),
                Event::Scalar(value, ScalarStyle::DoubleQuoted, new_anchor, new_tag),
                Some((_, meant)),
            ) => (anchor, tag) == (new_anchor, new_tag) && means(meant, value),
            _ => false,
        };
        self.events.iter().count() == after.iter().count() && pairs.all(same)
    }

    /// The event of the value, from that of the mapping it lies in.
    fn walk(&self, root: usize, key: &Key) -> Result<usize, Obstacle> {
        let mut at = root;
        for name in key.names() {
            let members = match self.events.get(at) {
                Event::MappingStart(..) => self.events.members(at),
                Event::Alias(_) => return Err(Obstacle::Alias),
                _ => return Err(Obstacle::Absent { merged: false }),
            };
            let is = |key: usize, wanted: &str| matches!(self.events.get(key), Event::Scalar(text, ..) if text == wanted);
            let mut found = members.iter().filter(|(key, _)| is(*key, name));
            at = match (found.next(), found.next()) {
                (Some((_, value)), None) => *value,
                (Some(_), Some(_)) => return Err(Obstacle::Twice),
                (None, _) => {
                    let merged = members.iter().any(|(key, _)| is(*key, "<<"));
                    return Err(Obstacle::Absent { merged });
                }
            };
        }
        Ok(at)
    }

    fn at(&self, event: usize) -> Result<Scalar, Obstacle> {
        let value = match self.events.get(event) {
            Event::Alias(_) => return Err(Obstacle::Alias),
            Event::Scalar(value, style, anchor, tag) => {
                if self
                    .events
                    .iter()
                    .any(|other| *other == Event::Alias(*anchor))
                {
                    return Err(Obstacle::Shared);
                }
                let text = tag.as_ref().filter(|tag| !is_text(tag));
                if let Some(tag) = text {
                    return Err(Obstacle::Tagged(tag.to_string()));
                }
                let plain = *style == ScalarStyle::Plain && tag.is_none();
                if plain && matches!(&**value, "" | "~" | "null" | "Null" | "NULL") {
                    return Err(Obstacle::Null);
                }
                value
            }
            _ => return Err(Obstacle::Collection),
        };
        let seen = |event: usize| match self.events.get(event) {
            Event::Scalar(_, style, ..) => Some(Seen {
                span: self.events.span(event),
                style: *style,
            }),
            _ => None,
        };
        // The key stands right before its value.
        let source = seen(event - 1).zip(seen(event));
        let source = source.and_then(|(key, value)| source::find(self.text, &key, &value));
        let source = source.ok_or(Obstacle::Unclear)?;
        Ok(Scalar {
            value: value.to_string(),
            event,
            source,
        })
    }
}

/// `!` and `!!str` say what a quoted scalar is anyway.
fn is_text(tag: &saphyr_parser::Tag) -> bool {
    (tag.is_yaml_core_schema() && tag.suffix == "str")
        || (tag.handle.is_empty() && tag.suffix == "!")
}

/// Whether a value, as it is written inside double quotes, is a whole scalar that means this.
fn means(written: &str, value: &str) -> bool {
    let quoted = format!("\"{written}\"");
    let seen = Seen {
        span: 0..quoted.len(),
        style: ScalarStyle::DoubleQuoted,
    };
    let is_whole = source::end(&quoted, 0, &seen) == Some(quoted.len());
    is_whole
        && Events::parse(&quoted).is_ok_and(|events| {
            let scalars = events.iter().filter_map(|event| match event {
                Event::Scalar(value, ..) => Some(&**value),
                _ => None,
            });
            scalars.eq([value])
        })
}
