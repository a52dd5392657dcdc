//! Tokens and what they stand for. A token stands for exact bytes, those it replaced or those of a
//! value in an encoding, so that writing it back restores them whatever the position.

use super::encode::encode;
use crate::Encoding;

/// The forms in which a known value is looked for.
const FORMS: [&[Encoding]; 8] = [
    &[],
    &[Encoding::Json],
    &[Encoding::Json, Encoding::Json],
    &[Encoding::Sql],
    &[Encoding::Sql, Encoding::Json],
    &[Encoding::Uri],
    &[Encoding::Base64],
    &[Encoding::Base64, Encoding::Json],
];

/// How every token begins.
const MARK: &str = "kfMockToken";

struct Entry {
    token: String,
    /// What `matches` compares; nothing for a value that is no string.
    plain: Option<String>,
    stands_for: String,
    /// The quotes around the token that go away with it, where it stands for a bare scalar.
    quote: Option<String>,
}

#[derive(Default)]
pub(super) struct Vault {
    known: Vec<String>,
    /// The known values that were handed over as credentials.
    given: Vec<String>,
    entries: Vec<Entry>,
    /// A value that stays readable in sealed fields: the target's client id.
    pub(super) public: Option<String>,
}

impl Vault {
    pub(super) fn know(&mut self, value: &str) {
        assert!(!value.is_empty(), "an empty secret can't be hidden");
        if !self.known.iter().any(|known| known == value) {
            self.known.push(value.to_owned());
        }
    }

    pub(super) fn give(&mut self, value: &str) {
        self.know(value);
        self.given.push(value.to_owned());
    }

    pub(super) fn token(&mut self, value: &str, encodings: &[Encoding]) -> String {
        self.issue(Some(value.to_owned()), encode(value, encodings), None)
    }

    /// A token for a JSON value that is no string, `quote` being how a quote is written there.
    pub(super) fn bare_token(&mut self, text: String, quote: String) -> String {
        self.issue(None, text, Some(quote))
    }

    fn issue(
        &mut self,
        plain: Option<String>,
        stands_for: String,
        quote: Option<String>,
    ) -> String {
        let same = |entry: &&Entry| {
            (&entry.plain, &entry.stands_for, &entry.quote) == (&plain, &stands_for, &quote)
        };
        if let Some(entry) = self.entries.iter().find(same) {
            return entry.token.clone();
        }
        let token = format!("{MARK}{:05}Z", self.entries.len());
        self.entries.push(Entry {
            token: token.clone(),
            plain,
            stands_for,
            quote,
        });
        token
    }

    pub(super) fn stands_for(&self, token: &str, value: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.token == token && entry.plain.as_deref() == Some(value))
    }

    pub(super) fn has_token(&self, text: &str) -> bool {
        self.entries.iter().any(|entry| text.contains(&entry.token))
    }

    /// Whether the text is one token of a credential's secret and nothing else.
    pub(super) fn is_given_token(&self, text: &str) -> bool {
        let given = |plain: &String| self.given.contains(plain);
        self.entries
            .iter()
            .any(|entry| entry.token == text && entry.plain.as_ref().is_some_and(given))
    }

    /// Whether a token stands in the text in base64, so that the token itself would be stored.
    pub(super) fn has_encoded_token(&self, text: &str) -> bool {
        // As it is written behind none, one or two bytes, without what its neighbours have a part in.
        ["", "-", "--"].iter().any(|before| {
            let padded = format!("{before}{MARK}");
            let coded = encode(&padded, &[Encoding::Base64]);
            let (start, end) = ((before.len() * 8).div_ceil(6), padded.len() * 8 / 6);
            text.contains(&coded[start..end])
        })
    }

    /// Puts a token wherever a known value stands, in any form, the longest first.
    pub(super) fn seal_known(&mut self, text: &str) -> String {
        let mut forms: Vec<(String, String)> = Vec::new();
        for value in &self.known {
            forms.extend(
                FORMS
                    .iter()
                    .map(|form| (encode(value, form), value.clone())),
            );
        }
        forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        let mut sealed = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(entry) = self
                .entries
                .iter()
                .find(|entry| rest.starts_with(&entry.token))
            {
                sealed.push_str(&entry.token);
                rest = &rest[entry.token.len()..];
            } else if let Some((form, value)) =
                forms.iter().find(|(form, _)| rest.starts_with(form))
            {
                sealed.push_str(&self.issue(Some(value.clone()), form.clone(), None));
                rest = &rest[form.len()..];
            } else {
                sealed.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        sealed
    }

    /// Puts the values in the places of their tokens.
    pub(super) fn unseal(&self, text: &str) -> String {
        let mut unsealed = text.to_owned();
        for entry in &self.entries {
            if let Some(quote) = &entry.quote {
                unsealed =
                    unsealed.replace(&format!("{quote}{}{quote}", entry.token), &entry.stands_for);
            }
            unsealed = unsealed.replace(&entry.token, &entry.stands_for);
        }
        unsealed
    }
}
