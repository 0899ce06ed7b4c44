//! What is changed in the head of a request before the upstream sees it. Hop-by-hop fields and those that `Connection`
//! names are Pingora's to strip (its standard policy).

use http::header::{CONNECTION, FORWARDED, HOST, HeaderMap, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Version};
use pingora_core::Result;
use pingora_http::{RequestHeader, ResponseHeader};

use crate::problem::REQUEST_ID;
use crate::server::trust::Origin;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// Other ways to claim an origin; nothing here can check them.
const CLAIMS: [HeaderName; 6] = [
    FORWARDED,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-forwarded-server"),
    HeaderName::from_static("x-client-ip"),
];

/// Fields of one connection only (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    UPGRADE,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
];

/// A head that fields can be taken out of.
pub(super) trait Fields {
    fn fields(&self) -> &HeaderMap;
    fn take_out(&mut self, name: &HeaderName);
}

impl Fields for RequestHeader {
    fn fields(&self) -> &HeaderMap {
        &self.headers
    }
    fn take_out(&mut self, name: &HeaderName) {
        self.remove_header(name);
    }
}

impl Fields for ResponseHeader {
    fn fields(&self) -> &HeaderMap {
        &self.headers
    }
    fn take_out(&mut self, name: &HeaderName) {
        self.remove_header(name);
    }
}

/// Takes out what belongs to one connection, and what `Connection` says does.
pub(super) fn strip_hop_by_hop(head: &mut impl Fields) {
    let named: Vec<HeaderName> = head
        .fields()
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        head.take_out(name);
    }
}

/// What a head is changed by.
pub(super) struct Change<'a> {
    /// Path and query, where they are not the caller's.
    pub(super) target: Option<&'a str>,
    /// `Host` for the upstream; `None` keeps the caller's.
    pub(super) host: Option<&'a str>,
    /// Where the request came from.
    pub(super) origin: Origin,
    /// The request's id.
    pub(super) id: &'a str,
}

/// Changes the head that goes upstream.
pub(super) fn request(head: &mut RequestHeader, change: &Change<'_>) -> Result<()> {
    let original = match head.uri.authority() {
        Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
        None => head.headers.get(HOST).cloned(),
    };
    if let Some(target) = change.target {
        head.set_raw_path(target.as_bytes())?;
    }
    match change.host {
        Some(host) => head.insert_header(HOST, host)?,
        None => {
            if let Some(host) = &original {
                head.insert_header(HOST, host.clone())?;
            }
        }
    }
    for name in &CLAIMS {
        head.remove_header(name);
    }
    forwarded(head, change.origin, original)?;
    head.insert_header(REQUEST_ID, change.id)
}

/// Says where the request came from: what a trusted proxy said, continued; else what the socket says.
fn forwarded(head: &mut RequestHeader, origin: Origin, host: Option<HeaderValue>) -> Result<()> {
    let said = |name: &HeaderName| head.headers.get(name).filter(|_| origin.trusted).cloned();
    let (scheme, asked) = (said(&FORWARDED_PROTO), said(&FORWARDED_HOST));
    let mut path: Vec<String> = Vec::new();
    if origin.trusted {
        let before = head.headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        path.extend(before.map(str::to_owned));
    }
    path.extend(origin.peer.map(|peer| peer.to_string()));
    head.remove_header(&FORWARDED_FOR);
    if !path.is_empty() {
        head.insert_header(FORWARDED_FOR, path.join(", "))?;
    }
    let ours = if origin.secure { "https" } else { "http" };
    let scheme = scheme.filter(|scheme| scheme == "https" || scheme == "http");
    head.insert_header(FORWARDED_PROTO, scheme.unwrap_or(HeaderValue::from_static(ours)))?;
    match asked.or(host) {
        Some(host) => head.insert_header(FORWARDED_HOST, host),
        None => {
            head.remove_header(&FORWARDED_HOST);
            Ok(())
        }
    }
}

/// Changes the head that goes to the caller: only Weir may speak in Weir's name, and in its own version of HTTP, whatever
/// the upstream's is (RFC 9112 section 2.3). A 101 of HTTP/1.0 is none, and is not made one.
pub(super) fn response(head: &mut ResponseHeader, id: &str) -> Result<()> {
    if head.version < Version::HTTP_11 && !head.status.is_informational() {
        head.set_version(Version::HTTP_11);
    }
    let spoofed: Vec<HeaderName> =
        head.headers.keys().filter(|name| name.as_str().starts_with("x-weir-")).cloned().collect();
    for name in spoofed {
        head.remove_header(&name);
    }
    head.insert_header(REQUEST_ID, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut head = RequestHeader::build("GET", b"/shop/a?b", None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        head
    }

    #[test]
    fn origin_is_what_the_socket_says() {
        let claims = [("host", "shop.example.com"), ("x-forwarded-for", "9.9.9.9"), ("x-real-ip", "9.9.9.9")];
        let mut head = head(&[claims.as_slice(), &[("forwarded", "for=9.9.9.9")]].concat());
        let origin = Origin { peer: Some([192, 0, 2, 7].into()), trusted: false, secure: false };
        request(&mut head, &Change { target: Some("/a?b"), host: Some("orders:8080"), origin, id: "id-1" }).unwrap();
        let get = |name: &str| head.headers.get(name).map(|v| v.to_str().unwrap());
        assert_eq!(head.raw_path(), b"/a?b");
        assert_eq!(get("host"), Some("orders:8080"));
        assert_eq!(get("x-forwarded-for"), Some("192.0.2.7"));
        assert_eq!(get("x-forwarded-host"), Some("shop.example.com"));
        assert_eq!(get("x-forwarded-proto"), Some("http"));
        assert_eq!(get("x-weir-request-id"), Some("id-1"));
        assert_eq!((get("x-real-ip"), get("forwarded")), (None, None));
    }

    #[test]
    fn the_callers_host_is_kept_when_that_is_wanted() {
        let mut head = head(&[("host", "shop.example.com")]);
        let origin = Origin { peer: None, trusted: false, secure: false };
        request(&mut head, &Change { target: None, host: None, origin, id: "i" }).unwrap();
        assert_eq!(head.headers.get("host").unwrap(), "shop.example.com");
        assert_eq!(head.raw_path(), b"/shop/a?b");
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_continued() {
        let said = [("host", "gateway"), ("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https")];
        let mut head = head(&[said.as_slice(), &[("x-forwarded-host", "shop.example.com")]].concat());
        let origin = Origin { peer: Some([10, 0, 0, 9].into()), trusted: true, secure: false };
        request(&mut head, &Change { target: None, host: Some("orders"), origin, id: "i" }).unwrap();
        assert_eq!(head.headers.get("x-forwarded-for").unwrap(), "198.51.100.1, 10.0.0.9");
        assert_eq!(head.headers.get("x-forwarded-proto").unwrap(), "https");
        assert_eq!(head.headers.get("x-forwarded-host").unwrap(), "shop.example.com");
    }

    #[test]
    fn the_scheme_is_that_of_the_connection_or_of_the_trusted_proxy() {
        for (secure, trusted, said, scheme) in [
            (true, false, "http", "https"),
            (false, false, "https", "http"),
            (true, true, "http", "http"),
            (false, true, "https", "https"),
            (true, true, "gopher", "https"),
        ] {
            let mut head = head(&[("host", "a"), ("x-forwarded-proto", said)]);
            let origin = Origin { peer: None, trusted, secure };
            request(&mut head, &Change { target: None, host: None, origin, id: "i" }).unwrap();
            assert_eq!(head.headers.get("x-forwarded-proto").unwrap(), scheme, "{secure} {trusted} {said}");
        }
    }

    #[test]
    fn an_answer_has_our_version_whatever_the_upstream_speaks() {
        for (status, said, given) in [
            (200, Version::HTTP_10, Version::HTTP_11),
            (404, Version::HTTP_09, Version::HTTP_11),
            (200, Version::HTTP_11, Version::HTTP_11),
            (200, Version::HTTP_2, Version::HTTP_2),
            (101, Version::HTTP_10, Version::HTTP_10),
        ] {
            let mut head = ResponseHeader::build(status, None).unwrap();
            head.set_version(said);
            response(&mut head, "i").unwrap();
            assert_eq!(head.version, given, "{status} {said:?}");
        }
    }

    #[test]
    fn an_upstream_cannot_speak_in_our_name() {
        let mut head = ResponseHeader::build(200, None).unwrap();
        head.insert_header("x-weir-cost", "0").unwrap();
        head.insert_header("x-weir-request-id", "forged").unwrap();
        response(&mut head, "ours").unwrap();
        assert_eq!(head.headers.len(), 1);
        assert_eq!(head.headers.get("x-weir-request-id").unwrap(), "ours");
    }
}
