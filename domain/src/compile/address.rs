//! Takes an address apart and refuses what must never be called without the operator's word.

use std::net::IpAddr;

use url::{Host, Url};

use crate::snapshot::Address;

/// Whether a path may follow the authority.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// It may: a provider's `base_url`.
    Allowed,
    /// It may not: an upstream's target; paths are the routes' to say.
    Refused,
}

/// Parses an address; the error is a sentence.
pub(super) fn parse(text: &str, path: Path, allow_private: bool) -> Result<Address, String> {
    if text.is_empty() {
        return Err("missing; give an address such as https://api.example.com".to_owned());
    }
    let url =
        Url::parse(text).map_err(|e| format!("{text:?} is not an address such as https://api.example.com: {e}"))?;
    let tls = match url.scheme() {
        "https" => true,
        "http" => false,
        other => return Err(format!("the scheme {other:?} is not spoken; use https or http")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(match path {
            Path::Allowed => {
                "must not hold a user name or password; put credentials into keys, or into a header whose name says that \
                 it holds one, such as x-auth-token: both are kept secret"
            }
            Path::Refused => "must not hold a user name or password; an upstream is called without any",
        }
        .to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not hold a query or fragment".to_owned());
    }
    if url.port() == Some(0) {
        return Err("names the port 0, at which nothing can listen; give the server's port".to_owned());
    }
    let trimmed = url.path().trim_end_matches('/');
    if path == Path::Refused && !trimmed.is_empty() {
        return Err(format!("must not hold a path ({trimmed}); say it in the route's rewrite"));
    }
    let (host, literal) = match url.host() {
        Some(Host::Domain(name)) => (name.to_owned(), None),
        Some(Host::Ipv4(ip)) => (ip.to_string(), Some(IpAddr::V4(ip))),
        Some(Host::Ipv6(ip)) => (ip.to_string(), Some(IpAddr::V6(ip))),
        None => return Err("has no host".to_owned()),
    };
    let private = literal.is_some_and(|ip| !is_public(ip)) || host == "localhost" || host.ends_with(".localhost");
    if private && !allow_private {
        return Err(format!(
            "{host} lies in a loopback, private or otherwise special range; set allow_private_address: true if that is meant"
        ));
    }
    let port = url.port_or_known_default().unwrap_or(if tls { 443 } else { 80 });
    let shown = url.host_str().unwrap_or(&host);
    let authority = url.port().map_or_else(|| shown.to_owned(), |port| format!("{shown}:{port}"));
    Ok(Address { tls, host, port, authority, path: trimmed.to_owned(), allow_private })
}

/// Parses the address of a token endpoint that a key's secret names: a public one, over TLS only.
pub(crate) fn token_address(text: &str, allow_private: bool) -> Result<Address, String> {
    let address = parse(text, Path::Allowed, allow_private)?;
    if address.tls { Ok(address) } else { Err("must begin with https://".to_owned()) }
}

/// Whether an address is on the public internet. What is not: loopback, private, link-local, shared
/// (RFC 6598), documentation, benchmarking, multicast, reserved, unspecified, and IPv6 forms that
/// carry an IPv4 address (mapped, 6to4, NAT64), judged by the address they carry.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            !(a == 0
                || a >= 224
                || ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_documentation()
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 192 && b == 88 && c == 99)
                || (a == 198 && (b == 18 || b == 19)))
        }
        IpAddr::V6(ip) => {
            let s = ip.segments();
            let embedded = |high: u16, low: u16| {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                is_public(IpAddr::from([a, b, c, d]))
            };
            match s {
                [0, 0, 0, 0, 0, 0xffff, high, low]
                | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
                | [0x2002, high, low, ..] => embedded(high, low),
                // Only global unicast is public, less documentation (2001:db8::/32, 3fff::/20) and the protocol block 2001::/23.
                _ => {
                    (s[0] & 0xe000) == 0x2000
                        && !(s[0] == 0x2001 && (s[1] == 0x0db8 || s[1] < 0x0200))
                        && s[0] != 0x3fff
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let parsed = parse("https://API.example.com/v1/", Path::Allowed, false);
        let wanted = Address {
            tls: true,
            host: "api.example.com".into(),
            port: 443,
            authority: "api.example.com".into(),
            path: "/v1".into(),
            allow_private: false,
        };
        assert_eq!(parsed, Ok(wanted));
        assert_eq!(
            parse("http://[::1]:8080", Path::Refused, true).map(|a| (a.host, a.authority)),
            Ok(("::1".into(), "[::1]:8080".into()))
        );
    }

    #[test]
    fn special_addresses_need_the_operators_word() {
        for text in [
            "http://127.0.0.1",
            "http://localhost:11434",
            "http://10.1.2.3",
            "http://169.254.169.254",
            "http://0.0.0.0",
            "http://[::1]",
            "http://[::ffff:127.0.0.1]",
            "http://[fd00::1]",
            "http://[fe80::1]",
            "http://[64:ff9b::a00:1]",
            "http://[2002:7f00:1::]",
            "http://100.64.0.1",
            "http://2130706433",
            "http://0x7f.1",
            "http://0177.0.0.1",
            "http://a.localhost",
            "http://224.0.0.1",
            "http://[::]",
        ] {
            assert!(parse(text, Path::Allowed, false).is_err(), "{text}");
            assert!(parse(text, Path::Allowed, true).is_ok(), "{text}");
        }
        assert!(parse("http://93.184.216.34", Path::Allowed, false).is_ok());
        assert!(parse("http://[2606:2800:220:1::1]", Path::Allowed, false).is_ok());
    }

    #[test]
    fn malformed_addresses_are_refused_with_a_reason() {
        for text in [
            "",
            "api.example.com",
            "ftp://x",
            "https://user:pw@x",
            "https://x?a=b",
            "https://x#f",
            "https://",
            "file:///etc/passwd",
            "https://x:0",
            "http://127.0.0.1:0/v1",
        ] {
            assert!(parse(text, Path::Allowed, true).is_err(), "{text}");
        }
        assert!(parse("https://x/path", Path::Refused, true).is_err());
    }
}
