//! Which need allows a request, and if none does, the part in which the nearest one differs.

use serde_json::Value;

use super::template::{Names, fill, fill_url};
use super::vault::Vault;
use crate::{HttpNeed, Need, Request};

/// What is said of a token that was encoded.
pub(super) const ENCODED: &str =
    "a token is in base64: ask for the token with that encoding instead";

/// The need that allows the request.
pub(super) fn request<'a>(
    needs: &'a [Need],
    request: &Request,
    names: &Names,
    vault: &Vault,
) -> Result<&'a HttpNeed, String> {
    let mut nearest = (0, "no need of the manifest is a request".to_owned());
    for need in needs {
        let Need::Http(need) = need else { continue };
        match differs(need, request, names, vault) {
            None => return Ok(need),
            Some(difference) if difference.0 >= nearest.0 => nearest = difference,
            Some(_) => {}
        }
    }
    Err(format!(
        "no need allows {} {}: {}",
        request.method, request.url, nearest.1
    ))
}

/// How far the request gets before it differs from the need, and how it differs.
fn differs(
    need: &HttpNeed,
    request: &Request,
    names: &Names,
    vault: &Vault,
) -> Option<(u8, String)> {
    let Some(url) = fill_url(&need.url, names) else {
        return Some((1, format!("{} names an absent or unfit setting", need.url)));
    };
    if !url_fits(&url, &request.url) || vault.has_token(&request.url) {
        return Some((2, format!("the URL differs from {url}")));
    }
    if need.method != request.method {
        return Some((3, format!("the method differs from {}", need.method)));
    }
    if let Some(difference) = headers_differ(need, request, names, vault) {
        return Some((4, difference));
    }
    if let Some(difference) = body_differs(need, request, names, vault) {
        return Some((5, difference));
    }
    let body = String::from_utf8_lossy(&request.body);
    if vault.has_encoded_token(&body) {
        return Some((6, ENCODED.to_owned()));
    }
    let carries = vault.has_token(&body);
    (carries && !need.carries_secret).then(|| {
        (
            6,
            "the body has a token, but the need carries no secret".to_owned(),
        )
    })
}

fn url_fits(pattern: &str, url: &str) -> bool {
    let split = |text: &str| match text.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (text.to_owned(), None),
    };
    let ((path, query), (sent_path, sent_query)) = (split(pattern), split(url));
    let path_fits = match path.strip_suffix('*') {
        Some(prefix) => sent_path.starts_with(prefix),
        None => sent_path == path,
    };
    path_fits && (query.as_deref() == Some("*") || query == sent_query)
}

fn headers_differ(
    need: &HttpNeed,
    request: &Request,
    names: &Names,
    vault: &Vault,
) -> Option<String> {
    for (name, template) in &need.headers {
        let sent = request
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        let Some(wanted) = fill(template, names) else {
            return Some(format!("{template} names an absent setting"));
        };
        match sent {
            Some((_, value)) if wanted == "*" || *value == wanted => {}
            _ => return Some(format!("the header {name} is not {wanted}")),
        }
    }
    for (name, value) in &request.headers {
        let listed = need
            .headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name));
        let free = ["accept", "content-type"]
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other));
        if !listed && !free {
            return Some(format!("the header {name} is not listed"));
        }
        if vault.has_token(value) || value.chars().any(char::is_control) {
            return Some(format!(
                "the header {name} holds a token or a control character"
            ));
        }
    }
    None
}

fn body_differs(
    need: &HttpNeed,
    request: &Request,
    names: &Names,
    vault: &Vault,
) -> Option<String> {
    if need
        .body
        .iter()
        .any(|(pointer, value)| pointer.is_empty() && value == "*")
    {
        return None;
    }
    if need.body.is_empty() {
        return (!request.body.is_empty()).then(|| "there may be no body".to_owned());
    }
    let content_type = request
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some((_, other)) = content_type.filter(|(_, value)| !is_json(value)) {
        return Some(format!("the content-type {other} is not JSON"));
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return Some("the body is not JSON".to_owned());
    };
    for (pointer, template) in &need.body {
        let Some(wanted) = fill(template, names) else {
            return Some(format!("{template} names an absent setting"));
        };
        if wanted != "*"
            && !body
                .pointer(pointer)
                .is_some_and(|value| stands(value, &wanted, vault))
        {
            return Some(format!(
                "at {pointer} of the body stands something other than {wanted}"
            ));
        }
    }
    unlisted(&body, "", need).map(|pointer| format!("{pointer} of the body is not listed"))
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    let subtype = kind.strip_prefix("application/").unwrap_or_default();
    subtype == "json" || subtype.ends_with("+json") || subtype.starts_with("x-amz-json-")
}

fn stands(value: &Value, wanted: &str, vault: &Vault) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => return false,
        scalar => scalar.to_string(),
    };
    match wanted.split_once("{token}") {
        None => text == wanted,
        Some((before, after)) => text
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|token| vault.is_given_token(token)),
    }
}

/// The first place in the body that no pointer covers.
fn unlisted(value: &Value, at: &str, need: &HttpNeed) -> Option<String> {
    if need.body.iter().any(|(pointer, _)| pointer == at) {
        return None;
    }
    let child = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .find_map(|(name, member)| unlisted(member, &child(name), need)),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| unlisted(item, &child(&index.to_string()), need)),
        // An empty body object stands for the pins that may be absent.
        Value::Object(_) if at.is_empty() => None,
        _ => Some(if at.is_empty() {
            "the whole".to_owned()
        } else {
            at.to_owned()
        }),
    }
}
