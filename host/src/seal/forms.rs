//! Every shape in which a known value may come back, so that none of them reaches a sink.
//!
//! What a sink can have written (any composition of encodings that `token` allows) and what
//! servers do to text on their own: other escapes, other alphabets, base64 of a longer text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::encoding::{Encoding, Hex, push_hex, uri};

/// How many encodings a sink may compose.
pub const MOST_ENCODINGS: usize = 3;

/// Whether a token may stand for a value under these encodings.
pub fn allowed(encodings: &[Encoding]) -> bool {
    encodings.len() <= MOST_ENCODINGS
        && encodings
            .iter()
            .filter(|encoding| **encoding == Encoding::Base64)
            .count()
            <= 1
}

/// What every composition of encodings that a token may ask for makes of `value`. One that changes
/// nothing is not followed further: most don't, in most values.
fn composed(value: &str) -> Vec<Zeroizing<String>> {
    let mut met = vec![(Zeroizing::new(value.to_owned()), false)];
    let mut new = 0;
    for _ in 0..MOST_ENCODINGS {
        let last = new..met.len();
        new = met.len();
        for at in last {
            for encoding in Encoding::ALL {
                let (text, in_base64) = &met[at];
                let is_base64 = encoding == Encoding::Base64;
                if is_base64 && *in_base64 {
                    continue;
                }
                let next = (encoding.apply(text), *in_base64 || is_base64);
                if !met.contains(&next) {
                    met.push(next);
                }
            }
        }
    }
    met.into_iter().map(|(text, _)| text).collect()
}

/// The byte strings to look for.
pub fn forms(value: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let mut found: Vec<Zeroizing<Vec<u8>>> = Vec::new();
    let mut add = |text: &[u8]| found.push(Zeroizing::new(text.to_vec()));
    for text in composed(value) {
        add(text.as_bytes());
    }
    for variant in json_variants(value) {
        add(variant.as_bytes());
        add(Encoding::Json.apply(&variant).as_bytes());
    }
    let lower = Zeroizing::new(uri(value, Hex::Lower));
    add(lower.as_bytes());
    add(lower.replace("%20", "+").as_bytes());
    add(uri(value, Hex::Upper).replace("%20", "+").as_bytes());
    for hex in [Hex::Lower, Hex::Upper] {
        let mut text = Zeroizing::new(String::with_capacity(value.len() * 2));
        value
            .bytes()
            .for_each(|byte| push_hex(&mut text, byte, hex));
        add(text.as_bytes());
    }
    for inner in [value, &Encoding::Json.apply(value)] {
        add(STANDARD_NO_PAD.encode(inner).as_bytes());
        add(URL_SAFE.encode(inner).as_bytes());
        add(URL_SAFE_NO_PAD.encode(inner).as_bytes());
        for shift in 0..3 {
            for core in base64_cores(inner.as_bytes(), shift) {
                add(&core);
            }
        }
    }
    found.extend(latin1(value));
    found
}

/// As servers write it that know no UTF-8; what wide characters come down to without their zeros.
pub fn latin1(value: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes: Result<Vec<u8>, _> = value.chars().map(|c| u8::try_from(u32::from(c))).collect();
    bytes.ok().map(Zeroizing::new)
}

/// Escapes that are right in JSON but that serde would not choose.
fn json_variants(value: &str) -> Vec<Zeroizing<String>> {
    let plain = Encoding::Json.apply(value);
    let ascii = |upper: bool| {
        let mut out = Zeroizing::new(String::new());
        for character in plain.chars() {
            if character.is_ascii() {
                out.push(character);
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                if upper {
                    out.push_str(&format!("\\u{unit:04X}"));
                } else {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
        out
    };
    let html = |text: &str| {
        text.replace('&', "\\u0026")
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
    };
    let mut variants = vec![
        Zeroizing::new(plain.replace('/', "\\/")),
        ascii(false),
        ascii(true),
    ];
    variants.push(Zeroizing::new(html(&plain)));
    variants.push(Zeroizing::new(html(&variants[1])));
    variants.push(Zeroizing::new(variants[1].replace('/', "\\/")));
    variants
}

/// The characters that `value` alone decides where it stands `shift` bytes into a group of three
/// of a longer text, in both alphabets. Its edges, which hold bits of the neighbours, are left.
fn base64_cores(value: &[u8], shift: usize) -> Vec<Zeroizing<Vec<u8>>> {
    let mut padded = Zeroizing::new(vec![0u8; shift]);
    padded.extend_from_slice(value);
    let first = (shift * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    [STANDARD_NO_PAD, URL_SAFE_NO_PAD]
        .iter()
        .filter_map(|alphabet| {
            let text = Zeroizing::new(alphabet.encode(&*padded));
            let core = text.get(first..last)?;
            (core.len() >= 8).then(|| Zeroizing::new(core.as_bytes().to_vec()))
        })
        .collect()
}
