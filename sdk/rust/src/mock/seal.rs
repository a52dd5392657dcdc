//! Fields that the sink must not read become tokens: JSON pointers in which `*` is every member and
//! `#` goes on inside a string that holds JSON.

use serde_json::Value;

use super::encode::encode;
use super::vault::Vault;
use crate::Encoding;

/// The text with the fields sealed; as it was if it is no JSON or no pointer fits.
pub(super) fn fields(text: &str, seals: &[String], vault: &mut Vault) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return text.to_owned();
    };
    let pointers = seals.iter().map(|pointer| segments(pointer)).collect();
    match walk(&mut value, pointers, 1, vault) {
        true => value.to_string(),
        false => text.to_owned(),
    }
}

fn segments(pointer: &str) -> Vec<String> {
    pointer
        .split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// Whether a pointer fitted. `depth` is how many JSON texts the value lies in.
fn walk(value: &mut Value, pointers: Vec<Vec<String>>, depth: usize, vault: &mut Vault) -> bool {
    let inside = below(&pointers, "#");
    if let (Value::String(text), false) = (&*value, inside.is_empty()) {
        if let Ok(mut held @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
            if walk(&mut held, inside, depth + 1, vault) {
                *value = Value::String(held.to_string());
                return true;
            }
        }
    }
    if pointers.iter().any(Vec::is_empty) {
        seal(value, depth, vault);
        return true;
    }
    let mut fitted = false;
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                fitted |= walk(member, below(&pointers, name), depth, vault);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                fitted |= walk(item, below(&pointers, &index.to_string()), depth, vault);
            }
        }
        _ => {}
    }
    fitted
}

fn below(pointers: &[Vec<String>], name: &str) -> Vec<Vec<String>> {
    let fits = |part: &String| part == name || (part == "*" && name != "#");
    pointers
        .iter()
        .filter(|pointer| pointer.first().is_some_and(fits))
        .map(|pointer| pointer[1..].to_vec())
        .collect()
}

fn seal(value: &mut Value, depth: usize, vault: &mut Vault) {
    let token = match &*value {
        Value::String(text) if vault.public.as_deref() == Some(text) => return,
        Value::String(text) => vault.token(text, &vec![Encoding::Json; depth]),
        other => {
            let outer = vec![Encoding::Json; depth - 1];
            vault.bare_token(encode(&other.to_string(), &outer), encode("\"", &outer))
        }
    };
    *value = Value::String(token);
}
