//! Where the issuer is. A client secret goes to these addresses, so they are held to a rule: https,
//! or plain http that can't leave this machine.

use std::str::FromStr;

use url::{Host, Url};

/// A region of the issuer. A runner's account lives in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Europe.
    Eu1,
    /// United States.
    Us1,
    /// Australia.
    Au1,
}

impl Region {
    /// Every region, by the name it has in addresses.
    pub const NAMES: [&str; 3] = ["eu1", "us1", "au1"];

    /// The name it has in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Region::Eu1 => "eu1",
            Region::Us1 => "us1",
            Region::Au1 => "au1",
        }
    }
}

impl FromStr for Region {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "eu1" => Ok(Region::Eu1),
            "us1" => Ok(Region::Us1),
            "au1" => Ok(Region::Au1),
            _ => Err(()),
        }
    }
}

/// The two addresses that every call goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The API, up to and without `/v1`.
    pub base_url: Url,
    /// Where tokens are granted; one for all regions.
    pub token_url: Url,
}

impl Endpoints {
    /// The public addresses of a region.
    pub fn region(region: Region) -> Self {
        let parse = |text: &str| Url::parse(text).expect("a constant address is well formed");
        Endpoints {
            base_url: parse(&format!("https://{}.api.matillion.com/dpc", region.name())),
            token_url: parse("https://id.core.matillion.com/oauth/dpc/token"),
        }
    }
}

/// Why a secret may not be sent to this address, or `None` if it may.
pub fn why_not(url: &Url) -> Option<&'static str> {
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(url) => {}
        "http" => return Some("plain http is allowed to this machine only, use https"),
        _ => return Some("only https is allowed, and http to this machine"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("an address may not hold a user or a password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Some("an address may not hold a query or a fragment here");
    }
    None
}

/// Whether an address can't leave this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
