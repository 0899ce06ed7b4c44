//! The meter: what settlements write to, and what knows whether the journal takes records.

use std::cell::Cell;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::watch;
use weir_domain::ledger::{Outcome, Record, Traffic};
use weir_domain::ports::UsageSink;

use super::frame;
use super::journal::{Journal, JournalError, JournalOptions};
use super::recent::Recent;
use super::shipper;

/// Names of models that are believed to be real because a provider answered for them, at most.
const MOST_REAL: usize = 1_024;

/// What telemetry is told. Calls come from request tasks and must not block.
pub trait Observer: Send + Sync + 'static {
    /// A request has ended: the place for its one log line and its metrics.
    fn settled(&self, record: &Record, settled: Settled);
    /// Something happened to the journal.
    fn journal(&self, event: &JournalEvent);
}

/// What telemetry is told beside the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Whether the journal took the record.
    pub written: bool,
    /// Whether the configuration or the catalogue names the model; any other name is the caller's word alone.
    pub named: bool,
}

/// What happens to the journal.
#[derive(Debug, PartialEq, Eq)]
pub enum JournalEvent {
    /// A record could not be written: the disk is full or broken. The node is not ready until it can be.
    WriteFailed {
        /// What the system said.
        reason: String,
    },
    /// Records can be written again, and those kept in memory have been.
    Recovered,
    /// A record is lost: the journal failed for longer than memory could bridge.
    Lost {
        /// The request's id.
        id: String,
    },
    /// Bytes of a segment are no record and were skipped. At the end of a segment the process had been killed while
    /// it wrote; elsewhere the file is damaged.
    Skipped {
        /// The segment's number.
        segment: u64,
        /// How many bytes.
        bytes: u64,
    },
    /// A batch went to the ledger.
    Delivered {
        /// How many records.
        records: usize,
    },
    /// A batch did not reach the ledger, or a segment could not be read; it is tried again.
    DeliveryFailed {
        /// Why.
        reason: String,
        /// When, in milliseconds.
        retry_ms: u64,
    },
}

/// The journal of this node, and whether it takes records.
pub struct Meter {
    pub(super) journal: Arc<Journal>,
    node: String,
    observer: Arc<dyn Observer>,
    pending_limit: usize,
    broken: AtomicBool,
    /// Framed records that the disk did not take.
    pending: Mutex<Pending>,
    /// Records that the disk took a moment ago. Locked within the journal's own lock, or alone.
    pub(super) recent: Mutex<Recent>,
    delivered: AtomicU64,
    /// Models that neither configuration nor catalogue names, and that a provider answered for.
    real: papaya::HashSet<String>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is in the journal.
    Written,
    /// It is in memory until the disk takes it.
    Held,
    /// It is gone.
    Lost,
}

#[derive(Default)]
struct Pending {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
}

/// What the records kept for the next delivery take in the journal, at most; in memory it is about the same.
const RECENT_BYTES: u64 = 8 << 20;

thread_local! {
    /// Where a record is framed; kept, so that settling allocates nothing.
    static FRAME: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Meter {
    /// Opens the journal in `data_dir/journal`. Records left by an earlier process are delivered by [`Self::run`].
    ///
    /// # Errors
    /// The directory cannot be used, or another process uses it.
    pub fn open(
        data_dir: &Path,
        node: &str,
        options: JournalOptions,
        observer: Arc<dyn Observer>,
    ) -> Result<Arc<Self>, JournalError> {
        let pending_limit = options.pending_bytes;
        Ok(Arc::new(Self {
            journal: Arc::new(Journal::open(&data_dir.join("journal"), options)?),
            node: node.to_owned(),
            observer,
            pending_limit,
            broken: AtomicBool::new(false),
            pending: Mutex::default(),
            recent: Mutex::new(Recent::new(RECENT_BYTES)),
            delivered: AtomicU64::new(0),
            real: papaya::HashSet::new(),
        }))
    }

    /// The name of this node in records.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Whether the journal takes records. While it does not, the node is not ready and calls that cost money are
    /// refused with 503.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        !self.broken.load(Ordering::Relaxed)
    }

    /// Records delivered to the ledger since the start.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Records that are held in memory because the disk takes none: lost with the process.
    #[must_use]
    pub fn held(&self) -> usize {
        self.pending.lock().frames.len()
    }

    /// Moves records to the ledger until `stop` turns true, then tries once more to move what is left. Run it in one
    /// task, in the runtime that `sink` belongs to.
    pub async fn run(self: Arc<Self>, sink: Arc<dyn UsageSink>, stop: watch::Receiver<bool>) {
        shipper::run(self, sink, stop).await;
    }

    /// Whether there is a model of the name that a record has, though neither the configuration nor the catalogue names
    /// it: a provider answered for it. Some answer for any name, so that only so many are believed.
    pub(super) fn is_real(&self, record: &Record) -> bool {
        let answered = record.outcome == Outcome::Ok && record.attempts.iter().any(|a| a.outcome == Outcome::Ok);
        if record.traffic != Traffic::Ai || record.model.is_empty() || !answered {
            return false;
        }
        let real = self.real.pin();
        real.contains(&record.model) || (real.len() < MOST_REAL && real.insert(record.model.clone()))
    }

    /// Puts a record into the journal and tells the observer; for `named` see [`Settled::named`].
    pub(super) fn write(&self, record: &Record, named: bool) -> Placed {
        // A thread that ends may drop a request when its own variables are gone already: then a new buffer does.
        let mut buffer = FRAME.try_with(Cell::take).unwrap_or_default();
        let placed = match frame::encode(record, &mut buffer) {
            Ok(short) => self.append(short.as_ref().unwrap_or(record), &buffer),
            Err(error) => {
                self.event(&JournalEvent::WriteFailed { reason: error.to_string() });
                self.event(&JournalEvent::Lost { id: record.id.clone() });
                Placed::Lost
            }
        };
        // A record with a thousand attempts must not pin its memory for ever.
        buffer.shrink_to(64 * 1024);
        _ = FRAME.try_with(|kept| kept.set(buffer));
        self.observer.settled(record, Settled { written: placed == Placed::Written, named });
        placed
    }

    fn append(&self, record: &Record, frame: &[u8]) -> Placed {
        if self.is_writable() {
            let copy = Box::new(record.clone());
            let placed = |from, to| self.recent.lock().push(from, to, copy);
            let Err(error) = self.journal.append(frame, placed) else { return Placed::Written };
            self.fail(&error);
        } else if record.attempts.is_empty() {
            // Refusals during an outage cost nobody money; they must not push out records that do.
            self.event(&JournalEvent::Lost { id: record.id.clone() });
            return Placed::Lost;
        }
        let mut pending = self.pending.lock();
        if pending.bytes + frame.len() > self.pending_limit {
            drop(pending);
            self.event(&JournalEvent::Lost { id: record.id.clone() });
            return Placed::Lost;
        }
        pending.bytes += frame.len();
        pending.frames.push_back(frame.to_vec());
        Placed::Held
    }

    /// Makes the journal look well while records are still held, as a settlement in the last moment of an outage does.
    #[cfg(test)]
    pub(super) fn look_well(&self) {
        self.broken.store(false, Ordering::Relaxed);
    }

    /// Lets the disk take nothing any more.
    #[cfg(test)]
    pub(crate) fn fill_up(&self) {
        self.journal.write_to(std::fs::File::options().append(true).open("/dev/full").unwrap());
    }

    pub(super) fn fail(&self, error: &std::io::Error) {
        if !self.broken.swap(true, Ordering::Relaxed) {
            self.event(&JournalEvent::WriteFailed { reason: error.to_string() });
        }
    }

    /// Tries to write what the disk did not take. Blocks; called by the background task.
    pub(super) fn recover(&self) {
        // Held ones too while the disk is well: a record may have been put aside just as the outage ended.
        if self.is_writable() && self.held() == 0 {
            return;
        }
        loop {
            let Some(frame) = self.pending.lock().frames.pop_front() else { break };
            if self.journal.append(&frame, |_, _| {}).is_err() {
                self.pending.lock().frames.push_front(frame);
                return;
            }
            let mut pending = self.pending.lock();
            pending.bytes = pending.bytes.saturating_sub(frame.len());
        }
        if self.journal.sync().is_ok() && self.broken.swap(false, Ordering::Relaxed) {
            self.event(&JournalEvent::Recovered);
        }
    }

    pub(super) fn event(&self, event: &JournalEvent) {
        if let JournalEvent::Delivered { records } = event {
            self.delivered.fetch_add(u64::try_from(*records).unwrap_or(0), Ordering::Relaxed);
        }
        self.observer.journal(event);
    }
}
