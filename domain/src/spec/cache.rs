//! Which answers of a model route are kept for who asks the very same again.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Keeps whole answers in memory and gives them to callers whose request is the same byte for byte, for nothing.
///
/// A caller passes it by with the header `x-weir-cache: bypass`, or has the answer made anew with `x-weir-cache: refresh`;
/// `Cache-Control: no-store` and `no-cache` mean the same. The answer says in `x-weir-cache` what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerCache {
    /// How long an answer is kept, in seconds (1 to 2,592,000: thirty days).
    pub ttl_s: u64,
    /// The longest answer that is kept, in bytes (1,024 to 16,777,216).
    #[serde(default = "most")]
    pub max_bytes: usize,
    /// Who shares answers.
    #[serde(default)]
    pub scope: CacheScope,
}

/// Who shares kept answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheScope {
    /// The applications of one team.
    #[default]
    Team,
    /// One application alone.
    Application,
    /// Every caller of the model route: what one team was answered, another one gets.
    Everyone,
}

fn most() -> usize {
    256 * 1024
}
