//! A secret with all that it may be recognised by, worked out once: dear enough to be done before
//! the refresh where it can be.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::needles::Needles;
use super::{decoded, forms};
use crate::secret::SecretString;

/// Values shorter than this are only found where a pointer names them: looking for them in all
/// bytes would find them everywhere.
const SHORTEST_SEARCHED: usize = 6;

/// A secret with every form that it may come back in.
pub struct KnownSecret {
    pub(super) value: Zeroizing<String>,
    /// Empty for a value that is hidden by its place only.
    pub(super) forms: Needles,
    /// What is left of value and forms where escapes were undone.
    pub(super) undone: Needles,
}

impl KnownSecret {
    /// Works out the forms of `secret`.
    pub fn new(secret: &SecretString) -> Arc<Self> {
        Self::of(secret.expose())
    }

    pub(super) fn of(value: &str) -> Arc<Self> {
        if value.len() < SHORTEST_SEARCHED {
            return Self::by_place(Zeroizing::new(value.to_owned()));
        }
        let forms = forms::forms(value);
        let undone = undone(value, &forms);
        Arc::new(Self {
            value: Zeroizing::new(value.to_owned()),
            forms: Needles::new(forms),
            undone: Needles::new(undone),
        })
    }

    /// A value that is not looked for.
    pub(super) fn by_place(value: Zeroizing<String>) -> Arc<Self> {
        Arc::new(Self {
            value,
            forms: Needles::new(Vec::new()),
            undone: Needles::new(Vec::new()),
        })
    }
}

/// The value with its own escapes undone, as often as those around it may be, and the forms that
/// hold no escapes.
fn undone(value: &str, forms: &[Zeroizing<Vec<u8>>]) -> Vec<Zeroizing<Vec<u8>>> {
    let whole = |form: &&Zeroizing<Vec<u8>>| decoded::once(form).is_none();
    let mut all: Vec<_> = forms.iter().filter(whole).cloned().collect();
    let utf8 = Zeroizing::new(value.as_bytes().to_vec());
    for mut layer in [Some(utf8), forms::latin1(value)].into_iter().flatten() {
        for _ in 0..=decoded::DEEPEST {
            let next = decoded::once(&layer);
            all.push(layer);
            let Some(next) = next else {
                break;
            };
            layer = next;
        }
    }
    all.retain(|form| form.len() >= SHORTEST_SEARCHED);
    all
}
