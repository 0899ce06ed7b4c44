//! Reads of Weir's own: the resource as it is now, to check a condition against it.

use bytes::{Bytes, BytesMut};
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HeaderName, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use http::{HeaderMap, HeaderValue, Method};
use pingora_core::{Error, ErrorType};
use pingora_http::RequestHeader;
use weir_domain::spec::Validators;

use super::run::Run;
use crate::upstream::owned;
use crate::upstream::upload::{Talk, Upload};

/// What a read of our own leaves out of the request that it stands for.
const NOT_READ: [HeaderName; 12] = [
    CONTENT_LENGTH,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    EXPECT,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_MODIFIED_SINCE,
    IF_UNMODIFIED_SINCE,
    IF_RANGE,
    RANGE,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("content-digest"),
];

/// Whose credentials are read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// The caller's, as they go upstream.
    Caller,
    /// None of the caller's.
    Service,
}

/// The resource as it is.
pub(super) struct Current {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Its representation; `None` where it is longer than is held.
    pub(super) body: Option<Bytes>,
}

/// Reads the resource that a write is for, under its lease.
///
/// # Errors
/// The upstream does not answer.
pub(super) async fn current(run: &mut Run<'_>, reader: Reader) -> Result<Current, Box<Error>> {
    variant(run, reader, &[]).await
}

/// The same, of the representation that a caller with these headers gets.
pub(super) async fn variant(
    run: &mut Run<'_>,
    reader: Reader,
    selecting: &[(HeaderName, HeaderValue)],
) -> Result<Current, Box<Error>> {
    let mut request = head(run, reader)?;
    for (name, value) in selecting {
        request.insert_header(name, value.clone())?;
    }
    let most = run.policy.validators.as_ref().map_or(Validators::default().max_body, |set| set.max_body).as_len();
    let mut forward = run.io.forward.another();
    let mut upload = Upload::none(&run.state.body_budget);
    let mut talk =
        Talk { session: None, forward: &mut forward, settlement: run.io.settlement, pace: run.io.pace, once: false };
    let mut answer = owned::ask(run.state, &mut talk, &request, &mut upload, run.origin)
        .await
        .map_err(|unanswered| unanswered.error)?;
    let status = answer.head.status.as_u16();
    let mut body = BytesMut::new();
    let read = async {
        while let Some(piece) = answer.piece().await? {
            if body.len() + piece.len() > most {
                return Ok(false);
            }
            body.extend_from_slice(&piece);
        }
        Ok(true)
    };
    let whole: Result<bool, Box<Error>> = match run.io.forward.remaining() {
        Some(left) => tokio::time::timeout(left, read).await.unwrap_or_else(|_| {
            Err(Error::explain(ErrorType::ReadTimedout, "the current version did not come in time").into_up())
        }),
        None => read.await,
    };
    let headers = answer.head.headers.clone();
    match whole {
        Ok(true) => answer.release(run.state).await,
        _ => answer.cut().await,
    }
    forward.superseded(run.io.settlement, status, "read to check a condition");
    whole.map(|whole| Current { status, headers, body: whole.then(|| body.freeze()) })
}

fn head(run: &Run<'_>, reader: Reader) -> Result<RequestHeader, Box<Error>> {
    let mut head = run.request.clone();
    head.set_method(Method::GET);
    for name in &NOT_READ {
        head.remove_header(name);
    }
    if reader == Reader::Service {
        head.remove_header(&AUTHORIZATION);
        head.remove_header(&COOKIE);
    }
    Ok(head)
}
