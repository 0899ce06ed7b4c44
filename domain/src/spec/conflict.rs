//! What becomes of requests that clash: the block `conflict:` of a route.
//!
//! Each part is a policy of its own, and absent it does nothing. What a route leaves out it has of its service, and what
//! both leave out of the `ConflictPolicy` with the id `default`, part by part.

mod coalesce;
mod concurrency;
mod exclusion;
mod idempotency;
mod preconditions;
mod store;
mod upstream;
mod validators;

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

pub use self::coalesce::{Billing, Coalesce, CoalesceError};
pub use self::concurrency::{Adaptive, Algorithm, Concurrency, LimitOnError, Queue, QueueOrder, Sample};
pub use self::exclusion::{Guard, HoldUntil, Lock, LockMode, Serialise, SerializeMode};
pub use self::idempotency::{Idempotency, InProgress, KeyScope, KeySyntax, OnClientAbort, OnLost};
pub use self::preconditions::{
    AlreadyApplied, Authority, ConditionHeader, Evaluate, LostUpdate, Preconditions, Require, VerifyWith,
};
pub use self::store::{ConflictStore, StoreBreaker, StoreType};
pub use self::upstream::{Backoff, ConflictStrategy, UpstreamConflict};
pub use self::validators::{ConditionalReads, HeadMode, Lenient, Synthesize, UpstreamEtag, Validators, WriteResponse};

/// A policy of conflicts, or none although the service or the default has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ConflictSetting {
    /// `off`: nothing of what is inherited holds here.
    Off(Off),
    /// The policy; what it leaves out is inherited.
    On(Box<Conflict>),
}

/// Told apart by hand: with serde's own `untagged` a fault would name neither the field nor the reason.
impl<'de> Deserialize<'de> for ConflictSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Setting;

        impl<'de> Visitor<'de> for Setting {
            type Value = ConflictSetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the word off, or a mapping of fields")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                match text {
                    "off" => Ok(ConflictSetting::Off(Off::Off)),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Conflict::deserialize(MapAccessDeserializer::new(map)).map(|on| ConflictSetting::On(Box::new(on)))
            }
        }

        deserializer.deserialize_any(Setting)
    }
}

/// The word `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// Nothing.
    Off,
}

/// Policies of concurrency and conflict, each for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Conflict {
    /// A `ConflictPolicy` whose parts hold where this one leaves them out, before what is inherited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What is one resource: a template of `{api}`, `{version}`, `{tenant}`, `{path}`, `{path.NAME}`, `{query.NAME}`,
    /// `{header.NAME}`, `{consumer}` and `{json:/pointer}`. By default `{tenant}/{api}/{version}{path}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The `ConflictStore` that holds leases, locks, keys and permits. By default the one with the id `default`, and where
    /// there is none, the memory of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Who changes resources: everybody, or nobody past Weir.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writers: Option<Writers>,
    /// Whether answers say in `Conflict-Status` what was done; by default they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_header: Option<bool>,
    /// Entity tags for an upstream that sends none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validators: Option<Validators>,
    /// 304 at the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditional_reads: Option<ConditionalReads>,
    /// Conditions that writes must carry, and who evaluates them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preconditions: Option<Preconditions>,
    /// Check and write as one step, for all traffic through Weir.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_update: Option<LostUpdate>,
    /// One write at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serialize: Option<Serialise>,
    /// Locks that clients hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// One upstream call for identical reads at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coalesce: Option<Coalesce>,
    /// The first answer again for a request that is sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
    /// Limits of requests under way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concurrency: Vec<Concurrency>,
    /// What is done about conflicts that the upstream reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_conflict: Option<UpstreamConflict>,
}

/// Who changes resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Writers {
    /// Some change them past Weir.
    #[default]
    Mixed,
    /// Nobody changes them past Weir.
    GatewayOnly,
}

/// What becomes of a request when its policy cannot be kept, because a store is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// It is refused with 503.
    #[default]
    Closed,
    /// It is passed on without; the answer and the metrics say so.
    Open,
}

/// Whether other nodes count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NodeScope)]
pub enum Scope {
    /// Each node for itself.
    #[default]
    Node,
    /// All nodes together, by the store.
    Cluster,
}
