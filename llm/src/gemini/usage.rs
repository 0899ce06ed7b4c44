//! Usage as Google writes it: cached tokens stand within `promptTokenCount`, thoughts and the results of the
//! provider's own tools beside the counts that others hold them in.
//! Source: <https://ai.google.dev/api/generate-content#UsageMetadata>.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_domain::usage::{ServiceTier, Tokens, Units};

use super::family::family;
use crate::pricing::Cost;
use crate::usage::{Count, Sighted, cached, service_tier, text};

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
    /// Embeddings have it in the singular.
    #[serde(default, borrow, alias = "promptTokenDetails")]
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
pub(crate) fn read(raw: &RawValue, last: bool) -> Sighted {
    let usage: WireUsage<'_> = serde_json::from_str(raw.get()).unwrap_or_default();
    let input = usage.prompt_token_count.map(|prompt| input(&usage, prompt));
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
    let tier = traffic(usage.traffic_type).or_else(|| service_tier(usage.service_tier));
    Sighted { input, output, tier, ..Sighted::default() }
}

/// The prompt, of which a part came from a cache; each kind of input may have a price of its own in both.
fn input(usage: &WireUsage<'_>, prompt: Count) -> Tokens {
    let (mut cached, mut fresh) = (count(usage.cached_content_token_count).min(prompt.0), prompt.0);
    fresh -= cached;
    let take = |left: &mut u64, n: u64| {
        let taken = n.min(*left);
        *left -= taken;
        taken
    };
    let kept = |modality| of(usage.cache_tokens_details, modality);
    let (cached_audio, cached_image, cached_video) = (kept("AUDIO"), kept("IMAGE"), kept("VIDEO"));
    let all = |modality| of(usage.prompt_tokens_details, modality);
    let audio_in = take(&mut fresh, all("AUDIO").saturating_sub(cached_audio));
    let image_in = take(&mut fresh, all("IMAGE").saturating_sub(cached_image));
    let video_in = take(&mut fresh, all("VIDEO").saturating_sub(cached_video));
    let cache_read_audio = take(&mut cached, cached_audio);
    let cache_read_image = take(&mut cached, cached_image);
    let input_uncached = fresh + count(usage.tool_use_prompt_token_count);
    Tokens {
        input_uncached,
        cache_read: cached,
        cache_read_audio,
        cache_read_image,
        audio_in,
        image_in,
        video_in,
        ..Tokens::default()
    }
}

/// The tier that the kind of traffic is of (Vertex).
fn traffic(raw: Option<&RawValue>) -> Option<ServiceTier> {
    Some(match text(raw).as_deref()? {
        "" | "TRAFFIC_TYPE_UNSPECIFIED" | "ON_DEMAND" => ServiceTier::Standard,
        "ON_DEMAND_PRIORITY" => ServiceTier::Priority,
        "ON_DEMAND_FLEX" => ServiceTier::Flex,
        _ => ServiceTier::Unknown,
    })
}

/// Searches of the web, and of Google Maps, that grounding beside an answer tells of. Gemini 3 is billed by the query,
/// models before it by the prompt, for each of both tools (<https://ai.google.dev/gemini-api/docs/pricing>). Both write
/// their queries into one list; what they found says which of them were at work.
pub(crate) fn searches(grounding: Option<&RawValue>, model: Option<&str>) -> Units {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Grounding<'a> {
        web_search_queries: Vec<IgnoredAny>,
        grounding_chunks: Vec<Chunk>,
        /// Of a picture of the places that Maps found.
        #[serde(borrow)]
        google_maps_widget_context_token: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Chunk {
        web: Option<IgnoredAny>,
        maps: Option<IgnoredAny>,
    }
    let grounding: Grounding<'_> = grounding.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let queries = grounding.web_search_queries.len() as u64;
    let token = grounding.google_maps_widget_context_token.is_some_and(|raw| raw.get() != "null");
    let by_maps = token || grounding.grounding_chunks.iter().any(|chunk| chunk.maps.is_some());
    let by_web = grounding.grounding_chunks.iter().any(|chunk| chunk.web.is_some());
    let by_prompt = model.is_some_and(|model| family(model).searches_by_prompt);
    let (web_searches, map_queries) = match (by_web, by_maps) {
        (_, false) if by_prompt => (queries.min(1), 0),
        (_, false) => (queries, 0),
        (false, true) if by_prompt => (0, 1),
        (false, true) => (0, queries.max(1)),
        (true, true) if by_prompt => (1, 1),
        // Which query was whose is not said; one costs what the other does.
        (true, true) => (queries.saturating_sub(1).max(1), 1),
    };
    Units { web_searches, map_queries, ..Units::default() }
}

/// `usageMetadata` for a caller of this dialect.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutUsage {
    prompt_token_count: u64,
    #[serde(skip_serializing_if = "weir_domain::absent::is_default")]
    cached_content_token_count: u64,
    candidates_token_count: u64,
    #[serde(skip_serializing_if = "weir_domain::absent::is_default")]
    thoughts_token_count: u64,
    total_token_count: u64,
    /// Not of Google's: decimal dollars.
    cost: Cost,
}

impl OutUsage {
    pub(super) fn new(tokens: &Tokens, cost: Cost) -> Self {
        let (input, output) = (tokens.input_total(), tokens.output_total());
        Self {
            prompt_token_count: input,
            cached_content_token_count: cached(tokens),
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
        assert_eq!((tokens.cache_read, tokens.cache_read_audio), (400, 200));
        assert_eq!((tokens.audio_in, tokens.image_in), (50, 100));
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
        let seen = read(
            &raw(r#"{"promptTokenCount":3,"cachedContentTokenCount":9,"candidatesTokenCount":1,
            "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":7}]}"#),
            true,
        );
        let tokens = seen.complete(0, 0).tokens;
        assert_eq!((tokens.input_uncached, tokens.cache_read, tokens.output_text, tokens.image_out), (0, 3, 0, 1));
    }

    #[test]
    fn tiers_and_searches_that_have_a_price_of_their_own_are_noted() {
        let tier = |json: &str| read(&raw(json), true).tier;
        assert_eq!(tier(r#"{"trafficType":"PROVISIONED_THROUGHPUT"}"#), Some(ServiceTier::Unknown));
        assert_eq!(tier(r#"{"trafficType":"ON_DEMAND_PRIORITY"}"#), Some(ServiceTier::Priority));
        assert_eq!(tier(r#"{"serviceTier":"flex"}"#), Some(ServiceTier::Flex));
        assert_eq!(tier(r#"{"trafficType":"ON_DEMAND"}"#), Some(ServiceTier::Standard));
        assert_eq!(tier("{}"), None);
        let two = raw(r#"{"webSearchQueries":["x","y"]}"#);
        let count = |grounding, model| searches(grounding, Some(model)).web_searches;
        assert_eq!((count(Some(&two), "gemini-2.5-flash"), count(Some(&two), "gemini-3-pro-preview")), (1, 2));
        assert_eq!((count(Some(&raw("{}")), "gemini-3-pro"), count(None, "gemini-2.5-pro")), (0, 0));
    }

    #[test]
    fn what_google_maps_found_is_billed_as_maps_and_not_as_a_search_of_the_web() {
        let maps = r#"{"maps":{"uri":"u","title":"Pizza","placeId":"places/1"}}"#;
        let web = r#"{"web":{"uri":"u","title":"t"}}"#;
        let seen = |chunks: &[&str], queries: &str, model: &str| {
            let json = format!(r#"{{"groundingChunks":[{}],"webSearchQueries":[{queries}]}}"#, chunks.join(","));
            let units = searches(Some(&raw(&json)), Some(model));
            (units.web_searches, units.map_queries)
        };
        assert_eq!(seen(&[maps, maps], r#""a","b""#, "gemini-2.5-pro"), (0, 1), "by the prompt");
        assert_eq!(seen(&[maps], r#""a","b""#, "gemini-3-pro-preview"), (0, 2), "by the query");
        assert_eq!(seen(&[maps], "", "gemini-3-pro-preview"), (0, 1));
        assert_eq!(seen(&[maps, web], r#""a","b""#, "gemini-2.5-flash"), (1, 1));
        assert_eq!(seen(&[maps, web], r#""a","b","c""#, "gemini-3-flash-preview"), (2, 1));
        assert_eq!(seen(&[web], r#""a""#, "gemini-3-flash-preview"), (1, 0));
        let token = raw(r#"{"googleMapsWidgetContextToken":"widgetcontent/x"}"#);
        assert_eq!(searches(Some(&token), Some("gemini-2.5-pro")).map_queries, 1);
        let none = raw(r#"{"googleMapsWidgetContextToken":null,"groundingChunks":[{"web":null,"maps":null}]}"#);
        assert!(searches(Some(&none), Some("gemini-2.5-pro")).is_empty());
    }
}
