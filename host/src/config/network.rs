//! `[[routes]]` and `[[allow_private]]`: what the operator knows about the network and a sink need
//! not. Both only ever narrow or move a request that an approved need allows.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use url::{Host, Url};

use super::document::{Field, Section};
use super::error::ConfigError;
use super::matillion::address;

/// The address that hands out cloud credentials to whoever asks from inside a machine.
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

/// A host that is reached at another address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The https origin that sinks name.
    pub from: Url,
    /// The origin it is sent to: https, or http to this machine.
    pub to: Url,
}

/// A host whose addresses may be private, within these ranges only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowPrivate {
    /// The host's name, in lower case.
    pub host: String,
    /// Where its addresses may lie, besides public ones.
    pub ranges: Vec<IpNet>,
}

pub(super) fn routes(root: &Section<'_>) -> Result<Vec<Route>, ConfigError> {
    let mut routes: Vec<Route> = Vec::new();
    for field in tables(root, "routes")? {
        let section = field.section()?;
        section.accept(&["from", "to"])?;
        let from_field = section.need("from", "from = \"https://host\"")?;
        let from = origin(&from_field)?;
        if from.scheme() != "https" {
            let remedy = "write from = \"https://host\": sinks name https addresses only";
            return Err(from_field.wrong("is not https", remedy));
        }
        if routes.iter().any(|route| route.from == from) {
            return Err(from_field.wrong("has a route already", "keep one route per host"));
        }
        let to = origin(&section.need("to", "to = \"https://address\"")?)?;
        routes.push(Route { from, to });
    }
    Ok(routes)
}

pub(super) fn allow_private(root: &Section<'_>) -> Result<Vec<AllowPrivate>, ConfigError> {
    let mut all = Vec::new();
    for field in tables(root, "allow_private")? {
        let section = field.section()?;
        section.accept(&["host", "ranges"])?;
        let named = section.need("host", "host = \"vault.internal\"")?;
        let host = host(&named)?;
        if all.iter().any(|one: &AllowPrivate| one.host == host) {
            return Err(named.wrong("has an entry already", "keep one entry per host"));
        }
        let ranges = section.need("ranges", "ranges = [\"10.20.0.0/16\"]")?;
        let list = ranges.list()?;
        if list.is_empty() {
            return Err(ranges.wrong("is empty", "write ranges = [\"10.20.0.0/16\"]"));
        }
        let ranges = list.iter().map(range).collect::<Result<_, _>>()?;
        all.push(AllowPrivate { host, ranges });
    }
    Ok(all)
}

fn tables<'a>(root: &Section<'a>, key: &str) -> Result<Vec<Field<'a>>, ConfigError> {
    root.get(key)
        .map_or_else(|| Ok(Vec::new()), |field| field.list())
}

/// An address that is scheme, host and port and nothing else.
fn origin(field: &Field<'_>) -> Result<Url, ConfigError> {
    let url = address(field)?;
    match url.path() {
        "/" => Ok(url),
        _ => Err(field.wrong("has a path", "write scheme, host and port only")),
    }
}

fn host(field: &Field<'_>) -> Result<String, ConfigError> {
    let text = field.text()?;
    match Host::parse(text) {
        Ok(Host::Domain(name)) if !name.contains('*') => Ok(name),
        Ok(Host::Ipv4(address)) => Ok(address.to_string()),
        Ok(Host::Ipv6(address)) => Ok(address.to_string()),
        _ => Err(field.wrong(
            "is no host name",
            "write the name alone, as in \"vault.internal\"",
        )),
    }
}

fn range(field: &Field<'_>) -> Result<IpNet, ConfigError> {
    let text = field.text()?;
    let parsed = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let net = parsed.map_err(|_| {
        field.wrong(
            "is no range of addresses",
            "write something like \"10.20.0.0/16\"",
        )
    })?;
    if net.prefix_len() == 0 || net.contains(&METADATA) {
        return Err(field.wrong(
            "would open the address that hands out cloud credentials, or everything",
            "name the range that the host's own addresses lie in",
        ));
    }
    Ok(net.trunc())
}
