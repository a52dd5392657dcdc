//! Values and tokens: the only code that turns one into the other.
//!
//! A sink handles tokens. `unseal` puts values in their place in bytes that leave for a
//! destination approved to carry secrets; `seal` puts tokens in the place of values in all bytes
//! that come back. One `Seal` serves one call, so a token means nothing in the next.

mod decoded;
mod document;
mod encoding;
mod fields;
mod forms;
mod known;
mod needles;
mod search;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use memchr::memmem;
use zeroize::Zeroizing;

pub use document::DocumentError;
pub use encoding::{Encoding, apply_all};
pub use fields::{Field, Segment, parse_pointer, seal_json};
pub use forms::MOST_ENCODINGS;
pub use known::KnownSecret;
pub use search::holds_undone;
pub use yaml::YamlError;

/// A token as it can't be taken for one of this call's.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It has the mark of this call, and no number that was given out.
    #[error(
        "a token in the text is not one that was given out in this call; write tokens exactly as they came"
    )]
    UnknownToken,
    /// The other side would keep the token and not the value.
    #[error(
        "a token is encoded, so that the token itself would be stored: ask for the token with these encodings instead"
    )]
    DisguisedToken,
    /// A token for a number or an object stands outside quotes.
    #[error(
        "a token that stands for a JSON number, boolean, object or array must be written as a whole JSON string"
    )]
    Unquoted,
    /// More encodings than there can be.
    #[error("a token takes at most {MOST_ENCODINGS} encodings, and base64 once")]
    TooManyEncodings,
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
    /// How many of the values, from the first, the host handed over; the others are neighbours.
    given: usize,
    /// The length of all neighbours that are looked for.
    neighbour_bytes: usize,
    hasher: RandomState,
    values_by_hash: HashMap<u64, Vec<usize>>,
    slots_by_hash: HashMap<u64, Vec<usize>>,
}

/// Marks tokens; the random part makes sure that no text from outside looks like one.
const MARK: &str = "kfseal";
const NUMBER_DIGITS: usize = 5;
/// The number of no slot: what is hidden after all numbers were given out can't be written back.
const MOST_SLOTS: usize = 99_999;
/// Neighbours that are looked for in all bytes; more are hidden by their place only. Every one
/// costs a pass over every answer.
const MOST_NEIGHBOURS: usize = 64;
/// Neighbours that are looked for, all together: each has up to some hundred forms, all in memory.
const MOST_NEIGHBOUR_BYTES: usize = 64 << 10;

impl Seal {
    /// A seal with a mark of its own. `public` are values that are no secret wherever they stand.
    pub fn new(public: Vec<String>) -> Self {
        let mark = format!("{MARK}{}", uuid::Uuid::new_v4().simple());
        Self {
            mark,
            values: Vec::new(),
            slots: Vec::new(),
            public,
            given: 0,
            neighbour_bytes: 0,
            hasher: RandomState::new(),
            values_by_hash: HashMap::new(),
            slots_by_hash: HashMap::new(),
        }
    }

    /// Makes a secret of the host's known: from now on it is found in what comes back. All of them
    /// come before the first answer is sealed.
    pub fn know(&mut self, secret: Arc<KnownSecret>) -> ValueId {
        let id = self.learn(secret);
        self.given = self.values.len();
        id
    }

    fn learn(&mut self, secret: Arc<KnownSecret>) -> ValueId {
        let id = ValueId(self.values.len());
        let hash = self.hasher.hash_one(&*secret.value);
        self.values_by_hash.entry(hash).or_default().push(id.0);
        self.values.push(secret);
        id
    }

    fn value_id(&self, value: &str) -> Option<ValueId> {
        let same = self.values_by_hash.get(&self.hasher.hash_one(value))?;
        let found = same
            .iter()
            .find(|index| *self.values[**index].value == value);
        found.map(|index| ValueId(*index))
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

    /// Whether a token stands in `bytes` in a writing that `unseal` would pass over, so that the
    /// other side would keep the token and not the value.
    fn has_disguised_token(&self, bytes: &[u8]) -> bool {
        search::disguised(bytes, self.mark.as_bytes())
    }

    /// Whether `text` is exactly `pattern` with one token of a value that the host handed over in
    /// the place of `{token}`. A neighbour's value could hold anything, so it is no such token.
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
                        .and_then(|number| self.slots.get(number))
                        .is_some_and(|slot| slot.value.0 < self.given)
            })
    }

    /// Whether `text` is one token that stands for a whole JSON value.
    pub fn is_bare_token(&self, text: &str) -> bool {
        text.len() == self.token_length()
            && text
                .strip_prefix(&self.mark)
                .and_then(number)
                .and_then(|number| self.slots.get(number))
                .is_some_and(|slot| slot.bare)
    }

    /// `bytes` with every token replaced by what it stands for.
    ///
    /// # Errors
    /// If a token is damaged, or stands where it can't.
    pub fn unseal(&self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if self.has_disguised_token(bytes) {
            return Err(SealError::DisguisedToken);
        }
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
            sealed = Zeroizing::new(text.as_bytes().to_vec());
        }
        self.seal_known(&mut sealed);
        sealed
    }

    /// Text from outside that is shown to people: known values become a mark that means nothing.
    pub fn redact(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for value in &self.values {
            for form in value.forms.standing_in(&bytes) {
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
        let bytes = self.neighbour_bytes + field.value.len();
        let searched = !field.bare
            && self.values.len() - self.given < MOST_NEIGHBOURS
            && bytes <= MOST_NEIGHBOUR_BYTES;
        let value = match self.value_id(&field.value) {
            Some(known) => known,
            None if searched => {
                self.neighbour_bytes = bytes;
                self.learn(KnownSecret::of(&field.value))
            }
            None => self.learn(KnownSecret::by_place(field.value)),
        };
        Some(self.mint(value, field.bytes, field.bare))
    }

    fn mint(&mut self, value: ValueId, bytes: Zeroizing<Vec<u8>>, bare: bool) -> String {
        let hash = self.hasher.hash_one((value, &*bytes, bare));
        let same = self.slots_by_hash.entry(hash).or_default();
        let found = same.iter().copied().find(|index| {
            let slot = &self.slots[*index];
            slot.value == value && slot.bytes == bytes && slot.bare == bare
        });
        let number = match found {
            Some(number) => number,
            None if self.slots.len() == MOST_SLOTS => MOST_SLOTS,
            None => {
                same.push(self.slots.len());
                self.slots.push(Slot { value, bytes, bare });
                self.slots.len() - 1
            }
        };
        format!("{}{number:0NUMBER_DIGITS$}", self.mark)
    }

    fn token_length(&self) -> usize {
        self.mark.len() + NUMBER_DIGITS
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
