//! The address of a practice's portal. It is parsed, since its origin goes into a page's security policy and browsers
//! are redirected to it.

use url::{Host, Url};

use crate::model::person::Invalid;

/// An absolute `https` URL without user, query or fragment; `http` only for this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalUrl(Url);

impl PortalUrl {
    /// Reads an address. Refuses what browsers read in a lenient way: spaces, quotes, backslashes, missing slashes,
    /// hosts outside ASCII or with other characters than letters, digits and hyphens, numbers that become addresses.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid("invalid_url");
        let (scheme, rest) = text.split_once("://").ok_or(invalid)?;
        let plain = |b: u8| b.is_ascii_graphic() && !b"?#@\"'<>\\^`{|}".contains(&b);
        if !matches!(scheme, "https" | "http") || !rest.bytes().all(plain) {
            return Err(invalid);
        }
        let url = Url::parse(text).map_err(|_| invalid)?;
        let authority = rest.split('/').next().unwrap_or_default();
        let has_host = url.host().is_some_and(|host| is_as_written(&host, authority));
        let is_safe = scheme == "https" || is_this_machine(&url);
        if has_host && is_safe && url.port() != Some(0) { Ok(Self(url)) } else { Err(invalid) }
    }

    /// Scheme, host and port, as a security policy names them.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The address with a code for a session.
    pub fn with_code(&self, code: &str) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().append_pair("code", code);
        url.into()
    }
}

/// Whether the host is the one that was written in front of the port, and has the form of a host: the parser also takes
/// other spellings, and characters that mean something in a header.
fn is_as_written(host: &Host<&str>, authority: &str) -> bool {
    let written = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        Some(_) if !authority.ends_with(']') => return false,
        _ => authority,
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fits = match host {
        Host::Domain(name) => name.len() <= 253 && name.split('.').all(label),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    };
    fits && host.to_string().eq_ignore_ascii_case(written)
}

/// Whether the host is this machine, in one of three spellings.
fn is_this_machine(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_read_and_their_origin_is_their_own() {
        for (text, origin) in [
            ("https://portal.example.org/start", "https://portal.example.org"),
            ("https://portal.example.org", "https://portal.example.org"),
            ("https://portal.example.org:8443/a/b;c,d", "https://portal.example.org:8443"),
            ("https://portal.example.org:443/", "https://portal.example.org"),
            ("https://Portal.Example.org/Start", "https://portal.example.org"),
            ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example"),
            ("https://portal", "https://portal"),
            ("https://192.0.2.7/in", "https://192.0.2.7"),
            ("http://localhost:8080/in", "http://localhost:8080"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000/in", "http://[::1]:3000"),
            ("https://portal.example.org:65535/", "https://portal.example.org:65535"),
        ] {
            assert_eq!(PortalUrl::parse(text).map(|url| url.origin()), Ok(origin.to_owned()), "{text}");
        }
    }

    #[test]
    fn hostile_spellings_are_refused() {
        for text in [
            "",
            "portal.example.org",
            "//portal.example.org",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://portal.example.org",
            "HTTPS://portal.example.org",
            "https:portal.example.org",
            "https:/portal.example.org",
            "https:///portal.example.org",
            "https://",
            "https:///",
            "https://:443",
            // what would go on in a security policy
            "https://a.example;script-src *",
            "https://a.example;script-src",
            "https://a.example,https://b.example",
            "https://*.example.org",
            "https://*",
            "https://a.example 'unsafe-inline'",
            "https://'self'",
            "https://a\".example",
            "https://a.example\"",
            "https://a.example/<x>",
            "https://a.example/\\b.example",
            "https://a.example\\.b.example",
            "https://a b.example",
            "https://a.example/a b",
            " https://a.example",
            "https://a.example ",
            "https://a\t.example",
            "https://a.example\r\nSet-Cookie: x=1",
            "https://a.example\n",
            "https://a.example\0",
            // another host than it seems
            "http://portal.example.org",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
            "http://localhost:3000@evil.example",
            "http://localhostevil.example",
            "http://127.0.0.2",
            "http://2130706433",
            "http://0x7f.1",
            "http://127.1",
            "http://[::2]",
            "http://[0:0:0:0:0:0:0:1]",
            "http://[::ffff:127.0.0.1]",
            "https://user@a.example",
            "https://user:secret@a.example",
            "https://@a.example",
            "https://bücher.example",
            "https://раураl.example",
            "https://a.example\u{ff0e}b",
            "https://a%2eexample",
            "https://%61.example",
            "https://-a.example",
            "https://a-.example",
            "https://a..example",
            "https://.example",
            "https://a_b.example",
            "https://xn--.example",
            "https://0300.1.1.1",
            // ports
            "https://a.example:0",
            "https://a.example:65536",
            "https://a.example:99999999999",
            "https://a.example:",
            "https://a.example:-1",
            "https://a.example:+443",
            "https://a.example:80a",
            "https://a.example:80:90",
            "https://[::1",
            "https://[::g]",
            // more than an address
            "https://a.example/?x=1",
            "https://a.example?x=1",
            "https://a.example/#part",
            "https://a.example#part",
        ] {
            assert!(PortalUrl::parse(text).is_err(), "{text:?}");
        }
        assert!(PortalUrl::parse(&format!("https://{}.example", "a".repeat(64))).is_err());
        assert!(PortalUrl::parse(&format!("https://{}example", "a.".repeat(130))).is_err());
    }

    #[test]
    fn a_code_is_the_only_query() {
        let url = PortalUrl::parse("https://portal.example.org/start").unwrap();
        assert_eq!(url.with_code("a-_b"), "https://portal.example.org/start?code=a-_b");
        let url = PortalUrl::parse("http://127.0.0.1:8080").unwrap();
        assert_eq!(url.with_code("c"), "http://127.0.0.1:8080/?code=c");
    }
}
