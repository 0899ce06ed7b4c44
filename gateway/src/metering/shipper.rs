//! Moves records from the journal to the ledger, in order, again until the ledger has them.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::watch;
use weir_domain::ledger::Record;
use weir_domain::ports::UsageSink;

use super::frame::{self, Next};
use super::journal::{self, POSITION, Position, segment_path, segments};
use super::meter::{JournalEvent, Meter};

/// The most records of one batch.
const BATCH_RECORDS: usize = 1_000;
/// Bytes read at a time; a frame that is longer is read whole all the same.
const READ_BYTES: usize = 1 << 20;
/// How often the journal is looked at.
const TICK: Duration = Duration::from_millis(200);
/// How often what was written is flushed to the disk.
const SYNC: Duration = Duration::from_millis(900);
/// How long the ledger may take for one batch.
pub(crate) const DELIVERY: Duration = Duration::from_secs(30);
/// The first and the longest wait after a failed delivery.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));

/// Records read from the journal, and where the next ones begin.
pub(crate) struct Batch<T> {
    pub(crate) records: Vec<T>,
    pub(crate) next: Position,
    /// Bytes that are no record.
    pub(crate) skipped: u64,
}

/// Runs until `stop` turns true; then one last round, without waiting for a ledger that fails.
pub(super) async fn run(meter: Arc<Meter>, sink: Arc<dyn UsageSink>, stop: watch::Receiver<bool>) {
    tokio::join!(upkeep(&meter, stop.clone()), ship(&meter, &*sink, stop));
}

/// Waits for a while, or for the word to stop; returns whether it came.
pub(crate) async fn pause(stop: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => true,
        () = tokio::time::sleep(time) => false,
    }
}

async fn upkeep(meter: &Arc<Meter>, mut stop: watch::Receiver<bool>) {
    loop {
        let stopping = pause(&mut stop, SYNC).await;
        let meter = Arc::clone(meter);
        let work = move || {
            meter.recover();
            if let Err(error) = meter.journal.rotate_if_old().and_then(|()| meter.journal.sync()) {
                meter.fail(&error);
            }
        };
        // A panic in it has been reported by the process's panic hook; the next round tries again.
        drop(tokio::task::spawn_blocking(work).await);
        if stopping {
            return;
        }
    }
}

async fn ship(meter: &Arc<Meter>, sink: &dyn UsageSink, mut stop: watch::Receiver<bool>) {
    let mut at = journal::read_position(meter.journal.directory());
    let mut backoff = Duration::ZERO;
    loop {
        let stopping = pause(&mut stop, backoff.max(TICK)).await;
        backoff = match drain(meter, sink, &mut at).await {
            Ok(()) => Duration::ZERO,
            Err(reason) => {
                let retry = (backoff * 2).clamp(BACKOFF.0, BACKOFF.1);
                let retry_ms = u64::try_from(retry.as_millis()).unwrap_or(u64::MAX);
                meter.event(&JournalEvent::DeliveryFailed { reason, retry_ms });
                retry
            }
        };
        if stopping {
            return;
        }
    }
}

/// Delivers everything that is written now. What is written meanwhile waits for the next round: many records at once
/// cost the ledger less than a few at a time.
async fn drain(meter: &Arc<Meter>, sink: &dyn UsageSink, at: &mut Position) -> Result<(), String> {
    let written = meter.journal.written();
    while *at < written {
        let batch = next(meter, *at, written).await.map_err(|e| format!("segment {}: {e}", at.segment))?;
        if batch.skipped > 0 {
            meter.event(&JournalEvent::Skipped { segment: at.segment, bytes: batch.skipped });
        }
        if !batch.records.is_empty() {
            // A delivery that is given up here may have been stored; the ledger knows records by their id.
            match tokio::time::timeout(DELIVERY, sink.deliver(&batch.records)).await {
                Ok(delivery) => delivery.map_err(|e| e.to_string())?,
                Err(_) => return Err(format!("no answer within {} s", DELIVERY.as_secs())),
            }
            meter.event(&JournalEvent::Delivered { records: batch.records.len() });
        }
        *at = batch.next;
        save_position(meter.journal.directory(), *at).map_err(|e| format!("position: {e}"))?;
    }
    Ok(())
}

/// What is to be delivered next: from memory, or from the journal up to where memory goes on.
async fn next(meter: &Arc<Meter>, from: Position, written: Position) -> io::Result<Batch<Record>> {
    let kept = meter.recent.lock().take(from, BATCH_RECORDS);
    match kept {
        Ok((records, next)) => Ok(Batch { records, next, skipped: 0 }),
        Err(kept_from) => {
            let (meter, until) = (Arc::clone(meter), kept_from.map_or(written, |place| place.min(written)));
            let read = move || read(meter.journal.directory(), from, until);
            tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
        }
    }
}

/// Reads from one segment what fits into a batch. `written` is the end of what may be read.
pub(crate) fn read<T: DeserializeOwned>(directory: &Path, from: Position, written: Position) -> io::Result<Batch<T>> {
    let behind = || -> io::Result<Position> {
        let next = segments(directory)?.into_iter().find(|&n| n > from.segment);
        Ok(Position { segment: next.unwrap_or(written.segment), offset: 0 })
    };
    let mut batch = Batch { records: Vec::new(), next: from, skipped: 0 };
    let mut file = match File::open(segment_path(directory, from.segment)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && from.segment < written.segment => {
            batch.next = behind()?;
            return Ok(batch);
        }
        file => file?,
    };
    let end = if from.segment == written.segment { written.offset } else { file.metadata()?.len() };
    file.seek(SeekFrom::Start(from.offset))?;
    let left = end.saturating_sub(from.offset);
    let mut bytes = Vec::new();
    let mut wanted = READ_BYTES;
    loop {
        let have = bytes.len();
        let more = (wanted - have).min(usize::try_from(left).unwrap_or(usize::MAX) - have);
        (&mut file).take(u64::try_from(more).unwrap_or(0)).read_to_end(&mut bytes)?;
        let whole = u64::try_from(bytes.len()).unwrap_or(u64::MAX) >= left || bytes.len() < wanted;
        let used = parse(&bytes, whole, &mut batch);
        if used > 0 || whole {
            batch.next.offset = from.offset + u64::try_from(used).unwrap_or(0);
            let all = used == bytes.len() && whole;
            if all && from.segment < written.segment {
                batch.next = behind()?;
            }
            return Ok(batch);
        }
        wanted *= 2;
    }
}

/// Takes records out of `bytes` and returns how many bytes are done with. `whole`: nothing follows them.
fn parse<T: DeserializeOwned>(bytes: &[u8], whole: bool, batch: &mut Batch<T>) -> usize {
    let mut used = 0;
    while batch.records.len() < BATCH_RECORDS {
        let rest = bytes.get(used..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
        let skip = match frame::next(rest) {
            Next::Frame { payload, length } => {
                used += length;
                match serde_json::from_slice(payload) {
                    Ok(record) => batch.records.push(record),
                    // Whole, yet no record: written by a version that this one cannot read.
                    Err(_) => batch.skipped += u64::try_from(length).unwrap_or(0),
                }
                continue;
            }
            Next::Incomplete if !whole => break,
            // Torn by a kill, or a damaged length; a frame may stand behind it.
            Next::Incomplete => frame::resync(rest),
            Next::Damaged(skip) => skip,
        };
        used += skip;
        batch.skipped += u64::try_from(skip).unwrap_or(0);
    }
    used
}

/// Notes what the ledger has, then deletes the segments of which it has all. The note may be lost with the machine:
/// records are then delivered again, and the ledger drops them.
pub(crate) fn save_position(directory: &Path, at: Position) -> io::Result<()> {
    let draft = directory.join("position.new");
    let mut file = journal::private().create(true).truncate(true).open(&draft)?;
    file.write_all(format!("{} {}\n", at.segment, at.offset).as_bytes())?;
    fs::rename(&draft, directory.join(POSITION))?;
    for segment in segments(directory)?.into_iter().take_while(|&n| n < at.segment) {
        fs::remove_file(segment_path(directory, segment))?;
    }
    Ok(())
}
