//! The one place that turns a refusal into an answer: `application/problem+json` (RFC 9457) for REST, the caller's own
//! dialect for model calls.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName};
use pingora_core::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use serde::Serialize;
use weir_domain::dialect::Dialect;
use weir_llm::{ErrorKind, Origin, WireError, render_error};

/// Stands on every answer, errors included.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-weir-request-id");

/// The same where Anthropic's SDKs look for it.
pub(crate) const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// How much of an unread request body is taken in, so that the connection can be kept or the answer be read.
const DRAIN_BYTES: usize = 64 << 10;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// Why a request is not served, ready to be told to the caller.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// A stable word for programs, one of a fixed set.
    pub(crate) code: &'static str,
    /// What is wrong and how to mend it, free of secrets and internals.
    pub(crate) detail: Cow<'static, str>,
    /// A header that the status asks for, such as `Allow`.
    pub(crate) header: Option<(HeaderName, Cow<'static, str>)>,
    /// Whether the bytes after the head cannot be trusted to be what the head says.
    pub(crate) close: bool,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), header: None, close: false }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<Cow<'static, str>>) -> Self {
        self.header = Some((name, value.into()));
        self
    }

    pub(crate) fn closing(mut self) -> Self {
        self.close = true;
        self
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
}

/// The body, and its media type.
fn render(refusal: &Refusal, dialect: Option<Dialect>, id: &str) -> (Bytes, &'static str) {
    if let Some(dialect) = dialect {
        let error = WireError {
            status: refusal.status,
            kind: ErrorKind::from_status(refusal.status),
            message: refusal.detail.clone().into_owned(),
            param: None,
            code: Some(refusal.code.to_owned()),
            origin: Origin::Gateway,
        };
        return (render_error(dialect, &error), "application/json");
    }
    let title = http::StatusCode::from_u16(refusal.status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Error");
    let problem =
        Problem { title, status: refusal.status, detail: &refusal.detail, code: refusal.code, request_id: id };
    // Strings and a number cannot fail to serialise.
    (serde_json::to_vec(&problem).unwrap_or_default().into(), "application/problem+json")
}

/// A whole HTTP/1.1 answer that ends its connection, for heads that Pingora makes no session of.
pub(crate) fn on_the_wire(refusal: &Refusal, id: &str, now: jiff::Timestamp) -> Bytes {
    let (body, media_type) = render(refusal, None, id);
    let reason = http::StatusCode::from_u16(refusal.status).ok().and_then(|s| s.canonical_reason()).unwrap_or("");
    let (status, length, date) = (refusal.status, body.len(), now.strftime("%a, %d %b %Y %H:%M:%S GMT"));
    let mut answer = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\
         cache-control: no-store\r\n{REQUEST_ID}: {id}\r\ndate: {date}\r\nconnection: close\r\n\r\n"
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    answer.into()
}

/// Answers a request with a refusal, and leaves the connection either at the start of the next request or closed.
///
/// # Errors
/// When the caller has left.
pub(crate) async fn answer(session: &mut Session, refusal: &Refusal, dialect: Option<Dialect>, id: &str) -> Result<()> {
    let (body, media_type) = render(refusal, dialect, id);
    let mut head = ResponseHeader::build(refusal.status, Some(6))?;
    head.insert_header(header::CONTENT_TYPE, media_type)?;
    head.insert_header(header::CACHE_CONTROL, "no-store")?;
    head.insert_header(REQUEST_ID, id)?;
    if dialect == Some(Dialect::Anthropic) {
        head.insert_header(ANTHROPIC_REQUEST_ID, id)?;
    }
    if let Some((name, value)) = &refusal.header {
        head.insert_header(name.clone(), value.as_ref())?;
    }
    give(session, head, body, refusal.close).await
}

/// Gives an answer of Weir's own, whole, and leaves the connection likewise.
///
/// # Errors
/// When the caller has left.
pub(crate) async fn give(session: &mut Session, mut head: ResponseHeader, body: Bytes, close: bool) -> Result<()> {
    if close {
        session.set_keepalive(None);
    } else {
        take_in_body(session).await;
    }
    head.insert_header(header::CONTENT_LENGTH, body.len())?;
    session.as_mut().write_response_header(Box::new(head)).await?;
    let bodiless = session.req_header().method == http::Method::HEAD;
    session.as_mut().write_response_body(if bodiless { Bytes::new() } else { body }, true).await?;
    if !session.as_mut().is_body_done() {
        // The connection will be closed; a reset would take the answer away from a caller who is still sending.
        session.as_mut().finish_body().await?;
        take_in_body(session).await;
    }
    Ok(())
}

/// Reads what is left of the request body, within limits. Without this, the rest of the body would be taken for the
/// next request (the class of CVE-2025-4366), or Pingora closes the connection.
async fn take_in_body(session: &mut Session) {
    let session = session.as_mut();
    // Whoever waits for a 100 has not sent the body and, being refused, will not.
    if session.is_body_done() || session.get_header(header::EXPECT).is_some() {
        return;
    }
    let reading = async {
        let mut left = DRAIN_BYTES;
        while let Ok(Some(piece)) = session.read_request_body().await {
            let Some(rest) = left.checked_sub(piece.len()) else { break };
            left = rest;
        }
    };
    // Running out of time or bytes is fine: the body is then not done, and the connection is closed.
    _ = tokio::time::timeout(DRAIN_TIME, reading).await;
}
