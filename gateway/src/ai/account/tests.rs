//! Ids in bodies and in answers.

use std::sync::Arc;

use serde_json::{Value, json};
use weir_domain::ledger::{Record, Traffic};
use weir_domain::sealing::SealingKey;
use weir_domain::snapshot::Snapshot;

use super::row::{self, Seen};
use super::unseal::Unsealer;
use super::{Sealer, Written, object};
use crate::ai::plan::tests::provider;
use crate::metering::{JournalEvent, JournalOptions, Meter, Observer, Settled, Settlement};

fn sealer(application: &str, key: &str) -> Sealer {
    let snapshot = Arc::new(Snapshot { sealing: Some(SealingKey::new([7; 32])), ..Snapshot::default() });
    Sealer { snapshot, application: application.into(), provider: "openai".into(), key: key.into() }
}

fn opened(body: &str, cut: usize) -> String {
    let (mut unsealer, mut out, own) = (Unsealer::default(), Vec::new(), sealer("web", "main"));
    for piece in body.as_bytes().chunks(cut) {
        out.extend_from_slice(&unsealer.push(piece, false, &|id: &str| own.open_here(id)));
    }
    out.extend_from_slice(&unsealer.push(b"", true, &|id: &str| own.open_here(id)));
    String::from_utf8(out).unwrap()
}

#[test]
fn the_callers_ids_are_opened_in_a_body_however_it_is_cut_and_nothing_else_is_touched() {
    let own = sealer("web", "main").seal(0, "", "file-6F2ksmvXxt4VdoqmHRw6kL");
    let foreign = sealer("other", "main").seal(0, "", "file-secret");
    let elsewhere = sealer("web", "second").seal(0, "", "file-elsewhere");
    let body = format!(
        "{{\"a\":\"{own}\",\"b\":[\"{foreign}\",\"{elsewhere}\",\"x {own}\",\"file-wrid\",\"wrid\",\"file-wridAAAA\"],\"n\":\"\\\"{own}\\\"\",\
         \"long\":\"file-wrid{}\",\"end\":\"{own}\"}}",
        "x".repeat(3_000)
    );
    let blanks = " ".repeat(own.len() - "file-6F2ksmvXxt4VdoqmHRw6kL".len());
    let expected = body
        .replace(&format!("\"a\":\"{own}\""), &format!("\"a\":\"file-6F2ksmvXxt4VdoqmHRw6kL\"{blanks}"))
        .replace(&format!("\"end\":\"{own}\""), &format!("\"end\":\"file-6F2ksmvXxt4VdoqmHRw6kL\"{blanks}"));
    assert_ne!(expected, body);
    for cut in (1..400).chain([1_000, body.len()]) {
        let seen = opened(&body, cut);
        assert_eq!(seen.len(), body.len());
        assert_eq!(seen, expected, "pieces of {cut}");
    }
    let parsed: Value = serde_json::from_str(&expected).unwrap();
    assert_eq!((&parsed["a"], &parsed["end"]), (&json!("file-6F2ksmvXxt4VdoqmHRw6kL"), &parsed["a"]));
    for plain in ["", "\"", "\"\"", "{\"file_id\":\"file-6F2ksmvXxt4VdoqmHRw6kL\"}", "wrid\"wrid\"wrid"] {
        assert_eq!(opened(plain, 1), plain);
    }
}

#[test]
fn a_body_of_nothing_but_marks_is_read_in_the_time_of_any_other() {
    // Looked for without a bound, this would not end today.
    let marks = "wrid".repeat(1 << 20);
    assert!(opened(&marks, marks.len()) == marks && opened(&marks, 1 << 16) == marks);
    assert_eq!(super::unseal::candidates(marks.as_bytes()).count(), 0);
    assert_eq!(super::unseal::candidates(format!("{{\"a\":\"{marks}\",\"b\":\"file-wridA\"}}").as_bytes()).count(), 1);
}

#[test]
fn every_id_of_an_answer_is_the_callers_and_the_same_each_time() {
    let sealer = sealer("web", "main");
    let batch = json!({"id": "batch_1", "object": "batch", "created_at": 1_711_471_533, "status": "completed",
        "input_file_id": "file-in", "output_file_id": "file-out", "error_file_id": null, "endpoint": "/v1/embeddings",
        "metadata": {"id": "batch_1", "input_file_id": "file-in"}, "request_counts": {"total": 1, "completed": 1}});
    let answered = object::seal(&sealer, None, batch.to_string().as_bytes()).unwrap();
    let seen: Value = serde_json::from_slice(&answered.body).unwrap();
    let open = |name: &str| sealer.open(seen[name].as_str().unwrap()).unwrap();
    assert_eq!((open("id").id.as_str(), open("id").made), ("batch_1", 1_711_471_533));
    assert_eq!((open("input_file_id").id.as_str(), open("input_file_id").results_of.as_str()), ("file-in", ""));
    let output = open("output_file_id");
    assert_eq!((output.id.as_str(), output.results_of.as_str(), output.made), ("file-out", "batch_1", 1_711_471_533));
    assert_eq!((&seen["metadata"], &seen["error_file_id"]), (&batch["metadata"], &Value::Null));
    assert_eq!(
        seen.as_object().unwrap().keys().collect::<Vec<_>>(),
        batch.as_object().unwrap().keys().collect::<Vec<_>>()
    );
    assert_eq!(seen["input_file_id"], sealer.seal(0, "", "file-in"), "as it was when it was uploaded");
    let (id, state) = answered.batch.unwrap();
    assert_eq!((id.as_str(), state.ended), ("batch_1", true));

    // What is asked for keeps the id that it was asked for by.
    let asked = seen["output_file_id"].as_str().unwrap();
    let file = json!({"id": "file-out", "object": "file", "purpose": "batch_output"}).to_string();
    let answered = object::seal(&sealer, Some((asked, &output)), file.as_bytes()).unwrap();
    let again: Value = serde_json::from_slice(&answered.body).unwrap();
    assert_eq!((again["id"].as_str(), answered.batch), (Some(asked), None));

    let upload = json!({"id": "upload_1", "object": "upload", "file": {"id": "file-3", "object": "file"}}).to_string();
    let upload: Value = serde_json::from_slice(&object::seal(&sealer, None, upload.as_bytes()).unwrap().body).unwrap();
    assert_eq!(upload["file"]["id"], sealer.seal(0, "", "file-3"));
    assert!(object::seal(&sealer, None, b"[1]").is_none() && object::seal(&sealer, None, b"<html>").is_none());
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
