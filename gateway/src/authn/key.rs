//! Where in a request an API key may stand.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use pingora_http::RequestHeader;
use weir_domain::credential::{PREFIX, public_id};

use super::Denial;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
/// What stands before a key that is offered as a subprotocol.
/// Source: <https://platform.openai.com/docs/guides/realtime-websocket>.
const KEY_SUBPROTOCOL: &str = "openai-insecure-api-key.";

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
    // A key of Google's is the upstream's.
    if request.headers.get_all(X_GOOG_API_KEY).iter().any(|value| mentions_own(value.as_bytes())) {
        request.remove_header(&X_GOOG_API_KEY);
    }
}

/// Puts the key where every other one stands: Gemini's callers send it in a header of Google's, or in the query, which
/// is gone behind this, so that nothing can log it or pass it on.
pub(crate) fn adopt_google(request: &mut RequestHeader) -> Result<(), Denial> {
    let mut keys: Vec<HeaderValue> = request.headers.get_all(X_GOOG_API_KEY).iter().cloned().collect();
    request.remove_header(&X_GOOG_API_KEY);
    if let Some(query) = request.uri.query() {
        for pair in query.split('&') {
            if let Some(key) = pair.strip_prefix("key=") {
                keys.push(HeaderValue::from_str(key).map_err(|_| Denial::Malformed)?);
            }
        }
        let path = request.uri.path().parse().map_err(|_| Denial::Malformed)?;
        request.set_uri(path);
    }
    for key in keys {
        request.append_header(X_API_KEY, key).map_err(|_| Denial::Malformed)?;
    }
    Ok(())
}

/// The same for browsers, which can send no header of their own with a WebSocket: the key stands among the subprotocols,
/// as OpenAI has it. It is taken out, so that no upstream sees it.
pub(crate) fn adopt_subprotocol(request: &mut RequestHeader) -> Result<(), Denial> {
    let mut keys: Vec<HeaderValue> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for value in request.headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
        for offered in value.to_str().map_err(|_| Denial::Malformed)?.split(',').map(str::trim) {
            match offered.strip_prefix(KEY_SUBPROTOCOL) {
                Some(key) => keys.push(HeaderValue::from_str(key).map_err(|_| Denial::Malformed)?),
                None => others.push(offered),
            }
        }
    }
    if keys.is_empty() {
        return Ok(());
    }
    let others = (!others.is_empty()).then(|| others.join(", "));
    request.remove_header(&SEC_WEBSOCKET_PROTOCOL);
    if let Some(others) = others {
        request.insert_header(SEC_WEBSOCKET_PROTOCOL, others).map_err(|_| Denial::Malformed)?;
    }
    for key in keys {
        request.append_header(X_API_KEY, key).map_err(|_| Denial::Malformed)?;
    }
    Ok(())
}

fn candidates(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let bearers = headers.get_all(AUTHORIZATION).into_iter().filter_map(|value| bearer(value.as_bytes()));
    let plain = [X_API_KEY, API_KEY].into_iter().flat_map(|name| headers.get_all(name)).map(|value| value.as_bytes());
    let google = headers.get_all(X_GOOG_API_KEY).into_iter().map(HeaderValue::as_bytes);
    bearers.chain(plain).chain(google.filter(|key| key.starts_with(PREFIX.as_bytes())))
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
