//! Usage read from the side: the same however the answer is cut, never more than a sum can hold; and of a plain answer the
//! same as of one that is read to be translated.

use bytes::Bytes;
use serde_json::Value;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::usage::UsageSource;
use weir_llm::{Metered, ModelTap, Tap, answer};

use crate::context::{Flat, check_tokens, context, pick};

/// What Anthropic's usage has not, and others' has by which they are told from it.
const FOREIGN_COUNTS: [&str; 7] = [
    "prompt_tokens",
    "completion_tokens",
    "input_tokens_details",
    "output_tokens_details",
    "input_token_details",
    "output_token_details",
    "seconds",
];
const TYPES: [&str; 4] =
    ["application/json; charset=utf-8", "text/event-stream", "application/problem+json", "text/plain"];

/// The first byte chooses the media type, the second how it is cut; then the answer.
pub fn check(data: &[u8]) {
    let [kind, cut, body @ ..] = data else { return };
    let content_type = pick(&TYPES, *kind);
    let whole = metered(content_type, &[body]);
    let pieces: Vec<&[u8]> = body.chunks(usize::from(*cut) % 61 + 1).collect();
    assert_eq!(whole, metered(content_type, &pieces), "pieces of {}", *cut % 61 + 1);
    let (left, right) = body.split_at(usize::from(*cut) * body.len() / 256);
    assert_eq!(whole, metered(content_type, &[left, right]), "cut at {}", left.len());
    if let Some(usage) = &whole.usage {
        check_tokens(usage);
        assert_eq!(usage.source, UsageSource::Provider);
    }
    assert_eq!(model(&[body]), model(&pieces));
    if content_type.starts_with("application/json") {
        check_plain(body, &whole);
    }
}

fn metered(content_type: &str, pieces: &[&[u8]]) -> Metered {
    let mut tap = Tap::new(content_type);
    pieces.iter().for_each(|piece| tap.push(piece));
    tap.finish(true)
}

fn model(pieces: &[&[u8]]) -> Option<String> {
    let mut tap = ModelTap::default();
    pieces.iter().for_each(|piece| tap.push(piece));
    tap.model()
}

/// An answer of one vendor's form only, whose usage counts both sides, is billed the same in both ways.
fn check_plain(body: &[u8], seen: &Metered) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return };
    let usage = &value["usage"];
    let count = |name: &str| usage[name].is_u64();
    let format = if value["usageMetadata"].is_object() && value.get("usage").is_none() {
        WireFormat::Gemini
    } else if count("prompt_tokens") && count("completion_tokens") && value["choices"].is_array() {
        WireFormat::Openai
    } else if count("input_tokens")
        && count("output_tokens")
        && value["content"].is_array()
        && FOREIGN_COUNTS.iter().all(|name| usage.get(name).is_none())
    {
        WireFormat::Anthropic
    } else {
        return;
    };
    let foreign = ["usageMetadata", "usage", "message", "response", "type", "output_format"];
    let own = if format == WireFormat::Gemini { "usageMetadata" } else { "usage" };
    let plain =
        value.as_object().is_some_and(|all| all.keys().all(|name| name == own || !foreign.contains(&name.as_str())));
    // A member that stands there twice is read by each in its own way.
    if !plain || serde_json::to_vec(&value).ok().as_deref() != Some(body) {
        return;
    }
    let context = context(format, Dialect::Responses);
    if let (Ok(read), Some(usage)) = (answer(&context, &Bytes::copy_from_slice(body), &Flat), &seen.usage)
        && read.usage.source == UsageSource::Provider
    {
        assert_eq!(read.usage.tokens, usage.tokens, "{value}");
    }
}
