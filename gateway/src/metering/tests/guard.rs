//! Every way out of a request settles it, once.

use weir_domain::ledger::Outcome;

use super::*;

#[test]
fn settling_twice_and_dropping_writes_one_record() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let mut settlement = Settlement::begin(&meter, Traffic::Ai, "POST", "/v1/messages?secret=1");
    settlement.end(Outcome::Ok, "");
    while settlement.elapsed_us() < 2_000 {
        std::hint::spin_loop();
    }
    settlement.settle();
    settlement.settle();
    drop(settlement);
    let settled = fixture.notes.settled.lock();
    assert_eq!(settled.len(), 1);
    let (record, written) = &settled[0];
    assert!(written);
    assert_eq!((record.outcome, record.path.as_str(), record.node.as_str()), (Outcome::Ok, "/v1/messages", "node-1"));
    assert!(record.duration_us >= 2_000);
}

#[test]
fn a_record_is_in_the_file_when_settle_returns() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let id = settle(&meter);
    let bytes = std::fs::read(fixture.journal().join("0000000000000001.journal")).unwrap();
    assert!(memchr::memmem::find(&bytes, id.as_bytes()).is_some());
}

#[tokio::test]
async fn a_record_larger_than_a_frame_is_written_cut_and_never_lost() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let ledger = Arc::new(Ledger::default());
    let mut settlement = Settlement::begin(&meter, Traffic::Ai, "POST", "/v1/messages");
    let huge = "模z".repeat(2_000_000);
    settlement.upstream_model.clone_from(&huge);
    settlement.cost = Some(weir_domain::money::NanoUsd(7_000));
    settlement.usage.tokens.output_text = 42;
    settlement.dropped = vec![huge.clone(); 3];
    settlement.attempts = vec![attempt_naming(&huge); 2];
    settlement.end(Outcome::Ok, "");
    settlement.settle();
    let id = settlement.id.clone();
    ship(&meter, &ledger, 1).await;
    assert_eq!(fixture.events("Lost") + fixture.events("WriteFailed"), 0);
    let rows = ledger.rows.lock();
    let row = &rows[&id];
    assert_eq!((row.cost, row.usage.tokens.output_text), (settlement.cost, 42));
    let cut = [&row.upstream_model, &row.dropped[2], &row.attempts[1].target, &row.attempts[0].error];
    for text in cut {
        assert!(text.len() <= 256 && text.starts_with("模z模z") && text.ends_with("…[cut]"), "{text}");
    }
    assert_eq!((row.path.as_str(), row.attempts[1].provider.as_str()), ("/v1/messages", "p"));
}

#[test]
fn names_that_callers_make_up_are_no_names_that_sums_are_made_by() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let call = |model: &str, named: bool, answered: bool| {
        let mut settlement = Settlement::begin(&meter, Traffic::Ai, "POST", "/v1/messages");
        settlement.asked(weir_domain::dialect::Dialect::Anthropic, model);
        if named {
            settlement.named();
        }
        let outcome = if answered { Outcome::Ok } else { Outcome::Refused };
        settlement.attempts = vec![weir_domain::ledger::Attempt { outcome, ..attempt_naming(model) }];
        settlement.end(outcome, "");
        settlement.settle();
        (settlement.model.clone(), settlement.asked_model.clone())
    };
    let is = |model: &str, asked: &str| (model.to_owned(), asked.to_owned());
    assert_eq!(call("fast", true, false), is("fast", ""));
    assert_eq!(call("made-up", false, false), is("", "made-up"));
    assert_eq!(call("local/llama", false, true), is("local/llama", ""), "a provider answered for it");
    let names: std::collections::HashSet<String> =
        (0..3_000).map(|n| call(&format!("local/{n}"), false, true).0).collect();
    assert!(names.len() <= 1_025 && names.contains(""), "some providers answer for any name: {}", names.len());
    assert_eq!(call("local/llama", false, true), is("local/llama", ""), "what was believed stays");
}

#[test]
fn a_dropped_request_was_aborted_and_a_panicking_one_is_internal() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    drop(Settlement::begin(&meter, Traffic::Ai, "POST", "/dropped"));
    let panicked = std::thread::spawn({
        let meter = Arc::clone(&meter);
        move || {
            let _settlement = Settlement::begin(&meter, Traffic::Ai, "POST", "/panicked");
            panic!("on purpose");
        }
    });
    panicked.join().unwrap_err();
    let settled = fixture.notes.settled.lock();
    let outcomes: Vec<_> = settled.iter().map(|(r, _)| (r.path.as_str(), r.outcome, r.error.as_str())).collect();
    assert_eq!(outcomes, [("/dropped", Outcome::Aborted, "cancelled"), ("/panicked", Outcome::Internal, "panic")]);
}

#[tokio::test]
async fn a_cancelled_task_settles() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let (ready, begun) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let _settlement = Settlement::begin(&meter, Traffic::Ai, "POST", "/cancelled");
        ready.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    begun.await.unwrap();
    task.abort();
    task.await.unwrap_err();
    assert_eq!(fixture.notes.settled.lock().len(), 1);
}

#[test]
fn a_decided_outcome_survives_the_drop() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let mut settlement = Settlement::begin(&meter, Traffic::Rest, "GET", "/");
    settlement.end(Outcome::Timeout, "upstream_timeout");
    drop(settlement);
    assert_eq!(fixture.notes.settled.lock()[0].0.outcome, Outcome::Timeout);
}

#[test]
fn long_paths_and_names_are_cut_between_characters() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let mut settlement = Settlement::begin(&meter, Traffic::Ai, "POST", &format!("/{}", "é".repeat(600)));
    settlement.asked(weir_domain::dialect::Dialect::Openai, &"ü".repeat(300));
    assert!(settlement.path.len() <= 512 && settlement.path.ends_with('é'));
    assert_eq!(settlement.model.len(), 256);
}

#[tokio::test]
async fn while_the_disk_is_full_records_wait_in_memory_and_none_is_lost() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let before = settle(&meter);
    // The kernel answers every write to this device with "no space left".
    meter.journal.write_to(std::fs::File::options().append(true).open("/dev/full").unwrap());
    let mut failed = Settlement::begin(&meter, Traffic::Ai, "POST", "/paid");
    failed.attempts.push(attempt());
    failed.settle();
    assert!(!meter.is_writable());
    let mut refused = Settlement::begin(&meter, Traffic::Ai, "POST", "/refused");
    refused.end(Outcome::Refused, "journal_unavailable");
    refused.settle();
    assert_eq!(fixture.notes.settled.lock().iter().filter(|(_, written)| *written).count(), 1);

    let ledger = Arc::<Ledger>::default();
    ship(&meter, &ledger, 2).await;
    assert!(meter.is_writable(), "the next round writes again: {:?}", fixture.notes.events.lock());
    let after = settle(&meter);
    ship(&meter, &ledger, 3).await;
    let rows = ledger.rows.lock();
    for id in [&before, &failed.id, &after] {
        assert!(rows.contains_key(id));
    }
    assert_eq!(rows.len(), 3, "a refusal during the outage is counted, not kept");
    assert_eq!((fixture.events("WriteFailed"), fixture.events("Recovered"), fixture.events("Lost")), (1, 1, 1));
}

#[tokio::test]
async fn a_record_put_aside_as_the_outage_ends_is_written_in_the_next_round() {
    let fixture = Fixture::new();
    let meter = fixture.open();
    meter.journal.write_to(std::fs::File::options().append(true).open("/dev/full").unwrap());
    let mut late = Settlement::begin(&meter, Traffic::Ai, "POST", "/paid");
    late.attempts.push(attempt());
    late.settle();
    meter.look_well();
    assert_eq!(meter.held(), 1);
    let ledger = Arc::<Ledger>::default();
    ship(&meter, &ledger, 1).await;
    assert!(ledger.rows.lock().contains_key(&late.id));
    assert_eq!(meter.held(), 0);
}

#[test]
fn memory_is_bounded_while_the_disk_is_full() {
    let fixture = Fixture::new();
    let meter = fixture.open_with(JournalOptions { pending_bytes: 4_096, ..JournalOptions::default() });
    meter.journal.write_to(std::fs::File::options().append(true).open("/dev/full").unwrap());
    for _ in 0..100 {
        let mut settlement = Settlement::begin(&meter, Traffic::Ai, "POST", "/paid");
        settlement.attempts.push(attempt());
        settlement.settle();
    }
    assert!(fixture.events("Lost") > 80);
}

fn attempt() -> weir_domain::ledger::Attempt {
    weir_domain::ledger::Attempt {
        number: 1,
        provider: "p".into(),
        provider_key: String::new(),
        target: "m".into(),
        started_us: 0,
        first_byte_us: None,
        duration_us: 1,
        status: 200,
        outcome: Outcome::Ok,
        error: String::new(),
        usage: weir_domain::usage::Usage::default(),
        cost: None,
        price: String::new(),
        aborted: None,
        shadow: None,
    }
}
