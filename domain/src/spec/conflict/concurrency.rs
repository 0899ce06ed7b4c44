//! Limits of requests under way.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Scope;
use crate::absent::is_default;
use crate::spec::{Percent, Span};

/// A limit of requests under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Concurrency {
    /// Its name, which answers say.
    pub name: String,
    /// What is counted together: a template as `key` above. By default the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many at once; either this or `adaptive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// As many as the upstream bears, found out by how it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<Adaptive>,
    /// The status of a request that finds no room: 429, or 503. By default 429 where `key` tells callers
    /// apart (`{consumer}`, `{tenant}` or `{header.NAME}` is in it), else 503.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reject_status: Option<u16>,
    /// Who may wait for room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
    /// Whether requests at other nodes count.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scope: Scope,
    /// Shares of the limit by priority, which the header `X-Priority` names; a request without takes the largest.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priorities: std::collections::BTreeMap<String, Percent>,
    /// What becomes of requests while the store is down: each node's part of the limit holds by itself, or none does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_error: LimitOnError,
}

/// What becomes of a limit over all nodes while the store is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitOnError {
    /// Each node keeps its part of it: the limit divided by the nodes that live.
    #[default]
    Local,
    /// Requests are refused with 503.
    Closed,
    /// There is no limit.
    Open,
}

/// Who may wait for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// How many.
    pub max: u32,
    /// How long.
    pub max_wait: Span,
    /// Who is next.
    pub order: QueueOrder,
}

impl Default for Queue {
    fn default() -> Self {
        Self { max: 10, max_wait: Span::ms(500), order: QueueOrder::default() }
    }
}

/// Who is next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueOrder {
    /// Who came first.
    #[default]
    Fifo,
    /// Who came last: under overload those who came first have mostly given up.
    Lifo,
}

/// A limit that is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Adaptive {
    /// How.
    pub algorithm: Algorithm,
    /// The lowest limit.
    pub min: u32,
    /// The first.
    pub initial: u32,
    /// The highest.
    pub max: u32,
    /// What is measured.
    pub sample: Sample,
    /// How much slower answers may get before the limit falls, in percent of what they took before (100 or more).
    pub tolerance_percent: u32,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::default(),
            min: 4,
            initial: 20,
            max: 1_000,
            sample: Sample::default(),
            tolerance_percent: 150,
        }
    }
}

/// How a limit is found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// By how the time of answers now compares with that of long.
    #[default]
    Gradient2,
}

/// What is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    /// The time to the first byte of the answer.
    #[default]
    Ttfb,
}
