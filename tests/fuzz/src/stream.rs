//! Any stream of events or of lines, cut anywhere, gives the same bytes, the same end and the same usage as uncut; what is
//! translated is JSON, and the usage that it names is the ledger's.

use std::sync::Arc;

use bytes::BytesMut;
use serde_json::Value;
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;
use weir_llm::{AnswerContext, Finish, StreamError, StreamTranslator};

use crate::context::{DIALECTS, FORMATS, Flat, check_size, check_tokens, check_usage, context, pick, usage_in};

/// The first byte chooses the provider's format (all but Bedrock, which has [`crate::frames`]), the second how it is cut,
/// the third what the caller wants; then the stream. One caller per input: the fuzzer finds the others.
pub fn check(data: &[u8]) {
    let [format, cut, wishes, stream @ ..] = data else { return };
    let upstream = pick(&FORMATS[..6], *format);
    let inbound = pick(&DIALECTS, *wishes);
    let context = AnswerContext {
        include_usage: wishes & 0x10 == 0,
        json_array: inbound == Dialect::Gemini && wishes & 0x20 != 0,
        ..context(upstream, inbound)
    };
    check_cuts(&context, stream, usize::from(*cut));
}

/// One stream for one caller, whole, in pieces and in two.
pub(crate) fn check_cuts(context: &AnswerContext, stream: &[u8], cut: usize) {
    let whole = run(context, &[stream]);
    let pieces: Vec<&[u8]> = stream.chunks(cut % 61 + 1).collect();
    assert_eq!(whole, run(context, &pieces), "pieces of {}", cut % 61 + 1);
    let (left, right) = stream.split_at(cut.wrapping_mul(stream.len()) / 256);
    assert_eq!(whole, run(context, &[left, right]), "cut at {}", left.len());
    check_tokens(&whole.usage);
    check_size(whole.out.as_bytes(), &bytes::Bytes::copy_from_slice(stream));
    if context.json_array {
        check_list(&whole);
    } else if context.upstream.dialect() != Some(context.inbound) {
        check_events(context, &whole);
    }
}

/// What came of a stream.
#[derive(Debug, PartialEq)]
struct Outcome {
    out: String,
    usage: Usage,
    cost: Option<NanoUsd>,
    finish: Option<Finish>,
    head: (Option<String>, Option<String>),
    dropped: Vec<&'static str>,
    bound: Vec<String>,
    has_content: bool,
    complete: bool,
    error: Option<StreamError>,
}

fn run(context: &AnswerContext, pieces: &[&[u8]]) -> Outcome {
    let mut translator = StreamTranslator::new(context.clone(), Arc::new(Flat));
    let mut out = BytesMut::new();
    let pushed = pieces.iter().try_for_each(|piece| translator.push(piece, &mut out));
    let result = pushed.and_then(|()| translator.finish(&mut out));
    let outcome = Outcome {
        out: String::from_utf8_lossy(&out).into_owned(),
        usage: translator.usage(),
        cost: translator.cost(),
        finish: translator.finish_reason(),
        head: (translator.upstream_model().map(str::to_owned), translator.response_id().map(str::to_owned)),
        dropped: translator.dropped(),
        bound: translator.bound(),
        has_content: translator.has_content(),
        complete: translator.is_complete(),
        error: result.err(),
    };
    if let Some(error) = &outcome.error {
        check_failure(context.inbound, error, &mut translator, &outcome.out, context.json_array);
    }
    outcome
}

/// A stream that failed ends with an event of JSON that says so.
fn check_failure(inbound: Dialect, error: &StreamError, translator: &mut StreamTranslator, so_far: &str, list: bool) {
    let wire = error.to_wire();
    assert!(!wire.message.is_empty() && (400..600).contains(&wire.caller_status(inbound)), "{wire:?}");
    let mut out = BytesMut::new();
    translator.fail(&wire, &mut out);
    let told = String::from_utf8(out.to_vec()).expect("it is text");
    if list {
        let whole = format!("{so_far}{told}");
        serde_json::from_str::<Vec<&serde_json::value::RawValue>>(&whole).expect("it is a list of JSON");
        return;
    }
    for data in told.lines().filter_map(|line| line.strip_prefix("data: ")) {
        serde_json::from_str::<Value>(data).expect("an event is JSON");
    }
    assert!(told.ends_with("\n\n"), "{told:?}");
}

/// A list that is complete is JSON.
fn check_list(outcome: &Outcome) {
    if outcome.error.is_none() {
        serde_json::from_str::<Vec<&serde_json::value::RawValue>>(&outcome.out).expect("it is a list of JSON");
    }
}

/// A translated stream is made of whole events of JSON; one that is complete ends once, with the usage of the ledger.
fn check_events(context: &AnswerContext, outcome: &Outcome) {
    assert!(outcome.out.is_empty() || outcome.out.ends_with("\n\n"));
    let inbound = context.inbound;
    let mut last_usage = Value::Null;
    let mut ends = 0;
    for line in outcome.out.lines() {
        let Some(data) = line.strip_prefix("data: ") else {
            assert!(line.is_empty() || line.starts_with("event: ") || line.starts_with(':'), "{line:?}");
            continue;
        };
        if data == "[DONE]" {
            ends += 1;
            continue;
        }
        let event: Value = serde_json::from_str(data).expect("an event is JSON");
        let kind = event["type"].as_str().unwrap_or_default();
        let ended = matches!(kind, "message_stop" | "response.completed" | "response.incomplete");
        ends += usize::from(ended || event["candidates"][0]["finishReason"].is_string());
        if usage_in(inbound, &event).is_object() {
            last_usage = usage_in(inbound, &event).clone();
        }
    }
    assert_eq!(ends, usize::from(outcome.complete && outcome.error.is_none()), "{outcome:?}");
    if ends == 1 && (inbound != Dialect::Openai || context.include_usage) {
        check_usage(inbound, &last_usage, &outcome.usage.tokens);
    }
}
