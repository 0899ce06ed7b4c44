//! Gives the upstream's answer to the caller. What the policies hold is given up before its last byte leaves, so that who
//! has the answer finds the resource free, and its idempotency key done.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Version};
use pingora_core::Error;
use pingora_http::ResponseHeader;
use weir_conflict::status::{Act, Policy};
use weir_domain::ledger::Outcome;
use weir_domain::spec::{HoldUntil, WriteResponse};

use super::asking::Asking;
use super::lease::End;
use super::run::{Run, Stop};
use super::source::Source;
use super::tape::Tape;
use super::verify;
use crate::server::departure::departure;

/// Passes an answer on as it comes.
///
/// # Errors
/// The caller left, or the upstream broke off.
pub(super) async fn pass(run: &mut Run<'_>, mut answer: Source) -> Result<(), Stop> {
    let status = answer.head.status.as_u16();
    let seen = answer.head.headers.clone();
    let verifies = run.policy.validators.as_ref().is_some_and(|set| set.write_response == WriteResponse::Verify);
    if verifies && !run.is_safe() && (200..300).contains(&status) {
        verify::after_write(run, &mut answer.head).await;
    }
    if until(run, &seen) == HoldUntil::ResponseHeaders {
        give_up_write(run, status).await;
    }
    let tape = run.held.kept.as_ref().map(|kept| kept.tape(&answer.head));
    let mut head = std::mem::replace(&mut *answer.head, blank()?);
    dress(run, &mut head)?;
    let method = run.method().clone();
    if answer.bodiless {
        finish(run, status, tape, &seen).await;
        run.io.forward.response_head(&mut head, &method, run.io.settlement)?;
        write_head(run, head, true).await?;
        answer.finish(run.state).await;
        return Ok(());
    }
    run.io.forward.response_head(&mut head, &method, run.io.settlement)?;
    let mut flow = Flow { alone: None, tape, status, seen };
    if let Err(error) = write_head(run, head, false).await {
        flow.leave(run, error).await?;
    }
    match stream(run, &mut answer, &mut flow).await {
        Ok(()) => {
            answer.release(run.state).await;
            Ok(())
        }
        Err(stop) => {
            give_up_write(run, flow.status).await;
            if let Some(kept) = run.held.kept.take() {
                kept.unanswered(true).await;
            }
            answer.cut().await;
            Err(stop)
        }
    }
}

/// An answer on its way to the caller.
struct Flow {
    /// Why the caller is not there any more, where the answer is read on.
    alone: Option<Box<Error>>,
    tape: Option<Tape>,
    status: u16,
    /// The upstream's headers.
    seen: HeaderMap,
}

impl Flow {
    /// Notes that the caller left.
    ///
    /// # Errors
    /// The answer is not read on.
    async fn leave(&mut self, run: &mut Run<'_>, error: Box<Error>) -> Result<(), Stop> {
        if self.alone.is_none() && !run.held.kept.as_ref().is_some_and(super::kept::Kept::drains) {
            return Err(Stop::Failed(error));
        }
        self.alone.get_or_insert(error);
        Ok(())
    }
}

async fn stream(run: &mut Run<'_>, answer: &mut Source, flow: &mut Flow) -> Result<(), Stop> {
    let mut last: Option<Bytes> = None;
    // One piece is held back until it is known whether it is the last.
    while let Some(piece) = next(run, answer, flow).await? {
        if let Some(tape) = &mut flow.tape {
            tape.piece(&piece);
        }
        if let Some(before) = last.replace(piece) {
            run.io.forward.response_piece(run.io.settlement, &before, false)?;
            if flow.alone.is_none()
                && let Err(error) = run.io.session.as_downstream_mut().write_response_body(before, false).await
            {
                flow.leave(run, error.into_down()).await?;
            }
        }
    }
    let trailers = answer.trailers().await?;
    finish(run, flow.status, flow.tape.take(), &flow.seen).await;
    if let Some(error) = flow.alone.take() {
        run.io.settlement.end(Outcome::Aborted, "caller_left");
        run.io.settlement.settle();
        return Err(Stop::Failed(error));
    }
    let last = last.unwrap_or_default();
    run.io.forward.response_piece(run.io.settlement, &last, true)?;
    let session = run.io.session.as_downstream_mut();
    let http2 = session.is_http2();
    match trailers.filter(|_| http2) {
        None => session.write_response_body(last, true).await.map_err(Error::into_down)?,
        Some(trailers) => {
            session.write_response_body(last, false).await.map_err(Error::into_down)?;
            session.write_response_trailers(trailers).await.map_err(Error::into_down)?;
        }
    }
    Ok(())
}

/// The next piece, while the caller may leave.
async fn next(run: &mut Run<'_>, answer: &mut Source, flow: &mut Flow) -> Result<Option<Bytes>, Stop> {
    let watched = run.upload.is_whole();
    let mut piece = std::pin::pin!(answer.piece());
    loop {
        let present = watched && flow.alone.is_none();
        let reason = tokio::select! {
            biased;
            piece = piece.as_mut() => return Ok(piece?),
            reason = departure(run.io.session.as_downstream_mut()), if present => reason,
        };
        flow.leave(run, reason.into_down()).await?;
    }
}

/// Until when the next write of the resource waits.
fn until(run: &Run<'_>, headers: &HeaderMap) -> HoldUntil {
    let stream = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let usual = if stream { HoldUntil::ResponseHeaders } else { HoldUntil::ResponseEnd };
    run.policy.serialize.as_ref().and_then(|set| set.hold_until).unwrap_or(usual)
}

/// How a write ended that was answered so.
fn end_of(status: u16) -> End {
    match status {
        408 | 500.. => End::Unknown,
        400..=499 => End::Undone,
        _ => End::Done,
    }
}

/// Gives up the lease of the resource, and the turn.
pub(super) async fn give_up_write(run: &mut Run<'_>, status: u16) {
    if let Some(lease) = run.held.lease.take() {
        lease.end(end_of(status), None).await;
    }
    run.held.turn = None;
}

/// Gives up all that is held: the request is done.
pub(super) async fn finish(run: &mut Run<'_>, status: u16, tape: Option<Tape>, seen: &HeaderMap) {
    give_up_write(run, status).await;
    if let (Some(kept), Some(tape)) = (run.held.kept.take(), tape) {
        kept.answered(tape, seen).await;
    }
    run.held.room.leave().await;
}

/// Adds what the policies say.
pub(super) fn dress(run: &Run<'_>, head: &mut ResponseHeader) -> Result<(), Stop> {
    for (name, value) in &run.said {
        head.append_header(name, value)?;
    }
    Ok(())
}

/// Writes the head of an answer. Where its length is not known, HTTP/1.1 gets it in chunks.
pub(super) async fn write_head(run: &mut Run<'_>, mut head: ResponseHeader, ended: bool) -> Result<(), Box<Error>> {
    let version = run.io.session.req_header().version;
    if !ended && version == Version::HTTP_11 && !head.headers.contains_key(CONTENT_LENGTH) {
        head.insert_header(TRANSFER_ENCODING, "chunked")?;
    }
    let session = run.io.session.as_downstream_mut();
    session.write_response_header(Box::new(head)).await.map_err(Error::into_down)?;
    if ended {
        session.write_response_body(Bytes::new(), true).await.map_err(Error::into_down)?;
    }
    Ok(())
}

/// Gives an answer that is whole at hand.
pub(super) async fn whole(run: &mut Run<'_>, mut head: ResponseHeader, body: Bytes) -> Result<(), Stop> {
    dress(run, &mut head)?;
    let method = run.method().clone();
    let bodiless = method == Method::HEAD || head.status == 304 || head.status == 204;
    run.held.room.leave().await;
    run.io.forward.response_head(&mut head, &method, run.io.settlement)?;
    if !bodiless {
        run.io.forward.response_piece(run.io.settlement, &body, true)?;
    }
    run.io.forward.ended(run.io.settlement);
    write_head(run, head, bodiless || body.is_empty()).await?;
    if !bodiless && !body.is_empty() {
        run.io.session.as_downstream_mut().write_response_body(body, true).await.map_err(Error::into_down)?;
    }
    Ok(())
}

/// What has been given: an observation of a policy that did its work in passing.
pub(super) fn note_skip(run: &mut Run<'_>, why: &'static str) {
    run.did(Policy::Validators, "skipped", &Act::skipped(Policy::Validators, why));
}

fn blank() -> Result<ResponseHeader, Box<Error>> {
    ResponseHeader::build(200, Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_whose_end_nobody_knows_leaves_its_resource_to_be_read_anew() {
        for (status, end) in [
            (200, End::Done),
            (204, End::Done),
            (303, End::Done),
            (404, End::Undone),
            (412, End::Undone),
            (408, End::Unknown),
            (500, End::Unknown),
            (504, End::Unknown),
        ] {
            assert_eq!(end_of(status), end, "{status}");
        }
    }
}
