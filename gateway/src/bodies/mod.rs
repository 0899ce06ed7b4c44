//! What requests and their answers held, for teams that want it kept: taken along while a request is served, then, off
//! its way, redacted, written to a journal of its own and delivered to the store.
//!
//! ```text
//! call ── Capture (references, bounded) ── settle ──▶ queue ──▶ redacted ──▶ journal `bodies/` ──▶ UsageSink::keep
//!                                                    bounded               bounded              again until taken
//! ```
//! Where it is off, a request pays one look at an option. Where it is on, no request waits for it: what does not fit is
//! counted as lost, and never in the way of the ledger, whose journal is another.

mod capture;
mod keeper;
mod redaction;

pub(crate) use capture::Capture;
pub(crate) use keeper::{Keeper, Lost};
