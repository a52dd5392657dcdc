//! Where two values differ, by place and never by value.

use serde_json::Value;

use crate::key::Key;

/// How many places a message names.
const MOST_NAMED: usize = 6;

/// The places at which the upgraded values differ, but for `ignored` and what lies below it.
pub(crate) fn places(released: &Value, upgraded: &Value, ignored: &[Key]) -> Vec<String> {
    let mut found = Vec::new();
    walk(released, upgraded, &mut Vec::new(), ignored, &mut found);
    found
}

/// The places in words.
pub(crate) fn named(places: &[String]) -> String {
    let shown = places
        .iter()
        .take(MOST_NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match places.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn walk<'v>(
    one: &'v Value,
    other: &'v Value,
    at: &mut Vec<&'v str>,
    ignored: &[Key],
    found: &mut Vec<String>,
) {
    if one == other || ignored.iter().any(|key| key.names() == at.as_slice()) {
        return;
    }
    // A mapping may be absent in one and hold nothing but the credential in the other.
    let is_ancestor = ignored.iter().any(|key| {
        key.names().len() > at.len() && key.names().iter().zip(at.iter()).all(|(a, b)| a == b)
    });
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one
                .keys()
                .chain(other.keys().filter(|name| !one.contains_key(*name)));
            for name in names {
                at.push(name);
                walk(
                    one.get(name).unwrap_or(&Value::Null),
                    other.get(name).unwrap_or(&Value::Null),
                    at,
                    ignored,
                    found,
                );
                at.pop();
            }
        }
        (Value::Null, Value::Object(members)) | (Value::Object(members), Value::Null)
            if is_ancestor =>
        {
            for (name, member) in members {
                at.push(name);
                walk(&Value::Null, member, at, ignored, found);
                at.pop();
            }
        }
        _ => found.push(match at.is_empty() {
            true => "the whole".to_owned(),
            false => at.join("."),
        }),
    }
}
