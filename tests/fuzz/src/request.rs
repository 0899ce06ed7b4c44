//! Any body in any dialect, to every format of providers: an error that is the caller's, or a body that is JSON. Within a
//! dialect nothing changes that is not named; a strict target changes nothing at all.

use bytes::Bytes;
use serde_json::Value;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::operation::Operation;
use weir_llm::{Peek, UpstreamRequest, content, estimated_count, prepare};

use crate::context::{DIALECTS, FORMATS, check_refusal, check_size, json, peeked, pick, target};

/// First byte: the caller's dialect, whether tokens are only counted, whether the target is strict, and Gemini's wish for
/// a stream. Then the body.
pub fn check(data: &[u8]) {
    let Some((options, body)) = data.split_first() else { return };
    let inbound = pick(&DIALECTS, *options);
    let operation = if options & 0x10 == 0 { Operation::Chat } else { Operation::CountTokens };
    let (strict, stream) = (options & 0x20 != 0, options & 0x40 != 0);
    let body = Bytes::copy_from_slice(body);
    let _ = content(&body);
    let seen = match peeked(operation, inbound, stream, &body) {
        Ok(seen) => seen,
        Err(error) => return check_refusal(&error),
    };
    json(&estimated_count(inbound, &seen));
    for format in FORMATS {
        match prepare(inbound, &seen, &body, &target(format, strict)) {
            Ok(made) => check_made(inbound, &seen, &body, format, strict, &made),
            Err(error) => check_refusal(&error),
        }
    }
}

fn check_made(inbound: Dialect, seen: &Peek, body: &Bytes, format: WireFormat, strict: bool, made: &UpstreamRequest) {
    assert!(!strict || made.dropped.is_empty());
    assert!(
        made.dropped.iter().all(|part| part.path.len() <= 96 && part.path.bytes().all(|b| (b' '..127).contains(&b)))
    );
    assert!(made.path.starts_with('/') && made.path.bytes().all(|b| b.is_ascii_graphic()), "{}", made.path);
    check_size(&made.body, body);
    let Some(sent) = json(&made.body) else { return };
    match format {
        WireFormat::Gemini | WireFormat::Bedrock => assert!(made.path.contains("/other"), "{}", made.path),
        _ => assert_eq!(sent["model"], "other"),
    }
    if inbound.format() == format && made.dropped.is_empty() {
        assert_eq!(json(body).map(rest), Some(rest(sent)));
    } else if matches!(format, WireFormat::Openai | WireFormat::Anthropic | WireFormat::Ollama) {
        assert_eq!(sent["stream"].as_bool().unwrap_or(false), seen.stream && seen.operation == Operation::Chat);
    }
}

/// All but what Weir sets within a dialect.
fn rest(mut body: Value) -> Value {
    for field in ["model", "stream_options"] {
        body.as_object_mut().map(|fields| fields.remove(field));
    }
    body
}
