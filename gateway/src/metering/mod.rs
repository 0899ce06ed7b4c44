//! Usage records: written to a journal on this node first, then moved to the ledger, exactly once.
//!
//! A [`Settlement`] accompanies one request and writes its record on every way out. The [`Meter`]
//! owns the journal; [`Meter::run`] moves what is in it to the ledger. What a record passes:
//!
//! ```text
//! Settlement::settle ── write(2) ──▶ journal segment ── Meter::run ──▶ UsageSink::deliver ──▶ segment deleted
//!                     before the answer's last byte       each 200 ms, ≤ 1000 records, again until taken
//! ```
//! Records of a moment ago are delivered from memory; the journal is read after a start, and behind a slow ledger.

pub(crate) mod frame;
pub(crate) mod journal;
mod meter;
mod recent;
mod settlement;
pub(crate) mod shipper;
mod shorten;

pub(crate) use journal::directory_bytes;
pub use journal::{JournalError, JournalOptions};
pub use meter::{JournalEvent, Meter, Observer, Settled};
pub use settlement::Settlement;
pub(crate) use settlement::{cut, micros};

#[cfg(test)]
mod tests;
