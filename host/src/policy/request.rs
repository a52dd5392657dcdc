//! Whether a request is one that was granted: pure questions, no network.

use serde_json::Value;

use super::grant::{BodyRule, Grant, HttpGrant, PathRule, QueryRule};
use crate::seal::Seal;

/// A request as the sink made it, its address taken apart.
pub struct Asked<'a> {
    /// As given.
    pub method: &'a str,
    /// Parsed by the one parser that is also used to send.
    pub url: &'a url::Url,
    /// As given.
    pub headers: &'a [(String, String)],
    /// As given, tokens in it.
    pub body: &'a [u8],
}

/// The nearest that any grant comes to a request that none allows.
#[derive(Debug, PartialEq, Eq)]
pub struct NotApproved(pub String);

/// Headers that are the host's alone: they carry identity, change where a request goes, or change
/// what comes back so that a value in it could not be found.
pub fn is_sensitive(name: &str) -> bool {
    const EXACT: [&str; 24] = [
        "authorization",
        "cookie",
        "set-cookie",
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "accept-encoding",
        "content-encoding",
        "range",
        "if-range",
        "forwarded",
        "via",
        "http2-settings",
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
    ];
    const PREFIXES: [&str; 8] = [
        "proxy-",
        "x-forwarded-",
        "x-amz-security-token",
        "x-amz-date",
        "x-amz-content-sha256",
        "x-ms-authorization",
        "x-snowflake-authorization",
        "sec-",
    ];
    EXACT.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Finds the grant for a request.
///
/// # Errors
/// If none allows it; says which part the nearest one misses.
pub fn authorize<'g>(
    grant: &'g Grant,
    asked: &Asked<'_>,
    seal: &Seal,
) -> Result<&'g HttpGrant, NotApproved> {
    let mut nearest = (
        0,
        format!(
            "no approved need names the host `{}`",
            asked.url.host_str().unwrap_or_default()
        ),
    );
    for candidate in &grant.http {
        match compare(candidate, asked, seal) {
            Ok(()) => return Ok(candidate),
            Err((depth, problem)) if depth > nearest.0 => nearest = (depth, problem),
            Err(_) => {}
        }
    }
    Err(NotApproved(nearest.1))
}

fn compare(grant: &HttpGrant, asked: &Asked<'_>, seal: &Seal) -> Result<(), (usize, String)> {
    let url = asked.url;
    if url.scheme() != "https" {
        return Err((
            1,
            format!("only https is ever approved, not `{}`", url.scheme()),
        ));
    }
    if url.host_str() != Some(grant.host.as_str()) {
        return Err((0, String::new()));
    }
    if url.port_or_known_default() != Some(grant.port) {
        return Err((
            2,
            format!(
                "port {} of `{}` is not approved",
                url.port().unwrap_or(443),
                grant.host
            ),
        ));
    }
    if !asked.method.eq_ignore_ascii_case(&grant.method) {
        return Err((
            3,
            format!("the method {} is not approved there", asked.method),
        ));
    }
    let path = url.path();
    let right = match &grant.path {
        PathRule::Exact(exact) => path == exact,
        PathRule::Prefix(prefix) => path.strip_prefix(prefix.as_str()).is_some_and(stays_below),
    };
    if !right {
        return Err((4, format!("the path `{path}` is not approved there")));
    }
    let query = url.query().unwrap_or_default();
    let right = match &grant.query {
        QueryRule::Any => true,
        QueryRule::None => query.is_empty(),
        QueryRule::Exact(exact) => query == exact,
    };
    if !right {
        return Err((5, format!("the query of `{path}` is not the approved one")));
    }
    check_headers(grant, asked.headers).map_err(|problem| (6, problem))?;
    check_body(&grant.body, asked.body, seal).map_err(|problem| (7, problem))?;
    Ok(())
}

/// Whether the rest of a path can't climb, not even on a server that decodes it once more.
fn stays_below(rest: &str) -> bool {
    let rest = rest.to_ascii_lowercase();
    !["%2e", "%2f", "%5c", "%00", "%25", "/..", "\\"]
        .iter()
        .any(|climb| rest.contains(climb))
        && !rest.starts_with("..")
}

fn check_headers(grant: &HttpGrant, headers: &[(String, String)]) -> Result<(), String> {
    for (name, wanted) in &grant.headers {
        let mut given = headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        match (given.next(), given.next(), wanted) {
            (Some(_), Some(_), _) => return Err(format!("the header `{name}` is set twice")),
            (Some((_, value)), None, Some(wanted)) if value != wanted => {
                return Err(format!(
                    "the header `{name}` is approved as `{wanted}` only"
                ));
            }
            (None, _, Some(wanted)) => {
                return Err(format!("the header `{name}: {wanted}` is missing"));
            }
            _ => {}
        }
    }
    let mut free = Vec::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if grant.headers.iter().any(|(other, _)| *other == name) {
            continue;
        }
        if name != "accept" && name != "content-type" {
            return Err(format!("the header `{name}` is not approved"));
        }
        if free.contains(&name) {
            return Err(format!("the header `{name}` is set twice"));
        }
        // Under another type the other side would read the body in another way than the policy.
        let pinned = matches!(grant.body, BodyRule::Pins(_));
        if pinned && name == "content-type" && !is_json_type(value) {
            return Err(format!(
                "a body with approved members must have a JSON `content-type`, not `{value}`"
            ));
        }
        free.push(name);
    }
    Ok(())
}

fn is_json_type(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let (kind, parameter) = match value.split_once(';') {
        Some((kind, parameter)) => (kind.trim(), Some(parameter.trim())),
        None => (value.trim(), None),
    };
    let subtype = kind.strip_prefix("application/").unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.+".contains(&b);
    let json =
        subtype == "json" || subtype.ends_with("+json") || subtype.starts_with("x-amz-json-");
    json && subtype.bytes().all(plain) && parameter.is_none_or(|given| given == "charset=utf-8")
}

fn check_body(rule: &BodyRule, body: &[u8], seal: &Seal) -> Result<(), String> {
    let pins = match rule {
        BodyRule::Any => return Ok(()),
        BodyRule::Empty if body.is_empty() => return Ok(()),
        BodyRule::Empty => return Err("a body is not approved".into()),
        BodyRule::Pins(pins) => pins,
    };
    let document = super::body::unambiguous(body)?;
    for (pointer, wanted) in pins {
        let Some(wanted) = wanted else { continue };
        let Some(found) = document.pointer(pointer) else {
            return Err(format!(
                "the body lacks `{pointer}`, which is approved as `{wanted}` only"
            ));
        };
        let text = match found {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if !seal.is_one_token_in(&text, wanted) {
            return Err(format!(
                "`{pointer}` in the body is approved as `{wanted}` only"
            ));
        }
    }
    nothing_else(&document, &mut String::new(), pins)
}

/// Every leaf must lie at or below a pin, and every container on the way to one.
fn nothing_else(
    value: &Value,
    at: &mut String,
    pins: &[(String, Option<String>)],
) -> Result<(), String> {
    if pins.iter().any(|(pointer, _)| pointer == at) {
        return Ok(());
    }
    let prefix = format!("{at}/");
    let leads = pins.iter().any(|(pointer, _)| pointer.starts_with(&prefix));
    let length = at.len();
    let mut below = |name: &str, member: &Value| {
        at.push('/');
        at.push_str(&name.replace('~', "~0").replace('/', "~1"));
        let result = nothing_else(member, at, pins);
        at.truncate(length);
        result
    };
    match value {
        Value::Object(members) if leads => members
            .iter()
            .try_for_each(|(name, member)| below(name, member)),
        Value::Array(elements) if leads => elements
            .iter()
            .enumerate()
            .try_for_each(|(index, element)| below(&index.to_string(), element)),
        _ => Err(format!("`{at}` in the body is not approved")),
    }
}
