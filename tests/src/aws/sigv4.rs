//! AWS Signature Version 4: checked on what arrives, and made for tests that talk to the stand-in
//! without an SDK. That both sides err in the same way is ruled out by boto3, which signs against
//! the stand-in in another test.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime, PrimitiveDateTime, format_description};

use crate::server::{Request, form};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "[year][month][day]T[hour][minute][second]Z";

/// An access key. It has no `Debug`.
#[derive(Clone)]
pub struct Keys {
    /// The access key id.
    pub id: String,
    /// The secret access key.
    pub secret: String,
    /// Where the key is a temporary one.
    pub session_token: Option<String>,
}

/// Why a signature is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There is no `Authorization`.
    Missing,
    /// A part of it is missing or malformed.
    Incomplete(&'static str),
    /// The access key or its session token is not known.
    UnknownKey,
    /// The scope names another date, region or service.
    Scope(&'static str),
    /// Signed too long ago, or in the future.
    Expired,
    /// The signature is not the one that the request has.
    Mismatch,
}

/// Checks the signature of a request to `service` in `region`.
pub fn verify(request: &Request, keys: &Keys, region: &str, service: &str) -> Result<(), Refusal> {
    let authorization = request.header("authorization").ok_or(Refusal::Missing)?;
    let fields = authorization
        .strip_prefix(ALGORITHM)
        .and_then(|rest| rest.strip_prefix(' '))
        .ok_or(Refusal::Incomplete("the algorithm"))?;
    let field = |name: &'static str| {
        let mut parts = fields
            .split(',')
            .filter_map(|part| part.trim().split_once('='));
        let found = parts.find(|(n, _)| *n == name).map(|(_, value)| value);
        found.ok_or(Refusal::Incomplete(name))
    };
    let (credential, signed, signature) = (
        field("Credential")?,
        field("SignedHeaders")?,
        field("Signature")?,
    );
    let stamp = request
        .header("x-amz-date")
        .ok_or(Refusal::Incomplete("x-amz-date"))?;
    let (id, scope) = credential
        .split_once('/')
        .ok_or(Refusal::Incomplete("Credential"))?;
    if id != keys.id || request.header("x-amz-security-token") != keys.session_token.as_deref() {
        return Err(Refusal::UnknownKey);
    }
    check_scope(scope, stamp, region, service)?;
    check_time(stamp)?;
    let signed: Vec<&str> = signed.split(';').collect();
    let must = |name: &str| name == "host" || name.starts_with("x-amz-");
    if request
        .headers
        .iter()
        .any(|(name, _)| must(name) && !signed.contains(&name.as_str()))
    {
        return Err(Refusal::Incomplete("SignedHeaders"));
    }
    let canonical = canonical(request, &signed);
    let expected = signature_of(keys, stamp, scope, &canonical);
    if signature == expected {
        Ok(())
    } else {
        Err(Refusal::Mismatch)
    }
}

/// The headers that sign `request`: to be added to those it has, `host` among them.
pub fn sign(request: &Request, keys: &Keys, region: &str, service: &str) -> Vec<(String, String)> {
    let stamp = OffsetDateTime::now_utc()
        .format(&date_format())
        .unwrap_or_default();
    let mut added = vec![("x-amz-date".to_owned(), stamp.clone())];
    added.extend(
        keys.session_token
            .clone()
            .map(|t| ("x-amz-security-token".to_owned(), t)),
    );
    let mut whole = Request {
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
    };
    whole.headers.extend(added.clone());
    let mut names: Vec<&str> = whole
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let scope = format!("{}/{region}/{service}/aws4_request", &stamp[..8]);
    let signature = signature_of(keys, &stamp, &scope, &canonical(&whole, &names));
    let value = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        keys.id,
        names.join(";"),
    );
    added.push(("authorization".to_owned(), value));
    added
}

fn check_scope(scope: &str, stamp: &str, region: &str, service: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = scope.split('/').collect();
    let [date, scope_region, scope_service, "aws4_request"] = parts[..] else {
        return Err(Refusal::Incomplete("Credential"));
    };
    match () {
        () if !stamp.starts_with(date) => Err(Refusal::Scope("date")),
        () if scope_region != region => Err(Refusal::Scope("region")),
        () if scope_service != service => Err(Refusal::Scope("service")),
        () => Ok(()),
    }
}

fn check_time(stamp: &str) -> Result<(), Refusal> {
    let signed = PrimitiveDateTime::parse(stamp, &date_format())
        .map_err(|_| Refusal::Incomplete("x-amz-date"))?
        .assume_utc();
    let age = (OffsetDateTime::now_utc() - signed).abs();
    if age > Duration::minutes(5) {
        Err(Refusal::Expired)
    } else {
        Ok(())
    }
}

fn date_format() -> Vec<format_description::BorrowedFormatItem<'static>> {
    format_description::parse_borrowed::<2>(DATE).expect("a valid format")
}

fn canonical(request: &Request, signed: &[&str]) -> String {
    let mut query: Vec<String> = form::pairs(&request.query)
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name, ""), encode(value, "")))
        .collect();
    query.sort_unstable();
    let mut headers = String::new();
    for name in signed {
        let values: Vec<String> = request
            .headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        headers.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        request.method,
        encode(&request.path, "/"),
        query.join("&"),
        signed.join(";"),
        hex(&Sha256::digest(&request.body)),
    )
}

fn signature_of(keys: &Keys, stamp: &str, scope: &str, canonical: &str) -> String {
    let digest = hex(&Sha256::digest(canonical.as_bytes()));
    let text = format!("{ALGORITHM}\n{stamp}\n{scope}\n{digest}");
    let start = format!("AWS4{}", keys.secret).into_bytes();
    let key = scope
        .split('/')
        .fold(start, |key, part| mac(&key, part.as_bytes()));
    hex(&mac(&key, text.as_bytes()))
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn encode(text: &str, keep: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match byte {
            byte if plain(byte) || keep.as_bytes().contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
