//! Which addresses a sink may ever be connected to. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{host}` has the address {address}, which is not a public one: if it is meant, allow its range for this host with a [[allow_private]] entry in the config"
)]
pub struct AddressRefused {
    /// What was resolved.
    pub host: String,
    /// What came back.
    pub address: IpAddr,
}

/// Whether all of `addresses` may be connected to. One that may not refuses them all: a mixed
/// answer is an attack or a mistake.
///
/// # Errors
/// The first that may not.
pub fn check(
    host: &str,
    addresses: impl IntoIterator<Item = IpAddr>,
    allowed: &[IpNet],
) -> Result<(), AddressRefused> {
    for address in addresses {
        let plain = unwrapped(address);
        if !is_global(plain) && !allowed.iter().any(|range| range.contains(&plain)) {
            return Err(AddressRefused {
                host: host.to_owned(),
                address,
            });
        }
    }
    Ok(())
}

/// The IPv4 address that an IPv6 one carries, in any of the ways there are.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return v4.into();
    }
    let s = v6.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        [0, 0, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, d] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 0, 2)
        || (a, b, c) == (198, 51, 100)
        || (a, b, c) == (203, 0, 113)
        || (a == 198 && (18..20).contains(&b))
        // Azure's WireServer: public by its form, the host's own metadata by its use.
        || (a, b, c, d) == (168, 63, 129, 16))
}

fn is_global_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    // Only 2000::/3 is given out for global unicast; in it, documentation, Teredo, benchmarking
    // and other special ranges are not.
    (s[0] & 0xe000) == 0x2000
        && !(s[0] == 0x2001 && s[1] < 0x0200)
        && !(s[0] == 0x2001 && s[1] == 0x0db8)
        && !(s[0] == 0x3fff && s[1] < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(address: &str, ranges: &[&str]) -> bool {
        let ranges: Vec<IpNet> = ranges.iter().map(|range| range.parse().unwrap()).collect();
        check("h", [address.parse().unwrap()], &ranges).is_ok()
    }

    #[test]
    fn public_addresses_pass() {
        for address in [
            "1.1.1.1",
            "52.94.76.10",
            "2600:1f18::1",
            "::ffff:8.8.8.8",
            "168.63.129.17",
        ] {
            assert!(allowed(address, &[]), "{address}");
        }
    }

    #[test]
    fn everything_else_is_refused_in_every_spelling() {
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "168.63.129.16",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:169.254.169.254",
            "::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "64:ff9b:1::1",
            "5f00::1",
        ] {
            assert!(!allowed(address, &[]), "{address}");
        }
    }

    #[test]
    fn a_range_opens_itself_only() {
        assert!(allowed("10.20.0.5", &["10.20.0.0/16"]));
        assert!(allowed("::ffff:10.20.0.5", &["10.20.0.0/16"]));
        assert!(!allowed("10.21.0.5", &["10.20.0.0/16"]));
        assert!(!allowed("169.254.169.254", &["10.0.0.0/8"]));
    }

    #[test]
    fn one_bad_address_refuses_all() {
        let mixed = ["1.1.1.1", "127.0.0.1"].map(|a| a.parse().unwrap());
        assert_eq!(check("h", mixed, &[]).unwrap_err().address, mixed[1]);
    }
}
