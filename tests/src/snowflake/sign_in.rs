//! Who may ask: a programmatic access token, an OAuth token, or a JWT that a key pair signed, each
//! under the token type that belongs to it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::server::Request;

/// Before the modulus of a 2048-bit RSA key, its `SubjectPublicKeyInfo` holds so many bytes of
/// names and lengths around the `RSAPublicKey`.
const INFO: usize = 24;
const LONGEST: i64 = 3600;

/// What the account knows of its one user.
pub(super) struct Keys {
    pub account: String,
    pub user: String,
    /// A programmatic access token, and the same for OAuth.
    pub token: String,
    /// The public key as `SubjectPublicKeyInfo`.
    pub public_key: Option<Vec<u8>>,
}

impl Keys {
    pub fn new() -> Self {
        Self {
            account: "MYORG-ACCT".to_owned(),
            user: "KEYFERRY".to_owned(),
            token: format!(
                "pat-{}-{}",
                Uuid::new_v4().simple(),
                Uuid::new_v4().simple()
            ),
            public_key: None,
        }
    }

    /// Why the request is not signed in, as a code of Snowflake's and a sentence.
    pub fn refuse(&self, request: &Request) -> Option<(&'static str, String)> {
        let bearer = request
            .header("authorization")
            .and_then(|header| header.strip_prefix("Bearer "));
        let Some(bearer) = bearer else {
            return Some(("390101", "Authorization header is missing.".to_owned()));
        };
        // Without the header, OAuth is assumed.
        match request.header("x-snowflake-authorization-token-type") {
            Some("KEYPAIR_JWT") => self
                .wrong_jwt(bearer)
                .map(|what| ("390144", format!("JWT token is invalid: {what}."))),
            Some("PROGRAMMATIC_ACCESS_TOKEN" | "OAUTH") | None if bearer == self.token => None,
            Some("PROGRAMMATIC_ACCESS_TOKEN") => {
                Some(("390400", "Programmatic access token is invalid.".to_owned()))
            }
            _ => Some(("390303", "Invalid OAuth access token.".to_owned())),
        }
    }

    fn wrong_jwt(&self, token: &str) -> Option<&'static str> {
        let Some(key) = &self.public_key else {
            return Some("no key is registered");
        };
        let Some((signed, signature)) = token.rsplit_once('.') else {
            return Some("not three parts");
        };
        let mut parts = signed
            .split('.')
            .map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let (Some(Some(head)), Some(Some(body)), None) = (parts.next(), parts.next(), parts.next())
        else {
            return Some("not base64");
        };
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        let (head, body) = (json(&head), json(&body));
        if head["alg"] != "RS256" {
            return Some("not RS256");
        }
        let public = ring::signature::UnparsedPublicKey::new(
            &ring::signature::RSA_PKCS1_2048_8192_SHA256,
            &key[INFO..],
        );
        let good = URL_SAFE_NO_PAD
            .decode(signature)
            .is_ok_and(|signature| public.verify(signed.as_bytes(), &signature).is_ok());
        if !good {
            return Some("signature");
        }
        let subject = format!("{}.{}", self.account, self.user);
        let issuer = format!("{subject}.SHA256:{}", STANDARD.encode(Sha256::digest(key)));
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let at = |name: &str| body[name].as_i64().unwrap_or_default();
        if body["sub"] != subject || body["iss"] != issuer {
            return Some("sub or iss");
        }
        let (issued, expires) = (at("iat"), at("exp"));
        let alive = issued <= now + 60 && now < expires && expires - issued <= LONGEST;
        (!alive).then_some("iat or exp")
    }
}
