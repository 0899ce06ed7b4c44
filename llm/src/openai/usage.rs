//! Usage as OpenAI and those who follow it write it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_domain::usage::Tokens;

use super::search_fee::{self, SearchSize};
use crate::pricing::Cost;
use crate::usage::{Count, Sighted, cached, server_tools, service_tier};

/// `usage` of an answer. Cached and audio tokens are part of `prompt_tokens`, reasoning is part of
/// `completion_tokens`.
#[derive(Debug, Default, Deserialize)]
struct WireUsage<'a> {
    prompt_tokens: Option<Count>,
    completion_tokens: Option<Count>,
    total_tokens: Option<Count>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// Where DeepSeek counts cached tokens.
    prompt_cache_hit_tokens: Option<Count>,
    /// Where Moonshot counts them.
    cached_tokens: Option<Count>,
    /// Sources that xAI searched and bills.
    num_sources_used: Option<Count>,
    /// Where OpenRouter counts web searches.
    #[serde(borrow)]
    server_tool_use: Option<&'a RawValue>,
    /// What Perplexity's research reads of what it found, beside the prompt, and how much it reasons, beside the answer.
    citation_tokens: Option<Count>,
    reasoning_tokens: Option<Count>,
}

/// What stands beside the usage of an answer, and decides what it costs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside<'a> {
    /// The model that answered, or that was asked.
    pub(crate) model: Option<&'a str>,
    /// The service tier that the answer names.
    pub(crate) tier: Option<&'a RawValue>,
    /// The size of searches that was asked for.
    pub(crate) asked: SearchSize,
}

/// What an answer, or a chunk of one, consumed: its usage object, its tier, and the searches that it is billed for.
pub(crate) fn of_answer(usage: Option<&RawValue>, beside: Beside<'_>) -> Sighted {
    let model = beside.model.unwrap_or_default();
    let mut sighted = usage.map(|raw| read(raw, model)).unwrap_or_default();
    let units = &mut sighted.units;
    if (units.web_searches_low, units.web_searches, units.web_searches_high) == (0, 0, 0) {
        let told = usage.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let searched = search_fee::searches(&told, model, beside.asked);
        units.web_searches_low = searched.web_searches_low;
        units.web_searches = searched.web_searches;
        units.web_searches_high = searched.web_searches_high;
    }
    with_tier(sighted, beside.tier)
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<Count>,
    cache_write_tokens: Option<Count>,
    audio_tokens: Option<Count>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<Count>,
    audio_tokens: Option<Count>,
}

/// Reads a usage object into disjoint buckets. What does not add up (more cached than all) never goes below zero.
fn read(raw: &RawValue, model: &str) -> Sighted {
    let usage: WireUsage<'_> = serde_json::from_str(raw.get()).unwrap_or_default();
    let is_research = search_fee::is_research(model);
    let count = |n: Option<Count>| n.map_or(0, |n| n.0);
    let prompt = usage.prompt_tokens_details.unwrap_or_default();
    let input = usage.prompt_tokens.map(|total| {
        let mut left = total.0;
        let mut take = |n: Option<Count>| {
            let taken = count(n).min(left);
            left -= taken;
            taken
        };
        let cached = prompt.cached_tokens.or(usage.prompt_cache_hit_tokens).or(usage.cached_tokens);
        let cache_read = take(cached);
        let cache_write_5m = take(prompt.cache_write_tokens);
        let audio_in = take(prompt.audio_tokens);
        let cited = if is_research { count(usage.citation_tokens) } else { 0 };
        Tokens { input_uncached: left + cited, cache_read, cache_write_5m, audio_in, ..Tokens::default() }
    });
    let output = usage.completion_tokens.map(|total| {
        let details = usage.completion_tokens_details.unwrap_or_default();
        let audio_out = count(details.audio_tokens).min(total.0);
        let stated = count(details.reasoning_tokens);
        if is_research && details.reasoning_tokens.is_none() {
            let reasoning = count(usage.reasoning_tokens);
            return Tokens { output_text: total.0 - audio_out, reasoning, audio_out, ..Tokens::default() };
        }
        // xAI and Google leave reasoning out of `completion_tokens`; only the total shows it.
        let beside = count(usage.total_tokens).saturating_sub(total.0.saturating_add(count(usage.prompt_tokens)));
        if beside > 0 && usage.prompt_tokens.is_some() {
            return Tokens { output_text: total.0 - audio_out, reasoning: beside, audio_out, ..Tokens::default() };
        }
        let reasoning = stated.min(total.0 - audio_out);
        Tokens { output_text: total.0 - audio_out - reasoning, reasoning, audio_out, ..Tokens::default() }
    });
    let mut units = server_tools(usage.server_tool_use);
    units.unlisted = units.unlisted.saturating_add(count(usage.num_sources_used));
    Sighted { input, output, units, ..Sighted::default() }
}

/// Notes the service tier that an answer names beside its usage.
pub(crate) fn with_tier(sighted: Sighted, tier: Option<&RawValue>) -> Sighted {
    Sighted { tier: service_tier(tier).or(sighted.tier), ..sighted }
}

/// `usage` for a caller of this dialect.
#[derive(Serialize)]
pub(super) struct OutUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: OutPromptDetails,
    completion_tokens_details: OutCompletionDetails,
    cost: Cost,
}

#[derive(Serialize)]
struct OutPromptDetails {
    cached_tokens: u64,
    #[serde(skip_serializing_if = "weir_domain::absent::is_default")]
    cache_write_tokens: u64,
    audio_tokens: u64,
}

#[derive(Serialize)]
struct OutCompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
}

impl OutUsage {
    pub(super) fn new(tokens: &Tokens, cost: Cost) -> Self {
        let (input, output) = (tokens.input_total(), tokens.output_total());
        Self {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: input.saturating_add(output),
            prompt_tokens_details: OutPromptDetails {
                cached_tokens: cached(tokens),
                cache_write_tokens: tokens.cache_write_5m + tokens.cache_write_1h,
                audio_tokens: tokens.audio_in,
            },
            completion_tokens_details: OutCompletionDetails {
                reasoning_tokens: tokens.reasoning,
                audio_tokens: tokens.audio_out,
            },
            cost,
        }
    }
}

#[cfg(test)]
mod tests {
    use weir_domain::usage::ServiceTier;

    use super::*;

    fn tokens(json: &str) -> Tokens {
        read(&RawValue::from_string(json.to_owned()).unwrap(), "m").complete(0, 0).tokens
    }

    #[test]
    fn cached_and_reasoning_tokens_are_counted_once() {
        let seen = tokens(
            r#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":
            {"cached_tokens":60,"audio_tokens":10},"completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":5}}"#,
        );
        assert_eq!((seen.input_uncached, seen.cache_read, seen.audio_in), (30, 60, 10));
        assert_eq!((seen.output_text, seen.reasoning, seen.audio_out), (25, 20, 5));
        assert_eq!((seen.input_total(), seen.output_total()), (100, 50));
    }

    #[test]
    fn reasoning_outside_of_completion_tokens_is_seen_by_the_total() {
        let seen = tokens(
            r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45,"completion_tokens_details":{"reasoning_tokens":30}}"#,
        );
        assert_eq!((seen.output_text, seen.reasoning), (5, 30));
    }

    #[test]
    fn numbers_that_do_not_add_up_never_make_a_request_nearly_free() {
        let seen =
            tokens(r#"{"prompt_tokens":10,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":500}}"#);
        assert_eq!((seen.input_uncached, seen.cache_read), (0, 10));
        let seen =
            tokens(r#"{"prompt_tokens":10,"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":9}}"#);
        assert_eq!((seen.output_text, seen.reasoning), (0, 2));
    }

    #[test]
    fn vendors_own_places_for_cached_tokens_are_known() {
        assert_eq!(tokens(r#"{"prompt_tokens":10,"prompt_cache_hit_tokens":4}"#).cache_read, 4);
        assert_eq!(tokens(r#"{"prompt_tokens":10.0,"cached_tokens":4}"#).cache_read, 4);
    }

    #[test]
    fn the_tier_that_served_and_what_was_searched_are_noted() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        let tier = |json: &str| with_tier(Sighted::default(), Some(&raw(json))).complete(0, 0).tier;
        let plain = ["\"default\"", "\"standard\"", "\"on_demand\"", "\"\"", "7", "null"];
        assert!(plain.iter().all(|json| tier(json) == ServiceTier::Standard));
        assert_eq!((tier("\"priority\""), tier("\"flex\"")), (ServiceTier::Priority, ServiceTier::Flex));
        assert!(["\"scale\"", "\"auto\""].iter().all(|json| tier(json) == ServiceTier::Unknown));
        let units = |json: &str| read(&raw(json), "m").units;
        assert_eq!(units(r#"{"prompt_tokens":1,"num_sources_used":3}"#).unlisted, 3);
        assert_eq!(units(r#"{"server_tool_use":{"web_search_requests":1}}"#).web_searches, 1);
        assert!(units(r#"{"num_sources_used":0,"server_tool_use":{"web_search_requests":0}}"#).is_empty());
    }

    #[test]
    fn the_search_of_a_search_model_is_counted_once_wherever_it_is_told() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        let seen = |json: &str, model| of_answer(Some(&raw(json)), Beside { model: Some(model), ..Beside::default() });
        let plain = seen(r#"{"prompt_tokens":9,"completion_tokens":3}"#, "gpt-4o-search-preview-2025-03-11");
        assert_eq!((plain.units.web_searches, plain.complete(0, 0).tokens.input_uncached), (1, 9));
        let told = seen(r#"{"server_tool_use":{"web_search_requests":3}}"#, "openai/gpt-4o-search-preview");
        assert_eq!(told.units.web_searches, 3, "a count goes before the name");
        let none =
            of_answer(None, Beside { model: Some("gpt-5-search-api"), asked: SearchSize::Low, ..Beside::default() });
        assert_eq!((none.units.web_searches_low, none.is_empty()), (1, true));
        assert!(seen(r#"{"prompt_tokens":9}"#, "gpt-4o").units.is_empty());
    }

    #[test]
    fn what_perplexitys_research_reads_and_reasons_beside_the_answer_is_billed() {
        let json = r#"{"prompt_tokens":33,"completion_tokens":7163,"total_tokens":7196,"citation_tokens":20016,
            "num_search_queries":18,"reasoning_tokens":73997}"#;
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        let seen = of_answer(Some(&raw), Beside { model: Some("sonar-deep-research"), ..Beside::default() });
        let (tokens, units) = (seen.complete(0, 0).tokens, seen.units);
        assert_eq!((tokens.input_uncached, tokens.output_text, tokens.reasoning), (20_049, 7_163, 73_997));
        assert_eq!(units.web_searches, 18);
        let sonar = of_answer(Some(&raw), Beside { model: Some("sonar-pro"), ..Beside::default() });
        assert_eq!(sonar.complete(0, 0).tokens.input_uncached, 33, "it is billed for neither");
    }

    #[test]
    fn absent_is_not_zero() {
        assert_eq!(read(&RawValue::from_string("{}".into()).unwrap(), "m"), Sighted::default());
    }
}
