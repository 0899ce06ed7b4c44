//! Any event stream, cut anywhere, gives the same bytes, the same end and the same usage as uncut; what is translated
//! is JSON, and the usage that it names is the ledger's.
#![no_main]

use std::sync::Arc;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;
use weir_fuzz::{DIALECTS, Flat, check_usage, context, usage_in};
use weir_llm::{Finish, StreamError, StreamTranslator};

fuzz_target!(|data: &[u8]| {
    // Drawn from the input, so that a recorded stream is a seed as it is.
    let sum = data.iter().fold(data.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    for upstream in DIALECTS {
        for inbound in DIALECTS {
            let whole = run(upstream, inbound, &[data]);
            let pieces: Vec<&[u8]> = data.chunks(sum % 64 + 1).collect();
            assert_eq!(whole, run(upstream, inbound, &pieces), "pieces of {}", sum % 64 + 1);
            let (left, right) = data.split_at(sum % (data.len() + 1));
            assert_eq!(whole, run(upstream, inbound, &[left, right]), "cut at {}", left.len());
            if upstream != inbound {
                check(inbound, &whole);
            }
        }
    }
});

/// What came of a stream.
#[derive(Debug, PartialEq)]
struct Outcome {
    out: String,
    usage: Usage,
    cost: Option<NanoUsd>,
    finish: Option<Finish>,
    head: (Option<String>, Option<String>),
    has_content: bool,
    complete: bool,
    error: Option<StreamError>,
}

fn run(upstream: Dialect, inbound: Dialect, pieces: &[&[u8]]) -> Outcome {
    let mut translator = StreamTranslator::new(context(upstream, inbound), Arc::new(Flat));
    let mut out = BytesMut::new();
    let pushed = pieces.iter().try_for_each(|piece| translator.push(piece, &mut out));
    let result = pushed.and_then(|()| translator.finish(&mut out));
    Outcome {
        out: String::from_utf8_lossy(&out).into_owned(),
        usage: translator.usage(),
        cost: translator.cost(),
        finish: translator.finish_reason(),
        head: (translator.upstream_model().map(str::to_owned), translator.response_id().map(str::to_owned)),
        has_content: translator.has_content(),
        complete: translator.is_complete(),
        error: result.err(),
    }
}

/// A translated stream is made of whole events of JSON; one that is complete ends once, with the usage of the ledger.
fn check(inbound: Dialect, outcome: &Outcome) {
    assert!(outcome.out.is_empty() || outcome.out.ends_with("\n\n"));
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
    if ends == 1 {
        check_usage(inbound, &last_usage, &outcome.usage.tokens);
    }
}
