//! How a model route chooses among its targets, and when it leaves one alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::absent::is_default;

/// How one of the targets of the same priority is chosen. Priorities come first in every strategy: a target of a higher
/// number is asked only when those of the lower ones cannot be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// At random, by weight.
    #[default]
    Priority,
    /// In turn, by weight: over any run of calls each target gets its share almost exactly.
    Weighted,
    /// The quicker of two drawn at random: by a moving average of the time to the first content that rises at once with
    /// a slow answer and falls slowly, times the calls under way.
    LeastLatency,
    /// The cheapest for the estimated tokens of the call; an unknown price comes last.
    LeastCost,
    /// The one with the fewest calls under way, for its weight.
    LeastBusy,
    /// The same one for the same caller or conversation, see `sticky`. When a target is lost, only its callers move.
    Sticky,
}

/// What calls that belong together have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sticky {
    /// Where it is found.
    pub by: StickyBy,
    /// The header's name, for `by: header`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

/// Where the mark of calls that belong together is found. A call without one is given to a target by weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StickyBy {
    /// A header's value.
    Header,
    /// The user that the body names (`user`, `metadata.user_id`), else the API key.
    User,
    /// The beginning of the conversation: system prompt and first user message.
    Conversation,
}

/// The calls that a target takes; what is absent does not matter. All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// How long the input is, in estimated tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<TokenRange>,
    /// Whether the messages hold images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<bool>,
    /// Whether they hold audio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<bool>,
    /// Whether they hold documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<bool>,
    /// Whether tools are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// Headers, each with the values of which it must have one.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: BTreeMap<String, Vec<String>>,
    /// The teams of which the caller must be one.
    #[serde(skip_serializing_if = "is_default")]
    pub teams: Vec<String>,
}

/// A range of tokens, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokenRange {
    /// The least; absent: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// The most; absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

/// A target on trial: it is asked first for its share of the calls, and else only when no other is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// Its share of the calls (0 to 100).
    pub percent: u32,
    /// A header whose value decides who is in that share, so that one user meets one model; absent: each call by
    /// itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

/// A target that gets a copy of some calls, and whose answers nobody gets: for comparison with those that callers do get.
/// What it costs is the operator's, and is charged to no application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shadow {
    /// The share of the calls that it gets a copy of (0 to 100).
    pub percent: u32,
}

/// Time limits of a route in place of those of the target's provider, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RouteTimeouts {
    /// TCP and TLS set-up; not more than the provider's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<u64>,
    /// To the first content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    /// Between two pieces of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,
    /// The whole request, with all its attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<u64>,
}

/// When a target that fails again and again is left alone for longer. What it counts is the target's fault: errors of
/// the server, no connection, no answer in time; never a refusal of the caller's request, a key or a limit of rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Breaker {
    /// Opens after so many failures in a row; 0: never for that.
    pub failures: u32,
    /// Opens when so much of the attempts within the window failed, in per cent; 0: never for that.
    pub error_percent: u32,
    /// The least attempts within the window for `error_percent` to count.
    pub min_attempts: u32,
    /// The window, in milliseconds.
    pub window_ms: u64,
    /// How long it stays open; then one call is let through as a probe, and its end decides.
    pub open_ms: u64,
    /// Refuses calls at once while every target is open. Otherwise the one that was open longest is asked, since an
    /// answer that may fail is better than none.
    pub refuse_when_open: bool,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: 5,
            error_percent: 50,
            min_attempts: 20,
            window_ms: 30_000,
            open_ms: 30_000,
            refuse_when_open: false,
        }
    }
}

/// What makes Weir try again, always before the first byte of the answer has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryOn {
    /// The provider refused for its rate limit (429).
    RateLimit,
    /// The provider failed (500, 502, 503, 504, 529, or an error event before any content).
    ServerError,
    /// No connection could be made.
    Connect,
    /// A time limit ran out before the answer began.
    Timeout,
    /// The provider refused the key (401, 403): the next key may be good.
    Unauthorized,
}

/// When and how often to try again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// The most attempts of one request, the first included (1 to 10).
    pub max_attempts: u32,
    /// What is tried again.
    pub on: Vec<RetryOn>,
    /// How long a failing key or target is left alone when it does not say itself (`Retry-After`).
    pub cooldown_ms: u64,
    /// How much may be repeated.
    #[serde(skip_serializing_if = "is_default")]
    pub budget: RetryBudget,
}

impl Default for Retry {
    fn default() -> Self {
        use RetryOn::{Connect, RateLimit, ServerError, Timeout, Unauthorized};
        Self {
            max_attempts: 3,
            on: vec![RateLimit, ServerError, Connect, Timeout, Unauthorized],
            cooldown_ms: 10_000,
            budget: RetryBudget::default(),
        }
    }
}

/// How much repeating a route may do, so that retries never multiply the load of a provider in trouble. Going on to
/// another target that is healthy is not counted: a call that can succeed does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryBudget {
    /// Repetitions within the window, in per cent of the calls in it.
    pub percent: u32,
    /// So many are always allowed within the window.
    pub floor: u32,
    /// The window, in milliseconds.
    pub window_ms: u64,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { percent: 20, floor: 100, window_ms: 10_000 }
    }
}
