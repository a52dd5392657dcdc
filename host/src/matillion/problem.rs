//! The issuer's own words about a refusal: RFC 7807 from the API, RFC 6749 from the token endpoint.
//! An answer may echo what was sent, so secrets are cut out, and any other body is never quoted.

use std::fmt::{self, Display};

use serde_json::Value;

use crate::secret::SecretString;

const LONGEST: usize = 300;
const MOST_VIOLATIONS: usize = 5;

/// A refusal in the issuer's words: bounded, on one line, without any secret the client knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// The kind of problem in a few words.
    pub title: Option<String>,
    /// What was wrong this time.
    pub detail: Option<String>,
    /// The parts of the request that broke a rule.
    pub violations: Vec<String>,
}

impl Problem {
    /// Reads a body; one that is no problem document gives an empty problem.
    pub(super) fn read(body: &[u8], secrets: &[&SecretString]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Problem::default();
        };
        let text = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| body.get(name)?.as_str());
            found
                .map(|text| tidy(text, secrets))
                .filter(|t| !t.is_empty())
        };
        let violations = body.get("violations").and_then(Value::as_array);
        Problem {
            title: text(["title", "error"]),
            detail: text(["detail", "error_description"]),
            violations: violations
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|text| tidy(text, secrets))
                .take(MOST_VIOLATIONS)
                .collect(),
        }
    }

    /// Leaves only the kind of problem. For answers that might quote a secret we don't know.
    pub(super) fn title_only(self) -> Self {
        Problem {
            title: self.title,
            ..Problem::default()
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.title.iter().chain(&self.detail);
        for part in parts.chain(&self.violations) {
            write!(f, ": {}", part.trim_end_matches('.'))?;
        }
        Ok(())
    }
}

fn tidy(text: &str, secrets: &[&SecretString]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
        text = text.replace(secret.expose(), "[secret]");
    }
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect::<String>()
        .trim()
        .to_owned()
}
