//! The error envelope: `{"type":"error","error":{"type","message"}}`.
//! Source: <https://docs.anthropic.com/en/api/errors>.

use bytes::Bytes;
use serde::Serialize;

use crate::error::{ErrorKind, WireError};

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
    /// Not of Anthropic; a stable word for programs, as in the other dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
}

/// Writes an error.
pub(crate) fn render(error: &WireError) -> Bytes {
    let kind = type_name(error.caller_kind());
    let body = Body { kind, message: &error.message, code: error.code.as_deref() };
    serde_json::to_vec(&Envelope { kind: "error", error: body }).unwrap_or_default().into()
}

/// The type that the API gives an error of this class.
fn type_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest => "invalid_request_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Billing => "billing_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::RateLimit => "rate_limit_error",
        ErrorKind::Internal => "api_error",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::Timeout => "timeout_error",
    }
}
