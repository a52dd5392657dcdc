//! Templates over settings: `{name}` stands for a setting, `{{` and `}}` for braces.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Why a template can't be filled.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// It can't be read.
    #[error("the template `{template}` {problem}")]
    Malformed {
        /// The whole text.
        template: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// What a setting holds can't stand where the template puts it.
    #[error("setting `{name}` can't stand in `{template}`: {problem}")]
    Unfit {
        /// The setting.
        name: String,
        /// The whole text.
        template: String,
        /// What is wrong with the value.
        problem: String,
    },
}

/// What `{name}` may stand for: the settings' scalars, the attempt and the runner.
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Takes the strings, numbers and booleans at the top of `settings`.
    pub fn new(settings: &Map<String, Value>, runner_id: &str, attempt: &str) -> Self {
        let mut names: BTreeMap<String, String> = settings
            .iter()
            .filter_map(|(name, value)| {
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    Value::Bool(flag) => flag.to_string(),
                    _ => return None,
                };
                Some((name.clone(), text))
            })
            .collect();
        names.insert("runner_id".into(), runner_id.into());
        names.insert("attempt".into(), attempt.into());
        Self(names)
    }

    /// Fills `template`, passing every value through `fit`. `None` if a setting is absent.
    ///
    /// # Errors
    /// If the template can't be read or `fit` refuses a value.
    pub fn fill(
        &self,
        template: &str,
        fit: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Option<String>, TemplateError> {
        let mut out = String::new();
        for piece in parse(template)? {
            match piece {
                Piece::Text(text) => out.push_str(&text),
                Piece::Name(name) => {
                    let Some(value) = self.0.get(name) else {
                        return Ok(None);
                    };
                    out.push_str(&fit(value).map_err(|problem| TemplateError::Unfit {
                        name: name.into(),
                        template: template.into(),
                        problem,
                    })?);
                }
            }
        }
        Ok(Some(out))
    }

    /// Fills `template` with the values as they are, leaving `{token}` for the gate.
    ///
    /// # Errors
    /// If the template can't be read.
    pub fn fill_body(&self, template: &str) -> Result<Option<String>, TemplateError> {
        match template.split_once("{token}") {
            None => self.fill(template, |value| Ok(value.into())),
            Some((before, after)) => {
                let plain = |value: &str| match value.contains("{token}") {
                    true => Err("it holds `{token}`".to_owned()),
                    false => Ok(value.to_owned()),
                };
                let (before, after) = (self.fill(before, plain)?, self.fill(after, plain)?);
                Ok(before
                    .zip(after)
                    .map(|(before, after)| format!("{before}{{token}}{after}")))
            }
        }
    }
}

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(String),
    /// A setting.
    Name(&'a str),
}

/// Takes a template apart.
///
/// # Errors
/// If a brace is open, empty, or closes nothing.
pub fn parse(template: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let malformed = |problem| TemplateError::Malformed {
        template: template.into(),
        problem,
    };
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        let after = &rest[at + 1..];
        if let Some(doubled) = after.strip_prefix(brace) {
            text.push_str(brace);
            rest = doubled;
            continue;
        }
        if brace == "}" {
            return Err(malformed(
                "has a `}` that closes nothing; write `}}` for a brace",
            ));
        }
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| malformed("has a `{` that is not closed"))?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(malformed(
                "names no setting between its braces; write `{{` for a brace",
            ));
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(Piece::Name(name));
        rest = after;
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}
