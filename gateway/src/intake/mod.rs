//! Refuses or normalises a message once, before anything decides on it: what is matched, checked and forwarded are the
//! same bytes.

mod host;
mod path;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, EXPECT, HOST, HeaderName};
use http::{Method, Uri, Version};
use pingora_http::RequestHeader;
use pingora_proxy::Session;

use crate::problem::Refusal;
use crate::server::{connection, head};
use crate::settings::Settings;
pub(crate) use host::host;
use path::PathFault;
pub(crate) use path::normalised;

/// The most header fields of a request.
const MAX_FIELDS: usize = 100;
/// The longest request target in bytes.
const MAX_TARGET: usize = 8 << 10;
/// Identity that only Weir itself may assert; a caller's own is removed.
const IDENTITY: [&str; 2] = ["x-weir-", "x-consumer-"];
/// Headers of Weir that say nothing of who calls, but what the caller wants: they stay.
const WISHES: [&str; 2] = ["x-weir-cache", "x-weir-provider"];

/// Why a message is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IntakeFault {
    #[error("the request line must be 'METHOD target HTTP/1.1'; percent-encode spaces in the target as %20")]
    RequestLine,
    #[error("lines of the request head must end with CR LF")]
    LineEnd,
    #[error("the request head is larger than {0} bytes")]
    HeadTooLarge(usize),
    #[error("the request head holds more than {MAX_FIELDS} header fields")]
    TooManyFields,
    #[error("the request target is longer than {MAX_TARGET} bytes")]
    TargetTooLong,
    #[error("the request target holds '#' or bytes that are not printable ASCII; percent-encode them")]
    Target,
    #[error("the method {0:?} is not known; methods are written in capital letters")]
    Method(String),
    #[error("Content-Length must stand once and hold one number")]
    Length,
    #[error("a {0} request must not have a body")]
    BodyOfGet(Method),
    #[error("HTTP/1.1 requests need a Host header")]
    NoHost,
    #[error("the Host header is not a host name or address with an optional port")]
    Host,
    #[error("only 'Expect: 100-continue' is understood")]
    Expectation,
    #[error("the header field 'Authorization' stands twice; send one")]
    Authorization,
    #[error("the request head cannot be read as HTTP/1.1: a line is malformed, or two lines contradict each other")]
    Unreadable,
    #[error("{0}")]
    Path(#[from] PathFault),
}

impl IntakeFault {
    fn refusal(&self) -> Refusal {
        let (status, code) = match self {
            Self::Unreadable | Self::RequestLine | Self::LineEnd | Self::Length | Self::BodyOfGet(_) => {
                (400, "malformed_message")
            }
            Self::HeadTooLarge(_) | Self::TooManyFields => (431, "head_too_large"),
            Self::TargetTooLong => (414, "target_too_long"),
            Self::Target | Self::Path(_) => (400, "invalid_path"),
            Self::Method(_) => (400, "invalid_method"),
            Self::NoHost | Self::Host => (400, "invalid_host"),
            Self::Expectation => (417, "unknown_expectation"),
            Self::Authorization => (400, "ambiguous_authorization"),
        };
        // Whoever sends such a message may mean something else by the bytes that follow.
        Refusal::new(status, code, self.to_string()).closing()
    }
}

/// Checks and normalises the request of a session in place.
pub(crate) fn check(session: &mut Session, settings: &Settings) -> Result<(), Refusal> {
    let body = !session.as_mut().is_body_empty();
    raw_head(settings).and_then(|()| normalise(session.req_header_mut(), body, settings)).map_err(|f| f.refusal())
}

/// The refusal of a head that the parser could not read, as exactly as its raw bytes tell.
pub(crate) fn unreadable(head: &head::HeadReport) -> Refusal {
    of_raw(head).unwrap_or(IntakeFault::Unreadable).refusal()
}

/// What the parser forgives and does not pass on; HTTP/1 only.
fn raw_head(settings: &Settings) -> Result<(), IntakeFault> {
    let Some((fault, bytes)) = connection::current(|c| (of_raw(&c.head), c.head.bytes())) else { return Ok(()) };
    match fault {
        Some(fault) => Err(fault),
        None if bytes as usize > settings.max_head_bytes => Err(IntakeFault::HeadTooLarge(settings.max_head_bytes)),
        None => Ok(()),
    }
}

/// What the raw bytes of a head are at fault for.
fn of_raw(head: &head::HeadReport) -> Option<IntakeFault> {
    let faults = head.faults();
    if faults & head::BARE_LF != 0 {
        return Some(IntakeFault::LineEnd);
    }
    if faults & head::REQUEST_LINE != 0 {
        return Some(IntakeFault::RequestLine);
    }
    (faults & head::FRAGMENT != 0).then_some(IntakeFault::Target)
}

fn normalise(request: &mut RequestHeader, body: bool, settings: &Settings) -> Result<(), IntakeFault> {
    method(&request.method)?;
    target(request)?;
    fields(request, settings)?;
    if body && matches!(request.method, Method::GET | Method::HEAD) {
        return Err(IntakeFault::BodyOfGet(request.method.clone()));
    }
    length(request)?;
    if request.version == Version::HTTP_11 && !request.headers.contains_key(HOST) {
        return Err(IntakeFault::NoHost);
    }
    host(request).ok_or(IntakeFault::Host)?;
    let expectation = request.headers.get(EXPECT);
    if expectation.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(IntakeFault::Expectation);
    }
    // One field with one set of credentials (RFC 9110 sections 5.3 and 11.6.2): of two, each reader takes another.
    if request.headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(IntakeFault::Authorization);
    }
    Ok(())
}

/// Tokens are case-sensitive (RFC 9110 section 9.1): `get` is not GET, and no method in use has small letters.
fn method(method: &Method) -> Result<(), IntakeFault> {
    let known = method.as_str().bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    if known { Ok(()) } else { Err(IntakeFault::Method(method.as_str().chars().take(32).collect())) }
}

fn target(request: &mut RequestHeader) -> Result<(), IntakeFault> {
    let raw = request.raw_path();
    if raw.len() > MAX_TARGET {
        return Err(IntakeFault::TargetTooLong);
    }
    if !raw.iter().all(|b| (0x21..=0x7e).contains(b) && *b != b'#') {
        return Err(IntakeFault::Target);
    }
    let path = request.uri.path();
    let model = model_path(path);
    let normal = match (path::normalise(model.as_deref().unwrap_or(path))?, model) {
        (Some(normal), _) => normal,
        (None, Some(model)) => model,
        (None, None) => return Ok(()),
    };
    let target = match request.uri.query() {
        Some(query) => format!("{normal}?{query}"),
        None => normal,
    };
    let mut parts = request.uri.clone().into_parts();
    parts.path_and_query = Some(target.parse().map_err(|_| IntakeFault::Target)?);
    request.set_uri(Uri::from_parts(parts).map_err(|_| IntakeFault::Target)?);
    Ok(())
}

/// Where models are named in the path.
const MODELS: [&str; 2] = ["/v1/models/", "/v1beta/models/"];

/// SDKs encode the slash of `provider/model` where a path names a model, and the colon before Gemini's methods; there they
/// mean what plain ones do: these paths are Weir's own, no upstream reads them another way.
fn model_path(path: &str) -> Option<String> {
    let (models, id) = MODELS.iter().find_map(|models| Some((models, path.strip_prefix(models)?)))?;
    let encoded = ["%2F", "%2f", "%3A", "%3a"];
    if !encoded.iter().any(|escape| id.contains(escape)) {
        return None;
    }
    let id = encoded
        .iter()
        .fold(id.to_owned(), |id, escape| id.replace(escape, if escape.starts_with("%2") { "/" } else { ":" }));
    Some(format!("{models}{id}"))
}

/// Bounds the header fields, and drops those that upstreams could take for another: names with `_`, which CGI-style
/// servers cannot tell from `-`, and identity that only Weir may assert.
fn fields(request: &mut RequestHeader, settings: &Settings) -> Result<(), IntakeFault> {
    if request.headers.len() > MAX_FIELDS {
        return Err(IntakeFault::TooManyFields);
    }
    let mut bytes = 0;
    let mut dropped: Vec<HeaderName> = Vec::new();
    for (name, value) in &request.headers {
        bytes += name.as_str().len() + value.len() + 4;
        let text = name.as_str();
        let asserts = IDENTITY.iter().any(|prefix| text.starts_with(prefix)) && !WISHES.contains(&text);
        if text.contains('_') || asserts {
            dropped.push(name.clone());
        }
    }
    if bytes > settings.max_head_bytes {
        return Err(IntakeFault::HeadTooLarge(settings.max_head_bytes));
    }
    for name in dropped {
        request.remove_header(&name);
    }
    Ok(())
}

/// Two lengths, even equal ones, are a sign of smuggling; the parser folds them but forwards both.
fn length(request: &RequestHeader) -> Result<(), IntakeFault> {
    let mut lengths = request.headers.get_all(CONTENT_LENGTH).iter();
    let Some(length) = lengths.next() else { return Ok(()) };
    let one = lengths.next().is_none() && !length.is_empty() && length.as_bytes().iter().all(u8::is_ascii_digit);
    if one { Ok(()) } else { Err(IntakeFault::Length) }
}

#[cfg(test)]
mod tests;
