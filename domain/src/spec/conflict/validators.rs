//! Entity tags for upstreams that send none, and 304 at the gateway.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::absent::is_default;
use crate::spec::{Size, Span};

/// How entity tags are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Validators {
    /// What a tag is made of.
    pub synthesize: Synthesize,
    /// JSON pointers (RFC 6901) to what `semantic` tags leave out.
    #[serde(skip_serializing_if = "is_default")]
    pub ignore: Vec<String>,
    /// What becomes of HEAD.
    pub head: HeadMode,
    /// The longest answer that gets a tag; a longer one is streamed on without.
    pub max_body: Size,
    /// How long an answer may take to its end; a slower one is streamed on without a tag.
    pub max_wait_body: Span,
    /// Whether a write is read back for its tag.
    pub write_response: WriteResponse,
    /// What becomes of a malformed tag of the upstream's.
    pub lenient: Lenient,
    /// Whether a tag of the upstream's goes before ours.
    pub upstream_etag: UpstreamEtag,
}

impl Default for Validators {
    fn default() -> Self {
        Self {
            synthesize: Synthesize::default(),
            ignore: Vec::new(),
            head: HeadMode::default(),
            max_body: Size::mib(1),
            max_wait_body: Span::s(2),
            write_response: WriteResponse::default(),
            lenient: Lenient::default(),
            upstream_etag: UpstreamEtag::default(),
        }
    }
}

/// What an entity tag is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Synthesize {
    /// The bytes of the answer: strong.
    #[default]
    Bytes,
    /// The JSON of the answer, which is served in canonical form (RFC 8785): strong.
    Canonical,
    /// The JSON of the answer but for `ignore`: weak, good for 304 only.
    Semantic,
    /// The number of the writes through Weir: strong, and costs no reading; only where nobody writes past Weir.
    Version,
}

/// What becomes of HEAD where tags are made of bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeadMode {
    /// It is answered without a tag.
    Omit,
    /// The upstream is asked with GET, and the answer given without its body.
    #[default]
    AsGet,
}

/// Whether a write is read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteResponse {
    /// It is not: answers to writes have no tag of ours.
    #[default]
    None,
    /// It is: the answer has the new tag if the stored bytes are those that were sent, else `Conflict-Status` has it.
    Verify,
}

/// What becomes of a malformed tag of the upstream's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lenient {
    /// Quotes are put around it.
    Quote,
    /// It is left out.
    #[default]
    Drop,
}

/// Whether a tag of the upstream's goes before ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamEtag {
    /// It does.
    #[default]
    Prefer,
    /// Ours replaces it, also in what is sent upstream.
    Replace,
}

/// 304 at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionalReads {
    /// Whether conditions of reads are evaluated.
    pub enabled: bool,
}

impl Default for ConditionalReads {
    fn default() -> Self {
        Self { enabled: true }
    }
}
