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
    /// Its shadow targets, which answer nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadows: Vec<ShadowState>,
}

/// One shadow target of a route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowState {
    /// The model at its provider, as it stands for callers' own calls too; these are counted with the copies there.
    pub target: TargetState,
    /// The share of the calls that it gets a copy of (0 to 100).
    pub percent: u32,
    /// Until when it gets none after a failure of its own, in microseconds since 1970 UTC; absent while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_until: Option<Micros>,
    /// What became of the copies since the node's start.
    pub copies: Copies,
    /// What they cost, in billionths of a US dollar, but for those that are `unpriced`; charged to nobody.
    pub cost: u64,
    /// Copies whose cost is unknown, which is not free.
    pub unpriced: u64,
}

/// Copies of calls, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Copies {
    /// The shadow said what the caller was told.
    pub same: u64,
    /// It said something else.
    pub different: u64,
    /// It answered, but one of the two answers was not whole, or too long to compare.
    pub not_compared: u64,
    /// It failed.
    pub failed: u64,
    /// Left out: as many as may be were under way.
    pub busy: u64,
    /// Left out: it rested after a failure, its health check failed, or its key had no room.
    pub resting: u64,
    /// Left out: a copy could have done more than answer, or the target cannot take it.
    pub unfit: u64,
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
    /// The health checks that were made; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_checks: Option<HealthChecks>,
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

/// The health checks of a target, or of its provider, since the node's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthChecks {
    /// When the last one ended, in microseconds since 1970 UTC; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Micros>,
    /// From one to the next, in milliseconds, a tenth more or less.
    pub interval_ms: u64,
    /// How many were good.
    pub good: u64,
    /// How many failed.
    pub failed: u64,
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
