//! Values and tokens: the only code that turns one into the other.
//!
//! A sink handles tokens. `unseal` puts values in their place in bytes that leave for a
//! destination approved to carry secrets; `seal` puts tokens in the place of values in all bytes
//! that come back. One `Seal` serves one call, so a token means nothing in the next.

mod document;
mod encoding;
mod fields;
mod forms;
#[cfg(test)]
mod tests;
mod yaml;

use std::sync::Arc;

use memchr::memmem;
use zeroize::Zeroizing;

pub use document::DocumentError;
pub use encoding::{Encoding, apply_all};
pub use fields::{Field, Segment, parse_pointer, seal_json};
pub use forms::MOST_ENCODINGS;
pub use yaml::YamlError;

use crate::secret::SecretString;

/// Values shorter than this are only found where a pointer names them: looking for them in all
/// bytes would find them everywhere.
const SHORTEST_SEARCHED: usize = 6;

/// A token as it can't be taken for one of this call's.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It has the mark of this call, and no number that was given out.
    #[error(
        "a token in the text is not one that was given out in this call; write tokens exactly as they came"
    )]
    UnknownToken,
    /// A token for a number or an object stands outside quotes.
    #[error(
        "a token that stands for a JSON number, boolean, object or array must be written as a whole JSON string"
    )]
    Unquoted,
    /// More encodings than there can be.
    #[error("a token takes at most {MOST_ENCODINGS} encodings, and base64 once")]
    TooManyEncodings,
}

/// A secret with every form that it may come back in, worked out once.
pub struct KnownSecret {
    value: Zeroizing<String>,
    forms: Vec<Zeroizing<Vec<u8>>>,
}

impl KnownSecret {
    /// Works out the forms of `secret`; dear enough to be done before the refresh where it can be.
    pub fn new(secret: &SecretString) -> Arc<Self> {
        Self::of(secret.expose())
    }

    fn of(value: &str) -> Arc<Self> {
        let forms = if value.len() < SHORTEST_SEARCHED {
            Vec::new()
        } else {
            forms::forms(value)
        };
        Arc::new(Self {
            value: Zeroizing::new(value.to_owned()),
            forms,
        })
    }
}

/// Which known value; only good for the `Seal` that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueId(usize);

struct Slot {
    value: ValueId,
    bytes: Zeroizing<Vec<u8>>,
    bare: bool,
}

/// The values and tokens of one call.
pub struct Seal {
    mark: String,
    values: Vec<Arc<KnownSecret>>,
    slots: Vec<Slot>,
    public: Vec<String>,
}

/// Marks tokens; the random part makes sure that no text from outside looks like one.
const MARK: &str = "kfseal";
const NUMBER_DIGITS: usize = 5;

impl Seal {
    /// A seal with a mark of its own. `public` are values that are no secret wherever they stand.
    pub fn new(public: Vec<String>) -> Self {
        let mark = format!("{MARK}{}", uuid::Uuid::new_v4().simple());
        Self {
            mark,
            values: Vec::new(),
            slots: Vec::new(),
            public,
        }
    }

    /// Makes a secret known: from now on it is found in what comes back.
    pub fn know(&mut self, secret: Arc<KnownSecret>) -> ValueId {
        let id = ValueId(self.values.len());
        self.values.push(secret);
        id
    }

    /// The token for a value under `encodings`.
    ///
    /// # Errors
    /// If there are more encodings than `seal` looks for on the way back.
    pub fn token(&mut self, value: ValueId, encodings: &[Encoding]) -> Result<String, SealError> {
        if !forms::allowed(encodings) {
            return Err(SealError::TooManyEncodings);
        }
        let text = apply_all(&self.values[value.0].value, encodings);
        Ok(self.mint(value, Zeroizing::new(text.as_bytes().to_vec()), false))
    }

    /// Whether `text` is a token of this call that stands for the value.
    pub fn matches(&self, value: ValueId, text: &str) -> bool {
        let Some(number) = text.strip_prefix(&self.mark).and_then(number) else {
            return false;
        };
        text.len() == self.token_length()
            && self.slots.get(number).is_some_and(|slot| {
                slot.value == value || self.values[slot.value.0].value == self.values[value.0].value
            })
    }

    /// Whether any token of this call stands in `bytes`.
    pub fn has_token(&self, bytes: &[u8]) -> bool {
        memmem::find(bytes, self.mark.as_bytes()).is_some()
    }

    /// Whether `text` is exactly `pattern` with one token in the place of `{token}`.
    pub fn is_one_token_in(&self, text: &str, pattern: &str) -> bool {
        let Some((before, after)) = pattern.split_once("{token}") else {
            return text == pattern;
        };
        text.strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|token| {
                token.len() == self.token_length()
                    && token
                        .strip_prefix(&self.mark)
                        .and_then(number)
                        .is_some_and(|number| number < self.slots.len())
            })
    }

    /// `bytes` with every token replaced by what it stands for.
    ///
    /// # Errors
    /// If a token is damaged, or stands where it can't.
    pub fn unseal(&self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut out = Zeroizing::new(Vec::with_capacity(bytes.len() + 256));
        let mut rest = bytes;
        while let Some(at) = memmem::find(rest, self.mark.as_bytes()) {
            let end = at + self.token_length();
            let slot = rest
                .get(at + self.mark.len()..end)
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .and_then(number)
                .and_then(|number| self.slots.get(number))
                .ok_or(SealError::UnknownToken)?;
            if slot.bare {
                let quote = opening_quote(&rest[..at]).ok_or(SealError::Unquoted)?;
                let after = rest[end..].strip_prefix(quote).ok_or(SealError::Unquoted)?;
                out.extend_from_slice(&rest[..at - quote.len()]);
                out.extend_from_slice(&slot.bytes);
                rest = after;
            } else {
                out.extend_from_slice(&rest[..at]);
                out.extend_from_slice(&slot.bytes);
                rest = &rest[end..];
            }
        }
        out.extend_from_slice(rest);
        Ok(out)
    }

    /// `bytes` from outside as a sink may see them: the fields at `pointers` and every known value,
    /// in every form, replaced by tokens.
    pub fn seal(&mut self, bytes: &[u8], pointers: &[Vec<Segment>]) -> Zeroizing<Vec<u8>> {
        let mut sealed = Zeroizing::new(bytes.to_vec());
        if !pointers.is_empty()
            && let Ok(text) = std::str::from_utf8(bytes)
            && let Some(text) = seal_json(text, pointers, &mut |field| self.mint_field(field))
        {
            *sealed = text.as_bytes().to_vec();
        }
        self.seal_known(&mut sealed);
        if let Ok(text) = std::str::from_utf8(&sealed)
            && let Some(text) = self.seal_strings(text)
        {
            *sealed = text.as_bytes().to_vec();
        }
        sealed
    }

    /// Text from outside that is shown to people: known values become a mark that means nothing.
    pub fn redact(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for value in &self.values {
            for form in &value.forms {
                bytes = replace(&bytes, form, b"[secret]");
            }
        }
        String::from_utf8_lossy(&replace_tokens(&bytes, &self.mark, self.token_length()))
            .into_owned()
    }

    /// Takes a field that a sealing by place found; `None` leaves it readable.
    pub fn mint_field(&mut self, field: Field) -> Option<String> {
        if !field.bare && self.public.iter().any(|public| *public == *field.value) {
            return None;
        }
        if field.value.contains(&self.mark) {
            return None;
        }
        let known = self
            .values
            .iter()
            .position(|known| known.value == field.value);
        let value = match known {
            Some(index) => ValueId(index),
            None if field.bare => self.know(Arc::new(KnownSecret {
                value: field.value,
                forms: Vec::new(),
            })),
            None => self.know(KnownSecret::of(&field.value)),
        };
        Some(self.mint(value, field.bytes, field.bare))
    }

    fn mint(&mut self, value: ValueId, bytes: Zeroizing<Vec<u8>>, bare: bool) -> String {
        let found = self
            .slots
            .iter()
            .position(|slot| slot.value == value && slot.bytes == bytes && slot.bare == bare);
        let number = found.unwrap_or_else(|| {
            self.slots.push(Slot { value, bytes, bare });
            self.slots.len() - 1
        });
        format!("{}{number:0NUMBER_DIGITS$}", self.mark)
    }

    fn token_length(&self) -> usize {
        self.mark.len() + NUMBER_DIGITS
    }

    fn seal_known(&mut self, bytes: &mut Zeroizing<Vec<u8>>) {
        for index in 0..self.values.len() {
            let known = Arc::clone(&self.values[index]);
            for form in &known.forms {
                if memmem::find(bytes, form).is_some() {
                    let token = self.mint(ValueId(index), form.clone(), false);
                    *bytes = Zeroizing::new(replace(bytes, form, token.as_bytes()));
                }
            }
        }
    }

    /// JSON may be escaped in ways that no list of forms holds (`\u0061`): the strings are decoded,
    /// searched, and what was found is written back.
    fn seal_strings(&mut self, text: &str) -> Option<Zeroizing<String>> {
        if !text.contains('\\') {
            return None;
        }
        let mut document: serde_json::Value = serde_json::from_str(text).ok()?;
        let mut found = false;
        self.walk(&mut document, &mut found);
        found.then(|| Zeroizing::new(document.to_string()))
    }

    fn walk(&mut self, value: &mut serde_json::Value, found: &mut bool) {
        match value {
            serde_json::Value::String(text) => {
                let mut bytes = Zeroizing::new(text.as_bytes().to_vec());
                self.seal_known(&mut bytes);
                if *bytes != text.as_bytes() {
                    *found = true;
                    *text = String::from_utf8_lossy(&bytes).into_owned();
                }
                if let Some(inner) = self.seal_strings(text) {
                    *found = true;
                    *text = inner.to_string();
                }
            }
            serde_json::Value::Array(elements) => {
                elements
                    .iter_mut()
                    .for_each(|element| self.walk(element, found));
            }
            serde_json::Value::Object(members) => {
                let old = std::mem::take(members);
                for (name, mut member) in old {
                    let mut key = serde_json::Value::String(name);
                    self.walk(&mut key, found);
                    self.walk(&mut member, found);
                    if let serde_json::Value::String(name) = key {
                        members.insert(name, member);
                    }
                }
            }
            _ => {}
        }
    }
}

fn number(digits: &str) -> Option<usize> {
    let digits = digits.get(..NUMBER_DIGITS)?;
    digits
        .bytes()
        .all(|digit| digit.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

/// The quote that ends `before`, with the backslashes that escape it.
fn opening_quote(before: &[u8]) -> Option<&[u8]> {
    let quote = before.strip_suffix(b"\"")?;
    let slashes = quote
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\')
        .count();
    Some(&before[quote.len() - slashes..])
}

fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut done = 0;
    for at in memmem::find_iter(bytes, old) {
        out.extend_from_slice(&bytes[done..at]);
        out.extend_from_slice(new);
        done = at + old.len();
    }
    out.extend_from_slice(&bytes[done..]);
    out
}

fn replace_tokens(bytes: &[u8], mark: &str, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut done = 0;
    for at in memmem::find_iter(bytes, mark) {
        if at < done {
            continue;
        }
        out.extend_from_slice(&bytes[done..at]);
        out.extend_from_slice(b"[secret]");
        done = (at + length).min(bytes.len());
    }
    out.extend_from_slice(&bytes[done..]);
    out
}
