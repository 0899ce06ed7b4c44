//! The engine of conflict policies: entity tags, conditional requests, leases and locks with fencing, serialising,
//! idempotency keys, limits of requests under way, and the answers that say what clashes and how to resolve it.
//!
//! It knows no server: the data plane asks it step by step, and the admin API uses its entity tags and preconditions.
//! What is shared between nodes lies in a [`store::Store`]; what belongs to one node is in [`limit`] and [`queue`].

pub mod canonical;
pub mod coalesce;
pub mod conditions;
pub mod date;
pub mod facts;
pub mod fingerprint;
pub mod idempotency_key;
mod keyed;
pub mod limit;
mod line;
pub mod lock_token;
pub mod lock_xml;
pub mod malformed;
pub mod problem;
pub mod queue;
pub mod resource;
pub mod status;
pub mod store;
pub mod tag;
pub mod validator;
