//! What is stored, fit to be shown: secrets as fingerprints, everything else as it is.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use keyferry_tests::aws::members;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::say;

/// A stored JSON object, and which of its keys hold secrets.
pub struct Stored {
    text: String,
    members: BTreeMap<String, String>,
    secret: &'static [&'static str],
}

impl Stored {
    /// From its text.
    pub fn new(text: String, secret: &'static [&'static str]) -> Result<Self> {
        let members = members(&text).context("what is stored is no JSON object")?;
        Ok(Self {
            text,
            members,
            secret,
        })
    }

    /// The string at a key.
    pub fn string(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.members.get(key)?).ok()
    }

    /// The keys whose very text differs from another's, or that only one of them has.
    pub fn changed(&self, other: &Self) -> Vec<String> {
        let all: std::collections::BTreeSet<&String> =
            self.members.keys().chain(other.members.keys()).collect();
        all.into_iter()
            .filter(|key| self.members.get(*key) != other.members.get(*key))
            .cloned()
            .collect()
    }

    /// The whole text, the secrets in it as fingerprints.
    pub fn shown(&self) -> String {
        let mut shown = self.text.clone();
        for key in self.secret {
            if let Some(raw) = self.members.get(*key) {
                shown = shown.replace(raw, &Value::from(fingerprint(raw)).to_string());
            }
        }
        shown
    }

    /// Prints the comparison, and the whole as it is now.
    pub fn show(before: &Self, after: &Self) {
        Self::comparison(before, after).into_iter().for_each(say);
        say(format!(
            "\nThe whole, with its secrets as plain hashes (keyferry's own fingerprints are keyed):\n\n  {}",
            after.shown()
        ));
    }

    /// A line per key: before, after, and whether it changed.
    pub fn comparison(before: &Self, after: &Self) -> Vec<String> {
        let cell = |stored: &Self, key: &str| match stored.members.get(key) {
            None => "(none)".to_owned(),
            Some(raw) if stored.secret.contains(&key) => fingerprint(raw),
            Some(raw) => raw.clone(),
        };
        let changed = before.changed(after);
        let keys: Vec<&String> = before.members.keys().collect();
        let rows: Vec<(&str, String, String)> = keys
            .into_iter()
            .map(|key| match changed.contains(key) {
                true => (key.as_str(), cell(before, key), cell(after, key)),
                false => (key.as_str(), cell(before, key), "the same".to_owned()),
            })
            .collect();
        let width = |pick: fn(&(&str, String, String)) -> usize| rows.iter().map(pick).max();
        let (first, second) = (
            width(|row| row.0.chars().count()).unwrap_or_default(),
            width(|row| row.1.chars().count()).unwrap_or_default(),
        );
        let line = |key: &str, before: &str, after: &str| {
            format!("  {key:first$}  {before:second$}  {after}")
        };
        let head = line("key", "before", "after");
        let rows = rows.iter().map(|(key, b, a)| line(key, b, a));
        std::iter::once(head).chain(rows).collect()
    }
}

/// Says whether two values are the same, and nothing else of them.
pub fn fingerprint(raw: &str) -> String {
    let digest = Sha256::digest(raw);
    let head: String = digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("<sha256 {head}...>")
}

#[cfg(test)]
mod tests;
