//! Tests of the control plane: the real router on a bound port, on SQLite and on a real PostgreSQL.

mod access;
mod api_keys;
mod apply;
mod audit;
mod away;
mod bodies;
mod canary;
mod conflict_policies;
mod conflicts;
mod crash;
mod database;
mod documents;
mod idempotency;
mod ledger;
mod live;
mod paging;
mod playground;
mod providers;
mod resources;
mod rollups;
mod secrets;
mod server;
mod sessions;
mod users;
