//! The data plane: one way in for every LLM and REST API, on Pingora. It reads a snapshot and writes ledger records;
//! it never sees a database.
//!
//! `proxy.rs` is the list of the steps of a request. A process makes one [`DataPlane`]: [`DataPlane::bind`], then put
//! configuration into [`DataPlane::live_config`], then [`DataPlane::run`].

pub mod ai;
mod authn;
mod bodies;
mod conflict;
mod context;
mod counting;
mod egress;
mod exchange;
mod intake;
mod live;
mod locks;
pub mod metering;
mod own;
mod plane;
mod problem;
mod proxy;
mod retry_after;
mod routing;
mod server;
mod settings;
mod state;
mod telemetry;
#[cfg(test)]
mod tests;
mod upstream;

pub use exchange::{Caller, Exchange};
pub use plane::{DataPlane, Ended, StartError};
pub use server::drain::ShutdownHandle;
pub use server::listener::listen;
pub use server::trust::Network;
pub use settings::{Addresses, Settings};
pub use state::State;
