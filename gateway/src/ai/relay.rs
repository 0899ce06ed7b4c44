//! Gives an answer to the caller. The record is settled before the last byte leaves.

use bytes::{Bytes, BytesMut};
use http::Version;
use http::header::HeaderValue;
use pingora_core::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use weir_domain::dialect::Dialect;
use weir_domain::ledger::{Outcome, Record};
use weir_domain::money::NanoUsd;
use weir_llm::Answer;

use super::attempt::Flow;
use super::failure::Stop;
use super::line::LineError;
use super::refuse::identify;
use super::running::Running;
use super::watch::Interrupt;
use crate::state::State;

/// The longest list of parameters in a header.
const MAX_DROPPED: usize = 1_024;

/// Gives a whole answer.
pub(super) async fn whole(
    session: &mut Session,
    dialect: Dialect,
    mut running: Running<'_>,
    answer: Box<Answer>,
) -> Result<()> {
    running.charge();
    running.close();
    let settlement = &mut *running.settlement;
    settlement.status = 200;
    settlement.response_bytes = answer.body.len() as u64;
    let mut head = head(settlement, dialect)?;
    head.insert_header("content-type", HeaderValue::from_static("application/json"))?;
    head.insert_header("content-length", HeaderValue::from(answer.body.len()))?;
    if let Some(cost) = settlement.cost {
        head.insert_header("x-weir-cost", amount(cost)?)?;
    }
    settlement.first_byte();
    settlement.end(Outcome::Ok, "");
    settlement.settle();
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(answer.body), true).await
}

/// How a stream ended on the provider's side.
enum End {
    /// With all that belongs to it.
    Whole,
    /// Too early; the caller is told.
    Failed(Box<super::failure::Failure>),
    /// The caller left.
    Left(Box<pingora_core::Error>),
}

/// Gives a stream, piece by piece as it comes.
pub(super) async fn stream(state: &State, session: &mut Session, dialect: Dialect, flow: Box<Flow<'_>>) -> Result<()> {
    let mut flow = *flow;
    let settlement = &mut *flow.streaming.running.settlement;
    settlement.status = 200;
    settlement.first_byte();
    let mut head = head(settlement, dialect)?;
    head.insert_header("content-type", HeaderValue::from_static("text/event-stream; charset=utf-8"))?;
    head.insert_header("cache-control", HeaderValue::from_static("no-cache"))?;
    if session.req_header().version == Version::HTTP_11 {
        head.insert_header("transfer-encoding", HeaderValue::from_static("chunked"))?;
    }
    session.write_response_header(Box::new(head), false).await?;
    let mut sent = 0;
    let end = pump(session, &mut flow, &mut sent).await;
    let mut last = std::mem::take(&mut flow.held);
    let clean = matches!(end, End::Whole);
    let result = match end {
        End::Left(reason) => {
            flow.line.cut().await;
            flow.streaming.running.settlement.response_bytes = sent;
            flow.streaming.running.settlement.end(Outcome::Aborted, "caller_left");
            return Err(reason);
        }
        End::Failed(failure) => {
            last.extend_from_slice(&weir_llm::error_event(dialect, &failure.error));
            let code = failure.error.code.as_deref().unwrap_or("upstream_error");
            flow.streaming.running.end(failure.outcome, &failure.error.message);
            flow.streaming.running.settlement.end(failure.outcome, code);
            // The body ends in order, so the connection stays good: the head has promised that already.
            close(session, &mut flow, last, sent).await
        }
        End::Whole => {
            flow.streaming.running.end(Outcome::Ok, "");
            flow.streaming.running.settlement.end(Outcome::Ok, "");
            close(session, &mut flow, last, sent).await
        }
    };
    if clean {
        flow.line.finish(&state.connector).await;
    } else {
        flow.line.cut().await;
    }
    result
}

/// Settles, then sends the last bytes.
async fn close(session: &mut Session, flow: &mut Flow<'_>, last: BytesMut, sent: u64) -> Result<()> {
    flow.streaming.note();
    let running = &mut flow.streaming.running;
    running.waited(flow.clock.waited());
    running.charge();
    running.close();
    running.settlement.response_bytes = sent + last.len() as u64;
    running.settlement.settle();
    session.write_response_body(Some(last.freeze()), true).await
}

/// Passes on what comes until the stream is complete. What comes last stays in `flow.held`.
async fn pump(session: &mut Session, flow: &mut Flow<'_>, sent: &mut u64) -> End {
    let provider = flow.streaming.running.settlement.provider.clone();
    loop {
        if flow.ended || flow.streaming.translator.is_complete() {
            return End::Whole;
        }
        if !flow.held.is_empty() {
            let piece: Bytes = flow.held.split().freeze();
            let length = piece.len() as u64;
            if let Err(error) = session.write_response_body(Some(piece), false).await {
                return End::Left(error);
            }
            *sent += length;
        }
        flow.clock.arm(flow.timeouts.idle_ms);
        let piece = flow.clock.watch(session.as_downstream_mut(), flow.line.next()).await;
        let pushed = match piece {
            Err(Interrupt::Left(reason)) => return End::Left(reason),
            Err(interrupt) => return failed(Stop::line(&provider, LineError::Interrupt(interrupt))),
            Ok(Err(error)) => return failed(Stop::broken(&provider, &error)),
            Ok(Ok(Some(piece))) => flow.streaming.translator.push(&piece, &mut flow.held),
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
fn head(record: &Record, dialect: Dialect) -> Result<ResponseHeader> {
    let mut head = ResponseHeader::build_no_case(200, Some(12))?;
    identify(&mut head, record, dialect)?;
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

fn amount(cost: NanoUsd) -> Result<HeaderValue> {
    let invalid = |_| pingora_core::Error::new_str("an amount is always a valid header");
    HeaderValue::from_str(&cost.to_string()).map_err(invalid)
}
