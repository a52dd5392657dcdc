//! How a value is written at a position: the encodings of the contract, as functions of text.

use crate::Encoding;

/// The value after the encodings, applied first to last.
pub(super) fn encode(value: &str, encodings: &[Encoding]) -> String {
    encodings
        .iter()
        .fold(value.to_owned(), |text, encoding| match encoding {
            Encoding::Json | Encoding::Yaml => json(&text),
            Encoding::Sql => text.replace('\\', "\\\\").replace('\'', "''"),
            Encoding::Uri => uri(&text),
            Encoding::Base64 => base64(text.as_bytes()),
        })
}

/// The inside of a JSON string, which is also one of a double-quoted YAML scalar.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

pub(super) fn uri(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_u32, |group, byte| (group << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (group >> (18 - 6 * place)) & 63;
            text.push(if place > chunk.len() {
                '='
            } else {
                char::from(ALPHABET[index as usize])
            });
        }
    }
    text
}
