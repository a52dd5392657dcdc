//! Names for contents. Keyed with a key of this process alone: a plain digest would let a sink try
//! out values for the fields of the file that are hidden from it.

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::sandbox::hex;

static KEY: OnceLock<[u8; 32]> = OnceLock::new();

/// The name of these contents.
pub fn of(contents: &[u8]) -> String {
    let key = KEY.get_or_init(|| {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the system has randomness");
        key
    });
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(contents);
    hex(&mac.finalize().into_bytes())
}
