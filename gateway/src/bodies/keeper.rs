//! Takes what requests held from them, has it redacted, and brings it to the store by a journal of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc, watch};
use weir_domain::bodies::Bodies;
use weir_domain::dialect::Dialect;
use weir_domain::ledger::Record;
use weir_domain::ports::UsageSink;
use weir_domain::redact::Secrets;
use weir_domain::request_log::RequestLog;
use weir_domain::snapshot::Snapshot;
use weir_domain::time::Micros;

use super::capture::Capture;
use super::redaction;
use crate::exchange::Caller;
use crate::metering::directory_bytes;
use crate::metering::frame;
use crate::metering::journal::{self, Journal, JournalError, JournalOptions, Position};
use crate::metering::shipper::{self, DELIVERY, pause};
use crate::settings::Settings;
use crate::telemetry::Telemetry;

/// Requests that wait to be redacted.
const QUEUE: usize = 512;
/// Which part of the memory for bodies they may take.
const PART: usize = 8;
/// What may lie in the journal while the store takes nothing, in bytes.
const MOST_ON_DISK: u64 = 256 << 20;
/// How often the journal is looked at.
const TICK: Duration = Duration::from_millis(200);
/// The first and the longest wait after a failed delivery.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// Segments are small and young: what is deleted from the store must not lie there for long.
const SEGMENTS: JournalOptions =
    JournalOptions { segment_bytes: 8 << 20, segment_age: Duration::from_secs(10), pending_bytes: 0 };

/// Why what a request held is not kept although its team wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// There was no memory for it beside what requests need.
    Memory,
    /// Too many waited.
    Queue,
    /// The disk took none, or has as much as it may.
    Disk,
    /// It could not be redacted, so it must not be written.
    Redaction,
}

impl Lost {
    /// The name in metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Queue => "queue",
            Self::Disk => "disk",
            Self::Redaction => "redaction",
        }
    }
}

/// What is known of a request when it has ended.
pub(super) struct Facts {
    pub(super) id: String,
    pub(super) team: String,
    pub(super) at: Micros,
    pub(super) stream: bool,
    /// Whether the caller got what was asked for, whole.
    pub(super) ended_well: bool,
}

struct Job {
    capture: Box<Capture>,
    facts: Facts,
}

/// Where requests bring what they held.
pub(crate) struct Keeper {
    pub(super) part: Arc<Semaphore>,
    pub(super) budget: Arc<Semaphore>,
    queue: mpsc::Sender<Job>,
    /// Taken by the one that works it off.
    jobs: Mutex<Option<mpsc::Receiver<Job>>>,
    journal: Arc<Journal>,
    on_disk: AtomicU64,
    /// The secrets of the snapshot that was live last.
    secrets: Mutex<Option<(Weak<Snapshot>, Arc<Secrets>)>>,
    telemetry: Arc<Telemetry>,
}

impl Keeper {
    /// Opens the journal in `data_dir/bodies`. What an earlier process left there is delivered by [`Self::run`].
    pub(crate) fn open(
        settings: &Settings,
        budget: &Arc<Semaphore>,
        telemetry: &Arc<Telemetry>,
    ) -> Result<Arc<Self>, JournalError> {
        let directory = settings.data_dir.join("bodies");
        let journal = Arc::new(Journal::open(&directory, SEGMENTS)?);
        let (queue, jobs) = mpsc::channel(QUEUE);
        let part = (settings.body_budget_bytes / PART).max(settings.max_ai_body_bytes);
        Ok(Arc::new(Self {
            part: Arc::new(Semaphore::new(part.div_ceil(1024).min(Semaphore::MAX_PERMITS))),
            budget: Arc::clone(budget),
            queue,
            jobs: Mutex::new(Some(jobs)),
            on_disk: AtomicU64::new(directory_bytes(&directory)),
            journal,
            secrets: Mutex::new(None),
            telemetry: Arc::clone(telemetry),
        }))
    }

    /// Begins to take along what a request holds, where the caller's team wants it kept.
    pub(crate) fn capture(
        self: &Arc<Self>,
        snapshot: &Arc<Snapshot>,
        caller: &Caller,
        inbound: Dialect,
        id: &str,
    ) -> Option<Box<Capture>> {
        let log = caller.application(snapshot)?.request_log.as_ref().filter(|log| log.samples(id))?;
        Some(Box::new(Capture::new(Arc::clone(self), Arc::clone(log), Arc::clone(snapshot), inbound)))
    }

    /// Counts what is not kept.
    pub(super) fn lost(&self, why: Lost) {
        self.telemetry.bodies_lost(why);
    }

    /// Takes what a request held, without waiting.
    pub(super) fn take(&self, capture: Box<Capture>, record: &Record) {
        let facts = Facts {
            id: record.id.clone(),
            team: record.team.clone(),
            at: record.at,
            stream: record.stream,
            ended_well: RequestLog::ended_well(record),
        };
        if self.queue.try_send(Job { capture, facts }).is_err() {
            self.lost(Lost::Queue);
        }
    }

    /// Works off what comes, and delivers it, until `stop` turns true and all that waited is written; then delivers once
    /// more. Run it in one task.
    pub(crate) async fn run(self: Arc<Self>, sink: Arc<dyn UsageSink>, stop: watch::Receiver<bool>) {
        let Some(jobs) = self.jobs.lock().take() else { return };
        let (written, all_written) = watch::channel(false);
        let writing = async {
            self.write_all(jobs, stop).await;
            _ = written.send(true);
        };
        tokio::join!(writing, self.ship(&*sink, all_written));
    }

    async fn write_all(self: &Arc<Self>, mut jobs: mpsc::Receiver<Job>, mut stop: watch::Receiver<bool>) {
        let mut stopping = false;
        loop {
            let job = tokio::select! {
                biased;
                job = jobs.recv() => job,
                _ = stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    jobs.close();
                    continue;
                }
            };
            let Some(job) = job else { return };
            let keeper = Arc::clone(self);
            // One thread at a time; requests are served by others. A panic has been reported by the process's hook.
            let done = tokio::task::spawn_blocking(move || keeper.write(job)).await;
            match done.unwrap_or(Err(Lost::Redaction)) {
                Ok(()) => self.telemetry.bodies_kept(),
                Err(why) => self.lost(why),
            }
        }
    }

    fn write(&self, job: Job) -> Result<(), Lost> {
        let secrets = self.secrets(&job.capture.snapshot)?;
        let bodies = redaction::redacted(&job.capture, &job.facts, &secrets);
        drop(job);
        let mut framed = Vec::new();
        frame::encode_any(&bodies, &mut framed).map_err(|_| Lost::Disk)?;
        let length = framed.len() as u64;
        if self.on_disk.load(Ordering::Relaxed) + length > MOST_ON_DISK {
            return Err(Lost::Disk);
        }
        self.journal.append(&framed, |_, _| {}).map_err(|error| {
            tracing::warn!(%error, "bodies of a request cannot be written");
            Lost::Disk
        })?;
        self.on_disk.fetch_add(length, Ordering::Relaxed);
        Ok(())
    }

    /// The secrets of a snapshot, made ready once.
    fn secrets(&self, snapshot: &Arc<Snapshot>) -> Result<Arc<Secrets>, Lost> {
        let mut last = self.secrets.lock();
        if let Some((of, secrets)) = last.as_ref()
            && std::ptr::eq(of.as_ptr(), Arc::as_ptr(snapshot))
        {
            return Ok(Arc::clone(secrets));
        }
        let secrets = Arc::new(Secrets::of(snapshot).map_err(|_| Lost::Redaction)?);
        *last = Some((Arc::downgrade(snapshot), Arc::clone(&secrets)));
        Ok(secrets)
    }

    async fn ship(&self, sink: &dyn UsageSink, mut stop: watch::Receiver<bool>) {
        let mut at = journal::read_position(self.journal.directory());
        let mut backoff = Duration::ZERO;
        loop {
            let stopping = pause(&mut stop, backoff.max(TICK)).await;
            let before = at;
            backoff = match self.drain(sink, &mut at).await {
                Ok(()) => Duration::ZERO,
                Err(reason) => {
                    tracing::warn!(%reason, "bodies were not delivered to the store; tried again");
                    (backoff * 2).clamp(BACKOFF.0, BACKOFF.1)
                }
            };
            self.tidy(at != before).await;
            if stopping {
                return;
            }
        }
    }

    /// Delivers everything that is written now.
    async fn drain(&self, sink: &dyn UsageSink, at: &mut Position) -> Result<(), String> {
        let written = self.journal.written();
        while *at < written {
            let (journal, from) = (Arc::clone(&self.journal), *at);
            let read = move || shipper::read::<Bodies>(journal.directory(), from, written);
            let batch = tokio::task::spawn_blocking(read).await.map_err(|e| e.to_string())?;
            let batch = batch.map_err(|e| format!("segment {}: {e}", from.segment))?;
            if batch.skipped > 0 {
                tracing::warn!(bytes = batch.skipped, "bytes of the journal of bodies are no record and were skipped");
            }
            if !batch.records.is_empty() {
                // What is given up here may have been stored; the store knows bodies by the request's id.
                match tokio::time::timeout(DELIVERY, sink.keep(&batch.records)).await {
                    Ok(delivery) => delivery.map_err(|e| e.to_string())?,
                    Err(_) => return Err(format!("no answer within {} s", DELIVERY.as_secs())),
                }
            }
            *at = batch.next;
            shipper::save_position(self.journal.directory(), *at).map_err(|e| format!("position: {e}"))?;
        }
        Ok(())
    }

    /// Closes a segment that is old enough, so that what it holds is deleted; measures what is left.
    async fn tidy(&self, moved: bool) {
        let journal = Arc::clone(&self.journal);
        let work = move || {
            let rotated = journal.rotate_if_old().and_then(|()| journal.sync());
            (rotated, moved.then(|| directory_bytes(journal.directory())))
        };
        match tokio::task::spawn_blocking(work).await {
            Ok((rotated, bytes)) => {
                if let Err(error) = rotated {
                    tracing::warn!(%error, "the journal of bodies cannot be written");
                }
                bytes.into_iter().for_each(|bytes| self.on_disk.store(bytes, Ordering::Relaxed));
            }
            Err(error) => tracing::warn!(%error, "the journal of bodies was not looked after"),
        }
    }
}
