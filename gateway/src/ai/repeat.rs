//! Repeats of model calls: the first one's answer is taken down when nobody is there for it, and given again.

use http::header::HeaderValue;
use pingora_core::{Error, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use weir_conflict::idempotency_key::IDEMPOTENCY_REPLAYED;
use weir_conflict::store::StoredAnswer;
use weir_domain::dialect::Dialect;
use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_llm::Answer;

use super::held::{COST, Held, Unmade};
use super::refuse::{ATTEMPTS, identify, refuse_held};
use super::relay::{amount, head};
use super::running::Running;
use crate::metering::Settlement;

/// Takes down an answer that came when its caller had left: who repeats the call gets it.
pub(super) async fn late(
    dialect: Dialect,
    mut running: Running<'_>,
    answer: Answer,
    reason: Box<Error>,
    held: &mut Held,
) -> Result<()> {
    let kind = running.take_kind();
    running.close();
    let mut head = head(running.settlement, dialect)?;
    head.insert_header("content-type", kind.unwrap_or(HeaderValue::from_static("application/json")))?;
    held.dress(&mut head)?;
    held.piece(&answer.body);
    held.end(running.settlement.cost).await;
    Err(reason)
}

/// Answers a call that is not made: with the first one's answer, or with what a policy says.
pub(super) async fn unmade(
    session: &mut Session,
    settlement: &mut Settlement,
    dialect: Dialect,
    unmade: Unmade,
    held: Held,
) -> Result<()> {
    match unmade {
        Unmade::Again(answer) => again(session, settlement, dialect, &answer, held).await,
        Unmade::Refused(error) => refuse_held(session, settlement, dialect, (&error, None), held).await,
        Unmade::Left(reason) => Err(reason),
    }
}

/// Gives the first answer again, for nothing; what it had cost is what the caller saves.
async fn again(
    session: &mut Session,
    settlement: &mut Settlement,
    dialect: Dialect,
    answer: &StoredAnswer,
    mut held: Held,
) -> Result<()> {
    let mut head = ResponseHeader::build_no_case(answer.status, Some(answer.headers.len() + 6))?;
    for (name, value) in &answer.headers {
        head.append_header(name.clone(), HeaderValue::from_bytes(value).unwrap_or(HeaderValue::from_static("")))?;
    }
    let cost = head.headers.get(COST).and_then(|cost| cost.to_str().ok()?.parse().ok());
    identify(&mut head, settlement, dialect)?;
    if head.headers.contains_key(ATTEMPTS) {
        head.insert_header(ATTEMPTS, HeaderValue::from_static("0"))?;
    }
    head.insert_header(COST, amount(NanoUsd::ZERO)?)?;
    head.insert_header(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))?;
    head.insert_header("content-length", HeaderValue::from(answer.body.len()))?;
    held.dress(&mut head)?;
    settlement.status = answer.status;
    (settlement.cost, settlement.saved) = (Some(NanoUsd::ZERO), cost);
    settlement.response_bytes = answer.body.len() as u64;
    settlement.first_byte();
    if answer.status < 400 {
        settlement.end(Outcome::Ok, "");
    } else {
        settlement.end(Outcome::Refused, "replayed");
    }
    settlement.captured(|capture| capture.given(&answer.body));
    settlement.settle();
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(answer.body.clone()), true).await
}
