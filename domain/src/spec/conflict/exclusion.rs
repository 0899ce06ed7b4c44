//! One write at a time, and locks that clients hold.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Scope;
use crate::spec::{Method, Span};

/// One write at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Serialise {
    /// What becomes of a second write.
    pub mode: SerializeMode,
    /// How many wait on one node for one resource.
    pub max_queue: u32,
    /// How long one waits.
    pub max_wait: Span,
    /// Whether writes of other nodes count.
    pub scope: Scope,
    /// When the next one's turn is. By default the end of the answer, and its head where it is a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<HoldUntil>,
    /// The methods that are serialised.
    pub methods: Vec<Method>,
    /// How long a lease of a node lasts, which is renewed meanwhile.
    pub lease: Span,
}

impl Default for Serialise {
    fn default() -> Self {
        Self {
            mode: SerializeMode::default(),
            max_queue: 16,
            max_wait: Span::s(2),
            scope: Scope::default(),
            hold_until: None,
            methods: vec![Method::Put, Method::Patch, Method::Delete],
            lease: Span::s(10),
        }
    }
}

/// What becomes of a second write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SerializeMode {
    /// It waits.
    #[default]
    Queue,
    /// It is refused with 409 (RFC 5789 section 2.2).
    Reject,
}

/// When the next write's turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldUntil {
    /// When the answer's head is here.
    ResponseHeaders,
    /// When the answer is whole.
    ResponseEnd,
}

/// Locks that clients hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lock {
    /// Whether resources of this route can be locked.
    pub enabled: bool,
    /// Whether a write needs a lock also where nobody holds one.
    pub required: bool,
    /// How long a lock is held that does not say.
    pub default_ttl: Span,
    /// The longest that one is given (5 s to 1 h).
    pub max_ttl: Span,
    /// What kinds there are.
    pub modes: Vec<LockMode>,
    /// What a lock keeps others from.
    pub guard: Vec<Guard>,
    /// Whether LOCK and UNLOCK of WebDAV (RFC 4918) are answered.
    pub webdav: bool,
    /// The header that tells the upstream the fencing token; empty for none.
    pub fencing_header: String,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            enabled: true,
            required: false,
            default_ttl: Span::s(60),
            max_ttl: Span::s(3_600),
            modes: vec![LockMode::Exclusive, LockMode::Shared],
            guard: vec![Guard::Write],
            webdav: false,
            fencing_header: "Fencing-Token".to_owned(),
        }
    }
}

/// A kind of lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// One holder.
    Exclusive,
    /// Many holders, and none that is exclusive.
    Shared,
}

/// What a lock keeps others from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Writing.
    Write,
    /// Reading.
    Read,
}
