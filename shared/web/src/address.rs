//! Addresses of callers, as limits count them and as the security log tells them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What counts as one address: an IPv4 address, or the /64 network of an IPv6 address, since one host has a whole network
/// of those.
pub(crate) fn bucket(address: &str) -> String {
    match parsed(address) {
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Some(IpAddr::V4(address)) => address.to_string(),
        None => address.to_owned(),
    }
}

/// The network around an address: the /24 of an IPv4 address, the /48 of an IPv6 address. It tells where an attack comes
/// from, and names no household.
pub(crate) fn network(address: &str) -> String {
    match parsed(address) {
        Some(IpAddr::V6(address)) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
        Some(IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        None => String::new(),
    }
}

fn parsed(address: &str) -> Option<IpAddr> {
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::{bucket, network};

    #[test]
    fn all_addresses_of_an_ipv6_network_are_one() {
        for (address, counted) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
            ("", ""),
        ] {
            assert_eq!(bucket(address), counted, "{address}");
        }
    }

    #[test]
    fn the_log_tells_the_network_and_never_the_address() {
        for (address, told) in [
            ("203.0.113.9", "203.0.113.0/24"),
            ("::ffff:203.0.113.9", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("nonsense", ""),
        ] {
            assert_eq!(network(address), told, "{address}");
        }
    }
}
