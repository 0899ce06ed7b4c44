//! Errors: `{"message": …}`, whose kind stands beside it, in `__type` or the header `x-amzn-errortype`; in a stream in
//! the headers of the message.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors>.

use serde::Deserialize;

use crate::error::{ErrorKind, WireError, provider};
use crate::event_stream::Message;
use crate::wire::Text;

#[derive(Debug, Default, Deserialize)]
struct Body<'a> {
    #[serde(borrow, default, alias = "Message")]
    message: Option<Text<'a>>,
    #[serde(borrow, default, rename = "__type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default, rename = "originalMessage")]
    original: Option<Text<'a>>,
}

/// Reads the body of an answer with an error status; `error_type` is the header, where there is one. `None` when it is
/// not AWS's, but of somebody in between.
pub(crate) fn read(status: u16, error_type: Option<&str>, body: &[u8]) -> Option<WireError> {
    let text = std::str::from_utf8(body).ok()?;
    let body: Body<'_> = serde_json::from_str(text).ok()?;
    let name = error_type.or(body.kind.as_deref()).map(bare);
    if name.is_none() && body.message.is_none() {
        return None;
    }
    let (usual, kind) = name.and_then(class).unwrap_or((status, ErrorKind::from_status(status)));
    // A status that says the same in the words of HTTP: 424 and 408 are failures of the model, not of the request.
    let status = if matches!(status, 408 | 424) { usual } else { status };
    Some(error(status, kind, name, &body))
}

/// Reads an exception or an error that came as a message of a stream.
pub(crate) fn in_stream(message: &Message<'_>) -> WireError {
    let text = std::str::from_utf8(message.payload).unwrap_or_default();
    let mut body: Body<'_> = serde_json::from_str(text).unwrap_or_default();
    if body.message.is_none() && !message.says.is_empty() {
        body.message = Some(message.says.into());
    }
    let (status, kind) = class(bare(message.name)).unwrap_or((500, ErrorKind::Internal));
    error(status, kind, Some(bare(message.name)), &body)
}

fn error(status: u16, kind: ErrorKind, name: Option<&str>, body: &Body<'_>) -> WireError {
    let said = body.message.as_deref().or(body.original.as_deref()).unwrap_or_default();
    provider::told(status, kind, said, name)
}

/// `com.amazon.coral.validate#ValidationException:http://…` is a `ValidationException`.
fn bare(name: &str) -> &str {
    let name = name.rsplit('#').next().unwrap_or(name);
    name.split(':').next().unwrap_or(name).trim()
}

/// The status and class of an error by its name, which in a stream begins with a small letter.
fn class(name: &str) -> Option<(u16, ErrorKind)> {
    let known = |one: &str| name.eq_ignore_ascii_case(one);
    Some(match () {
        () if known("ThrottlingException") || known("ModelNotReadyException") => (429, ErrorKind::RateLimit),
        () if known("ServiceQuotaExceededException") => (429, ErrorKind::RateLimit),
        () if known("ServiceUnavailableException") => (503, ErrorKind::Overloaded),
        () if known("ModelTimeoutException") => (504, ErrorKind::Timeout),
        () if known("ModelErrorException") || known("ModelStreamErrorException") => (502, ErrorKind::Internal),
        () if known("InternalServerException") || known("InternalFailure") => (500, ErrorKind::Internal),
        () if known("ValidationException") => (400, ErrorKind::InvalidRequest),
        () if known("ResourceNotFoundException") => (404, ErrorKind::NotFound),
        () if known("AccessDeniedException") => (403, ErrorKind::Permission),
        // Of the signature: which key it is, not what the key may do.
        () if known("UnrecognizedClientException") || known("InvalidSignatureException") => {
            (403, ErrorKind::Authentication)
        }
        () if known("ExpiredTokenException") || known("MissingAuthenticationTokenException") => {
            (403, ErrorKind::Authentication)
        }
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_stream::MessageKind;

    #[test]
    fn an_error_is_known_by_its_header_its_type_or_its_status() {
        let message = br#"{"message":"Too many tokens, please wait before trying again."}"#;
        let throttled = read(429, Some("ThrottlingException:http://internal.amazon.com/coral/"), message).unwrap();
        assert_eq!((throttled.status, throttled.kind), (429, ErrorKind::RateLimit));
        assert_eq!(throttled.message, "Too many tokens, please wait before trying again.");
        assert_eq!(throttled.code.as_deref(), Some("ThrottlingException"));
        let typed = br#"{"__type":"com.amazon.coral.service#ServiceQuotaExceededException","Message":"m"}"#;
        let quota = read(400, None, typed).unwrap();
        assert_eq!((quota.status, quota.kind, quota.message.as_str()), (400, ErrorKind::RateLimit, "m"));
        let plain = read(503, None, br#"{"message":"m"}"#).unwrap();
        assert_eq!((plain.status, plain.kind), (503, ErrorKind::Overloaded));
        assert_eq!(read(502, None, b"<html>"), None);
        assert_eq!(read(502, None, b"{}"), None);
    }

    /// 424 looks like a fault of the request; it is the model's, and another target may do better.
    #[test]
    fn a_model_that_fails_is_a_failure_of_the_provider() {
        let failed = read(424, Some("ModelErrorException"), br#"{"message":"m"}"#).unwrap();
        assert_eq!((failed.status, failed.kind), (502, ErrorKind::Internal));
        let slow = read(408, Some("ModelTimeoutException"), br#"{"message":"m"}"#).unwrap();
        assert_eq!((slow.status, slow.kind), (504, ErrorKind::Timeout));
    }

    #[test]
    fn a_refused_key_is_not_the_callers_fault_and_nothing_of_it_leaks() {
        let body = br#"{"message":"The security token AKIACANARY12345678 included in the request is invalid."}"#;
        let refused = read(403, Some("UnrecognizedClientException"), body).unwrap();
        assert_eq!(refused.kind, ErrorKind::Authentication);
        assert!(!refused.message.contains("CANARY"), "{}", refused.message);
    }

    #[test]
    fn exceptions_of_a_stream_have_the_status_of_their_class() {
        for (name, status) in [
            ("throttlingException", 429),
            ("serviceUnavailableException", 503),
            ("modelStreamErrorException", 502),
            ("internalServerException", 500),
            ("validationException", 400),
            ("modelTimeoutException", 504),
            ("somethingNewException", 500),
        ] {
            let message = Message { kind: MessageKind::Exception, name, says: "", payload: br#"{"message":"m"}"# };
            let error = in_stream(&message);
            assert_eq!((error.status, error.message.as_str()), (status, "m"), "{name}");
        }
        let message = Message { kind: MessageKind::Error, name: "InternalFailure", says: "m", payload: b"" };
        assert_eq!(in_stream(&message).message, "m");
    }
}
