//! What becomes of requests that clash: every case of the policies' table, and what the RFCs say beyond it, against the
//! real binary. Each module is a group of cases; each test's name begins with the case it is.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod call;
mod coalesce;
mod concurrency;
mod conditional_reads;
mod entity_tags;
mod exact_limits;
mod executed_once;
mod idempotency;
mod locks;
mod lost_updates;
mod management;
mod preconditions;
mod raw;
mod serialize;
mod stand;
mod upstream_conflicts;
