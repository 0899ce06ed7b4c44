//! Prices by bucket and date, and the exact cost of a usage.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::money::{self, MoneyError, NanoUsd};
use crate::time::Micros;
use crate::usage::{Region, ServiceTier, Tokens, Usage};

/// Dollars for a million tokens, as decimal strings; at most nine digits after the point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PerMillion {
    /// Text input.
    pub input: String,
    /// Text output.
    pub output: String,
    /// Input read from the prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<String>,
    /// Input written to a five-minute cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<String>,
    /// Input written to a one-hour cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<String>,
    /// Reasoning output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Audio input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_in: Option<String>,
    /// Audio output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_out: Option<String>,
    /// Image input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_in: Option<String>,
    /// Image output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_out: Option<String>,
}

/// A rate per bucket, in nano-dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    input: i64,
    output: i64,
    cache_read: i64,
    cache_write_5m: i64,
    cache_write_1h: i64,
    reasoning: i64,
    audio_in: i64,
    audio_out: i64,
    image_in: i64,
    image_out: i64,
}

impl Rates {
    /// Compiles written rates. The error names the bucket.
    ///
    /// # Errors
    /// When a rate is not a plain decimal with at most nine digits after the point.
    pub fn compile(written: &PerMillion) -> Result<Self, (&'static str, MoneyError)> {
        let rate = |bucket: &'static str, text: &str| money::parse_scaled(text, 9).map_err(|e| (bucket, e));
        let or = |bucket: &'static str, text: &Option<String>, base: i64| match text {
            Some(text) => rate(bucket, text),
            None => Ok(base),
        };
        let input = rate("input", &written.input)?;
        let output = rate("output", &written.output)?;
        Ok(Self {
            input,
            output,
            cache_read: or("cache_read", &written.cache_read, input)?,
            cache_write_5m: or("cache_write_5m", &written.cache_write_5m, input)?,
            cache_write_1h: or("cache_write_1h", &written.cache_write_1h, input)?,
            reasoning: or("reasoning", &written.reasoning, output)?,
            audio_in: or("audio_in", &written.audio_in, input)?,
            audio_out: or("audio_out", &written.audio_out, output)?,
            image_in: or("image_in", &written.image_in, input)?,
            image_out: or("image_out", &written.image_out, output)?,
        })
    }

    /// What a usage costs; `None` when it holds what these rates do not cover: no number is better than a wrong one.
    #[must_use]
    pub fn cost_of(&self, usage: &Usage) -> Option<NanoUsd> {
        let plain = usage.units.is_empty() && usage.tier == ServiceTier::Standard && usage.region == Region::Global;
        plain.then(|| self.cost(&usage.tokens))
    }

    /// The exact sum over all buckets, rounded once, half up, to a nano-dollar.
    #[must_use]
    pub fn cost(&self, tokens: &Tokens) -> NanoUsd {
        let pairs = [
            (self.input, tokens.input_uncached),
            (self.output, tokens.output_text),
            (self.cache_read, tokens.cache_read),
            (self.cache_write_5m, tokens.cache_write_5m),
            (self.cache_write_1h, tokens.cache_write_1h),
            (self.reasoning, tokens.reasoning),
            (self.audio_in, tokens.audio_in),
            (self.audio_out, tokens.audio_out),
            (self.image_in, tokens.image_in),
            (self.image_out, tokens.image_out),
        ];
        let millionths: i128 = pairs.into_iter().map(|(rate, count)| i128::from(rate) * i128::from(count)).sum();
        let nanos = (millionths + 500_000) / 1_000_000;
        NanoUsd(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

/// One price in force from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// The id of the `Price` resource or catalogue row, stamped on each ledger row.
    pub id: String,
    /// The first moment at which it holds.
    pub from: Micros,
    /// What it costs.
    pub rates: Rates,
}

/// The prices of one model, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceHistory {
    rows: Vec<PriceRow>,
}

impl PriceHistory {
    /// Orders rows by date.
    #[must_use]
    pub fn new(mut rows: Vec<PriceRow>) -> Self {
        rows.sort_by(|a, b| b.from.cmp(&a.from).then_with(|| a.id.cmp(&b.id)));
        Self { rows }
    }

    /// The price in force at a moment; `None` means unknown, which is never the same as free.
    #[must_use]
    pub fn at(&self, now: Micros) -> Option<&PriceRow> {
        self.rows.iter().find(|row| row.from <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(input: &str, output: &str) -> Rates {
        let written = PerMillion { input: input.to_owned(), output: output.to_owned(), ..PerMillion::default() };
        Rates::compile(&written).unwrap_or_default()
    }

    #[test]
    fn cost_is_exact_to_the_nano_dollar() {
        let tokens = Tokens { input_uncached: 1_000, output_text: 500, ..Tokens::default() };
        // 1,000 × $2.50 and 500 × $10 for a million: $0.0025 + $0.005.
        assert_eq!(rates("2.50", "10").cost(&tokens), NanoUsd(7_500_000));
    }

    #[test]
    fn what_rates_do_not_cover_has_no_price() {
        let plain = Usage { tokens: Tokens { output_text: 1, ..Tokens::default() }, ..Usage::default() };
        assert_eq!(rates("1", "1").cost_of(&plain), Some(NanoUsd(1_000)));
        assert_eq!(rates("1", "1").cost_of(&Usage { tier: ServiceTier::Priority, ..plain }), None);
    }

    #[test]
    fn rounding_happens_once_over_the_whole_sum() {
        // Two halves of a nano-dollar make one, not two.
        let tokens = Tokens { input_uncached: 1, output_text: 1, ..Tokens::default() };
        assert_eq!(rates("0.0005", "0.0005").cost(&tokens), NanoUsd(1));
    }

    #[test]
    fn an_absent_bucket_is_priced_as_its_base() {
        let tokens = Tokens { cache_read: 1_000_000, reasoning: 1_000_000, ..Tokens::default() };
        assert_eq!(rates("1", "2").cost(&tokens), NanoUsd(3_000_000_000));
    }

    #[test]
    fn the_latest_price_that_has_begun_is_in_force() {
        let row = |id: &str, from| PriceRow { id: id.to_owned(), from, rates: Rates::default() };
        let history = PriceHistory::new(vec![row("old", 10), row("future", 30), row("new", 20)]);
        assert_eq!(history.at(25).map(|r| r.id.as_str()), Some("new"));
        assert!(history.at(5).is_none());
    }
}
