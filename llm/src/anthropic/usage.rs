//! Usage as Anthropic writes it: cached tokens stand beside `input_tokens`, not within.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_domain::usage::{Region, ServiceTier, Tokens, Units};

use crate::pricing::Cost;
use crate::usage::{Count, Sighted, cached, server_tools, service_tier, text};

/// `usage` of an answer, or what several events of a stream have said of it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct WireUsage {
    input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    output_tokens: Option<Count>,
    #[serde(skip)]
    units: Units,
    #[serde(skip)]
    tier: Option<ServiceTier>,
    #[serde(skip)]
    region: Region,
}

/// What of a usage object is not tokens.
#[derive(Debug, Default, Deserialize)]
struct Beside<'a> {
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    server_tool_use: Option<&'a RawValue>,
    /// `fast` for a model in fast mode, else `standard`.
    #[serde(borrow)]
    speed: Option<&'a RawValue>,
    /// `us` where inference was kept in the United States, at a price; `global` and others elsewhere.
    #[serde(borrow)]
    inference_geo: Option<&'a RawValue>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

impl WireUsage {
    pub(crate) fn read(raw: &RawValue) -> Self {
        let beside: Beside<'_> = serde_json::from_str(raw.get()).unwrap_or_default();
        let tier = match text(beside.speed).as_deref() {
            Some("fast") => Some(ServiceTier::Fast),
            _ => service_tier(beside.service_tier),
        };
        let region = match text(beside.inference_geo).as_deref() {
            Some("us") => Region::Us,
            _ => Region::Global,
        };
        let units = server_tools(beside.server_tool_use);
        Self { units, tier, region, ..serde_json::from_str(raw.get()).unwrap_or_default() }
    }

    /// Takes what a later event says; what it does not mention stays (the numbers are cumulative, never summed).
    pub(crate) fn update(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_creation = later.cache_creation.or(self.cache_creation);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        // An event that only counts output says nothing of fast mode, and may still name the tier `standard`.
        self.tier = match (self.tier, later.tier) {
            (Some(ServiceTier::Fast), Some(ServiceTier::Standard)) => self.tier,
            (before, after) => after.or(before),
        };
        if !later.units.is_empty() {
            self.units = later.units;
        }
        if later.region != Region::Global {
            self.region = later.region;
        }
    }

    /// In disjoint buckets.
    pub(crate) fn sighted(self) -> Sighted {
        let count = |n: Option<Count>| n.map_or(0, |n| n.0);
        let by_age = self.cache_creation.unwrap_or_default();
        let one_hour = count(by_age.ephemeral_1h_input_tokens);
        // The total may come without the split; what the split does not explain is of the usual kind.
        let written = count(self.cache_creation_input_tokens).saturating_sub(one_hour);
        let input = self.input_tokens.map(|n| Tokens {
            input_uncached: n.0,
            cache_read: count(self.cache_read_input_tokens),
            cache_write_5m: written.max(count(by_age.ephemeral_5m_input_tokens)),
            cache_write_1h: one_hour,
            ..Tokens::default()
        });
        let output = self.output_tokens.map(|n| Tokens { output_text: n.0, ..Tokens::default() });
        Sighted { input, output, units: self.units, tier: self.tier, region: self.region }
    }
}

/// `usage` for a caller of this dialect.
#[derive(Serialize)]
pub(super) struct OutUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

impl OutUsage {
    /// `cost` is absent where the usage is not final.
    pub(super) fn new(tokens: &Tokens, cost: Option<Cost>) -> Self {
        let (read, written) = (cached(tokens), tokens.cache_write_5m + tokens.cache_write_1h);
        Self {
            input_tokens: tokens.input_total().saturating_sub(read + written),
            cache_creation_input_tokens: written,
            cache_read_input_tokens: read,
            output_tokens: tokens.output_total(),
            cost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(json: &str) -> WireUsage {
        WireUsage::read(&RawValue::from_string(json.to_owned()).unwrap())
    }

    #[test]
    fn cache_tokens_stand_beside_input_tokens_and_are_counted_once() {
        let seen = usage(
            r#"{"input_tokens":10,"cache_creation_input_tokens":300,"cache_read_input_tokens":40,"cache_creation":
            {"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},"output_tokens":7}"#,
        );
        let tokens = seen.sighted().complete(0, 0).tokens;
        assert_eq!((tokens.input_uncached, tokens.cache_read), (10, 40));
        assert_eq!((tokens.cache_write_5m, tokens.cache_write_1h, tokens.input_total()), (100, 200, 350));
    }

    #[test]
    fn the_tier_the_region_and_the_searches_that_the_provider_billed_are_noted() {
        let seen = |json: &str| usage(json).sighted().complete(0, 0);
        assert_eq!(seen(r#"{"output_tokens":1,"service_tier":"priority"}"#).tier, ServiceTier::Priority);
        assert_eq!(seen(r#"{"output_tokens":1,"service_tier":"standard","speed":"fast"}"#).tier, ServiceTier::Fast);
        assert_eq!(seen(r#"{"output_tokens":1,"service_tier":"of tomorrow"}"#).tier, ServiceTier::Unknown);
        assert_eq!(seen(r#"{"output_tokens":1,"inference_geo":"us"}"#).region, Region::Us);
        let searched =
            seen(r#"{"output_tokens":1,"server_tool_use":{"web_search_requests":2,"web_fetch_requests":7,"x":3}}"#)
                .units;
        assert_eq!((searched.web_searches, searched.unlisted), (2, 3));
        let plain = seen(
            r#"{"output_tokens":1,"service_tier":"standard","inference_geo":"global","speed":"standard",
            "server_tool_use":{"web_fetch_requests":3}}"#,
        );
        assert_eq!((plain.tier, plain.region, plain.units), (ServiceTier::Standard, Region::Global, Units::default()));
        assert_eq!(
            seen(r#"{"output_tokens":1,"service_tier":null,"server_tool_use":null}"#).tier,
            ServiceTier::Standard
        );
    }

    #[test]
    fn what_the_begin_of_a_stream_says_beside_tokens_holds_to_its_end() {
        let mut seen = usage(r#"{"input_tokens":1,"service_tier":"batch","inference_geo":"us"}"#);
        seen.update(usage(r#"{"output_tokens":5,"server_tool_use":{"web_search_requests":1}}"#));
        seen.update(usage(r#"{"output_tokens":6}"#));
        let whole = seen.sighted().complete(0, 0);
        assert_eq!((whole.tier, whole.region, whole.units.web_searches), (ServiceTier::Batch, Region::Us, 1));
        let mut fast = usage(r#"{"input_tokens":1,"service_tier":"standard","speed":"fast"}"#);
        fast.update(usage(r#"{"output_tokens":5,"service_tier":"standard"}"#));
        assert_eq!(fast.sighted().complete(0, 0).tier, ServiceTier::Fast);
    }

    #[test]
    fn a_later_event_without_input_tokens_does_not_erase_them() {
        let mut seen = usage(r#"{"input_tokens":10,"cache_read_input_tokens":3,"output_tokens":1}"#);
        seen.update(usage(r#"{"output_tokens":50}"#));
        let tokens = seen.sighted().complete(0, 0).tokens;
        assert_eq!((tokens.input_uncached, tokens.cache_read, tokens.output_text), (10, 3, 50));
    }
}
