//! Sealing by place: the fields of a JSON document that a sink must not read.
//!
//! Only the literals named are replaced, in the text itself, so that every other byte of the
//! document stays as it came.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::encoding::Encoding;

/// One step of a `seals` pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A member by its name, or an element by its index.
    Name(String),
    /// Every member or element.
    Every,
    /// Into the JSON that a string holds.
    Inside,
}

/// Parses `/a/*/#/b`; `~0` and `~1` stand for `~` and `/` as in any JSON pointer.
///
/// # Errors
/// If the pointer does not begin with `/`.
pub fn parse_pointer(pointer: &str) -> Result<Vec<Segment>, String> {
    let Some(rest) = pointer.strip_prefix('/') else {
        return Err(format!(
            "`{pointer}` is no pointer: it must begin with `/`, as in `/a/*/#/b`"
        ));
    };
    Ok(rest
        .split('/')
        .map(|segment| match segment {
            "*" => Segment::Every,
            "#" => Segment::Inside,
            name => Segment::Name(name.replace("~1", "/").replace("~0", "~")),
        })
        .collect())
}

/// A literal that is to be sealed.
pub struct Field {
    /// What it means: the decoded string, or the JSON text of anything else.
    pub value: Zeroizing<String>,
    /// The bytes that the token stands for, where it stands.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Not a string: the token stands for the quotes around it as well.
    pub bare: bool,
}

/// Replaces the fields at `pointers` by what `mint` gives for them; `None` if nothing matched or
/// `document` is no JSON. `mint` may decline a field.
pub fn seal_json(
    document: &str,
    pointers: &[Vec<Segment>],
    mint: &mut dyn FnMut(Field) -> Option<String>,
) -> Option<Zeroizing<String>> {
    let paths: Vec<&[Segment]> = pointers.iter().map(Vec::as_slice).collect();
    let raw: &RawValue = serde_json::from_str(document).ok()?;
    let sealed = seal_value(raw.get(), &paths, 0, mint)?;
    let start = offset(document, raw.get());
    let mut out = Zeroizing::new(String::with_capacity(document.len() + sealed.len()));
    out.push_str(&document[..start]);
    out.push_str(&sealed);
    out.push_str(&document[start + raw.get().len()..]);
    Some(out)
}

fn seal_value(
    raw: &str,
    paths: &[&[Segment]],
    depth: usize,
    mint: &mut dyn FnMut(Field) -> Option<String>,
) -> Option<Zeroizing<String>> {
    let inside: Vec<&[Segment]> = paths
        .iter()
        .filter(|path| path.first() == Some(&Segment::Inside))
        .map(|p| &p[1..])
        .collect();
    if raw.starts_with('"') && !inside.is_empty() {
        let text = serde_json::from_str::<String>(raw).map(Zeroizing::new);
        if let Ok(text) = &text
            && matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['))
            && serde_json::from_str::<&RawValue>(text).is_ok()
        {
            let inner = text.trim();
            let start = offset(text, inner);
            let (before, after) = (&text[..start], &text[start + inner.len()..]);
            let sealed = seal_value(inner, &inside, depth + 1, mint)?;
            let sealed = Zeroizing::new([before, &sealed, after].concat());
            return Some(Zeroizing::new(format!(
                "\"{}\"",
                &*Encoding::Json.apply(&sealed)
            )));
        }
    }
    // What should hold JSON and does not is hidden whole: the field to hide is somewhere in it.
    let opaque = raw.starts_with('"') && !inside.is_empty();
    if opaque || paths.iter().any(|path| path.is_empty()) {
        let field = literal(raw, depth)?;
        return Some(Zeroizing::new(format!("\"{}\"", mint(field)?)));
    }
    let Ok(members) = members(raw)? else {
        // Names that can't be read can't be told apart.
        let field = literal(raw, depth)?;
        return Some(Zeroizing::new(format!("\"{}\"", mint(field)?)));
    };
    let mut out = Zeroizing::new(String::with_capacity(raw.len()));
    let mut done = 0;
    for (name, member) in members {
        let below: Vec<&[Segment]> = paths
            .iter()
            .filter(|path| match path.first() {
                Some(Segment::Every) => true,
                Some(Segment::Name(wanted)) => *wanted == name,
                _ => false,
            })
            .map(|path| &path[1..])
            .collect();
        if below.is_empty() {
            continue;
        }
        if let Some(sealed) = seal_value(member.get(), &below, depth, mint) {
            let start = offset(raw, member.get());
            out.push_str(&raw[done..start]);
            out.push_str(&sealed);
            done = start + member.get().len();
        }
    }
    if done == 0 {
        return None;
    }
    out.push_str(&raw[done..]);
    Some(out)
}

fn literal(raw: &str, depth: usize) -> Option<Field> {
    if raw == "null" {
        return None;
    }
    let (value, inner, bare) = if raw.starts_with('"') {
        let inner = &raw[1..raw.len() - 1];
        // Half a surrogate pair has no meaning as text; it is hidden all the same.
        let value = serde_json::from_str::<String>(raw).unwrap_or_else(|_| inner.to_owned());
        (value, inner, false)
    } else {
        (raw.to_owned(), raw, true)
    };
    let mut bytes = Zeroizing::new(inner.to_owned());
    for _ in 0..depth {
        bytes = Encoding::Json.apply(&bytes);
    }
    let bytes = Zeroizing::new(bytes.as_bytes().to_vec());
    Some(Field {
        value: Zeroizing::new(value),
        bytes,
        bare,
    })
}

/// Where `part`, a slice of `whole`, begins.
fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

type Unreadable = serde_json::Error;

/// `None` for what has no members.
fn members(raw: &str) -> Option<Result<Vec<(String, &RawValue)>, Unreadable>> {
    match raw.as_bytes().first()? {
        b'{' | b'[' => Some(serde_json::from_str::<Members<'_>>(raw).map(|members| members.0)),
        _ => None,
    }
}

/// The members of an object, repeated names and all, or the elements of an array by index.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object or an array")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(element) = seq.next_element::<&'de RawValue>()? {
                    members.push((members.len().to_string(), element));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_any(Collect)
    }
}
