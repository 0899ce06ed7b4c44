//! What is done about conflicts that the upstream reports.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::spec::{Percent, Size, Span};

/// What is done about conflicts that the upstream reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamConflict {
    /// The statuses that are conflicts.
    pub on: Vec<u16>,
    /// What is done.
    pub strategy: ConflictStrategy,
    /// How often the upstream is asked in all (1 to 10).
    pub max_attempts: u32,
    /// How long is waited in between.
    pub backoff: Backoff,
    /// The longest `Retry-After` that is waited for; after a longer one the answer is passed on.
    pub honor_retry_after: Span,
    /// When the last attempt must have begun, from the first on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Span>,
    /// The part of the requests to an upstream that may be repeats.
    pub budget: Percent,
    /// Whether any method may be sent again.
    pub replay_safe: bool,
    /// Whether answers become `application/problem+json`.
    pub normalize: bool,
    /// The longest request body that is kept to be sent again.
    pub max_body: Size,
}

impl Default for UpstreamConflict {
    fn default() -> Self {
        Self {
            on: vec![409, 423, 429, 503],
            strategy: ConflictStrategy::default(),
            max_attempts: 3,
            backoff: Backoff::default(),
            honor_retry_after: Span::s(2),
            deadline: None,
            budget: Percent(20),
            replay_safe: false,
            normalize: false,
            max_body: Size(64 << 10),
        }
    }
}

/// What is done about a conflict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictStrategy {
    /// The answer is passed on.
    #[default]
    Pass,
    /// The same request is sent again.
    Retry,
    /// A patch without condition is sent again upon the version that is read anew.
    Reread,
}

/// How long is waited between attempts: any time up to a limit that doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Backoff {
    /// The first limit.
    pub base: Span,
    /// The last.
    pub max: Span,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Span::ms(50), max: Span::s(1) }
    }
}
