//! The error envelope: `{"error":{"code","message","status","details"}}`.
//! Source: <https://cloud.google.com/apis/design/errors>.

use bytes::Bytes;
use serde::Serialize;
use weir_domain::dialect::Dialect;

use crate::error::{ErrorKind, WireError};

/// `error` stands first: Google's client for Python looks at how an event begins.
#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "@type")]
enum Detail<'a> {
    /// A stable word for programs.
    #[serde(rename = "type.googleapis.com/google.rpc.ErrorInfo")]
    Info { reason: &'a str, domain: &'static str },
    /// The field at fault.
    #[serde(rename = "type.googleapis.com/google.rpc.BadRequest", rename_all = "camelCase")]
    BadRequest { field_violations: [Violation<'a>; 1] },
}

#[derive(Serialize)]
struct Violation<'a> {
    field: &'a str,
    description: &'a str,
}

/// Writes an error.
pub(crate) fn render(error: &WireError) -> Bytes {
    let code = error.caller_status(Dialect::Gemini);
    let mut details = Vec::new();
    if let Some(reason) = &error.code {
        details.push(Detail::Info { reason, domain: "weir" });
    }
    if let Some(field) = &error.param {
        details.push(Detail::BadRequest { field_violations: [Violation { field, description: &error.message }] });
    }
    let body = Body { code, message: &error.message, status: status_name(error.caller_kind()), details };
    serde_json::to_vec(&Envelope { error: body }).unwrap_or_default().into()
}

/// The canonical code of `google.rpc.Code` for a class.
fn status_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::TooLarge => "INVALID_ARGUMENT",
        ErrorKind::Authentication => "UNAUTHENTICATED",
        ErrorKind::Billing => "FAILED_PRECONDITION",
        ErrorKind::Permission => "PERMISSION_DENIED",
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::RateLimit => "RESOURCE_EXHAUSTED",
        ErrorKind::Internal => "INTERNAL",
        ErrorKind::Overloaded => "UNAVAILABLE",
        ErrorKind::Timeout => "DEADLINE_EXCEEDED",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_error_has_googles_own_shape_and_our_word_in_its_details() {
        let error =
            WireError::gateway(ErrorKind::NotFound, "no such model").with_code("model_not_found").with_param("model");
        let body = render(&error);
        assert!(body.starts_with(b"{\"error\":"));
        let expected = json!({"error": {"code": 404, "message": "no such model", "status": "NOT_FOUND", "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "model_not_found", "domain": "weir"},
            {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations":
                [{"field": "model", "description": "no such model"}]}]}});
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
        let too_long = crate::read_error(
            weir_domain::dialect::WireFormat::Openai,
            400,
            None,
            br#"{"error":{"message":"too long","param":"messages","code":"context_length_exceeded"}}"#,
        );
        let body: Value = serde_json::from_slice(&crate::render_error(Dialect::Gemini, &too_long)).unwrap();
        assert_eq!(
            body["error"]["details"][1]["fieldViolations"][0]["field"], "contents",
            "there are no messages: {body}"
        );
        let overloaded =
            WireError { origin: crate::Origin::Provider, ..WireError::gateway(ErrorKind::Overloaded, "busy") };
        let body: Value = serde_json::from_slice(&render(&overloaded)).unwrap();
        assert_eq!((&body["error"]["code"], &body["error"]["status"]), (&json!(503), &json!("UNAVAILABLE")));
    }
}
