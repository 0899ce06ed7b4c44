//! Ledger rows: what is known of one request when it has ended, and of each attempt it took.
//!
//! The data plane writes one [`Record`] per request to its journal; the control plane stores it as
//! one row of `requests` and one row of `attempts` for each attempt, idempotent by the request's id.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dialect::Dialect;
use crate::money::NanoUsd;
use crate::time::Micros;
use crate::usage::Usage;

/// Which exchange path a request took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Traffic {
    /// A model was called.
    Ai,
    /// A REST API was called.
    Rest,
}

/// How a request or an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The whole answer was delivered (for a request) or received (for an attempt).
    Ok,
    /// Weir refused: credential, allow-list, limit, malformed message.
    Refused,
    /// The provider or upstream answered with an error status, or an error event in a stream.
    UpstreamError,
    /// No connection could be made.
    ConnectFailed,
    /// A time limit ran out.
    Timeout,
    /// The answer broke off before its end.
    Cut,
    /// The caller left before the end.
    Aborted,
    /// Weir itself failed.
    Internal,
}

impl Outcome {
    /// The name in the ledger, in log lines and in metric labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::UpstreamError => "upstream_error",
            Self::ConnectFailed => "connect_failed",
            Self::Timeout => "timeout",
            Self::Cut => "cut",
            Self::Aborted => "aborted",
            Self::Internal => "internal",
        }
    }
}

/// What became of a request on a model route that keeps answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheStatus {
    /// A kept answer was given; no provider was asked.
    Hit,
    /// None was kept.
    Miss,
    /// The caller wanted neither a kept answer nor this one kept.
    Bypass,
    /// The caller wanted a new answer, to be kept in the place of the old one.
    Refresh,
}

impl CacheStatus {
    /// The name in the ledger, in `x-weir-cache`, in log lines and in metric labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
            Self::Refresh => "refresh",
        }
    }
}

/// One request, whole: the customer's row and its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// The request id (UUIDv7), also `x-weir-request-id`; the event id that makes delivery idempotent.
    pub id: String,
    /// The node that served it.
    pub node: String,
    /// When its head had arrived, microseconds since 1970 UTC.
    pub at: Micros,
    /// From the head's arrival to the last byte out, in microseconds.
    pub duration_us: u64,
    /// Microseconds of `duration_us` spent waiting for providers or upstreams; the rest is Weir and the caller.
    pub upstream_us: u64,
    /// From the head's arrival to the first byte of the answer out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_byte_us: Option<u64>,
    /// Which path it took.
    pub traffic: Traffic,
    /// The team of the application; empty when the caller is unknown.
    pub team: String,
    /// The application; empty when the caller is unknown.
    pub application: String,
    /// Public id of the API key; empty when the caller is unknown.
    pub key: String,
    /// HTTP method.
    pub method: String,
    /// The path without query, cut at 512 bytes.
    pub path: String,
    /// The REST service, or empty.
    pub service: String,
    /// The route's id (REST) or empty.
    pub route: String,
    /// The dialect of the caller, for AI traffic.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dialect: Option<Dialect>,
    /// The model name that the caller asked for, cut at 256 bytes; empty when it asked for none, or for one that is not
    /// known to exist (see [`Self::asked_model`]): sums by model must not grow with whatever callers make up.
    pub model: String,
    /// The name that the caller asked for where nothing is known of such a model, cut at 256 bytes; else empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub asked_model: String,
    /// The provider that answered (or the last one tried); or empty.
    pub provider: String,
    /// The model at that provider; or empty.
    pub upstream_model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// HTTP status sent to the caller; 0 when none was sent.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Short machine-readable reason when it did not end well, such as `unknown_model`; or empty.
    pub error: String,
    /// What is charged to the caller: the winning attempt's usage.
    pub usage: Usage,
    /// What it costs; `None` when the price is unknown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cost: Option<NanoUsd>,
    /// What became of it in the cache of answers, where its model route has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache: Option<CacheStatus>,
    /// What a kept answer would have cost anew: what it had cost. `None` when that is unknown, or nothing was saved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub saved: Option<NanoUsd>,
    /// Bytes of the request body read.
    pub request_bytes: u64,
    /// Bytes of the answer body written.
    pub response_bytes: u64,
    /// Parameters that could not be carried over, such as `logit_bias`, and behind `response.` parts of a translated
    /// answer, such as `response.content[].citations`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub dropped: Vec<String>,
    /// The request whose shadow this is: nothing but the attempt counts then, and it belongs to that request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shadow_of: Option<String>,
    /// Every attempt, in order. For REST, one per target tried.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub attempts: Vec<Attempt>,
}

/// One attempt at one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Counts from 1.
    pub number: u32,
    /// The provider (AI) or upstream (REST).
    pub provider: String,
    /// Name of the key within the provider's pool; or empty.
    pub provider_key: String,
    /// The model at the provider (AI), or the target's address (REST).
    pub target: String,
    /// When it began, in microseconds after the request's `at`.
    pub started_us: u64,
    /// From its begin to the first byte of the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_byte_us: Option<u64>,
    /// How long it took.
    pub duration_us: u64,
    /// HTTP status received; 0 when none came.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong, free of secrets and cut at 300 bytes; or empty.
    pub error: String,
    /// What it consumed at the provider, charged or not.
    pub usage: Usage,
    /// What that costs; `None` when the price is unknown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cost: Option<NanoUsd>,
    /// The price row that `cost` was computed with; or empty.
    pub price: String,
    /// What became of its answer, where the caller left before the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aborted: Option<Aborted>,
    /// Set when it was made with a copy of the request, and nobody got its answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shadow: Option<Shadowed>,
}

/// What a shadow's answer was, beside the one that the caller got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shadowed {
    /// Whether text and calls of tools are the same; absent where one of the two gave no whole answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub same_answer: Option<bool>,
}

/// What became of the answer of an attempt whose caller left before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aborted {
    /// The connection to the provider was closed, which stops the model.
    Cut,
    /// It was read to its end: usage and cost are the provider's own.
    Drained,
    /// It was read on, but not to its end (too long, too large, or the provider failed): usage is estimated.
    Truncated,
}

impl Aborted {
    /// The name in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Drained => "drained",
            Self::Truncated => "truncated",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Cut, Self::Drained, Self::Truncated].into_iter().find(|one| one.as_str() == name)
    }
}
