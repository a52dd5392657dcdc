//! Bodies that are approved member by member must read the same to the policy and to the other
//! side, before the values are put in and after.

use serde_json::Value;

use super::grant::{BodyRule, HttpGrant};
use super::request::NotApproved;
use crate::seal::Seal;

/// The body as JSON that everyone reads alike.
pub(super) fn unambiguous(body: &[u8]) -> Result<Value, String> {
    if has_repeated_name(body) {
        return Err("the body names a member twice".into());
    }
    // serde reads an object with such a name as what it holds; nobody else does.
    if crate::seal::holds_undone(body, b"$serde_json::private") {
        return Err("the body must be plain JSON to be approved".into());
    }
    serde_json::from_slice(body).map_err(|_| "the body must be JSON to be approved".to_owned())
}

/// Whether `open`, the body with its values in place, says the same as `sealed`, which was
/// approved, but for what tokens stand for. A value with quotes in it, under the wrong encodings,
/// would add members that nobody approved.
///
/// # Errors
/// If it says something else.
pub fn stays_as_approved(
    grant: &HttpGrant,
    sealed: &[u8],
    open: &[u8],
    seal: &Seal,
) -> Result<(), NotApproved> {
    if !matches!(grant.body, BodyRule::Pins(_)) || !seal.has_token(sealed) {
        return Ok(());
    }
    let same = unambiguous(sealed)
        .and_then(|sealed| Ok(same_shape(&sealed, &unambiguous(open)?, seal)))
        .unwrap_or(false);
    match same {
        true => Ok(()),
        false => Err(NotApproved(
            "with the value in the token's place the body would not be the approved one: ask for the token with the encodings of its position".into(),
        )),
    }
}

fn same_shape(sealed: &Value, open: &Value, seal: &Seal) -> bool {
    let token = |text: &str| seal.has_token(text.as_bytes());
    match (sealed, open) {
        (Value::String(sealed), Value::String(open)) => sealed == open || token(sealed),
        // A token for a number or an object stands for all of it.
        (Value::String(sealed), _) => seal.is_bare_token(sealed),
        (Value::Array(sealed), Value::Array(open)) => {
            sealed.len() == open.len()
                && sealed.iter().zip(open).all(|(s, o)| same_shape(s, o, seal))
        }
        (Value::Object(sealed), Value::Object(open)) => {
            sealed.len() == open.len()
                && sealed.iter().zip(open).all(|((name, s), (opened, o))| {
                    (name == opened || token(name)) && same_shape(s, o, seal)
                })
        }
        _ => sealed == open,
    }
}

/// Two members of one name would let the policy read one and the other side the other.
fn has_repeated_name(body: &[u8]) -> bool {
    struct Once;
    impl<'de> serde::de::DeserializeSeed<'de> for Once {
        type Value = bool;
        fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> Result<bool, D::Error> {
            d.deserialize_any(self)
        }
    }
    impl<'de> serde::de::Visitor<'de> for Once {
        type Value = bool;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
            let mut names = std::collections::HashSet::new();
            let mut repeated = false;
            while let Some(name) = map.next_key::<String>()? {
                repeated |= !names.insert(name);
                repeated |= map.next_value_seed(Once)?;
            }
            Ok(repeated)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
            let mut repeated = false;
            while let Some(element) = seq.next_element_seed(Once)? {
                repeated |= element;
            }
            Ok(repeated)
        }
        fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_str<E>(self, _: &str) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_unit<E>(self) -> Result<bool, E> {
            Ok(false)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    serde::de::DeserializeSeed::deserialize(Once, &mut deserializer).unwrap_or(false)
}
