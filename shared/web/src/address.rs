//! Addresses of callers, as limits count them and as the security log tells them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::HeaderMap;
use portico_domain::keys::same;

/// The header in which the edge shows its secret.
const EDGE_SECRET: &str = "x-portico-edge";

/// The header in which CloudFront tells the address that it was connected to, with the port behind a colon.
const VIEWER_ADDRESS: &str = "cloudfront-viewer-address";

/// The address of whoever sent a request: what the edge saw, but only if the request shows that it came through the edge.
/// Anybody can send the other header, so without one of the secrets the connection's address counts.
pub(crate) fn viewer(connection: String, headers: &HeaderMap, edge_secrets: &[String]) -> String {
    let only = |name: &str| {
        let mut all = headers.get_all(name).into_iter();
        all.next().filter(|_| all.next().is_none())?.to_str().ok()
    };
    let shown = only(EDGE_SECRET).unwrap_or_default();
    if !edge_secrets.iter().any(|secret| same(secret, shown)) {
        return connection;
    }
    only(VIEWER_ADDRESS).and_then(without_port).map_or(connection, |address| address.to_string())
}

/// The address in front of the port. IPv6 addresses come with and without brackets.
fn without_port(text: &str) -> Option<IpAddr> {
    let (address, port) = text.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    address.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

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
    use http::{HeaderMap, HeaderValue};

    use super::{bucket, network, viewer};

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

    fn seen(secrets: &[&str], shown: &[&'static str], address: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for (name, values) in [("x-portico-edge", shown), ("cloudfront-viewer-address", address)] {
            for value in values {
                headers.append(name, HeaderValue::from_static(value));
            }
        }
        let secrets: Vec<String> = secrets.iter().map(|&secret| secret.to_owned()).collect();
        viewer("192.0.2.1".to_owned(), &headers, &secrets)
    }

    #[test]
    fn only_what_shows_a_secret_of_the_edge_says_which_address_it_saw() {
        let address = ["198.51.100.7:46532"];
        assert_eq!(seen(&["now", "next"], &["now"], &address), "198.51.100.7");
        assert_eq!(seen(&["now", "next"], &["next"], &address), "198.51.100.7");
        for (secrets, shown) in [
            (&["now", "next"][..], &[][..]),
            (&["now", "next"], &["wrong"]),
            (&["now", "next"], &[""]),
            (&["now", "next"], &["now", "now"]),
            (&[], &["now"]),
            (&[], &[""]),
            (&[], &[]),
        ] {
            assert_eq!(seen(secrets, shown, &address), "192.0.2.1", "{secrets:?} {shown:?}");
        }
    }

    #[test]
    fn the_edges_address_has_a_port_and_any_other_form_is_none() {
        for (told, address) in [
            ("198.51.100.7:46532", "198.51.100.7"),
            ("2001:db8:1:2::7:46532", "2001:db8:1:2::7"),
            ("[2001:db8:1:2::7]:46532", "2001:db8:1:2::7"),
            ("198.51.100.7", "192.0.2.1"),
            ("198.51.100.7:", "192.0.2.1"),
            ("198.51.100.7:99999", "192.0.2.1"),
            ("198.51.100.7, 203.0.113.9:1", "192.0.2.1"),
            ("nobody:1", "192.0.2.1"),
            ("", "192.0.2.1"),
        ] {
            assert_eq!(seen(&["now"], &["now"], &[told]), address, "{told}");
        }
        assert_eq!(seen(&["now"], &["now"], &[]), "192.0.2.1");
        assert_eq!(seen(&["now"], &["now"], &["198.51.100.7:1", "198.51.100.8:1"]), "192.0.2.1");
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
