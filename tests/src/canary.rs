//! Looks for a secret in what a program left behind, in every form it may have taken. What it
//! finds it names by place and form, never by the secret.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// The shortest run of plain characters inside a secret that is searched by itself.
const CORE: usize = 16;

/// Asserts that none of `outputs`, each with its name, holds any of `secrets` in any form.
///
/// # Panics
/// With the output's name and the form, if one does.
pub fn assert_no_canary(outputs: &[(&str, &[u8])], secrets: &[&str]) {
    for (name, bytes) in outputs {
        for (index, secret) in secrets.iter().enumerate() {
            if let Some(form) = find(bytes, secret) {
                panic!("secret number {index} stands in {name}, in the form {form}");
            }
        }
    }
}

/// The form in which `bytes` holds the secret, if it does.
pub fn find(bytes: &[u8], secret: &str) -> Option<&'static str> {
    assert!(secret.len() >= 8, "a secret this short is found by chance");
    let mut forms = forms(secret);
    // A quoting that this list lacks leaves a run of plain characters as it is.
    let plain = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    let core = secret
        .split(plain)
        .max_by_key(|run| run.len())
        .filter(|run| run.len() >= CORE);
    forms.extend(core.map(|core| ("part of it", core.as_bytes().to_vec())));
    forms.extend(core.into_iter().flat_map(coded));
    forms
        .into_iter()
        .find(|(_, form)| contains(bytes, form))
        .map(|(name, _)| name)
}

fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let json = inside_json(secret);
    let ascii: String = json
        .chars()
        .flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec())
        .map(|unit| match char::from_u32(u32::from(unit)) {
            Some(c) if c.is_ascii() => c.to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let debug = format!("{secret:?}");
    let mut all: Vec<(&'static str, Vec<u8>)> = vec![
        ("raw", secret.into()),
        ("JSON in JSON", inside_json(&json).into()),
        ("ASCII JSON", ascii.into()),
        ("JSON with slashes", json.replace('/', "\\/").into()),
        ("JSON", json.into()),
        ("debug", debug[1..debug.len() - 1].into()),
        (
            "SQL",
            secret.replace('\\', "\\\\").replace('\'', "''").into(),
        ),
        ("URI", escaped(secret, "-._~").into()),
        (
            "URI, lower case",
            escaped(secret, "-._~").to_lowercase().into(),
        ),
        ("form", escaped(secret, "-._*").replace("%20", "+").into()),
        ("encodeURIComponent", escaped(secret, "-._~!*'()").into()),
        (
            "UTF-16",
            secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
    ];
    all.extend(coded(secret));
    all
}

/// Base64, also in the middle of something longer, and hex.
fn coded(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = Vec::new();
    for offset in 0..3 {
        let shifted = [vec![b'.'; offset], text.as_bytes().to_vec()].concat();
        // The characters at both ends depend on what stands beside the secret.
        let (start, end) = ((offset * 8).div_ceil(6), shifted.len() * 8 / 6);
        all.push((
            "base64",
            STANDARD_NO_PAD.encode(&shifted).as_bytes()[start..end].to_vec(),
        ));
        all.push((
            "base64url",
            URL_SAFE_NO_PAD.encode(&shifted).as_bytes()[start..end].to_vec(),
        ));
    }
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    all.push(("hex, upper case", hex.to_uppercase().into()));
    all.push(("hex", hex.into()));
    all
}

fn inside_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn escaped(text: &str, keep: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).into()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[cfg(test)]
mod tests;
