//! The way out for what the sink saw: texts that go to the operator are cleaned of known values,
//! so every byte is masked and written in hex. A test decodes it and looks for the secret.

/// As many characters as the host lets through in one text.
const CHUNK: usize = 4096;
const MASK: u8 = 0x5a;

/// `text` in pieces that no cleaning touches.
pub fn masked(text: &str) -> Vec<String> {
    let hex: String = text
        .bytes()
        .map(|byte| format!("{:02x}", byte ^ MASK))
        .collect();
    hex.as_bytes()
        .chunks(CHUNK)
        .map(|chunk| String::from_utf8_lossy(chunk).into_owned())
        .collect()
}

/// Bytes as JSON that loses none of them: each byte one character.
pub fn bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// By hand, so that the guest needs no crate for it.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0usize, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            out.push(char::from(ALPHABET[bits >> (18 - 6 * place) & 63]));
        }
    }
    out
}
