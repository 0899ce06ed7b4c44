//! REST routes and what stands behind them, ready to be called.

use std::sync::Arc;

use super::{Address, ConflictPolicy};
use crate::secret::Secret;
use crate::spec::{Auth, UpstreamTimeouts, WireVersion};

/// One REST route, with everything that a request on it needs.
#[derive(Debug)]
pub struct Route {
    /// The resource's id.
    pub id: String,
    /// The service's id.
    pub service: String,
    /// The team that owns it.
    pub team: String,
    /// The whole path template, for metrics and logs.
    pub template: String,
    /// How the path is changed before it is forwarded.
    pub rewrite: Rewrite,
    /// Who may call.
    pub auth: Auth,
    /// The largest request body in bytes.
    pub max_body_bytes: Option<u64>,
    /// What becomes of requests that clash; `None` for routes where nothing is done about it.
    pub conflict: Option<Arc<ConflictPolicy>>,
    /// Where it goes.
    pub upstream: Arc<Upstream>,
}

/// How a path is changed before it is forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// As the caller sent it.
    Keep,
    /// Without this prefix (which the template is known to begin with).
    Strip(String),
    /// Composed anew.
    Compose(Vec<Piece>),
}

/// A piece of a composed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it is.
    Literal(String),
    /// The value of the template's parameter with this index.
    Parameter(usize),
}

/// A set of servers that answer alike.
#[derive(Debug)]
pub struct Upstream {
    /// The resource's id.
    pub id: String,
    /// The servers; at least one has weight.
    pub targets: Vec<UpstreamTarget>,
    /// How long to wait.
    pub timeouts: UpstreamTimeouts,
    /// How often an idempotent request is tried at another target when no connection could be made.
    pub connect_retries: u32,
    /// Which HTTP version is spoken.
    pub http: WireVersion,
    /// The name to find in the certificate, where it is not the target's host.
    pub server_name: Option<String>,
    /// PEM of the authorities to trust in place of the system's.
    pub ca: Option<Secret>,
    /// Whether the caller's `Host` is forwarded.
    pub preserve_host: bool,
}

/// One server of an upstream.
#[derive(Clone, Debug)]
pub struct UpstreamTarget {
    /// Where it is.
    pub address: Address,
    /// Its share of the requests.
    pub weight: u32,
}
