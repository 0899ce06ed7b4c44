//! The promises of metering: a record that was settled reaches the ledger once, whatever happens to the process.

mod damage;
mod delivery;
mod guard;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::watch;
use weir_domain::bodies::Bodies;
use weir_domain::ledger::{Record, Traffic};
use weir_domain::ports::{Delivery, DeliveryError, UsageSink};

use super::*;

/// Notes what it is told.
#[derive(Default)]
struct Notes {
    settled: Mutex<Vec<(Record, bool)>>,
    events: Mutex<Vec<String>>,
}

impl Observer for Notes {
    fn settled(&self, record: &Record, settled: Settled) {
        self.settled.lock().push((record.clone(), settled.written));
    }

    fn journal(&self, event: &JournalEvent) {
        self.events.lock().push(format!("{event:?}"));
    }
}

/// A ledger in memory: counts how often it stored each id, and fails as often as it is told to.
#[derive(Default)]
struct Ledger {
    rows: Mutex<HashMap<String, Record>>,
    batches: Mutex<Vec<usize>>,
    bodies: Mutex<Vec<Bodies>>,
    failures: AtomicUsize,
}

impl UsageSink for Ledger {
    fn deliver<'a>(&'a self, batch: &'a [Record]) -> Delivery<'a> {
        Box::pin(async move {
            if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
                return Err(DeliveryError("the ledger is down".to_owned()));
            }
            self.batches.lock().push(batch.len());
            let mut rows = self.rows.lock();
            for record in batch {
                rows.entry(record.id.clone()).or_insert_with(|| record.clone());
            }
            Ok(())
        })
    }

    fn keep<'a>(&'a self, batch: &'a [Bodies]) -> Delivery<'a> {
        Box::pin(async move {
            if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
                return Err(DeliveryError("the ledger is down".to_owned()));
            }
            self.bodies.lock().extend_from_slice(batch);
            Ok(())
        })
    }
}

struct Fixture {
    directory: TempDir,
    notes: Arc<Notes>,
}

impl Fixture {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), notes: Arc::default() }
    }

    fn open(&self) -> Arc<Meter> {
        self.open_with(JournalOptions::default())
    }

    fn open_with(&self, options: JournalOptions) -> Arc<Meter> {
        Meter::open(self.directory.path(), "node-1", options, Arc::clone(&self.notes) as Arc<dyn Observer>).unwrap()
    }

    fn journal(&self) -> std::path::PathBuf {
        self.directory.path().join("journal")
    }

    fn events(&self, kind: &str) -> usize {
        self.notes.events.lock().iter().filter(|e| e.starts_with(kind)).count()
    }
}

fn settle(meter: &Arc<Meter>) -> String {
    let mut settlement = Settlement::begin(meter, Traffic::Ai, "POST", "/v1/messages?x=1");
    settlement.settle();
    settlement.id.clone()
}

/// Runs the shipper until the ledger holds so many rows, then stops it.
async fn ship(meter: &Arc<Meter>, ledger: &Arc<Ledger>, rows: usize) {
    let (stop, stopped) = watch::channel(false);
    let run = tokio::spawn(Arc::clone(meter).run(Arc::clone(ledger) as Arc<dyn UsageSink>, stopped));
    for _ in 0..200 {
        if ledger.rows.lock().len() >= rows {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.send(true).unwrap();
    run.await.unwrap();
}

fn segments(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".journal"))
        .collect();
    names.sort();
    names
}

fn attempt_naming(text: &str) -> weir_domain::ledger::Attempt {
    let json = serde_json::json!({
        "number": 1, "provider": "p", "provider_key": "k", "target": text, "started_us": 0, "duration_us": 1,
        "status": 200, "outcome": "ok", "error": text, "usage": {"tokens": {}, "source": "provider"}, "price": "",
    });
    serde_json::from_value(json).unwrap()
}
