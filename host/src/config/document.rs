//! A parsed file whose every value knows its place, so that any reader can refuse a value with one
//! call and the message points at it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::error::{ConfigError, Mistake, nearest, words};
use super::{excerpt, units};

const LONGEST_NAME: usize = 64;

/// The file and what it says.
pub(super) struct Document<'a> {
    file: &'a Path,
    text: &'a str,
    root: Spanned<DeTable<'a>>,
}

impl<'a> Document<'a> {
    pub(super) fn parse(file: &'a Path, text: &'a str) -> Result<Self, ConfigError> {
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at));
            let at = at.unwrap_or(0);
            let (line, column) = excerpt::position(text, at);
            ConfigError::Invalid(Box::new(Mistake {
                file: file.to_owned(),
                line,
                column,
                excerpt: excerpt::unparsed(text, at),
                problem: format!("this is not TOML: {}", error.message()),
                nearest: None,
                remedy: "texts stand in quotes, lists in [ ], and a key only once".to_owned(),
            }))
        })?;
        Ok(Document { file, text, root })
    }

    pub(super) fn root(&self) -> Section<'_> {
        Section {
            document: self,
            name: String::new(),
            table: self.root.get_ref(),
            span: 0..0,
        }
    }

    fn mistake(&self, span: Range<usize>, secret: bool, told: Told) -> ConfigError {
        let (line, column) = excerpt::position(self.text, span.start);
        ConfigError::Invalid(Box::new(Mistake {
            file: self.file.to_owned(),
            line,
            column,
            excerpt: excerpt::parsed(self.text, self.root.get_ref(), &span, secret),
            problem: told.problem,
            nearest: told.nearest,
            remedy: told.remedy,
        }))
    }
}

struct Told {
    problem: String,
    nearest: Option<String>,
    remedy: String,
}

/// A table of the file.
pub(super) struct Section<'a> {
    document: &'a Document<'a>,
    name: String,
    table: &'a DeTable<'a>,
    span: Range<usize>,
}

impl<'a> Section<'a> {
    /// Refuses every key that is not one of these.
    pub(super) fn accept(&self, accepted: &[&str]) -> Result<(), ConfigError> {
        let unknown = self
            .table
            .keys()
            .filter(|key| !accepted.contains(&key.get_ref().as_ref()));
        let Some(key) = unknown.min_by_key(|key| key.span().start) else {
            return Ok(());
        };
        let place = match self.name.as_str() {
            "" => "this file".to_owned(),
            name => format!("[{name}]"),
        };
        let told = Told {
            problem: format!("unknown key `{}` in {place}", key.get_ref()),
            nearest: nearest(key.get_ref(), accepted.iter().copied()),
            remedy: format!("accepted here: {}", words(accepted.iter().copied())),
        };
        Err(self.document.mistake(key.span(), false, told))
    }

    /// The folder that relative paths start from.
    pub(super) fn folder(&self) -> &'a Path {
        self.document.file.parent().unwrap_or(Path::new("."))
    }

    pub(super) fn get(&self, key: &str) -> Option<Field<'a>> {
        let value = self.table.get(key)?;
        let name = match self.name.as_str() {
            "" => key.to_owned(),
            name => format!("{name}.{key}"),
        };
        Some(Field {
            document: self.document,
            name,
            value,
        })
    }

    /// The value, or an error that shows what to write.
    pub(super) fn need(&self, key: &str, example: &str) -> Result<Field<'a>, ConfigError> {
        let place = match self.name.as_str() {
            "" => "the file".to_owned(),
            name => format!("[{name}]"),
        };
        self.get(key)
            .ok_or_else(|| self.wrong(format!("{place} has no `{key}`"), format!("add {example}")))
    }

    /// Refuses the table as a whole.
    pub(super) fn wrong(&self, problem: String, remedy: String) -> ConfigError {
        let told = Told {
            problem,
            nearest: None,
            remedy,
        };
        self.document.mistake(self.span.clone(), false, told)
    }

    /// All members, in the file's order.
    pub(super) fn members(&self) -> Vec<(&'a str, Field<'a>)> {
        let mut keys: Vec<_> = self.table.keys().collect();
        keys.sort_by_key(|key| key.span().start);
        let names = keys.into_iter().map(|key| key.get_ref().as_ref());
        names
            .filter_map(|name| Some((name, self.get(name)?)))
            .collect()
    }

    /// The members of a table whose keys are names that the operator chose.
    pub(super) fn names(&self) -> Result<Vec<(&'a str, Field<'a>)>, ConfigError> {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
                let told = Told {
                    problem: format!("`{}` can't be a name", name.escape_debug()),
                    nearest: None,
                    remedy:
                        "a name has at most 64 of the characters a-z, A-Z, 0-9, `-`, `_` and `.`"
                            .to_owned(),
                };
                return Err(self.document.mistake(key.span(), false, told));
            }
        }
        Ok(self.members())
    }
}

/// A value of the file.
pub(super) struct Field<'a> {
    document: &'a Document<'a>,
    name: String,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Field<'a> {
    pub(super) fn value(&self) -> &'a DeValue<'a> {
        self.value.get_ref()
    }

    /// The last part of the key's name.
    pub(super) fn key(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }

    /// Refuses the value.
    pub(super) fn wrong(&self, problem: &str, remedy: impl Into<String>) -> ConfigError {
        self.refuse(false, problem, None, remedy.into())
    }

    /// Refuses the value without showing it.
    pub(super) fn wrong_secret(&self, problem: &str, remedy: impl Into<String>) -> ConfigError {
        self.refuse(true, problem, None, remedy.into())
    }

    fn refuse(
        &self,
        secret: bool,
        problem: &str,
        nearest: Option<String>,
        remedy: String,
    ) -> ConfigError {
        let told = Told {
            problem: format!("`{}` {problem}", self.name),
            nearest,
            remedy,
        };
        self.document.mistake(self.value.span(), secret, told)
    }

    fn expected(&self, what: &str) -> ConfigError {
        let is = self.value().type_str();
        self.wrong(
            &format!("must be {what}, not {is}"),
            format!("write {what}"),
        )
    }

    pub(super) fn section(&self) -> Result<Section<'a>, ConfigError> {
        match self.value() {
            DeValue::Table(table) => Ok(Section {
                document: self.document,
                name: self.name.clone(),
                table,
                span: self.value.span(),
            }),
            _ => Err(self.expected("a table")),
        }
    }

    pub(super) fn list(&self) -> Result<Vec<Field<'a>>, ConfigError> {
        let DeValue::Array(array) = self.value() else {
            return Err(self.expected("a list in [ ]"));
        };
        let item = |value| Field {
            document: self.document,
            name: self.name.clone(),
            value,
        };
        Ok(array.iter().map(item).collect())
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Result<&'a str, ConfigError> {
        match self.value() {
            DeValue::String(text) if text.is_empty() => {
                Err(self.wrong("is empty", "give it a value, or leave the key out"))
            }
            DeValue::String(text) => Ok(text),
            _ => Err(self.expected("a text in quotes")),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, ConfigError> {
        let list = self.list()?;
        list.iter()
            .map(|item| item.text().map(str::to_owned))
            .collect()
    }

    pub(super) fn flag(&self) -> Result<bool, ConfigError> {
        self.value()
            .as_bool()
            .ok_or_else(|| self.expected("true or false"))
    }

    /// A whole number above 0.
    pub(super) fn count(&self) -> Result<u32, ConfigError> {
        let number = self.value().as_integer();
        let number = number.and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        number
            .filter(|n| *n > 0)
            .ok_or_else(|| self.expected("a whole number above 0"))
    }

    pub(super) fn duration(&self) -> Result<Duration, ConfigError> {
        let text = self.value().as_str();
        let duration = text.and_then(units::duration);
        duration
            .ok_or_else(|| self.expected_form("is no duration", "\"90s\", \"30m\" or \"1h30m\""))
    }

    pub(super) fn size(&self) -> Result<u64, ConfigError> {
        let size = self.value().as_str().and_then(units::size);
        size.ok_or_else(|| self.expected_form("is no size", "\"512KiB\", \"64MiB\" or \"1GiB\""))
    }

    fn expected_form(&self, problem: &str, examples: &str) -> ConfigError {
        self.wrong(problem, format!("write something like {examples}"))
    }

    pub(super) fn url(&self) -> Result<Url, ConfigError> {
        let text = self.text()?;
        // An address may hold a password, so it is not shown.
        Url::parse(text).map_err(|error| {
            let remedy = "write something like \"https://host.example.org/path\"";
            self.wrong_secret(&format!("is no address: {error}"), remedy)
        })
    }

    /// A path; a relative one starts from the file's folder, `~/` from the user's.
    pub(super) fn path(&self) -> Result<PathBuf, ConfigError> {
        let text = self.text()?;
        if let Some(rest) = text.strip_prefix("~/") {
            let home = std::env::home_dir();
            let home = home.ok_or_else(|| self.wrong("needs HOME to be set", "write a full path"));
            return Ok(home?.join(rest));
        }
        Ok(self
            .document
            .file
            .parent()
            .unwrap_or(Path::new("."))
            .join(text))
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, ConfigError> {
        let word = self.text()?;
        let found = choices.iter().find(|(name, _)| *name == word);
        found.map(|(_, value)| *value).ok_or_else(|| {
            self.unknown(
                word,
                "is not a word known here",
                choices.iter().map(|(name, _)| *name),
            )
        })
    }

    /// Refuses a word that is none of the known ones.
    pub(super) fn unknown<'k>(
        &self,
        word: &str,
        problem: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) -> ConfigError {
        let remedy = format!("accepted here: {}", words(known.clone()));
        self.refuse(false, problem, nearest(word, known), remedy)
    }
}
