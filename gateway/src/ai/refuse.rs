//! Errors, answered in the caller's dialect.

use pingora_core::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use weir_domain::dialect::Dialect;
use weir_domain::ledger::Outcome;
use weir_llm::{Origin, WireError};

use crate::metering::Settlement;

/// The header with the request id, under which the ledger knows the request.
pub const REQUEST_ID: &str = "x-weir-request-id";

/// Answers with an error and settles the request. For an error of Weir's own the outcome becomes `refused` (or
/// `internal` from 500 on, 503 aside) unless one was decided before; the reason in the ledger is the error's code.
///
/// What is left of the request body is not read: on HTTP/1 the connection is closed behind the answer, so that the next
/// request on it cannot be misread.
///
/// # Errors
/// The caller is gone.
pub async fn refuse(
    session: &mut Session,
    settlement: &mut Settlement,
    dialect: Dialect,
    error: &WireError,
    retry_after: Option<u64>,
) -> Result<()> {
    let status = error.caller_status(dialect);
    if !settlement.is_decided() {
        settlement.end(outcome(error), error.code.as_deref().unwrap_or("error"));
    }
    let body = weir_llm::render_error(dialect, error);
    let mut head = ResponseHeader::build(status, Some(8))?;
    head.insert_header("content-type", "application/json")?;
    head.insert_header("content-length", body.len())?;
    head.insert_header(REQUEST_ID, settlement.id.as_str())?;
    if let Some(seconds) = retry_after {
        head.insert_header("retry-after", seconds)?;
    }
    if dialect == Dialect::Anthropic {
        head.insert_header("request-id", settlement.id.as_str())?;
    }
    settlement.status = status;
    settlement.response_bytes = body.len() as u64;
    settlement.first_byte();
    settlement.settle();
    if !session.as_downstream_mut().is_body_done() {
        session.set_keepalive(None);
    }
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(body), true).await
}

fn outcome(error: &WireError) -> Outcome {
    match (error.origin, error.status) {
        (Origin::Provider, _) => Outcome::UpstreamError,
        (Origin::Gateway, 500..=599) if error.status != 503 => Outcome::Internal,
        (Origin::Gateway, _) => Outcome::Refused,
    }
}
