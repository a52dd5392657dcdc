//! Sealing of documents that may be JSON or YAML. Where fields are to be hidden, a document in
//! which they can't be found is not shown at all.

use memchr::memmem;
use zeroize::Zeroizing;

use super::yaml::{Find, YamlError, seal_yaml};
use super::{Field, KnownSecret, Seal, Segment};

/// Why a document can't be shown to a sink.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Bytes that are no text.
    #[error("it is not UTF-8 text, so the fields to hide can't be found in it")]
    NotText,
    /// Neither of the two.
    #[error("it is neither JSON nor YAML, so the fields to hide can't be found in it: {0}")]
    Unparsed(#[from] YamlError),
}

impl Seal {
    /// As [`Seal::seal`], for JSON or YAML, and with an error where `seal` would do nothing.
    ///
    /// # Errors
    /// If there are fields to hide and they can't be found.
    pub fn seal_document(
        &mut self,
        bytes: &[u8],
        pointers: &[Vec<Segment>],
    ) -> Result<Zeroizing<Vec<u8>>, DocumentError> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return match pointers {
                [] => Ok(self.seal(bytes, &[])),
                _ => Err(DocumentError::NotText),
            };
        };
        if is_json(text) {
            return Ok(self.seal(bytes, pointers));
        }
        let by_place = match pointers {
            [] => None,
            _ => seal_yaml(text, &Find::At(pointers), &mut |field| {
                self.mint_field(field)
            })?,
        };
        let sealed = self.seal(by_place.as_ref().map_or(bytes, |text| text.as_bytes()), &[]);
        let known = self.values.clone();
        let holds = |value: &str| known.iter().any(|known| known.stands_in(value));
        let odd = match std::str::from_utf8(&sealed) {
            Ok(text) => seal_yaml(text, &Find::Holding(&holds), &mut |field| {
                self.mint_odd(field)
            }),
            Err(_) => Ok(None),
        };
        match odd {
            Ok(Some(odd)) => Ok(Zeroizing::new(odd.as_bytes().to_vec())),
            Ok(None) => Ok(sealed),
            // Text that is no YAML, and of which nothing had to be hidden by place.
            Err(_) if pointers.is_empty() => Ok(sealed),
            Err(error) => Err(error.into()),
        }
    }

    /// An output or an answer that should be JSON: where fields are to be hidden in it and it is something else,
    /// all of it is hidden.
    pub fn seal_output(&mut self, bytes: &[u8], pointers: &[Vec<Segment>]) -> Zeroizing<Vec<u8>> {
        let readable = |text: &str| is_json(text) || text.trim().is_empty();
        if pointers.is_empty() || std::str::from_utf8(bytes).is_ok_and(readable) {
            return self.seal(bytes, pointers);
        }
        let field = Field {
            value: Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()),
            bytes: Zeroizing::new(bytes.to_vec()),
            bare: false,
        };
        let token = self.mint_odd(field).unwrap_or_default();
        Zeroizing::new(token.into_bytes())
    }

    /// A scalar that spells a known value in a way that no list of forms holds. Other values in it
    /// may be tokens already; they go into the one for the whole.
    fn mint_odd(&mut self, field: Field) -> Option<String> {
        let plain = |bytes: &[u8]| {
            self.unseal(bytes)
                .unwrap_or_else(|_| Zeroizing::new(bytes.to_vec()))
        };
        let bytes = plain(&field.bytes);
        let value =
            Zeroizing::new(String::from_utf8_lossy(&plain(field.value.as_bytes())).into_owned());
        let value = match self.value_id(&value) {
            Some(known) => known,
            None => self.learn(KnownSecret::by_place(value)),
        };
        Some(self.mint(value, bytes, field.bare))
    }
}

impl KnownSecret {
    /// Whether the value stands in `text` as it is. Short ones are only hidden by place.
    fn stands_in(&self, text: &str) -> bool {
        !self.forms.is_empty() && memmem::find(text.as_bytes(), self.value.as_bytes()).is_some()
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}
