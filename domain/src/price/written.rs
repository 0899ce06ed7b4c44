//! How prices are written: decimal strings by what is counted, by context, by service tier.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::absent::is_default;
use crate::usage::{ImageQuality, ServiceTier};

/// Dollars for a million tokens, as decimal strings; at most fifteen digits after the point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PerMillion {
    /// Text input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Text output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Input read from the prompt cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<String>,
    /// Input written to a five-minute cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<String>,
    /// Input written to a one-hour cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<String>,
    /// Reasoning output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Audio input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_in: Option<String>,
    /// Audio output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_out: Option<String>,
    /// Image input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_in: Option<String>,
    /// Image output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_out: Option<String>,
    /// Audio input read from the prompt cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_audio: Option<String>,
    /// Image input read from the prompt cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_image: Option<String>,
    /// Video input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_in: Option<String>,
}

impl PerMillion {
    /// Each bucket with its rate, in the order of [`crate::usage::Tokens::buckets`].
    #[must_use]
    pub fn buckets(&self) -> [(&'static str, Option<&str>); 13] {
        [
            ("input", self.input.as_deref()),
            ("output", self.output.as_deref()),
            ("cache_read", self.cache_read.as_deref()),
            ("cache_write_5m", self.cache_write_5m.as_deref()),
            ("cache_write_1h", self.cache_write_1h.as_deref()),
            ("reasoning", self.reasoning.as_deref()),
            ("audio_in", self.audio_in.as_deref()),
            ("audio_out", self.audio_out.as_deref()),
            ("image_in", self.image_in.as_deref()),
            ("image_out", self.image_out.as_deref()),
            ("cache_read_audio", self.cache_read_audio.as_deref()),
            ("cache_read_image", self.cache_read_image.as_deref()),
            ("video_in", self.video_in.as_deref()),
        ]
    }
}

/// Rates of requests with more input than so many tokens. They are for the whole request, and stand in the place of the
/// rates without it; a bucket that is absent keeps the rate that it has for smaller requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextTier {
    /// The rates hold for requests whose input (all buckets of it) is larger than this.
    pub above: u64,
    /// Dollars for a million tokens.
    pub per_million: PerMillion,
}

/// What differs in a service tier; what is absent is as in the standard one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TierPrice {
    /// Dollars for a million tokens.
    #[serde(skip_serializing_if = "is_default")]
    pub per_million: PerMillion,
    /// Rates of large requests in this tier. Absent: those of the standard tier hold; an empty list: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tiers: Option<Vec<ContextTier>>,
    /// Dollars for one of a unit.
    #[serde(skip_serializing_if = "is_default")]
    pub per_unit: PerUnit,
}

/// Dollars for one of each, as decimal strings; at most fifteen digits after the point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PerUnit {
    /// A request, beside what it consumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// An image made, by size and quality. Of the rows that fit, the one that says most holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImagePrice>,
    /// A pixel of images made, where no row of `images` fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixel: Option<String>,
    /// An image read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_in: Option<String>,
    /// A second of audio read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_in_second: Option<String>,
    /// A second of audio made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_out_second: Option<String>,
    /// A second of video read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_in_second: Option<String>,
    /// A second of video made, by resolution.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub video_out_second: Vec<VideoPrice>,
    /// A character read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub character: Option<String>,
    /// A query of a search or a rerank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// A page read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// A page annotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotated_page: Option<String>,
    /// A web search of a small context size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_search_low: Option<String>,
    /// A web search of a medium context size, or of one that is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_search: Option<String>,
    /// A web search of a large context size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_search_high: Option<String>,
    /// A search of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_search: Option<String>,
    /// A session of code execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_session: Option<String>,
    /// A lookup in maps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_query: Option<String>,
}

/// What an image costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImagePrice {
    /// Width and height in pixels, such as `1024x1536`. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The quality. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<ImageQuality>,
    /// Dollars.
    pub price: String,
}

/// What a second of video costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VideoPrice {
    /// Lines of each picture, such as `720`. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u64>,
    /// Dollars.
    pub price: String,
}

/// By what the cost of all tokens is multiplied, as decimal strings with at most six digits after the point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Multipliers {
    /// In fast mode, where `service_tiers` has no rates for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fast: Option<String>,
    /// Where the request was kept in the United States. Absent: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub us: Option<String>,
    /// Where it was kept in the European Union. Absent: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eu: Option<String>,
    /// Where it was kept in any region, and there is no multiplier for that one. Absent: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regional: Option<String>,
}

/// All that a price says.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Dollars for a million tokens.
    pub per_million: &'a PerMillion,
    /// Rates of large requests.
    pub context_tiers: &'a [ContextTier],
    /// What differs in a service tier.
    pub service_tiers: &'a BTreeMap<ServiceTier, TierPrice>,
    /// Dollars for one of a unit.
    pub per_unit: &'a PerUnit,
    /// By what the cost of tokens is multiplied.
    pub multipliers: &'a Multipliers,
}
