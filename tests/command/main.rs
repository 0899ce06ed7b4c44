//! The `weir` command, quick-start.sh and the documentation, run as a user runs them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod alone;
mod docs;
mod full_disk;
mod invoke;
mod nodes;
mod quick_start;
mod serving;
mod stranger;
