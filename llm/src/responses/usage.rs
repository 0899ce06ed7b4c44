//! Usage as the Responses API writes it: cached tokens are part of `input_tokens`, reasoning of `output_tokens`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_domain::usage::{Tokens, Units};

use crate::pricing::Cost;
use crate::usage::{Count, Sighted, cached, service_tier};

/// `usage` of an answer.
#[derive(Debug, Default, Deserialize)]
struct WireUsage {
    input_tokens: Option<Count>,
    input_tokens_details: Option<InputDetails>,
    output_tokens: Option<Count>,
    output_tokens_details: Option<OutputDetails>,
    /// Where xAI counts sources that it searched and bills, and calls of its own tools.
    num_sources_used: Option<Count>,
    num_server_side_tools_used: Option<Count>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct InputDetails {
    cached_tokens: Option<Count>,
    cache_write_tokens: Option<Count>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct OutputDetails {
    reasoning_tokens: Option<Count>,
}

/// Reads a usage object into disjoint buckets. What does not add up (more cached than all) never goes below zero.
pub(crate) fn read(raw: &RawValue) -> Sighted {
    let usage: WireUsage = serde_json::from_str(raw.get()).unwrap_or_default();
    let count = |n: Option<Count>| n.map_or(0, |n| n.0);
    let input = usage.input_tokens.map(|total| {
        let details = usage.input_tokens_details.unwrap_or_default();
        let cache_read = count(details.cached_tokens).min(total.0);
        let cache_write_5m = count(details.cache_write_tokens).min(total.0 - cache_read);
        let input_uncached = total.0 - cache_read - cache_write_5m;
        Tokens { input_uncached, cache_read, cache_write_5m, ..Tokens::default() }
    });
    let output = usage.output_tokens.map(|total| {
        let reasoning = count(usage.output_tokens_details.unwrap_or_default().reasoning_tokens).min(total.0);
        Tokens { output_text: total.0 - reasoning, reasoning, ..Tokens::default() }
    });
    let unlisted = count(usage.num_sources_used).saturating_add(count(usage.num_server_side_tools_used));
    Sighted { input, output, units: Units { unlisted, ..Units::default() }, ..Sighted::default() }
}

/// Notes the service tier that an answer names beside its usage, and what tools of the provider did.
pub(super) fn with_extras(sighted: Sighted, tier: Option<&RawValue>, tools: Units) -> Sighted {
    let unlisted = sighted.units.unlisted.saturating_add(tools.unlisted);
    Sighted { units: Units { unlisted, ..tools }, tier: service_tier(tier).or(sighted.tier), ..sighted }
}

/// Counts an item of an answer that tokens do not pay for: what the provider's own tools did. Those that the caller
/// runs, and calls of MCP servers, cost nothing beside tokens.
/// Source: <https://platform.openai.com/docs/pricing#built-in-tools>.
pub(super) fn count_item(units: &mut Units, kind: &str) {
    match kind {
        "web_search_call" => units.web_searches += 1,
        "file_search_call" => units.file_searches += 1,
        // Several calls run in one container, which is what is billed.
        "code_interpreter_call" => units.code_sessions = 1,
        "image_generation_call" | "shell_call" => units.unlisted += 1,
        _ => {}
    }
}

/// `usage` for a caller of this dialect.
#[derive(Serialize)]
pub(super) struct OutUsage {
    input_tokens: u64,
    input_tokens_details: OutInputDetails,
    output_tokens: u64,
    output_tokens_details: OutOutputDetails,
    total_tokens: u64,
    cost: Cost,
}

#[derive(Serialize)]
struct OutInputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize)]
struct OutOutputDetails {
    reasoning_tokens: u64,
}

impl OutUsage {
    pub(super) fn new(tokens: &Tokens, cost: Cost) -> Self {
        let (input, output) = (tokens.input_total(), tokens.output_total());
        Self {
            input_tokens: input,
            input_tokens_details: OutInputDetails {
                cached_tokens: cached(tokens),
                cache_write_tokens: tokens.cache_write_5m + tokens.cache_write_1h,
            },
            output_tokens: output,
            output_tokens_details: OutOutputDetails { reasoning_tokens: tokens.reasoning },
            total_tokens: input.saturating_add(output),
            cost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn cached_and_reasoning_tokens_are_counted_once() {
        let seen =
            read(&raw(r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},
            "output_tokens":50,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":150}"#))
            .complete(0, 0)
            .tokens;
        assert_eq!((seen.input_uncached, seen.cache_read, seen.cache_write_5m), (30, 60, 10));
        assert_eq!((seen.output_text, seen.reasoning), (30, 20));
        assert_eq!((seen.input_total(), seen.output_total()), (100, 50));
    }

    #[test]
    fn numbers_that_do_not_add_up_never_make_a_request_nearly_free() {
        let seen =
            read(&raw(r#"{"input_tokens":10,"input_tokens_details":{"cached_tokens":500,"cache_write_tokens":7},
            "output_tokens":2,"output_tokens_details":{"reasoning_tokens":9}}"#))
            .complete(0, 0)
            .tokens;
        assert_eq!((seen.input_uncached, seen.cache_read, seen.cache_write_5m), (0, 10, 0));
        assert_eq!((seen.output_text, seen.reasoning), (0, 2));
    }

    #[test]
    fn a_tier_a_search_or_a_tool_of_the_provider_is_counted() {
        assert_eq!(read(&raw(r#"{"num_server_side_tools_used":1}"#)).units.unlisted, 1);
        let mut units = Units::default();
        ["web_search_call", "message", "web_search_call", "code_interpreter_call", "code_interpreter_call"]
            .iter()
            .for_each(|kind| count_item(&mut units, kind));
        let seen = with_extras(Sighted::default(), Some(&raw("\"flex\"")), units);
        assert_eq!((seen.units.web_searches, seen.units.code_sessions, seen.units.unlisted), (2, 1, 0));
        assert_eq!(seen.tier, Some(weir_domain::usage::ServiceTier::Flex));
    }

    #[test]
    fn absent_is_not_zero() {
        assert_eq!(read(&raw("{}")), Sighted::default());
    }
}
