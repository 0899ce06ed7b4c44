//! The guard that accompanies one request and settles it exactly once, on every way out.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use weir_domain::dialect::Dialect;
use weir_domain::ledger::{Outcome, Record, Traffic};
use weir_domain::money::NanoUsd;
use weir_domain::name::{self, MAX_MODEL};
use weir_domain::time;

use super::meter::{Meter, Placed};
use crate::bodies::Capture;

/// The longest path that a record holds, in bytes.
const MAX_PATH: usize = 512;

/// The record of a request under way. [`Settlement::settle`] puts it into the journal; dropping it unsettled (an error,
/// a panic, a cancelled task) settles it too.
pub struct Settlement {
    meter: Arc<Meter>,
    record: Record,
    started: Instant,
    first_attempt: u32,
    named: bool,
    decided: bool,
    settled: bool,
    /// What is taken along of what the request holds, where its team wants that.
    pub(crate) capture: Option<Box<Capture>>,
}

/// The number of the first attempt of a shadow: no request makes so many of its own.
const FIRST_SHADOW: u32 = 101;

impl Settlement {
    /// For a request whose head has just arrived: makes its id, and begins its clock.
    #[must_use]
    pub fn begin(meter: &Arc<Meter>, traffic: Traffic, method: &str, path: &str) -> Self {
        Self {
            record: blank(meter.node(), traffic, method, path),
            meter: Arc::clone(meter),
            started: Instant::now(),
            first_attempt: 1,
            named: false,
            decided: false,
            settled: false,
            capture: None,
        }
    }

    /// For the `index`th shadow of this request, which is settled by itself: whoever made the request has been answered
    /// by then.
    #[must_use]
    pub(crate) fn shadow(&self, index: usize) -> Self {
        let record = &self.record;
        let mut shadow = blank(self.meter.node(), record.traffic, &record.method, &record.path);
        shadow.shadow_of = Some(record.id.clone());
        shadow.at = record.at;
        shadow.team.clone_from(&record.team);
        shadow.application.clone_from(&record.application);
        shadow.key.clone_from(&record.key);
        shadow.dialect = record.dialect;
        shadow.model.clone_from(&record.model);
        shadow.stream = record.stream;
        Self {
            record: shadow,
            meter: Arc::clone(&self.meter),
            started: self.started,
            first_attempt: FIRST_SHADOW.saturating_add(u32::try_from(index).unwrap_or(u32::MAX)),
            named: false,
            decided: false,
            settled: false,
            capture: None,
        }
    }

    /// The number that its first attempt has.
    #[must_use]
    pub(crate) fn first_attempt(&self) -> u32 {
        self.first_attempt
    }

    /// Leaves no record: nothing was done.
    pub(crate) fn discard(mut self) {
        self.settled = true;
    }

    /// When the head had arrived, on the monotonic clock.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Microseconds since the head arrived.
    #[must_use]
    pub fn elapsed_us(&self) -> u64 {
        micros(self.started.elapsed())
    }

    /// Notes that the first byte of the answer goes out now; later calls change nothing.
    pub fn first_byte(&mut self) {
        if self.record.first_byte_us.is_none() {
            self.record.first_byte_us = Some(self.elapsed_us());
        }
    }

    /// Says how the request ended. `error` is a short machine-readable reason, empty for [`Outcome::Ok`].
    pub fn end(&mut self, outcome: Outcome, error: &str) {
        self.decided = true;
        self.record.outcome = outcome;
        error.clone_into(&mut self.record.error);
    }

    /// Notes the dialect and the model that the caller named, cut to what a record holds.
    pub fn asked(&mut self, dialect: Dialect, model: &str) {
        self.record.dialect = Some(dialect);
        cut(model, MAX_MODEL).clone_into(&mut self.record.model);
    }

    /// Notes that the configuration or the catalogue names the model, so that metrics may.
    pub fn named(&mut self) {
        self.named = true;
    }

    /// A model call for which no provider was asked costs nothing.
    pub fn free_if_nobody_was_asked(&mut self) {
        if self.record.traffic == Traffic::Ai && self.record.attempts.is_empty() {
            self.record.cost = Some(NanoUsd::ZERO);
        }
    }

    /// Whether [`Self::end`] has been called.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.decided
    }

    /// Whether the record has been handed to the journal.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// Puts a record beside this one into the journal: what a request has found out of something that was asked for before.
    /// Its id says what it is of, so that the ledger takes it once. For `named` see [`Self::named`].
    ///
    /// Tells whether the record was taken, or is held until the disk takes it; else it is lost.
    pub fn beside(&self, record: &Record, named: bool) -> bool {
        self.meter.write(record, named) != Placed::Lost
    }

    /// Fills in the duration, puts the record into the journal before it returns, writes the log line and counts.
    /// Call it before the last byte of the answer leaves. Calling it again does nothing.
    pub fn settle(&mut self) {
        if self.settled {
            return;
        }
        self.settled = true;
        self.record.duration_us = self.elapsed_us();
        if !self.named && !self.meter.is_real(&self.record) {
            self.record.asked_model = std::mem::take(&mut self.record.model);
        }
        self.meter.write(&self.record, self.named);
        if let Some(capture) = self.capture.take() {
            capture.settled(&self.record);
        }
    }

    /// Takes something along of what the request holds, where its team wants that.
    pub(crate) fn captured(&mut self, note: impl FnOnce(&mut Capture)) {
        if let Some(capture) = &mut self.capture {
            note(capture);
        }
    }
}

impl Deref for Settlement {
    type Target = Record;
    fn deref(&self) -> &Record {
        &self.record
    }
}

impl DerefMut for Settlement {
    fn deref_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        if std::thread::panicking() {
            self.end(Outcome::Internal, "panic");
        } else if !self.decided {
            self.end(Outcome::Aborted, "cancelled");
        }
        self.settle();
    }
}

/// Microseconds as records hold them.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The longest begin of `text` that takes at most `max` bytes and ends between characters.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

pub(super) fn blank(node: &str, traffic: Traffic, method: &str, path: &str) -> Record {
    Record {
        id: name::new_id(),
        node: node.to_owned(),
        at: time::now(),
        duration_us: 0,
        upstream_us: 0,
        first_byte_us: None,
        traffic,
        team: String::new(),
        application: String::new(),
        key: String::new(),
        method: cut(method, 32).to_owned(),
        path: cut(path.split('?').next().unwrap_or_default(), MAX_PATH).to_owned(),
        service: String::new(),
        route: String::new(),
        dialect: None,
        model: String::new(),
        asked_model: String::new(),
        provider: String::new(),
        upstream_model: String::new(),
        stream: false,
        status: 0,
        outcome: Outcome::Internal,
        error: String::new(),
        usage: weir_domain::usage::Usage::default(),
        cost: None,
        cache: None,
        saved: None,
        request_bytes: 0,
        response_bytes: 0,
        dropped: Vec::new(),
        shadow_of: None,
        attempts: Vec::new(),
    }
}
