//! From what a provider said of its usage, and what was seen of its answer, to the canonical usage.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use weir_domain::usage::{Region, ServiceTier, Tokens, Units, Usage, UsageSource};

/// Bytes of text per token, for estimates: right within a third for English, high for most other languages.
const BYTES_PER_TOKEN: u64 = 4;

/// The tokens that so many bytes of text are, at a guess.
pub(crate) fn estimate(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

/// What the provider said. Absent is not zero: each half is there or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sighted {
    /// Only input buckets are set.
    pub(crate) input: Option<Tokens>,
    /// Only output buckets are set.
    pub(crate) output: Option<Tokens>,
    /// What it counted beside tokens.
    pub(crate) units: Units,
    /// The service tier that it named.
    pub(crate) tier: Option<ServiceTier>,
    /// Where it worked, where it said so.
    pub(crate) region: Region,
}

impl Sighted {
    /// Whether the provider has counted no tokens.
    pub(crate) fn is_empty(&self) -> bool {
        self.input.is_none() && self.output.is_none()
    }

    /// Takes what a later event says. A usage object without counts takes nothing back, nor does one that counts one
    /// half only, or is silent on what stood beside tokens before.
    pub(crate) fn update(&mut self, later: Self) {
        (self.input, self.output) = (later.input.or(self.input), later.output.or(self.output));
        if !later.units.is_empty() {
            self.units = later.units;
        }
        if later.region != Region::default() {
            self.region = later.region;
        }
        self.tier = later.tier.or(self.tier);
    }

    /// Fills the half that the provider has not given with an estimate, and says so.
    pub(crate) fn complete(self, estimated_input: u64, estimated_output: u64) -> Usage {
        let source = match (self.input, self.output) {
            (Some(_), Some(_)) => UsageSource::Provider,
            (None, None) => UsageSource::Estimated,
            _ => UsageSource::Mixed,
        };
        let input = self.input.unwrap_or(Tokens { input_uncached: estimated_input, ..Tokens::default() });
        let output = self.output.unwrap_or(Tokens { output_text: estimated_output, ..Tokens::default() });
        let tokens = Tokens {
            output_text: output.output_text,
            reasoning: output.reasoning,
            audio_out: output.audio_out,
            image_out: output.image_out,
            ..input
        };
        Usage { tokens, source, units: self.units, tier: self.tier.unwrap_or_default(), region: self.region }
    }
}

/// The service tier that an answer names. What is no text names none.
pub(crate) fn service_tier(raw: Option<&RawValue>) -> Option<ServiceTier> {
    text(raw).map(|name| ServiceTier::parse(&name))
}

/// A JSON value that is a text.
pub(crate) fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
}

/// What `server_tool_use` counts of tools that the provider ran and bills beside tokens. Fetching pages is free
/// (<https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-fetch-tool>).
pub(crate) fn server_tools(raw: Option<&RawValue>) -> Units {
    let counts: BTreeMap<Cow<'_, str>, &RawValue> =
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let mut units = Units::default();
    for (name, raw) in &counts {
        let count = serde_json::from_str::<Count>(raw.get()).map_or(0, |count| count.0);
        match &**name {
            "web_search_requests" => units.web_searches = count,
            "web_fetch_requests" => {}
            _ => units.unlisted = units.unlisted.saturating_add(count),
        }
    }
    units
}

/// Input of every kind that came from the provider's cache: what callers are told as one number.
pub(crate) fn cached(tokens: &Tokens) -> u64 {
    tokens.cache_read.saturating_add(tokens.cache_read_audio).saturating_add(tokens.cache_read_image)
}

/// No answer has more tokens; a provider that says so must not overflow sums.
const MAX_COUNT: u64 = 1 << 40;

/// A number of tokens, from whatever kind of JSON number a provider writes it as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;
        impl Visitor<'_> for CountVisitor {
            type Value = Count;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of tokens")
            }
            fn visit_u64<E: Error>(self, n: u64) -> Result<Count, E> {
                Ok(Count(n.min(MAX_COUNT)))
            }
            fn visit_i64<E: Error>(self, n: i64) -> Result<Count, E> {
                self.visit_u64(u64::try_from(n).unwrap_or(0))
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
            fn visit_f64<E: Error>(self, n: f64) -> Result<Count, E> {
                self.visit_u64(n as u64)
            }
        }
        deserializer.deserialize_any(CountVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_is_read_and_none_can_overflow_a_sum() {
        for (json, count) in
            [("7", 7), ("-7", 0), ("7.9", 7), ("1e300", MAX_COUNT), ("18446744073709551615", MAX_COUNT)]
        {
            assert_eq!(serde_json::from_str::<Count>(json).unwrap(), Count(count), "{json}");
        }
        assert!(serde_json::from_str::<Count>("\"7\"").is_err());
    }

    #[test]
    fn a_later_count_of_one_half_takes_the_other_not_back() {
        let mut seen = Sighted::default();
        let input = Some(Tokens { input_uncached: 9, cache_read: 3, ..Tokens::default() });
        let output = |output_text| Some(Tokens { output_text, ..Tokens::default() });
        seen.update(Sighted { input, output: output(1), ..Sighted::default() });
        seen.update(Sighted { output: output(5), ..Sighted::default() });
        let usage = seen.complete(100, 100);
        assert_eq!(
            (usage.source, usage.tokens.input_total(), usage.tokens.output_text),
            (UsageSource::Provider, 12, 5)
        );
    }

    #[test]
    fn what_the_provider_left_out_is_estimated_and_marked() {
        let output = Some(Tokens { output_text: 5, ..Tokens::default() });
        let usage = Sighted { output, ..Sighted::default() }.complete(9, 99);
        assert_eq!((usage.source, usage.tokens.input_uncached, usage.tokens.output_text), (UsageSource::Mixed, 9, 5));
    }
}
