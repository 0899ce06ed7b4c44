//! Gives an answer to the caller. The record is settled before the last byte leaves.

use bytes::Bytes;
use http::Version;
use http::header::HeaderValue;
use pingora_core::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use weir_domain::dialect::Dialect;
use weir_domain::ledger::{Outcome, Record};
use weir_domain::money::NanoUsd;
use weir_llm::Answer;

use super::answers::{self, Kept};
use super::attempt::Flow;
use super::failure::{Failure, Stop};
use super::held::{COST, Held};
use super::line::LineError;
use super::refuse::{answered_by, identify};
use super::running::Running;
use super::shadow::Copies;
use super::watch::Interrupt;
use crate::metering::Settlement;
use crate::state::State;

/// Media type of a stream of events.
const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
/// The longest list of parameters in a header.
const MAX_DROPPED: usize = 1_024;

/// Gives a whole answer.
pub(super) async fn whole(
    session: &mut Session,
    dialect: Dialect,
    mut running: Running<'_>,
    answer: Box<Answer>,
    mut copies: Copies<'_>,
    held: &mut Held,
) -> Result<()> {
    let kind = running.take_kind();
    running.charge();
    running.close();
    let settlement = &mut *running.settlement;
    settlement.status = 200;
    settlement.response_bytes = answer.body.len() as u64;
    let mut head = head(settlement, dialect)?;
    head.insert_header("content-type", kind.unwrap_or(HeaderValue::from_static("application/json")))?;
    head.insert_header("content-length", HeaderValue::from(answer.body.len()))?;
    if let Some(cost) = settlement.cost {
        head.insert_header(COST, amount(cost)?)?;
    }
    held.dress(&mut head)?;
    settlement.first_byte();
    settlement.end(Outcome::Ok, "");
    settlement.captured(|capture| capture.given(&answer.body));
    settlement.settle();
    copies.piece(&answer.body);
    copies.keep(settlement);
    held.piece(&answer.body);
    held.end(settlement.cost).await;
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(answer.body), true).await
}

/// Gives an answer that was kept. It costs nothing; what it had cost is what the caller saves.
pub(super) async fn kept(
    session: &mut Session,
    dialect: Dialect,
    settlement: &mut Settlement,
    (kept, body): (&Kept, Bytes),
    mut held: Held,
) -> Result<()> {
    settlement.status = 200;
    settlement.usage = kept.usage;
    settlement.cost = Some(NanoUsd::ZERO);
    settlement.saved = kept.cost;
    settlement.dropped.clone_from(&kept.dropped);
    settlement.response_bytes = body.len() as u64;
    let mut head = head(settlement, dialect)?;
    let stream = settlement.stream;
    head.insert_header(
        "content-type",
        HeaderValue::from_static(if stream { EVENT_STREAM } else { "application/json" }),
    )?;
    head.insert_header("content-length", HeaderValue::from(body.len()))?;
    head.insert_header("age", HeaderValue::from(kept.age()))?;
    answered_by(&mut head, &kept.provider, &kept.upstream_model, 0)?;
    head.insert_header(COST, amount(NanoUsd::ZERO)?)?;
    held.dress(&mut head)?;
    settlement.first_byte();
    settlement.end(Outcome::Ok, "");
    settlement.captured(|capture| capture.given(&body));
    settlement.settle();
    held.piece(&body);
    held.end(settlement.cost).await;
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(body), true).await
}

/// How a stream ended on the provider's side.
enum End {
    /// With all that belongs to it.
    Whole,
    /// Too early; the caller is told.
    Failed(Box<Failure>),
    /// The caller left.
    Left(Box<Error>),
}

/// Gives a stream, piece by piece as it comes.
pub(super) async fn stream(
    state: &State,
    session: &mut Session,
    dialect: Dialect,
    flow: Box<Flow<'_>>,
    mut copies: Copies<'_>,
    held: &mut Held,
) -> Result<()> {
    let mut flow = *flow;
    let kind = flow.streaming.running.take_kind();
    let kind = kind.unwrap_or(HeaderValue::from_static(EVENT_STREAM));
    let is_events = kind.as_bytes().starts_with(b"text/event-stream");
    begin(session, dialect, &mut flow, kind, held).await?;
    let mut sent = 0;
    let end = pump(session, &mut flow, &mut sent, (&mut copies, held)).await;
    let clean = matches!(end, End::Whole);
    let end = alone(end, &mut flow);
    let mut last = std::mem::take(&mut flow.held);
    let result = match end {
        End::Left(reason) => {
            if clean {
                // Nobody was there for it, but who repeats the call gets it.
                flow.streaming.note();
                held.piece(&last);
                held.end(flow.streaming.running.cost()).await;
            }
            flow.line.cut().await;
            flow.streaming.running.settlement.response_bytes = sent;
            flow.streaming.running.settlement.end(Outcome::Aborted, "caller_left");
            return Err(reason);
        }
        End::Failed(failure) if !is_events => {
            let error = broken_off(session, &mut flow, &failure, sent);
            flow.line.cut().await;
            return Err(error);
        }
        End::Failed(failure) => {
            flow.streaming.translator.fail(&failure.error, &mut last);
            let code = failure.error.code.as_deref().unwrap_or("upstream_error");
            flow.streaming.running.broke_off(&failure);
            flow.streaming.running.settlement.end(failure.outcome, code);
            settle(&mut flow, sent, &last);
            held.gave_up(flow.streaming.running.settlement).await;
            // The body ends in order, so the connection stays good: the head has promised that already.
            session.write_response_body(Some(last.freeze()), true).await
        }
        End::Whole => {
            flow.streaming.running.end(Outcome::Ok, "");
            flow.streaming.running.settlement.end(Outcome::Ok, "");
            let last = last.freeze();
            copies.piece(&last);
            settle(&mut flow, sent, &last);
            held.piece(&last);
            held.end(flow.streaming.running.settlement.cost).await;
            copies.keep(flow.streaming.running.settlement);
            let bound = flow.streaming.translator.bound();
            state.models.affinity.keep(flow.streaming.running.settlement, bound);
            session.write_response_body(Some(last), true).await
        }
    };
    if clean {
        flow.line.finish(&state.connector).await;
    } else {
        flow.line.cut().await;
    }
    result
}

/// Sends the head, unless the caller has left already.
async fn begin(
    session: &mut Session,
    dialect: Dialect,
    flow: &mut Flow<'_>,
    kind: HeaderValue,
    held: &mut Held,
) -> Result<()> {
    let settlement = &mut *flow.streaming.running.settlement;
    let mut head = head(settlement, dialect)?;
    head.insert_header("content-type", kind)?;
    head.insert_header("cache-control", HeaderValue::from_static("no-cache"))?;
    held.dress(&mut head)?;
    if flow.clock.is_alone() {
        return Ok(());
    }
    settlement.status = 200;
    settlement.first_byte();
    if session.req_header().version == Version::HTTP_11 {
        head.insert_header("transfer-encoding", HeaderValue::from_static("chunked"))?;
    }
    match session.write_response_header(Box::new(head), false).await {
        Err(error) => flow.clock.leave(error).map_or(Ok(()), Err),
        Ok(()) => Ok(()),
    }
}

/// Bytes that are no events hold no error: that they end too early is told by the connection's end.
fn broken_off(session: &mut Session, flow: &mut Flow<'_>, failure: &Failure, sent: u64) -> Box<Error> {
    flow.streaming.running.broke_off(failure);
    flow.streaming.running.settlement.response_bytes = sent;
    flow.streaming.note();
    flow.streaming.running.charge();
    let code = failure.error.code.as_deref().unwrap_or("upstream_error");
    flow.streaming.running.settlement.end(failure.outcome, code);
    session.set_keepalive(None);
    Error::explain(ErrorType::ConnectionClosed, "the answer broke off").into_up()
}

/// The end of a stream that was read on after its caller had left: whatever it was, the caller was not there for it.
fn alone(end: End, flow: &mut Flow<'_>) -> End {
    let Some(reason) = flow.clock.departed() else { return end };
    if matches!(end, End::Whole) {
        flow.streaming.running.drained();
    }
    End::Left(reason)
}

/// Settles a stream of which so many bytes are sent, and the last are about to leave.
fn settle(flow: &mut Flow<'_>, sent: u64, last: &[u8]) {
    flow.streaming.note();
    let running = &mut flow.streaming.running;
    running.waited(flow.clock.waited());
    running.charge();
    running.close();
    running.settlement.response_bytes = sent + last.len() as u64;
    running.settlement.captured(|capture| capture.given_piece(last));
    running.settlement.settle();
}

/// Passes on what comes until the stream is complete. What comes last stays in `flow.held`.
async fn pump(
    session: &mut Session,
    flow: &mut Flow<'_>,
    sent: &mut u64,
    (copies, held): (&mut Copies<'_>, &mut Held),
) -> End {
    let provider = flow.streaming.running.settlement.provider.clone();
    loop {
        if flow.ended || flow.streaming.translator.is_complete() {
            return End::Whole;
        }
        if !flow.held.is_empty() {
            let piece: Bytes = flow.held.split().freeze();
            let length = piece.len() as u64;
            copies.piece(&piece);
            held.piece(&piece);
            if !flow.clock.is_alone() {
                flow.streaming.running.settlement.captured(|capture| capture.given_piece(&piece));
                match session.write_response_body(Some(piece), false).await {
                    Ok(()) => *sent += length,
                    Err(error) => {
                        if let Some(error) = flow.clock.leave(error) {
                            return End::Left(error);
                        }
                    }
                }
            }
        }
        flow.clock.arm(flow.timeouts.idle_ms);
        let piece = flow.clock.watch(session.as_downstream_mut(), flow.line.next()).await;
        let pushed = match piece {
            Err(Interrupt::Left(reason)) => return End::Left(reason),
            Err(interrupt) => return failed(Stop::line(&provider, LineError::Interrupt(interrupt))),
            Ok(Err(error)) => return failed(Stop::broken(&provider, &error)),
            Ok(Ok(Some(piece))) => {
                flow.streaming.running.settlement.captured(|capture| capture.answered_piece(&piece));
                match flow.clock.took(piece.len()) {
                    Ok(()) => flow.streaming.translator.push(&piece, &mut flow.held),
                    Err(interrupt) => return failed(Stop::line(&provider, LineError::Interrupt(interrupt))),
                }
            }
            Ok(Ok(None)) => {
                flow.ended = true;
                flow.streaming.translator.finish(&mut flow.held)
            }
        };
        if let Err(error) = pushed {
            return failed(Stop::stream(&provider, &error));
        }
    }
}

fn failed(stop: Stop) -> End {
    match stop {
        Stop::Failed(failure) => End::Failed(failure),
        Stop::Left(reason) => End::Left(reason),
    }
}

/// The head that all answers of a model have in common.
///
/// The provider's own rate-limit headers are not passed on: they speak of the account that all callers share.
pub(super) fn head(record: &Record, dialect: Dialect) -> Result<ResponseHeader> {
    let mut head = ResponseHeader::build_no_case(200, Some(12))?;
    identify(&mut head, record, dialect)?;
    if let Some(status) = record.cache {
        head.insert_header(answers::HEADER, HeaderValue::from_static(status.as_str()))?;
    }
    if !record.dropped.is_empty() {
        head.insert_header("x-weir-dropped-params", dropped(&record.dropped))?;
    }
    Ok(head)
}

/// As many names as fit.
fn dropped(names: &[String]) -> String {
    let mut list = String::new();
    for name in names {
        if list.len() + name.len() + 2 > MAX_DROPPED {
            list.push_str(", ...");
            break;
        }
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(name);
    }
    list
}

pub(super) fn amount(cost: NanoUsd) -> Result<HeaderValue> {
    let invalid = |_| Error::new_str("an amount is always a valid header");
    HeaderValue::from_str(&cost.to_string()).map_err(invalid)
}
