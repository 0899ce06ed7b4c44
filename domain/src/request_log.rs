//! What a team wants kept of bodies, compiled: what the data plane decides by.

use crate::ledger::{Outcome, Record};
use crate::redact::Redactor;
use crate::time::Micros;

/// What is kept of the bodies of a team's requests.
#[derive(Debug)]
pub struct RequestLog {
    /// Whether only those that did not end well.
    pub errors_only: bool,
    /// Of how many, in percent.
    pub sample_percent: u32,
    /// How much of each body, in bytes.
    pub max_bytes: usize,
    /// How long.
    pub retention: Micros,
    /// How much all of the team's may take, in bytes.
    pub max_total_bytes: u64,
    /// What is taken out before.
    pub redactor: Redactor,
}

impl RequestLog {
    /// Whether a request is in the sample. Decided by its id alone, so that it can be decided at its begin.
    #[must_use]
    pub fn samples(&self, id: &str) -> bool {
        self.sample_percent >= 100 || crc32fast::hash(id.as_bytes()) % 100 < self.sample_percent
    }

    /// Whether a request that ended so is kept.
    #[must_use]
    pub fn keeps(&self, record: &Record) -> bool {
        !self.errors_only || !Self::ended_well(record)
    }

    /// Whether the caller got what was asked for, whole.
    #[must_use]
    pub fn ended_well(record: &Record) -> bool {
        record.outcome == Outcome::Ok && record.status < 400
    }
}
