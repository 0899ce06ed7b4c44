//! Reads the body of a model call whole: bounded, and under a budget that all requests share.

use bytes::{Bytes, BytesMut};
use http::header;
use pingora_core::Error;
use pingora_proxy::Session;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use weir_llm::{ErrorKind, WireError};

use crate::state::State;

/// A body, and its share of the budget.
pub(super) struct Body {
    /// The caller's bytes.
    pub(super) bytes: Bytes,
    _share: Share,
}

/// What bytes held in memory take of the budget that all requests share; given back when it is dropped.
#[derive(Default)]
pub(super) struct Share(Option<OwnedSemaphorePermit>);

impl Share {
    /// Raises it to what `bytes` take; false when the budget has not so much left.
    pub(super) fn grow(&mut self, budget: &Arc<Semaphore>, bytes: usize) -> bool {
        let have = self.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let want = bytes.div_ceil(1024);
        if want <= have {
            return true;
        }
        let more = u32::try_from(want - have).unwrap_or(u32::MAX);
        let Ok(more) = Arc::clone(budget).try_acquire_many_owned(more) else { return false };
        match &mut self.0 {
            None => self.0 = Some(more),
            Some(share) => share.merge(more),
        }
        true
    }
}

/// Why there is no body.
pub(super) enum BodyError {
    /// It is refused; the caller is told, with seconds to wait where that helps.
    Refused(WireError, Option<u64>),
    /// The caller is gone.
    Left(Box<Error>),
}

/// Reads the body. A caller that waits for `100 Continue` gets it now: it has been admitted.
pub(super) async fn read(state: &State, session: &mut Session) -> Result<Body, BodyError> {
    let most = state.settings.max_ai_body_bytes;
    let announced = announced(session, most)?;
    let mut share = Share::default();
    reserve(state, &mut share, announced)?;
    if session.get_header_bytes(header::EXPECT).eq_ignore_ascii_case(b"100-continue") {
        session.as_downstream_mut().write_continue_response().await.map_err(BodyError::Left)?;
    }
    let mut collected = BytesMut::new();
    loop {
        let piece = session.as_downstream_mut().read_request_body();
        let piece = match tokio::time::timeout(state.settings.caller_timeout, piece).await {
            Ok(piece) => piece.map_err(BodyError::Left)?,
            Err(_) => return Err(too_slow(state)),
        };
        let Some(piece) = piece else {
            return Ok(Body { bytes: collected.freeze(), _share: share });
        };
        let total = collected.len() + piece.len();
        if total > most {
            return Err(too_large(most));
        }
        if total > announced {
            reserve(state, &mut share, total)?;
        }
        if collected.is_empty() && session.as_downstream_mut().is_body_done() {
            return Ok(Body { bytes: piece, _share: share });
        }
        if collected.is_empty() {
            collected.reserve(announced.max(piece.len()));
        }
        collected.extend_from_slice(&piece);
    }
}

/// The announced length; 0 when none is.
fn announced(session: &Session, most: usize) -> Result<usize, BodyError> {
    let encoding = session.get_header_bytes(header::CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity") {
        let sentence = "the request body has a content-encoding; send it as plain JSON, without compression";
        let mut error = WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("unsupported_encoding");
        error.status = 415;
        return Err(BodyError::Refused(error, None));
    }
    let length = session.get_header_bytes(header::CONTENT_LENGTH);
    let length = std::str::from_utf8(length).ok().and_then(|l| l.parse::<usize>().ok()).unwrap_or(0);
    if length > most { Err(too_large(most)) } else { Ok(length) }
}

fn reserve(state: &State, share: &mut Share, bytes: usize) -> Result<(), BodyError> {
    if share.grow(&state.body_budget, bytes) {
        return Ok(());
    }
    let sentence = "the gateway holds as many request bodies as it may; try again in a second";
    let error = WireError::gateway(ErrorKind::Overloaded, sentence).with_code("body_budget_exhausted");
    Err(BodyError::Refused(error, Some(1)))
}

fn too_large(most: usize) -> BodyError {
    let sentence = format!("the request body is larger than {most} bytes; send less, or images by URL");
    BodyError::Refused(WireError::gateway(ErrorKind::TooLarge, sentence).with_code("body_too_large"), None)
}

fn too_slow(state: &State) -> BodyError {
    let seconds = state.settings.caller_timeout.as_secs();
    let sentence = format!("the request body did not come: nothing for {seconds} s");
    let mut error = WireError::gateway(ErrorKind::Timeout, sentence).with_code("body_timeout");
    error.status = 408;
    BodyError::Refused(error, None)
}
