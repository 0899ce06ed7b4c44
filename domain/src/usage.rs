//! Canonical usage: what a model call consumed, in disjoint buckets that every dialect maps onto.
//!
//! Vendors disagree on whether input includes cached tokens and output includes reasoning; here no
//! token is ever in two buckets, so cost is a plain sum (the class of bug behind most wrong bills).

mod sum;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::absent::is_default;

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
    /// Audio input served from the provider's prompt cache, where the vendor counts it apart from [`Self::cache_read`].
    pub cache_read_audio: u64,
    /// Image input served from the provider's prompt cache, where the vendor counts it apart.
    pub cache_read_image: u64,
    /// Video input, where the vendor counts it apart.
    pub video_in: u64,
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
            + self.cache_read_audio
            + self.cache_read_image
            + self.video_in
    }

    /// Every bucket: input, output, then in the order of [`crate::price::PerMillion::buckets`].
    #[must_use]
    pub fn buckets(&self) -> [u64; 13] {
        [
            self.input_uncached,
            self.output_text,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_1h,
            self.reasoning,
            self.audio_in,
            self.audio_out,
            self.image_in,
            self.image_out,
            self.cache_read_audio,
            self.cache_read_image,
            self.video_in,
        ]
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

/// What was consumed that is not tokens. Absent is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Units {
    /// Images made.
    #[serde(skip_serializing_if = "is_default")]
    pub images: u64,
    /// The size of each image made; 0 × 0 when it is not known.
    #[serde(skip_serializing_if = "is_default")]
    pub image_size: ImageSize,
    /// The quality that images were made in.
    #[serde(skip_serializing_if = "is_default")]
    pub image_quality: ImageQuality,
    /// Images read.
    #[serde(skip_serializing_if = "is_default")]
    pub images_in: u64,
    /// Milliseconds of audio read.
    #[serde(skip_serializing_if = "is_default")]
    pub audio_in_ms: u64,
    /// Milliseconds of audio made.
    #[serde(skip_serializing_if = "is_default")]
    pub audio_out_ms: u64,
    /// Milliseconds of video read.
    #[serde(skip_serializing_if = "is_default")]
    pub video_in_ms: u64,
    /// Milliseconds of video made.
    #[serde(skip_serializing_if = "is_default")]
    pub video_out_ms: u64,
    /// Lines of each picture of a video made (`720` of 720p); 0 when that is not known.
    #[serde(skip_serializing_if = "is_default")]
    pub video_lines: u64,
    /// Characters read, such as those of text to be spoken.
    #[serde(skip_serializing_if = "is_default")]
    pub characters: u64,
    /// Queries of a search or a rerank, as the vendor counts them (Cohere: search units).
    #[serde(skip_serializing_if = "is_default")]
    pub queries: u64,
    /// Pages read by text recognition.
    #[serde(skip_serializing_if = "is_default")]
    pub pages: u64,
    /// Pages annotated by text recognition.
    #[serde(skip_serializing_if = "is_default")]
    pub annotated_pages: u64,
    /// Web searches that the provider ran, of a small context size.
    #[serde(skip_serializing_if = "is_default")]
    pub web_searches_low: u64,
    /// Web searches of a medium context size, or of one that the provider did not say.
    #[serde(skip_serializing_if = "is_default")]
    pub web_searches: u64,
    /// Web searches of a large context size.
    #[serde(skip_serializing_if = "is_default")]
    pub web_searches_high: u64,
    /// Searches of files that the provider ran.
    #[serde(skip_serializing_if = "is_default")]
    pub file_searches: u64,
    /// Sessions of code execution that the provider ran.
    #[serde(skip_serializing_if = "is_default")]
    pub code_sessions: u64,
    /// Lookups in maps that the provider ran.
    #[serde(skip_serializing_if = "is_default")]
    pub map_queries: u64,
    /// Whatever else the provider counted and bills, and Weir has no name for. It has no price.
    #[serde(skip_serializing_if = "is_default")]
    pub unlisted: u64,
}

impl Units {
    /// Whether nothing but tokens was consumed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct ImageSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl ImageSize {
    /// Pixels of one image.
    #[must_use]
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Reads `1024x1536`, as APIs write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (width, height) = text.split_once('x')?;
        Some(Self { width: width.parse().ok()?, height: height.parse().ok()? })
    }
}

/// The quality of images made, as APIs name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageQuality {
    /// Not said.
    #[default]
    Unknown,
    /// `low`.
    Low,
    /// `medium`.
    Medium,
    /// `high`.
    High,
    /// `standard`.
    Standard,
    /// `hd`.
    Hd,
}

/// The service tier that a provider says it served a request in, not the one that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceTier {
    /// The usual one, also where the provider says nothing of tiers.
    #[default]
    Standard,
    /// Sooner, and dearer.
    Priority,
    /// Later, and cheaper.
    Flex,
    /// With others, within a day.
    Batch,
    /// Written faster, and dearer (Anthropic's fast mode).
    Fast,
    /// Faster still (`ultrafast`).
    Ultrafast,
    /// One that Weir does not know. What it costs is not known either.
    Unknown,
}

impl ServiceTier {
    /// The tier by the name that APIs give it: `default` (OpenAI), `standard` (Anthropic) and `on_demand` (Groq) are the
    /// usual one.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "" | "default" | "standard" | "on_demand" => Self::Standard,
            "priority" => Self::Priority,
            "flex" => Self::Flex,
            "batch" => Self::Batch,
            "fast" => Self::Fast,
            "ultrafast" => Self::Ultrafast,
            _ => Self::Unknown,
        }
    }

    /// The name in the ledger and on the wire of the admin API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Priority => "priority",
            Self::Flex => "flex",
            Self::Batch => "batch",
            Self::Fast => "fast",
            Self::Ultrafast => "ultrafast",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a provider processed a request, as far as vendors bill by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Anywhere, or not said.
    #[default]
    Global,
    /// In the United States.
    Us,
    /// In the European Union.
    Eu,
    /// In another region that was asked for.
    Regional,
}

impl Region {
    /// The name in the ledger and on the wire of the admin API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Us => "us",
            Self::Eu => "eu",
            Self::Regional => "regional",
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
    /// What was consumed beside tokens.
    #[serde(default, skip_serializing_if = "is_default")]
    pub units: Units,
    /// The service tier that the provider served it in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tier: ServiceTier,
    /// Where it was processed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub region: Region,
}

impl Usage {
    /// Tokens and nothing else, at the usual tier.
    #[must_use]
    pub fn of_tokens(tokens: Tokens, source: UsageSource) -> Self {
        Self { tokens, source, ..Self::default() }
    }

    /// Units and nothing else, at the usual tier, as the provider (or the request that it accepted) says.
    #[must_use]
    pub fn of_units(units: Units) -> Self {
        Self { units, source: UsageSource::Provider, ..Self::default() }
    }
}
