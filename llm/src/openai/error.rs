//! The error envelope: `{"error":{"message","type","param","code"}}`.

use bytes::Bytes;
use serde::Serialize;

use crate::error::{ErrorKind, WireError};

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

/// Writes an error. All four fields are always there: the SDKs read them, `null` is their documented absence.
pub(crate) fn render(error: &WireError) -> Bytes {
    let kind = error.caller_kind();
    let body = Body {
        message: &error.message,
        kind: type_name(kind),
        param: error.param.as_deref(),
        code: error.code.as_deref().or(default_code(kind)),
    };
    serde_json::to_vec(&Envelope { error: body }).unwrap_or_default().into()
}

/// The `error` event of a stream of the Responses API, of which no event has gone out.
pub(crate) fn render_event(error: &WireError) -> Bytes {
    #[derive(Serialize)]
    struct Event<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        sequence_number: u64,
        code: &'a str,
        message: &'a str,
        param: Option<&'a str>,
    }
    let kind = error.caller_kind();
    let code = error.code.as_deref().or(default_code(kind)).unwrap_or(type_name(kind));
    let event =
        Event { kind: "error", sequence_number: 0, code, message: &error.message, param: error.param.as_deref() };
    serde_json::to_vec(&event).unwrap_or_default().into()
}

fn type_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::NotFound | ErrorKind::TooLarge | ErrorKind::Authentication => {
            "invalid_request_error"
        }
        ErrorKind::Permission => "permission_error",
        ErrorKind::Billing => "insufficient_quota",
        ErrorKind::RateLimit => "rate_limit_error",
        ErrorKind::Internal | ErrorKind::Timeout => "server_error",
        ErrorKind::Overloaded => "service_unavailable_error",
    }
}

fn default_code(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Authentication => Some("invalid_api_key"),
        ErrorKind::Billing => Some("insufficient_quota"),
        ErrorKind::RateLimit => Some("rate_limit_exceeded"),
        ErrorKind::Timeout => Some("timeout"),
        ErrorKind::TooLarge => Some("request_too_large"),
        _ => None,
    }
}
