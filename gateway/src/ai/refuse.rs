//! Errors of model calls, answered in the caller's dialect.

use std::time::Duration;

use http::header::{self, HeaderName, HeaderValue};
use pingora_core::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use weir_domain::dialect::Dialect;
use weir_domain::ledger::{Outcome, Record};
use weir_domain::money::NanoUsd;
use weir_domain::usage::UsageSource;
use weir_llm::{Origin, WireError};

use super::held::Held;
use crate::metering::Settlement;
use crate::problem::{ANTHROPIC_REQUEST_ID, REQUEST_ID};

/// The header that says how often providers were asked.
pub(super) const ATTEMPTS: &str = "x-weir-attempts";
/// How much of an unread body is taken in behind a refusal, and for how long: closing at once would reset the
/// connection, and the caller, still sending, would never see the answer.
const LINGER: (usize, Duration) = (16 << 20, Duration::from_secs(2));

/// Answers with an error and settles the request. `header` is what the status asks for, such as `Retry-After`.
///
/// For an error of Weir's own the outcome becomes `refused` (`internal` from 500 on, 503 aside) unless one was decided
/// before; the reason in the ledger is the error's code.
pub(super) async fn refuse(
    session: &mut Session,
    settlement: &mut Settlement,
    dialect: Dialect,
    error: &WireError,
    header: Option<(HeaderName, HeaderValue)>,
) -> Result<()> {
    refuse_held(session, settlement, dialect, (error, header), Held::default()).await
}

/// The same for a call that holds something of its route's policy.
pub(super) async fn refuse_held(
    session: &mut Session,
    settlement: &mut Settlement,
    dialect: Dialect,
    (error, header): (&WireError, Option<(HeaderName, HeaderValue)>),
    mut held: Held,
) -> Result<()> {
    let status = error.caller_status(dialect);
    if !settlement.is_decided() {
        settlement.end(outcome(error), error.code.as_deref().unwrap_or("error"));
    }
    if settlement.usage.source == UsageSource::None {
        settlement.cost = Some(NanoUsd::ZERO);
    }
    let body = weir_llm::render_error(dialect, error);
    let mut head = ResponseHeader::build_no_case(status, Some(12))?;
    head.insert_header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))?;
    head.insert_header(header::CONTENT_LENGTH, HeaderValue::from(body.len()))?;
    head.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))?;
    identify(&mut head, settlement, dialect)?;
    if let Some((name, value)) = header {
        head.insert_header(name, value)?;
    }
    held.dress(&mut head)?;
    held.refused(settlement, &body).await;
    settlement.status = status;
    settlement.response_bytes = body.len() as u64;
    settlement.first_byte();
    settlement.captured(|capture| capture.given(&body));
    settlement.settle();
    let whole = session.as_downstream_mut().is_body_done();
    if !whole {
        // What is left of the body must never be read as the next request.
        session.set_keepalive(None);
    }
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(body), true).await?;
    if !whole {
        linger(session).await;
    }
    Ok(())
}

/// `Retry-After` in seconds.
pub(super) fn retry_after(seconds: u64) -> (HeaderName, HeaderValue) {
    (header::RETRY_AFTER, HeaderValue::from(seconds))
}

/// What every answer says of itself: the id under which the ledger knows it, and who was asked.
pub(super) fn identify(head: &mut ResponseHeader, record: &Record, dialect: Dialect) -> Result<()> {
    head.insert_header(REQUEST_ID, record.id.as_str())?;
    if dialect == Dialect::Anthropic {
        head.insert_header(ANTHROPIC_REQUEST_ID, record.id.as_str())?;
    }
    if record.attempts.is_empty() {
        return Ok(());
    }
    answered_by(head, &record.provider, &record.upstream_model, record.attempts.len())
}

/// Who gave an answer, and in how many attempts of this call: none for one that was kept.
pub(super) fn answered_by(head: &mut ResponseHeader, provider: &str, model: &str, attempts: usize) -> Result<()> {
    head.insert_header("x-weir-provider", provider)?;
    if let Ok(model) = HeaderValue::from_str(model) {
        head.insert_header("x-weir-model", model)?;
    }
    head.insert_header(ATTEMPTS, HeaderValue::from(attempts))
}

fn outcome(error: &WireError) -> Outcome {
    match (error.origin, error.status) {
        (Origin::Provider, _) => Outcome::UpstreamError,
        (Origin::Gateway, 500..=599) if error.status != 503 => Outcome::Internal,
        (Origin::Gateway, _) => Outcome::Refused,
    }
}

async fn linger(session: &mut Session) {
    // Who waits for a 100 has not sent the body and, being refused, will not; HTTP/2 resets the stream alone.
    if session.get_header(header::EXPECT).is_some() || session.is_http2() {
        return;
    }
    let session = session.as_downstream_mut();
    let rest = async {
        let mut read = 0;
        while let Ok(Some(piece)) = session.read_request_body().await {
            read += piece.len();
            if read > LINGER.0 {
                break;
            }
        }
    };
    // Out of time: the connection is closed as it is.
    let _ = tokio::time::timeout(LINGER.1, rest).await;
}
