//! Where in a request an API key may stand.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};
use pingora_http::RequestHeader;
use weir_domain::credential::{PREFIX, public_id};

use super::Denial;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// The one key of a request. The same key in two places is one key; SDKs do that.
pub(super) fn find(headers: &HeaderMap) -> Result<Option<&str>, Denial> {
    let mut found: Option<&[u8]> = None;
    for key in candidates(headers) {
        match found {
            Some(other) if other != key => return Err(Denial::Ambiguous),
            _ => found = Some(key),
        }
    }
    found.map(|key| std::str::from_utf8(key).map_err(|_| Denial::Malformed)).transpose()
}

/// Whether any of them is a key of Weir's, or an `Authorization` of another scheme holds one.
pub(super) fn holds_own(headers: &HeaderMap) -> bool {
    candidates(headers).any(|key| key.starts_with(PREFIX.as_bytes()))
        || headers.get_all(AUTHORIZATION).iter().any(|value| mentions_own(value.as_bytes()))
}

/// Takes the caller's credential out, so that no upstream sees it. An `Authorization` of another scheme is the
/// upstream's and stays, unless a key of Weir's stands in it. Intake lets no request through that has two of them; should
/// one come all the same, both go.
pub(crate) fn remove(request: &mut RequestHeader) {
    let ours = |value: &[u8]| bearer(value).is_some() || mentions_own(value);
    if request.headers.get_all(AUTHORIZATION).iter().any(|value| ours(value.as_bytes())) {
        request.remove_header(&AUTHORIZATION);
    }
    request.remove_header(&X_API_KEY);
    request.remove_header(&API_KEY);
}

fn candidates(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let bearers = headers.get_all(AUTHORIZATION).into_iter().filter_map(|value| bearer(value.as_bytes()));
    let plain = [X_API_KEY, API_KEY].into_iter().flat_map(|name| headers.get_all(name)).map(|value| value.as_bytes());
    bearers.chain(plain)
}

/// Whether a well-formed key of Weir's stands anywhere in a value.
fn mentions_own(value: &[u8]) -> bool {
    let words = value.split(|&b| !b.is_ascii_alphanumeric() && b != b'_');
    words.filter_map(|word| std::str::from_utf8(word).ok()).any(|word| public_id(word).is_some())
}

/// The token of `Bearer <token>`; the scheme is case-insensitive (RFC 9110 section 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}
