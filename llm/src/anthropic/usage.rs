//! Usage as Anthropic writes it: cached tokens stand beside `input_tokens`, not within.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_domain::usage::Tokens;

use crate::pricing::Cost;
use crate::usage::{Count, Sighted, is_plain_tier, is_tool_billed};

/// `usage` of an answer, or what several events of a stream have said of it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct WireUsage {
    input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    output_tokens: Option<Count>,
    #[serde(skip)]
    beyond_rates: bool,
}

/// What of a usage object is not tokens.
#[derive(Debug, Default, Deserialize)]
struct Beside<'a> {
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    server_tool_use: Option<&'a RawValue>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

impl WireUsage {
    pub(crate) fn read(raw: &RawValue) -> Self {
        let beside: Beside<'_> = serde_json::from_str(raw.get()).unwrap_or_default();
        let beyond_rates = !is_plain_tier(beside.service_tier) || is_tool_billed(beside.server_tool_use);
        Self { beyond_rates, ..serde_json::from_str(raw.get()).unwrap_or_default() }
    }

    /// Takes what a later event says; what it does not mention stays (the numbers are cumulative, never summed).
    pub(crate) fn update(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_creation = later.cache_creation.or(self.cache_creation);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.beyond_rates |= later.beyond_rates;
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
        Sighted { input, output, beyond_rates: self.beyond_rates }
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
        let (read, written) = (tokens.cache_read, tokens.cache_write_5m + tokens.cache_write_1h);
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
    fn a_tier_or_a_search_beyond_the_plain_rates_is_noted() {
        let beyond = |json: &str| usage(json).sighted().beyond_rates;
        assert!(beyond(r#"{"output_tokens":1,"service_tier":"priority"}"#));
        assert!(beyond(r#"{"output_tokens":1,"server_tool_use":{"web_search_requests":2,"web_fetch_requests":0}}"#));
        assert!(!beyond(r#"{"output_tokens":1,"service_tier":"standard","server_tool_use":{"web_fetch_requests":3}}"#));
        assert!(!beyond(r#"{"output_tokens":1,"service_tier":null,"server_tool_use":null}"#));
        let mut seen = usage(r#"{"input_tokens":1,"service_tier":"batch"}"#);
        seen.update(usage(r#"{"output_tokens":5}"#));
        assert!(seen.sighted().beyond_rates);
    }

    #[test]
    fn a_later_event_without_input_tokens_does_not_erase_them() {
        let mut seen = usage(r#"{"input_tokens":10,"cache_read_input_tokens":3,"output_tokens":1}"#);
        seen.update(usage(r#"{"output_tokens":50}"#));
        let tokens = seen.sighted().complete(0, 0).tokens;
        assert_eq!((tokens.input_uncached, tokens.cache_read, tokens.output_text), (10, 3, 50));
    }
}
