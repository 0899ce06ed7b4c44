//! The host a request is for, as routes name hosts: lower case, without port.

use std::borrow::Cow;

use http::header::HOST;
use pingora_http::RequestHeader;

/// The host; empty when an HTTP/1.0 request names none, `None` when it is malformed.
pub(crate) fn host(request: &RequestHeader) -> Option<Cow<'_, str>> {
    // An absolute target goes before Host (RFC 9112 section 3.2.2); the parser has refused one that differs.
    let authority = match request.uri.authority() {
        Some(authority) => authority.as_str(),
        None => match request.headers.get(HOST) {
            Some(value) => value.to_str().ok()?,
            None => return Some(Cow::Borrowed("")),
        },
    };
    without_port(authority)
}

fn without_port(authority: &str) -> Option<Cow<'_, str>> {
    let (host, port) = if let Some(end) = authority.strip_prefix('[').and_then(|rest| rest.find(']')) {
        let (host, rest) = authority.split_at(end + 2);
        (host, rest.strip_prefix(':').or(rest.is_empty().then_some("")))
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("")),
        }
    };
    let port_fits = port.is_some_and(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok())
    });
    let literal = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host_fits = match literal {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.len() <= 253
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        }
    };
    if !port_fits || !host_fits {
        return None;
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|b| b.is_ascii_uppercase()) {
        return Some(Cow::Owned(host.to_ascii_lowercase()));
    }
    Some(Cow::Borrowed(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_come_out_as_routes_name_them() {
        for (authority, host) in [
            ("api.example.com", "api.example.com"),
            ("API.Example.com:8443", "api.example.com"),
            ("example.com.", "example.com"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("a_b:", "a_b"),
        ] {
            assert_eq!(without_port(authority).as_deref(), Some(host), "{authority}");
        }
    }

    #[test]
    fn hostile_hosts_are_refused() {
        for authority in [
            "",
            ":80",
            "a:b",
            "a:80:80",
            "a:99999",
            "a b",
            "a/b",
            "localhost/#@evil",
            "user@host",
            "a,b",
            "[::1",
            "[x]",
            "[::1]80",
            "a:+80",
            "é",
        ] {
            assert_eq!(without_port(authority), None, "{authority}");
        }
    }
}
