//! A route's policy of conflicts, and the stores that hold what it needs, ready for requests.

use std::time::Duration;

use crate::conflict_key::Template;
use crate::secret::Secret;
use crate::spec::{
    Adaptive, AlreadyApplied, Coalesce, ConditionHeader, Evaluate, Idempotency, LimitOnError, Lock, LostUpdate, Method,
    OnError, Percent, Queue, Scope, Serialise, StoreBreaker, StoreType, UpstreamConflict, Validators, VerifyWith,
    Writers,
};

/// The store that is there without being configured: the memory of the node.
pub const MEMORY_STORE: &str = "memory";

/// A route's policy of conflicts, whole: what was inherited is in it.
#[derive(Debug)]
pub struct ConflictPolicy {
    /// What is one resource.
    pub key: Template,
    /// The store's id; [`MEMORY_STORE`] is always there.
    pub store: String,
    /// Who changes resources.
    pub writers: Writers,
    /// Whether answers carry `Conflict-Status`.
    pub status_header: bool,
    /// K1.
    pub validators: Option<Validators>,
    /// K2.
    pub conditional_reads: bool,
    /// K3.
    pub preconditions: Option<Preconditions>,
    /// K4.
    pub lost_update: Option<LostUpdate>,
    /// K5; never one that is not enabled.
    pub lock: Option<Lock>,
    /// K6.
    pub serialize: Option<Serialise>,
    /// K7.
    pub coalesce: Option<Coalesce>,
    /// K8.
    pub idempotency: Option<Idempotency>,
    /// K9, in the order in which room is asked for.
    pub concurrency: Vec<ConcurrencyLimit>,
    /// K10.
    pub upstream_conflict: Option<UpstreamConflict>,
    /// What entity tags are salted with: another API version or another transform of answers gives other tags, another
    /// node does not.
    pub salt: [u8; 16],
}

/// K3, with its defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preconditions {
    /// Methods that must carry a condition; empty for none.
    pub required: Vec<Method>,
    /// The headers of which there must be one.
    pub any_of: Vec<ConditionHeader>,
    /// Who evaluates.
    pub evaluate: Evaluate,
    /// 412 or 409.
    pub mismatch_status: u16,
    /// 400 or 412.
    pub malformed_status: u16,
    /// What becomes of a write whose outcome is there already.
    pub already_applied: AlreadyApplied,
    /// Whose credentials the current version is read with.
    pub verify_with: VerifyWith,
    /// What becomes of a write when the condition cannot be evaluated.
    pub on_error: OnError,
    /// Whether a refusal says the current tag.
    pub disclose_current: bool,
}

/// One limit of K9, with its defaults filled in.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    /// Its name.
    pub name: String,
    /// What is counted together within the route.
    pub key: Option<Template>,
    /// How many at once.
    pub bound: Bound,
    /// 429 or 503.
    pub reject_status: u16,
    /// Who may wait.
    pub queue: Option<Queue>,
    /// Whether other nodes count.
    pub scope: Scope,
    /// Shares by priority, the largest first.
    pub priorities: Vec<(String, Percent)>,
    /// What becomes of a limit over all nodes while the store is down.
    pub on_error: LimitOnError,
}

/// How many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// So many.
    Fixed(u32),
    /// As many as the upstream bears.
    Adaptive(Adaptive),
}

/// Where a store is.
#[derive(Debug)]
pub struct ConflictStore {
    /// The resource's id.
    pub id: String,
    /// What it is.
    pub kind: StoreType,
    /// Its address, which may hold a password; `None` for memory.
    pub url: Option<Secret>,
    /// How long one operation may take.
    pub op_timeout: Duration,
    /// When it is left alone.
    pub breaker: StoreBreaker,
    /// The store of PostgreSQL that counts this one's losses.
    pub epoch_from: Option<String>,
    /// Another number for another content: a store that is configured anew is opened anew.
    pub generation: u64,
}

impl ConflictPolicy {
    /// Whether a body of the request must be held whole before anything is decided.
    #[must_use]
    pub fn reads_body_for_key(&self) -> bool {
        self.key.reads_json()
            || self.concurrency.iter().any(|limit| limit.key.as_ref().is_some_and(Template::reads_json))
    }
}
