//! `[matillion]`: the issuer, and who asks.

use toml::de::DeValue;
use url::Url;

use super::document::{Field, Section};
use super::error::ConfigError;
use super::secret_source::{self, SecretSource};
use crate::matillion::{Endpoints, Region, why_not};

/// The issuer, and the API credential that keyferry asks with. Not a runner's credential.
#[derive(Clone, Debug)]
pub struct Matillion {
    /// The API, up to and without `/v1`.
    pub base_url: Url,
    /// Where tokens are granted.
    pub token_url: Url,
    /// The API credential's client id.
    pub client_id: String,
    /// Where its client secret comes from.
    pub client_secret: SecretSource,
}

pub(super) fn read(section: Section<'_>) -> Result<Matillion, ConfigError> {
    section.accept(&[
        "region",
        "base_url",
        "token_url",
        "client_id",
        "client_secret",
    ])?;
    let endpoints = endpoints(&section)?;
    let client_id = section.need("client_id", "client_id = \"...\", the API credential's")?;
    let example = "client_secret = { env = \"MATILLION_CLIENT_SECRET\" }";
    let client_secret = section.need("client_secret", example)?;
    Ok(Matillion {
        base_url: endpoints.base_url,
        token_url: endpoints.token_url,
        client_secret: secret_source::parse(&client_secret)?,
        client_id: read_client_id(&client_id)?,
    })
}

fn endpoints(section: &Section<'_>) -> Result<Endpoints, ConfigError> {
    let field = |key| section.get(key);
    match (field("region"), field("base_url"), field("token_url")) {
        (Some(region), None, None) => {
            let word = region.text()?;
            let unknown = |()| region.unknown(word, "is no region", Region::NAMES.into_iter());
            word.parse().map(Endpoints::region).map_err(unknown)
        }
        (None, Some(base_url), Some(token_url)) => {
            let mut base = address(&base_url)?;
            let path = base.path().trim_end_matches('/');
            let path = path.strip_suffix("/v1").unwrap_or(path).to_owned();
            base.set_path(&path);
            Ok(Endpoints {
                base_url: base,
                token_url: address(&token_url)?,
            })
        }
        // Addresses are not shown: only a checked one is known to hold no password.
        (Some(_), Some(other), _) | (Some(_), None, Some(other)) => Err(other.wrong_secret(
            "stands beside `region`, which means it already",
            "keep either `region`, or `base_url` and `token_url`",
        )),
        (None, Some(one), None) => {
            Err(one.wrong_secret("needs `token_url` beside it", "add token_url"))
        }
        (None, None, Some(one)) => {
            Err(one.wrong_secret("needs `base_url` beside it", "add base_url"))
        }
        (None, None, None) => Err(section.wrong(
            "[matillion] does not say where the issuer is".to_owned(),
            "add region = \"eu1\" (or us1, au1), or base_url and token_url".to_owned(),
        )),
    }
}

/// An address that a client secret may be sent to.
pub(super) fn address(field: &Field<'_>) -> Result<Url, ConfigError> {
    let url = field.url()?;
    match why_not(&url) {
        Some(why) => Err(field.wrong_secret(
            &format!("can't be used: {why}"),
            "write an https address, or http to 127.0.0.1",
        )),
        None => Ok(url),
    }
}

fn read_client_id(field: &Field<'_>) -> Result<String, ConfigError> {
    match field.value() {
        DeValue::Table(_) => Ok(secret_source::parse(field)?.read()?.expose().to_owned()),
        _ => field.text().map(str::to_owned),
    }
}
