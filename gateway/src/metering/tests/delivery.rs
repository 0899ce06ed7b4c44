//! The way from the journal to the ledger: in batches, again after failures, once over restarts.

use super::super::frame::{self, Next};
use super::*;

#[tokio::test]
async fn records_arrive_once_and_the_segment_goes() {
    let fixture = Fixture::new();
    let meter = fixture.open_with(JournalOptions { segment_bytes: 8_192, ..JournalOptions::default() });
    for _ in 0..2_500 {
        settle(&meter);
    }
    assert!(segments(&fixture.journal()).len() > 50);
    let ledger = Arc::<Ledger>::default();
    ship(&meter, &ledger, 2_500).await;
    assert_eq!(ledger.rows.lock().len(), 2_500);
    assert_eq!(ledger.batches.lock().iter().sum::<usize>(), 2_500, "none was delivered twice");
    assert_eq!(segments(&fixture.journal()).len(), 1, "only the open segment is left");
    assert_eq!(meter.delivered(), 2_500);
}

#[tokio::test]
async fn a_batch_has_at_most_a_thousand_records() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    for _ in 0..2_300 {
        settle(&meter);
    }
    let ledger = Arc::<Ledger>::default();
    ship(&meter, &ledger, 2_300).await;
    assert!(ledger.batches.lock().iter().all(|&n| n <= 1_000), "{:?}", ledger.batches.lock());
    assert_eq!(ledger.rows.lock().len(), 2_300);
}

#[tokio::test]
async fn a_ledger_that_fails_is_tried_again() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let id = settle(&meter);
    let ledger = Arc::new(Ledger { failures: AtomicUsize::new(2), ..Ledger::default() });
    ship(&meter, &ledger, 1).await;
    assert!(ledger.rows.lock().contains_key(&id));
    assert_eq!(fixture.events("DeliveryFailed"), 2);
}

#[tokio::test]
async fn what_an_earlier_process_left_is_delivered_once_by_the_next() {
    let fixture = Fixture::new();
    let ledger = Arc::<Ledger>::default();
    let mut total = 0;
    for round in 0..5 {
        // Dropped without a word, as by kill -9: what was settled is in the file.
        let meter = fixture.open();
        for _ in 0..10 {
            settle(&meter);
            total += 1;
        }
        if round % 2 == 1 {
            ship(&meter, &ledger, total).await;
        }
    }
    let meter = fixture.open();
    ship(&meter, &ledger, total).await;
    assert_eq!(ledger.rows.lock().len(), total);
    assert_eq!(ledger.batches.lock().iter().sum::<usize>(), total, "the position is kept over restarts");
}

#[tokio::test]
async fn without_its_position_everything_is_delivered_again_and_the_ledger_keeps_one_of_each() {
    let fixture = Fixture::new();
    let ledger = Arc::<Ledger>::default();
    let meter = fixture.open();
    settle(&meter);
    ship(&meter, &ledger, 1).await;
    drop(meter);
    std::fs::write(fixture.journal().join("position"), "garbage").unwrap();
    let meter = fixture.open();
    settle(&meter);
    ship(&meter, &ledger, 2).await;
    assert_eq!(ledger.rows.lock().len(), 2);
}

#[tokio::test]
async fn deleted_segments_do_not_stop_delivery() {
    let fixture = Fixture::new();
    let ledger = Arc::<Ledger>::default();
    for _ in 0..3 {
        let meter = fixture.open();
        settle(&meter);
        ship(&meter, &ledger, 1).await;
    }
    for name in segments(&fixture.journal()) {
        std::fs::remove_file(fixture.journal().join(name)).unwrap();
    }
    let meter = fixture.open();
    let id = settle(&meter);
    ship(&meter, &ledger, 4).await;
    assert!(ledger.rows.lock().contains_key(&id));
}

#[test]
fn a_second_process_is_refused() {
    let fixture = Fixture::new();
    let _meter = fixture.open();
    let second = Meter::open(
        fixture.directory.path(),
        "node-2",
        JournalOptions::default(),
        Arc::clone(&fixture.notes) as Arc<dyn Observer>,
    );
    assert!(matches!(second.err(), Some(JournalError::InUse(_))));
}

#[tokio::test]
async fn an_old_segment_is_closed_so_that_it_can_go() {
    let fixture = Fixture::new();
    let options = JournalOptions { segment_age: Duration::from_millis(1), ..JournalOptions::default() };
    let meter = fixture.open_with(options);
    settle(&meter);
    let ledger = Arc::<Ledger>::default();
    ship(&meter, &ledger, 1).await;
    ship(&meter, &ledger, 1).await;
    assert_eq!(segments(&fixture.journal()), ["0000000000000002.journal"]);
}

#[test]
fn many_threads_write_whole_records() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..500).for_each(|_| drop(settle(&meter))));
        }
    });
    let bytes = std::fs::read(fixture.journal().join("0000000000000001.journal")).unwrap();
    let mut at = 0;
    let mut count = 0;
    while let Next::Frame { length, .. } = frame::next(&bytes[at..]) {
        at += length;
        count += 1;
    }
    assert_eq!((at, count), (bytes.len(), 4_000));
}

#[tokio::test]
async fn nobody_else_reads_the_journal() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let meter = fixture.open();
    settle(&meter);
    ship(&meter, &Arc::default(), 1).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&fixture.journal()), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(fixture.journal()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_owned());
    }
    assert!(names.len() >= 3, "segment, position and lock: {names:?}");
}
