//! Canonical usage: what a model call consumed, in disjoint buckets that every dialect maps onto.
//!
//! Vendors disagree on whether input includes cached tokens and output includes reasoning; here no
//! token is ever in two buckets, so cost is a plain sum (the class of bug behind most wrong bills).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Tokens by kind. The buckets are disjoint; the wire totals are sums of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Tokens {
    /// Text input that was neither read from nor written to a cache.
    pub input_uncached: u64,
    /// Input served from the provider's prompt cache.
    pub cache_read: u64,
    /// Input written to a cache that lives five minutes (or the vendor's only kind).
    pub cache_write_5m: u64,
    /// Input written to a cache that lives one hour.
    pub cache_write_1h: u64,
    /// Output text, tool calls included.
    pub output_text: u64,
    /// Output spent on reasoning that the vendor counts apart.
    pub reasoning: u64,
    /// Audio input.
    pub audio_in: u64,
    /// Audio output.
    pub audio_out: u64,
    /// Image input, where the vendor counts it apart.
    pub image_in: u64,
    /// Image output.
    pub image_out: u64,
}

impl Tokens {
    /// All input buckets: what context tiers and rate limits count.
    #[must_use]
    pub fn input_total(&self) -> u64 {
        self.input_uncached
            + self.cache_read
            + self.cache_write_5m
            + self.cache_write_1h
            + self.audio_in
            + self.image_in
    }

    /// All output buckets.
    #[must_use]
    pub fn output_total(&self) -> u64 {
        self.output_text + self.reasoning + self.audio_out + self.image_out
    }
}

/// Where the numbers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// Nothing was consumed, or nothing is known: no answer came.
    #[default]
    None,
    /// The provider said so.
    Provider,
    /// Weir counted, because the answer was cut before the provider said it.
    Estimated,
    /// Part from the provider, part counted.
    Mixed,
}

impl UsageSource {
    /// The name in the ledger and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Provider => "provider",
            Self::Estimated => "estimated",
            Self::Mixed => "mixed",
        }
    }
}

/// What one attempt consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Tokens by bucket.
    pub tokens: Tokens,
    /// Who counted.
    pub source: UsageSource,
    /// Whether there was more than tokens at the plain rates: a service tier other than the standard one, or tools that
    /// the provider ran and bills, such as web searches. What it costs is not known then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beyond_rates: bool,
}
