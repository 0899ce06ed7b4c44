//! In which account an id is opened, and rows that are lost.

use std::sync::Arc;

use weir_domain::ledger::{Record, Traffic};
use weir_domain::sealing::SealingKey;
use weir_domain::snapshot::Snapshot;

use super::row::{self, Seen};
use super::{Sealer, Written};
use crate::ai::plan::tests::provider;
use crate::metering::{JournalEvent, JournalOptions, Meter, Observer, Settled, Settlement};

fn sealer(application: &str, key: &str) -> Sealer {
    let snapshot = Arc::new(Snapshot { sealing: Some(Arc::new(SealingKey::new([7; 32]))), ..Snapshot::default() });
    Sealer { snapshot, application: application.into(), provider: "openai".into(), key: key.into() }
}

#[test]
fn an_id_is_opened_in_a_body_only_where_the_thing_lies() {
    let own = sealer("web", "main");
    let held = |key: &str| sealer("web", key).seal(0, "", "file-1");
    assert_eq!(own.open_here(&held("main")).map(|held| held.id).as_deref(), Some("file-1"));
    assert_eq!(own.open_here(&held("second")), None);
    assert!(own.open(&held("second")).is_some(), "it is the application's all the same");
    let elsewhere = Sealer { provider: "other".into(), ..own.clone() };
    assert_eq!(own.open_here(&elsewhere.seal(0, "", "file-1")), None);
    assert_eq!(own.open_here(&sealer("other", "main").seal(0, "", "file-1")), None);
}

struct Deaf;

impl Observer for Deaf {
    fn settled(&self, _: &Record, _: Settled) {}

    fn journal(&self, _: &JournalEvent) {}
}

#[test]
fn a_batch_whose_row_is_lost_is_written_when_it_is_asked_after_again() {
    let provider = provider("openai", &[]);
    for (full, pending_bytes, kept) in [(false, 0, true), (true, 8 << 20, true), (true, 0, false)] {
        let directory = tempfile::tempdir().unwrap();
        let options = JournalOptions { pending_bytes, ..JournalOptions::default() };
        let meter = Meter::open(directory.path(), "node", options, Arc::new(Deaf)).unwrap();
        if full {
            meter.fill_up();
        }
        let settlement = Settlement::begin(&meter, Traffic::Ai, "GET", "/v1/batches/x");
        let (written, sealer) = (Written::default(), sealer("web", "main"));
        let seen = Seen { id: "batch_1", at: 1, path: "/v1/batches/batch_1".into() };
        row::write(&written, &settlement, (&sealer, &provider), &seen, &[Default::default()]);
        assert_eq!(row::is_written(&written, "openai", "batch_1"), kept, "{full} {pending_bytes}");
    }
}
