//! Usage as Google writes it: cached tokens stand within `promptTokenCount`, thoughts and the results of the
//! provider's own tools beside the counts that others hold them in.
//! Source: <https://ai.google.dev/api/generate-content#UsageMetadata>.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_domain::usage::Tokens;

use crate::pricing::Cost;
use crate::usage::{Count, Sighted, is_plain_tier};

/// `usageMetadata`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUsage<'a> {
    prompt_token_count: Option<Count>,
    cached_content_token_count: Option<Count>,
    candidates_token_count: Option<Count>,
    thoughts_token_count: Option<Count>,
    tool_use_prompt_token_count: Option<Count>,
    total_token_count: Option<Count>,
    #[serde(default, borrow)]
    prompt_tokens_details: Option<&'a RawValue>,
    #[serde(default, borrow)]
    cache_tokens_details: Option<&'a RawValue>,
    #[serde(default, borrow)]
    candidates_tokens_details: Option<&'a RawValue>,
    #[serde(default, borrow)]
    traffic_type: Option<&'a RawValue>,
    #[serde(default, borrow)]
    service_tier: Option<&'a RawValue>,
}

/// Tokens of one kind of input or output.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModalityCount {
    modality: Option<String>,
    token_count: Option<Count>,
}

fn count(n: Option<Count>) -> u64 {
    n.map_or(0, |n| n.0)
}

/// The tokens of a modality in a list of them.
fn of(list: Option<&RawValue>, modality: &str) -> u64 {
    let list: Vec<ModalityCount> = list.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let fits = |entry: &&ModalityCount| entry.modality.as_deref().is_some_and(|m| m.eq_ignore_ascii_case(modality));
    list.iter().filter(fits).map(|entry| count(entry.token_count)).sum()
}

/// Reads the object into disjoint buckets. `last`: nothing follows it, so that a count that is absent is 0, as protocol
/// buffers write it; before, an absent count of output is one that is not known yet.
pub(super) fn read(raw: &RawValue, last: bool) -> Sighted {
    let usage: WireUsage<'_> = serde_json::from_str(raw.get()).unwrap_or_default();
    let input = usage.prompt_token_count.map(|prompt| {
        let mut left = prompt.0;
        let mut take = |n: u64| {
            let taken = n.min(left);
            left -= taken;
            taken
        };
        let cache_read = take(count(usage.cached_content_token_count));
        let plain = |modality| {
            of(usage.prompt_tokens_details, modality).saturating_sub(of(usage.cache_tokens_details, modality))
        };
        let audio_in = take(plain("AUDIO"));
        let image_in = take(plain("IMAGE"));
        let input_uncached = left + count(usage.tool_use_prompt_token_count);
        Tokens { input_uncached, cache_read, audio_in, image_in, ..Tokens::default() }
    });
    let known = usage.candidates_token_count.is_some() || (last && input.is_some());
    let output = known.then(|| {
        let beside = count(usage.prompt_token_count) + count(usage.tool_use_prompt_token_count);
        let thoughts = count(usage.thoughts_token_count);
        let unsaid = count(usage.total_token_count).saturating_sub(beside + thoughts);
        let candidates = usage.candidates_token_count.map_or(unsaid, |n| n.0);
        let audio_out = of(usage.candidates_tokens_details, "AUDIO").min(candidates);
        let image_out = of(usage.candidates_tokens_details, "IMAGE").min(candidates - audio_out);
        let output_text = candidates - audio_out - image_out;
        Tokens { output_text, reasoning: thoughts, audio_out, image_out, ..Tokens::default() }
    });
    Sighted { input, output, beyond_rates: !is_plain_traffic(usage.traffic_type) || !is_plain_tier(usage.service_tier) }
}

/// Whether the traffic is of the kind that list prices are for.
fn is_plain_traffic(traffic: Option<&RawValue>) -> bool {
    let kind: Option<String> = traffic.and_then(|raw| serde_json::from_str(raw.get()).ok());
    kind.is_none_or(|kind| matches!(&*kind, "" | "ON_DEMAND" | "TRAFFIC_TYPE_UNSPECIFIED"))
}

/// Whether grounding beside an answer was searched for on the web, which is billed for itself.
pub(super) fn is_search_billed(grounding: Option<&RawValue>) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Grounding {
        #[serde(default)]
        web_search_queries: Vec<serde::de::IgnoredAny>,
    }
    grounding
        .and_then(|raw| serde_json::from_str::<Grounding>(raw.get()).ok())
        .is_some_and(|grounding| !grounding.web_search_queries.is_empty())
}

/// `usageMetadata` for a caller of this dialect.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutUsage {
    prompt_token_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    cached_content_token_count: u64,
    candidates_token_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    thoughts_token_count: u64,
    total_token_count: u64,
    /// Not of Google's: decimal dollars.
    cost: Cost,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl OutUsage {
    #[expect(dead_code, reason = "its writers follow")]
    pub(super) fn new(tokens: &Tokens, cost: Cost) -> Self {
        let (input, output) = (tokens.input_total(), tokens.output_total());
        Self {
            prompt_token_count: input,
            cached_content_token_count: tokens.cache_read,
            candidates_token_count: output.saturating_sub(tokens.reasoning),
            thoughts_token_count: tokens.reasoning,
            total_token_count: input.saturating_add(output),
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
    fn cached_tokens_are_within_the_prompt_and_thoughts_beside_the_candidates() {
        let seen = read(
            &raw(r#"{"promptTokenCount":1000,"cachedContentTokenCount":600,"candidatesTokenCount":50,
            "thoughtsTokenCount":200,"toolUsePromptTokenCount":30,"totalTokenCount":1280,
            "promptTokensDetails":[{"modality":"TEXT","tokenCount":650},{"modality":"AUDIO","tokenCount":250},
            {"modality":"IMAGE","tokenCount":100}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":200},
            {"modality":"TEXT","tokenCount":400}],"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":20}]}"#),
            true,
        );
        let tokens = seen.complete(0, 0).tokens;
        assert_eq!((tokens.cache_read, tokens.audio_in, tokens.image_in), (600, 50, 100));
        assert_eq!((tokens.input_uncached, tokens.input_total()), (280, 1_030));
        assert_eq!((tokens.output_text, tokens.audio_out, tokens.reasoning), (30, 20, 200));
        assert_eq!(tokens.input_total() + tokens.output_total(), 1_280);
    }

    #[test]
    fn an_absent_count_is_zero_at_the_end_and_unknown_before() {
        let thoughts_only = raw(r#"{"promptTokenCount":5,"thoughtsTokenCount":9,"totalTokenCount":14}"#);
        let seen = read(&thoughts_only, true);
        assert_eq!(seen.output.map(|t| (t.output_text, t.reasoning)), Some((0, 9)));
        assert_eq!(read(&thoughts_only, false).output, None);
        assert_eq!(read(&raw("{}"), true), Sighted::default());
    }

    #[test]
    fn numbers_that_do_not_add_up_never_go_below_zero() {
        let seen = read(&raw(r#"{"promptTokenCount":3,"cachedContentTokenCount":9,"candidatesTokenCount":1,
            "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":7}]}"#), true);
        let tokens = seen.complete(0, 0).tokens;
        assert_eq!((tokens.input_uncached, tokens.cache_read, tokens.output_text, tokens.image_out), (0, 3, 0, 1));
    }

    #[test]
    fn traffic_and_searches_beyond_the_plain_rates_are_noted() {
        let beyond = |json: &str| read(&raw(json), true).beyond_rates;
        assert!(beyond(r#"{"trafficType":"PROVISIONED_THROUGHPUT"}"#) && beyond(r#"{"serviceTier":"flex"}"#));
        assert!(!beyond(r#"{"trafficType":"ON_DEMAND","serviceTier":"standard"}"#) && !beyond("{}"));
        assert!(is_search_billed(Some(&raw(r#"{"webSearchQueries":["x"]}"#))));
        assert!(!is_search_billed(Some(&raw(r#"{"webSearchQueries":[]}"#))) && !is_search_billed(None));
    }
}
