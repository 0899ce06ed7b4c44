//! Usage as Converse writes it: cached tokens stand beside `inputTokens`, not within.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html>.

use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::usage::{ServiceTier, Tokens};

use crate::usage::{Count, Sighted, service_tier as named_tier, text};
use crate::wire::Text;

/// `usage` of an answer, or of a stream's `metadata`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUsage<'a> {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_write_input_tokens: Option<Count>,
    #[serde(borrow)]
    cache_details: Option<Vec<CacheDetail<'a>>>,
}

/// What was written to the cache, by how long it stays.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CacheDetail<'a> {
    #[serde(borrow)]
    ttl: Option<Text<'a>>,
    input_tokens: Option<Count>,
}

/// `{"type": …}` of `serviceTier`, `{"latency": …}` of `performanceConfig`.
#[derive(Debug, Default, Deserialize)]
struct Beside<'a> {
    #[serde(borrow, rename = "type")]
    tier: Option<&'a RawValue>,
    #[serde(borrow)]
    latency: Option<&'a RawValue>,
}

/// The tier that an answer was billed at, where it says so. What a model costs that was optimised for latency no tier of
/// ours says.
fn tier(service_tier: Option<&RawValue>, performance: Option<&RawValue>) -> Option<ServiceTier> {
    fn read(raw: Option<&RawValue>) -> Beside<'_> {
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
    match text(read(performance).latency).as_deref() {
        Some("optimized") => Some(ServiceTier::Unknown),
        _ => named_tier(read(service_tier).tier),
    }
}

/// Reads the usage, in disjoint buckets; `service_tier` and `performance` are what stands beside it.
pub(super) fn read(
    usage: Option<&RawValue>,
    service_tier: Option<&RawValue>,
    performance: Option<&RawValue>,
) -> Sighted {
    let tier = tier(service_tier, performance);
    let usage: WireUsage<'_> = usage.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let count = |n: Option<Count>| n.map_or(0, |n| n.0);
    let of = |ttl: &str| {
        let details = usage.cache_details.iter().flatten();
        let sum = details.filter(|detail| detail.ttl.as_deref() == Some(ttl)).map(|detail| count(detail.input_tokens));
        sum.fold(0, u64::saturating_add)
    };
    let one_hour = of("1h");
    // The total may come without the split; what the split does not explain is of the usual kind.
    let written = count(usage.cache_write_input_tokens).saturating_sub(one_hour);
    let input = usage.input_tokens.map(|n| Tokens {
        input_uncached: n.0,
        cache_read: count(usage.cache_read_input_tokens),
        cache_write_5m: written.max(of("5m")),
        cache_write_1h: one_hour,
        ..Tokens::default()
    });
    let output = usage.output_tokens.map(|n| Tokens { output_text: n.0, ..Tokens::default() });
    Sighted { input, output, tier, ..Sighted::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn cache_tokens_stand_beside_input_tokens_and_are_counted_once() {
        let usage = raw(r#"{"inputTokens":10,"outputTokens":7,"totalTokens":357,"cacheReadInputTokens":40,
            "cacheWriteInputTokens":300,"cacheDetails":[{"ttl":"1h","inputTokens":200},{"ttl":"5m","inputTokens":100}]}"#);
        let tokens = read(Some(&usage), None, None).complete(0, 0).tokens;
        assert_eq!((tokens.input_uncached, tokens.cache_read), (10, 40));
        assert_eq!((tokens.cache_write_5m, tokens.cache_write_1h, tokens.input_total()), (100, 200, 350));
        let unsplit = raw(r#"{"inputTokens":1,"outputTokens":1,"cacheWriteInputTokens":30}"#);
        assert_eq!(read(Some(&unsplit), None, None).complete(0, 0).tokens.cache_write_5m, 30);
    }

    #[test]
    fn absent_is_not_nothing() {
        for usage in [None, Some(raw("{}")), Some(raw("[]")), Some(raw(r#"{"inputTokens":"7"}"#))] {
            assert!(read(usage.as_deref(), None, None).is_empty(), "{usage:?}");
        }
    }

    #[test]
    fn a_tier_or_latency_beyond_the_plain_rates_is_noted() {
        let usage = raw(r#"{"inputTokens":1,"outputTokens":1}"#);
        let tier = |tier: &str, performance: &str| {
            read(Some(&usage), Some(&raw(tier)), Some(&raw(performance))).complete(0, 0).tier
        };
        assert_eq!(tier(r#"{"type":"priority"}"#, "{}"), ServiceTier::Priority);
        assert_eq!(tier(r#"{"type":"reserved"}"#, "{}"), ServiceTier::Unknown);
        assert_eq!(tier("null", r#"{"latency":"optimized"}"#), ServiceTier::Unknown);
        assert_eq!(tier(r#"{"type":"default"}"#, r#"{"latency":"standard"}"#), ServiceTier::Standard);
    }
}
