//! What the targets of the AI dialects share: the pairs, a price, and the usage that a caller reads on the wire.

use serde_json::Value;
use serde_json::value::RawValue;
use weir_domain::dialect::Dialect;
use weir_domain::operation::Operation;
use weir_domain::money::NanoUsd;
use weir_domain::usage::{Tokens, Usage};
use weir_llm::{Addressed, AnswerContext, Peek, Pricing, RequestError, ToolNames, Wanted, peek, peek_addressed};

/// All dialects.
pub const DIALECTS: [Dialect; 4] = [Dialect::Openai, Dialect::Anthropic, Dialect::Responses, Dialect::Gemini];

/// Peeks as the gateway does: Gemini's callers name model and stream in the path.
///
/// # Errors
/// As of the gateway.
pub fn peeked(inbound: Dialect, body: &[u8]) -> Result<Peek, RequestError> {
    match inbound {
        Dialect::Gemini => {
            let addressed = Addressed { model: "m".to_owned(), stream: false, json_array: false };
            peek_addressed(Operation::Chat, &addressed, body)
        }
        Dialect::Openai | Dialect::Anthropic | Dialect::Responses => peek(inbound, body),
    }
}

/// The usage object of an answer or an event, wherever the dialect keeps it.
#[must_use]
pub fn usage_in(inbound: Dialect, told: &Value) -> &Value {
    match inbound {
        Dialect::Openai | Dialect::Anthropic => &told["usage"],
        Dialect::Responses if told["response"].is_object() => &told["response"]["usage"],
        Dialect::Responses => &told["usage"],
        Dialect::Gemini => &told["usageMetadata"],
    }
}

/// A nano-dollar per token.
pub struct Flat;

impl Pricing for Flat {
    fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        i64::try_from(usage.tokens.input_total() + usage.tokens.output_total()).ok().map(NanoUsd)
    }
}

/// One attempt of a caller who wants to know the usage.
#[must_use]
pub fn context(upstream: Dialect, inbound: Dialect) -> AnswerContext {
    AnswerContext {
        operation: Operation::Chat,
        upstream: upstream.format(),
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

/// Reads what must be JSON. `None` when it holds a number that no type of ours does, which is passed on as it was written.
///
/// # Panics
/// When it is no JSON.
#[must_use]
pub fn json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice::<&RawValue>(bytes).expect("it is JSON");
    serde_json::from_slice(bytes).ok()
}

/// Asserts that a usage object that Weir wrote for a caller says what the ledger will hold.
///
/// # Panics
/// When it does not.
pub fn check_usage(inbound: Dialect, wire: &Value, ledger: &Tokens) {
    let count = |name: &str| wire[name].as_u64().unwrap_or(0);
    let (input, output) = match inbound {
        Dialect::Openai => (count("prompt_tokens"), count("completion_tokens")),
        Dialect::Gemini => {
            (count("promptTokenCount"), count("candidatesTokenCount") + count("thoughtsTokenCount"))
        }
        Dialect::Responses => (count("input_tokens"), count("output_tokens")),
        Dialect::Anthropic => (
            count("input_tokens") + count("cache_read_input_tokens") + count("cache_creation_input_tokens"),
            count("output_tokens"),
        ),
    };
    assert_eq!((input, output), (ledger.input_total(), ledger.output_total()), "{wire} {ledger:?}");
    assert!(wire["cost"].is_number(), "{wire}");
}
