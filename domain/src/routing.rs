//! How the targets of model routes stand at this moment, as one node sees them: for people who look.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::spec::Strategy;
use crate::time::Micros;

/// One model route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RouteState {
    /// The name that callers use.
    pub model: String,
    /// The resource's id.
    pub route: String,
    /// How it chooses.
    pub strategy: Strategy,
    /// Its targets, by priority.
    pub targets: Vec<TargetState>,
}

/// One target. What is known of a model at a provider is shared by all routes that lead to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetState {
    /// The provider's id.
    pub provider: String,
    /// The model's id there.
    pub model: String,
    /// Lower is tried first.
    pub priority: u32,
    /// Share among the targets of the same priority.
    pub weight: u32,
    /// Its share of the calls in per cent, when it is on trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_percent: Option<u32>,
    /// Whether its provider is switched off.
    pub disabled: bool,
    /// Its circuit breaker.
    pub breaker: BreakerState,
    /// Set while it is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<CooldownState>,
    /// What its health checks say; absent where there are none, or before they have said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
    /// Why the last health check failed; absent where it was good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_error: Option<ErrorSeen>,
    /// The moving average of the time to a whole answer, in milliseconds; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f32>,
    /// The same to a stream's first content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_latency_ms: Option<f32>,
    /// Calls under way.
    pub in_flight: u32,
    /// How often it was asked since the node's start.
    pub picks: u64,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<ErrorSeen>,
    /// The keys of its provider.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyState>,
}

/// How a circuit breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// None does.
    Open,
    /// One does, to find out.
    HalfOpen,
}

/// Why and until when something is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CooldownState {
    /// Until when, in microseconds since 1970 UTC.
    pub until: Micros,
    /// Why.
    pub reason: CooldownReason,
}

/// Why something is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CooldownReason {
    /// It failed.
    Failed,
    /// It was asked too often, or is about to be.
    Limited,
    /// It said so (`Retry-After`).
    Asked,
}

/// An error of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorSeen {
    /// When, in microseconds since 1970 UTC.
    pub at: Micros,
    /// What, as a sentence free of secrets.
    pub message: String,
}

/// One key of a provider, with one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyState {
    /// Its name within the pool.
    pub id: String,
    /// Whether its date has passed.
    pub expired: bool,
    /// Set while it is left alone, for every model or for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<CooldownState>,
    /// Its circuit breaker, for this model.
    pub breaker: BreakerState,
    /// What went wrong last with it, for this model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<ErrorSeen>,
    /// Requests within the last minute, where it has a limit of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Tokens within the last minute, where it has a limit of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}
