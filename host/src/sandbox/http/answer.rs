//! What comes back, made fit for a sink: what could hide a value is refused or left out, the rest
//! is searched.

use url::Url;

use super::client::Answer;
use super::{HEADER_BYTES, Obstacle, SinkResponse, Unanswered, place};
use crate::policy::HttpGrant;
use crate::seal::Seal;

/// Response headers that carry identity, or tell the length of what was sealed.
const HIDDEN: [&str; 7] = [
    "set-cookie",
    "set-cookie2",
    "proxy-authenticate",
    "authorization",
    "www-authenticate",
    "content-length",
    "authentication-info",
];
/// How bodies begin that are compressed without saying so: gzip and zstd.
const COMPRESSED: [&[u8]; 2] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd"];

/// The answer with tokens in the place of values.
///
/// # Errors
/// If it is written so that values in it could not be found.
pub(super) fn sealed(
    answer: Answer,
    granted: &HttpGrant,
    seal: &mut Seal,
    url: &Url,
) -> Result<SinkResponse, Unanswered> {
    let encoded = |(name, value): &(String, Vec<u8>)| match name.as_str() {
        "content-encoding" => !value.eq_ignore_ascii_case(b"identity"),
        "transfer-encoding" => !value.eq_ignore_ascii_case(b"chunked"),
        _ => false,
    };
    let compressed = |magic: &&[u8]| answer.body.starts_with(magic);
    // Compressed bytes could hold a value that no search finds.
    if answer.headers.iter().any(encoded) || COMPRESSED.iter().any(compressed) {
        return Err(Unanswered {
            why: Obstacle::Unreachable,
            message: format!(
                "{} answered with a compressed body, which can't be sealed",
                place(url)
            ),
            maybe_sent: true,
        });
    }
    let mut headers = Vec::new();
    let mut total = 0;
    for (name, value) in answer.headers {
        total += name.len() + value.len();
        if total > HEADER_BYTES {
            break;
        }
        // A name can't be replaced by a token; one that holds a value is left out.
        let telling = *seal.seal(name.as_bytes(), &[]) != name.as_bytes();
        if !telling && !HIDDEN.contains(&name.as_str()) {
            let value = seal.seal(&value, &[]);
            headers.push((name, String::from_utf8_lossy(&value).into_owned()));
        }
    }
    // What was asked for is not shown at all where its fields can't be found in it. A refusal holds
    // no such fields, and comes in forms of its own (a gateway's XML, a proxy's page).
    let body = match (200..300).contains(&answer.status) {
        true => seal.seal_output(&answer.body, &granted.seals),
        false => seal.seal(&answer.body, &granted.seals),
    };
    let body = body.to_vec();
    Ok(SinkResponse {
        status: answer.status,
        headers,
        body,
    })
}
