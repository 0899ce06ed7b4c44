//! Where leases, locks, keys and permits are held.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::absent::is_default;
use crate::secret::SecretRef;
use crate::spec::Span;

/// Where leases, locks, keys and permits are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConflictStore {
    /// What it is.
    #[serde(rename = "type")]
    pub store: StoreType,
    /// Where it is: `redis://…` or `rediss://…`, `postgres://…`. One address; none for memory.
    #[serde(default, skip_serializing_if = "is_default")]
    pub urls: Vec<SecretRef>,
    /// How long one operation may take. By default 50 ms, and 500 ms for PostgreSQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op_timeout: Option<Span>,
    /// When it is left alone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub breaker: StoreBreaker,
    /// Another `ConflictStore`, of PostgreSQL, that counts how often this one has lost data, so that fencing tokens keep
    /// rising whatever the clock of this one does. Without it the store's own clock marks that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch_from: Option<String>,
}

/// What a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreType {
    /// The memory of each node, for itself.
    Memory,
    /// Redis or Valkey, from 7.0 on.
    Redis,
    /// PostgreSQL, from 14 on: nothing is lost with a crash.
    Postgres,
}

/// When a store is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreBreaker {
    /// After so many failures in a row.
    pub errors: u32,
    /// For so long.
    pub open_for: Span,
}

impl Default for StoreBreaker {
    fn default() -> Self {
        Self { errors: 5, open_for: Span::s(2) }
    }
}
