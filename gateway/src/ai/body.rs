//! Reads the body of a model call whole: bounded, and under a budget that all requests share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header;
use pingora_core::{Error, ErrorType};
use pingora_proxy::Session;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use weir_domain::operation::Operation;
use weir_llm::{ErrorKind, WireError};

use crate::settings::Settings;
use crate::state::State;

/// A body, and what it takes of its application's part and of the whole budget.
pub(super) struct Body {
    /// The caller's bytes.
    pub(super) bytes: Bytes,
    _shares: [Share; 2],
}

/// What Pingora calls chunks and trailers that it cannot read; its own constants are not public.
const INVALID_CHUNK: ErrorType = ErrorType::new("InvalidChunk");
const INVALID_TRAILER_END: ErrorType = ErrorType::new("InvalidTrailerEnd");
/// The most of a body that is set aside before it has come.
const FIRST: usize = 64 * 1024;
/// How long a body may take, whatever its size; less when the caller's own timeout is less.
const GRACE: Duration = Duration::from_secs(30);
/// How fast the rest of it must come, in bytes per second.
const LEAST_RATE: u32 = 16 * 1024;

/// What bytes held in memory take of a budget; given back when it is dropped.
#[derive(Default)]
pub(crate) struct Share(Option<OwnedSemaphorePermit>);

impl Share {
    /// Raises it to what `bytes` take; false when the budget has not so much left.
    pub(crate) fn grow(&mut self, budget: &Arc<Semaphore>, bytes: usize) -> bool {
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

impl Body {
    /// A copy that is counted by itself: the original may go before it.
    pub(super) fn copied(bytes: Bytes, share: Share) -> Self {
        Self { bytes, _shares: [share, Share::default()] }
    }
}

/// How much of the budget each application may take: one must not starve the others.
#[derive(Default)]
pub(super) struct Parts(papaya::HashMap<String, Arc<Semaphore>>);

impl Parts {
    /// The part of an application: a quarter of the budget, but never less than one body.
    fn of(&self, application: &str, settings: &Settings) -> Arc<Semaphore> {
        let parts = self.0.pin();
        if let Some(part) = parts.get(application) {
            return Arc::clone(part);
        }
        let bytes = (settings.body_budget_bytes / 4).max(settings.max_ai_body_bytes);
        let part = || Arc::new(Semaphore::new(bytes.div_ceil(1024).min(Semaphore::MAX_PERMITS)));
        Arc::clone(parts.get_or_insert_with(application.to_owned(), part))
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
pub(super) async fn read(
    state: &State,
    session: &mut Session,
    application: &str,
    operation: Operation,
) -> Result<Body, BodyError> {
    let settings = &state.settings;
    let most = if operation.takes_form() { settings.max_form_bytes } else { settings.max_ai_body_bytes };
    let announced = announced(session, most)?;
    let part = state.models.parts.of(application, settings);
    let mut shares = [Share::default(), Share::default()];
    if session.get_header_bytes(header::EXPECT).eq_ignore_ascii_case(b"100-continue") {
        session.as_downstream_mut().write_continue_response().await.map_err(BodyError::Left)?;
    }
    let begun = Instant::now();
    let mut collected = BytesMut::new();
    loop {
        let wait = left(settings, collected.len(), begun.elapsed()).min(settings.caller_timeout);
        let piece = session.as_downstream_mut().read_request_body();
        let Ok(piece) = tokio::time::timeout(wait, piece).await else { return Err(too_slow(begun)) };
        let Some(piece) = piece.map_err(|error| broken(error, begun))? else {
            return Ok(Body { bytes: collected.freeze(), _shares: shares });
        };
        let total = collected.len() + piece.len();
        if total > most {
            return Err(too_large(most));
        }
        // What has been announced only takes no memory yet.
        if !shares[0].grow(&part, total) {
            return Err(too_many());
        }
        if !shares[1].grow(&state.body_budget, total) {
            return Err(exhausted());
        }
        if collected.is_empty() && session.as_downstream_mut().is_body_done() {
            return Ok(Body { bytes: piece, _shares: shares });
        }
        if collected.is_empty() {
            collected.reserve(announced.min(FIRST).max(piece.len()));
        }
        collected.extend_from_slice(&piece);
    }
}

/// How long a body of which so much has come may still take, as a whole.
fn left(settings: &Settings, come: usize, elapsed: Duration) -> Duration {
    let earned = Duration::from_secs(come as u64) / LEAST_RATE;
    (GRACE.min(settings.caller_timeout) + earned).saturating_sub(elapsed)
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

fn exhausted() -> BodyError {
    let sentence = "the gateway holds as many request bodies as it may; try again in a second";
    let error = WireError::gateway(ErrorKind::Overloaded, sentence).with_code("body_budget_exhausted");
    BodyError::Refused(error, Some(1))
}

fn too_many() -> BodyError {
    let sentence = "this application sends more at once than its part of the gateway's memory; try again in a second, \
                    with fewer large requests at once";
    let error = WireError::gateway(ErrorKind::RateLimit, sentence).with_code("body_share_exhausted");
    BodyError::Refused(error, Some(1))
}

/// The caller's error, whichever way Pingora describes it.
fn broken(error: Box<Error>, begun: Instant) -> BodyError {
    match error.etype() {
        &INVALID_CHUNK | &INVALID_TRAILER_END | ErrorType::InvalidHTTPHeader | ErrorType::H1Error => {
            let sentence = "the request body is not framed as its head says: its chunks are malformed";
            let error = WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("malformed_message");
            BodyError::Refused(error, None)
        }
        ErrorType::ReadTimedout => too_slow(begun),
        _ => BodyError::Left(error.into_down()),
    }
}

fn too_large(most: usize) -> BodyError {
    let sentence = format!("the request body is larger than {most} bytes; send less, or images by URL");
    BodyError::Refused(WireError::gateway(ErrorKind::TooLarge, sentence).with_code("body_too_large"), None)
}

fn too_slow(begun: Instant) -> BodyError {
    let seconds = begun.elapsed().as_secs();
    let sentence = format!("the request body did not come in time: it is not whole after {seconds} s");
    let mut error = WireError::gateway(ErrorKind::Timeout, sentence).with_code("body_timeout");
    error.status = 408;
    BodyError::Refused(error, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_thirty_seconds_and_then_must_keep_coming() {
        let settings = Settings::default();
        let seconds = Duration::from_secs;
        assert_eq!(left(&settings, 0, seconds(0)), seconds(30));
        assert_eq!(left(&settings, 1_000, seconds(31)), Duration::ZERO, "a drip");
        assert_eq!(left(&settings, 1 << 20, seconds(60)), seconds(34), "16 KiB a second");
        let strict = Settings { caller_timeout: seconds(2), ..settings };
        assert_eq!(left(&strict, 0, seconds(1)), seconds(1));
    }

    #[test]
    fn an_application_has_a_quarter_of_the_budget_but_room_for_one_body() {
        let (parts, settings) = (Parts::default(), Settings::default());
        assert_eq!(parts.of("a", &settings).available_permits(), (128 << 20) / 1024);
        let small = Settings { body_budget_bytes: 8 << 20, ..settings };
        assert_eq!(parts.of("b", &small).available_permits(), (10 << 20) / 1024);
        let mut share = Share::default();
        assert!(share.grow(&parts.of("b", &small), 10 << 20));
        assert!(!Share::default().grow(&parts.of("b", &small), 1), "the same part for each of its requests");
        assert!(Share::default().grow(&parts.of("a", &small), 1), "and another for another application");
        drop(share);
        assert!(Share::default().grow(&parts.of("b", &small), 1));
    }
}
