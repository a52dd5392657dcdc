//! The encodings in which a value may stand in a body, a file or an output.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// How a value is escaped where it stands; quotes around it are not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The inside of a JSON string.
    Json,
    /// The inside of a double-quoted YAML scalar.
    Yaml,
    /// The inside of a single-quoted SQL literal.
    Sql,
    /// A URI component.
    Uri,
    /// Standard base64 with padding.
    Base64,
}

impl Encoding {
    /// Every encoding, for those who must try each.
    pub const ALL: [Encoding; 5] = [
        Encoding::Json,
        Encoding::Yaml,
        Encoding::Sql,
        Encoding::Uri,
        Encoding::Base64,
    ];

    /// `text` in this encoding.
    pub fn apply(self, text: &str) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Encoding::Json => json(text),
            Encoding::Yaml => yaml(text),
            Encoding::Sql => Zeroizing::new(text.replace('\\', "\\\\")).replace('\'', "''"),
            Encoding::Uri => uri(text, Hex::Upper),
            Encoding::Base64 => STANDARD.encode(text),
        })
    }
}

/// `text` after all of `encodings`, first to last.
pub fn apply_all(text: &str, encodings: &[Encoding]) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(text.to_owned());
    for encoding in encodings {
        encoded = encoding.apply(&encoded);
    }
    encoded
}

fn json(text: &str) -> String {
    let quoted = Zeroizing::new(serde_json::Value::String(text.to_owned()).to_string());
    quoted[1..quoted.len() - 1].to_owned()
}

/// JSON's escapes are YAML's too; on top come the characters that YAML takes for line breaks or
/// calls unprintable.
fn yaml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in Zeroizing::new(json(text)).chars() {
        match character {
            '\u{85}' => out.push_str("\\N"),
            '\u{a0}' => out.push_str("\\_"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            '\u{7f}'..='\u{9f}' | '\u{feff}' => {
                out.push_str(&format!("\\u{:04x}", character as u32));
            }
            other => out.push(other),
        }
    }
    out
}

/// Which letters a percent- or hex-encoding uses.
#[derive(Clone, Copy)]
pub(super) enum Hex {
    Upper,
    Lower,
}

pub(super) fn uri(text: &str, hex: Hex) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte as char);
            }
            _ => {
                out.push('%');
                push_hex(&mut out, byte, hex);
            }
        }
    }
    out
}

pub(super) fn push_hex(out: &mut String, byte: u8, hex: Hex) {
    let digits: &[u8; 16] = match hex {
        Hex::Upper => b"0123456789ABCDEF",
        Hex::Lower => b"0123456789abcdef",
    };
    out.push(digits[usize::from(byte >> 4)] as char);
    out.push(digits[usize::from(byte & 15)] as char);
}
