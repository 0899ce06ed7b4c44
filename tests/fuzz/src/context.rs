//! What the targets of the AI dialects share: formats, a price, contexts, and the usage that a caller reads on the wire.

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::usage::{Tokens, Usage};
use weir_llm::{
    Addressed, AnswerContext, Peek, Pricing, RequestError, Target, ToolNames, Wanted, peek_addressed, peek_for,
    render_error,
};

/// What applications speak.
pub(crate) const DIALECTS: [Dialect; 4] = [Dialect::Openai, Dialect::Anthropic, Dialect::Responses, Dialect::Gemini];

/// What providers speak.
pub(crate) const FORMATS: [WireFormat; 7] = [
    WireFormat::Openai,
    WireFormat::Anthropic,
    WireFormat::Responses,
    WireFormat::Gemini,
    WireFormat::Cohere,
    WireFormat::Ollama,
    WireFormat::Bedrock,
];

/// One of a list, by a byte.
pub(crate) fn pick<T: Copy>(list: &[T], byte: u8) -> T {
    list[usize::from(byte) % list.len()]
}

/// Peeks as the gateway does: Gemini's callers name model and stream in the path.
pub(crate) fn peeked(operation: Operation, inbound: Dialect, stream: bool, body: &[u8]) -> Result<Peek, RequestError> {
    match inbound {
        Dialect::Gemini => {
            let addressed = Addressed { model: "m".to_owned(), stream, ..Addressed::default() };
            peek_addressed(operation, &addressed, body)
        }
        Dialect::Openai | Dialect::Anthropic | Dialect::Responses => peek_for(operation, inbound, body),
    }
}

/// A target that takes what its format takes.
pub(crate) fn target(format: WireFormat, strict: bool) -> Target<'static> {
    Target { max_output_tokens: Some(100_000), strict, ..Target::new(format, "other") }
}

/// A nano-dollar per token.
pub(crate) struct Flat;

impl Pricing for Flat {
    fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        i64::try_from(usage.tokens.input_total() + usage.tokens.output_total()).ok().map(NanoUsd)
    }
}

/// One attempt of a caller who wants to know the usage.
pub(crate) fn context(upstream: WireFormat, inbound: Dialect) -> AnswerContext {
    AnswerContext {
        operation: Operation::Chat,
        upstream,
        inbound,
        include_usage: true,
        json_array: false,
        estimated_input: 7,
        created: 1,
        request_id: "fuzz".to_owned(),
        tool_names: ToolNames::default(),
        wanted: Wanted::default(),
    }
}

/// Reads what must be JSON. `None` when it holds a number that no type of ours does, which is passed on as it was
/// written, or lies deeper than a tree of values may be.
pub(crate) fn json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice::<&RawValue>(bytes).expect("it is JSON");
    serde_json::from_slice(bytes).ok()
}

/// A fault of the caller's is told as one, in every dialect.
pub(crate) fn check_refusal(error: &RequestError) {
    let wire = error.to_wire();
    assert!(!wire.message.is_empty() && wire.message.len() < 20_000, "{wire:?}");
    for inbound in DIALECTS {
        let status = wire.caller_status(inbound);
        assert!((400..500).contains(&status), "{status}: {wire:?}");
        json(&render_error(inbound, &wire));
    }
}

/// No answer makes what it consumed larger than sums can hold.
pub(crate) fn check_tokens(usage: &Usage) {
    for bucket in usage.tokens.buckets() {
        assert!(bucket <= 1 << 44, "{usage:?}");
    }
}

/// The usage object of an answer or an event, wherever the dialect keeps it.
pub(crate) fn usage_in(inbound: Dialect, told: &Value) -> &Value {
    match inbound {
        Dialect::Openai | Dialect::Anthropic => &told["usage"],
        Dialect::Responses if told["response"].is_object() => &told["response"]["usage"],
        Dialect::Responses => &told["usage"],
        Dialect::Gemini => &told["usageMetadata"],
    }
}

/// A usage object that Weir wrote for a caller says what the ledger will hold.
pub(crate) fn check_usage(inbound: Dialect, wire: &Value, ledger: &Tokens) {
    let count = |name: &str| wire[name].as_u64().unwrap_or(0);
    let (input, output) = match inbound {
        Dialect::Openai => (count("prompt_tokens"), count("completion_tokens")),
        Dialect::Gemini => (count("promptTokenCount"), count("candidatesTokenCount") + count("thoughtsTokenCount")),
        Dialect::Responses => (count("input_tokens"), count("output_tokens")),
        Dialect::Anthropic => (
            count("input_tokens") + count("cache_read_input_tokens") + count("cache_creation_input_tokens"),
            count("output_tokens"),
        ),
    };
    assert_eq!((input, output), (ledger.input_total(), ledger.output_total()), "{wire} {ledger:?}");
    assert!(wire["cost"].is_number(), "{wire}");
}

/// What is written is not out of all proportion to what was read.
pub(crate) fn check_size(written: &[u8], read: &Bytes) {
    assert!(written.len() <= 64 * read.len() + (1 << 20), "{} bytes from {}", written.len(), read.len());
}
