//! Reads the error bodies of providers: their own envelopes, those of who follows them, and what proxies say.

use serde_json::Value;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;

use super::{ErrorKind, Origin, WireError};
use crate::bedrock;

/// A body longer than this is not read further.
const MAX_BODY: usize = 64 << 10;
/// Characters of a message that are passed on.
const MAX_MESSAGE: usize = 600;

/// Reads the body of an answer with an error status.
pub(super) fn read(upstream: WireFormat, status: u16, error_type: Option<&str>, body: &[u8]) -> WireError {
    let body = body.get(..MAX_BODY).unwrap_or(body);
    if upstream == WireFormat::Bedrock
        && let Some(error) = bedrock::error::read(status, error_type, body)
    {
        return error;
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => from_value(status, &value),
        Err(_) => from_text(status, &String::from_utf8_lossy(body)),
    }
}

/// Reads the `error` of an answer or an event whose status was 200; the status is the one its class stands for.
pub(crate) fn read_in_band(_upstream: WireFormat, error: &RawValue) -> WireError {
    let value = serde_json::from_str::<Value>(error.get()).unwrap_or(Value::Null);
    from_value(0, &value)
}

fn from_value(status: u16, value: &Value) -> WireError {
    // Google answers with a list of one.
    let value = value.get(0).unwrap_or(value);
    let error = match value.get("error") {
        Some(error) if !error.is_null() => error,
        _ => value,
    };
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    let number = |name: &str| error.get(name).and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok());
    let message = error
        .as_str()
        .or_else(|| text("message"))
        .or_else(|| text("detail"))
        .or_else(|| error.pointer("/detail/0/msg").and_then(Value::as_str))
        .unwrap_or_default();
    let code = text("code").map(str::to_owned);
    let status = if status != 0 { status } else { in_band_status(text("type"), &code, number("code")) };
    let kind = classify(status, text("type"), code.as_deref(), message);
    let message = public_message(status, kind, message);
    WireError {
        status,
        kind,
        message,
        param: text("param").map(clean),
        code: code.map(|c| clean(&c)),
        origin: Origin::Provider,
    }
}

/// An error whose class is known, with what its provider says of it.
pub(crate) fn told(status: u16, kind: ErrorKind, message: &str, code: Option<&str>) -> WireError {
    let message = public_message(status, kind, message);
    WireError { status, kind, message, param: None, code: code.map(clean), origin: Origin::Provider }
}

/// Not JSON: a page of a proxy, or a bare sentence.
fn from_text(status: u16, body: &str) -> WireError {
    let kind = ErrorKind::from_status(status);
    let markup = body.trim_start().starts_with('<');
    let message = public_message(status, kind, if markup { "" } else { body });
    WireError { status, kind, message, param: None, code: None, origin: Origin::Provider }
}

/// The status that an error inside a 200 stands for.
fn in_band_status(kind: Option<&str>, code: &Option<String>, number: Option<u16>) -> u16 {
    if let Some(number @ 400..=599) = number {
        return number;
    }
    let numeric = code.as_deref().and_then(|code| code.parse().ok()).filter(|n| (400..=599).contains(n));
    numeric.unwrap_or(match kind.or(code.as_deref()) {
        Some("invalid_request_error" | "invalid_prompt" | "context_length_exceeded") => 400,
        Some("authentication_error" | "invalid_api_key") => 401,
        Some("billing_error" | "insufficient_quota") => 402,
        Some("permission_error") => 403,
        Some("not_found_error") => 404,
        Some("request_too_large") => 413,
        Some("rate_limit_error" | "rate_limit_exceeded" | "tokens" | "requests") => 429,
        Some("overloaded_error") => 529,
        Some("service_unavailable_error") => 503,
        Some("timeout_error") => 504,
        _ => 500,
    })
}

/// The class, by the status unless the words say more: being out of credit looks like 429 or 400.
fn classify(status: u16, kind: Option<&str>, code: Option<&str>, message: &str) -> ErrorKind {
    let says = |word: &str| kind == Some(word) || code == Some(word);
    if says("insufficient_quota") || says("billing_error") || message.contains("credit balance is too low") {
        return ErrorKind::Billing;
    }
    // Google refuses a wrong key with 400.
    if status == 400 && (message.contains("API key not valid") || message.contains("API key expired")) {
        return ErrorKind::Authentication;
    }
    if says("overloaded_error") {
        return ErrorKind::Overloaded;
    }
    ErrorKind::from_status(status)
}

/// What the caller may read. What is wrong with *Weir's* account is for the operator's log of statuses, and may
/// name keys, organisations and projects.
fn public_message(status: u16, kind: ErrorKind, message: &str) -> String {
    match kind {
        ErrorKind::Authentication | ErrorKind::Permission => {
            return format!(
                "the provider refused the gateway's credential ({status}); the gateway's operator must mend it"
            );
        }
        ErrorKind::Billing => {
            return format!("the gateway's account at the provider is out of credit ({status})");
        }
        _ => {}
    }
    let message = clean(message);
    if message.is_empty() { format!("the provider answered {status} without an explanation") } else { message }
}

/// One line of bounded length, with whatever looks like a credential or an account taken out.
fn clean(message: &str) -> String {
    let mut line = String::with_capacity(message.len().min(MAX_MESSAGE));
    for word in message.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(if looks_secret(word) { "[redacted]" } else { word });
        if line.len() > MAX_MESSAGE {
            break;
        }
    }
    line.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE).collect()
}

/// A mark at the start of the word or after punctuation, with enough behind it: `task-specific` is no key.
fn looks_secret(word: &str) -> bool {
    const MARKS: [&str; 8] = ["sk-", "sk_", "AIza", "Bearer", "org-", "proj_", "AKIA", "eyJ"];
    MARKS.iter().any(|mark| {
        word.match_indices(mark).any(|(at, _)| {
            let begins = word[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
            begins && word.len() - at >= 10
        })
    })
}

#[cfg(test)]
mod tests {
    use weir_domain::dialect::Dialect;

    use super::*;

    fn openai(status: u16, body: &str) -> WireError {
        read(WireFormat::Openai, status, None, body.as_bytes())
    }

    #[test]
    fn every_envelope_gives_its_message() {
        for (body, message) in [
            (r#"{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"c"}}"#, "m"),
            (r#"{"type":"error","error":{"type":"invalid_request_error","message":"m"},"request_id":"r"}"#, "m"),
            (r#"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#, "m"),
            (r#"{"error":"m"}"#, "m"),
            (r#"{"message":"m"}"#, "m"),
            (r#"{"detail":"m"}"#, "m"),
            (r#"{"detail":[{"loc":["body"],"msg":"m"}]}"#, "m"),
            ("m\n", "m"),
            ("<html><title>Bad gateway</title></html>", "the provider answered 400 without an explanation"),
            ("", "the provider answered 400 without an explanation"),
            ("{}", "the provider answered 400 without an explanation"),
        ] {
            assert_eq!(openai(400, body).message, message, "{body}");
        }
        let error = openai(400, r#"{"error":{"message":"m","param":"messages","code":"c"}}"#);
        assert_eq!((error.param.as_deref(), error.code.as_deref()), (Some("messages"), Some("c")));
    }

    #[test]
    fn a_refused_provider_key_is_not_the_callers_fault_and_nothing_of_it_leaks() {
        let body =
            r#"{"error":{"message":"Incorrect API key provided: sk-proj-abcdefgh1234","code":"invalid_api_key"}}"#;
        let error = openai(401, body);
        assert_eq!((error.status, error.caller_status(Dialect::Openai)), (401, 502));
        assert!(!super::super::render_error(Dialect::Openai, &error).windows(3).any(|w| w == b"sk-"));
        let limit =
            openai(429, r#"{"error":{"message":"Rate limit reached in organization org-abcdef123456 on requests"}}"#);
        assert_eq!(limit.message, "Rate limit reached in organization [redacted] on requests");
        let quoted = openai(400, r#"{"message":"a task-specific key=sk-abcdefghij"}"#);
        assert_eq!(quoted.message, "a task-specific [redacted]");
    }

    #[test]
    fn a_wrong_key_that_google_refuses_as_a_bad_request_is_not_the_callers_fault() {
        let body = br#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.",
            "status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",
            "reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}"#;
        let error = read(WireFormat::Gemini, 400, None, body);
        assert_eq!((error.kind, error.caller_status(Dialect::Openai)), (ErrorKind::Authentication, 502));
        let other = read(
            WireFormat::Gemini,
            400,
            None,
            br#"{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}"#,
        );
        assert_eq!((other.kind, other.message.as_str()), (ErrorKind::InvalidRequest, "bad"));
    }

    #[test]
    fn out_of_credit_is_told_from_too_fast() {
        let quota =
            openai(429, r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota"}}"#);
        assert_eq!((quota.kind, quota.status, quota.caller_status(Dialect::Openai)), (ErrorKind::Billing, 429, 502));
        assert_eq!(openai(429, r#"{"error":{"message":"slow down"}}"#).kind, ErrorKind::RateLimit);
    }

    #[test]
    fn overloaded_has_each_dialects_own_status() {
        let error = read(
            WireFormat::Anthropic,
            529,
            None,
            br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        );
        assert_eq!((error.caller_status(Dialect::Anthropic), error.caller_status(Dialect::Openai)), (529, 503));
        assert_eq!(openai(503, "{}").caller_status(Dialect::Anthropic), 529);
    }

    #[test]
    fn a_message_is_bounded_and_one_line() {
        let error = openai(500, &format!("a\r\n\tb\u{7}{}", "x ".repeat(100_000)));
        assert!(error.message.starts_with("a b"));
        assert!(error.message.len() <= MAX_MESSAGE && !error.message.contains('\n'));
    }

    #[test]
    fn an_error_in_band_has_the_status_of_its_class() {
        for (body, status) in [
            (r#"{"type":"overloaded_error","message":"m"}"#, 529),
            (r#"{"message":"m","code":429}"#, 429),
            (r#"{"message":"m","code":"502"}"#, 502),
            (r#"{"message":"m","type":"server_error"}"#, 500),
            (r#""m""#, 500),
        ] {
            let raw = RawValue::from_string(body.to_owned()).unwrap();
            let error = read_in_band(WireFormat::Openai, &raw);
            assert_eq!((error.status, error.message.as_str()), (status, "m"), "{body}");
        }
    }
}
