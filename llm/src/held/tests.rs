//! Ids in bodies and in answers.

use serde_json::{Value, json};
use weir_domain::sealing::SealingKey;

use super::*;

/// Seals and opens for one application, in one account.
struct Sealer {
    key: SealingKey,
    application: &'static str,
    account: &'static str,
}

fn sealer(application: &'static str, account: &'static str) -> Sealer {
    Sealer { key: SealingKey::new([7; 32]), application, account }
}

impl Sealer {
    fn seal(&self, made: u64, results_of: &str, id: &str) -> String {
        let (provider, key) = ("openai".to_owned(), self.account.to_owned());
        let (results_of, id) = (results_of.to_owned(), id.to_owned());
        seal(&self.key, self.application, &Held { provider, key, is_response: false, made, results_of, id })
    }

    fn open(&self, id: &str) -> Option<Held> {
        open(&self.key, self.application, id)
    }

    fn open_here(&self, id: &str) -> Option<Held> {
        self.open(id).filter(|held| held.key == self.account)
    }
}

fn answered(sealer: &Sealer, asked: Option<(&str, &Held)>, answer: &[u8]) -> Option<Answered> {
    seal_answer(&|made, results_of: &str, id: &str| sealer.seal(made, results_of, id), asked, answer)
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
    assert_eq!(candidates(marks.as_bytes()).count(), 0);
    assert_eq!(candidates(format!("{{\"a\":\"{marks}\",\"b\":\"file-wridA\"}}").as_bytes()).count(), 1);
}

#[test]
fn every_id_of_an_answer_is_the_callers_and_the_same_each_time() {
    let sealer = sealer("web", "main");
    let batch = json!({"id": "batch_1", "object": "batch", "created_at": 1_711_471_533, "status": "completed",
        "input_file_id": "file-in", "output_file_id": "file-out", "error_file_id": null, "endpoint": "/v1/embeddings",
        "metadata": {"id": "batch_1", "input_file_id": "file-in"}, "request_counts": {"total": 1, "completed": 1}});
    let sealed = answered(&sealer, None, batch.to_string().as_bytes()).unwrap();
    let seen: Value = serde_json::from_slice(&sealed.body).unwrap();
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
    let (id, state) = sealed.batch.unwrap();
    assert_eq!((id.as_str(), state.ended), ("batch_1", true));

    // What is asked for keeps the id that it was asked for by.
    let asked = seen["output_file_id"].as_str().unwrap();
    let file = json!({"id": "file-out", "object": "file", "purpose": "batch_output"}).to_string();
    let sealed = answered(&sealer, Some((asked, &output)), file.as_bytes()).unwrap();
    let again: Value = serde_json::from_slice(&sealed.body).unwrap();
    assert_eq!((again["id"].as_str(), sealed.batch), (Some(asked), None));

    let upload = json!({"id": "upload_1", "object": "upload", "file": {"id": "file-3", "object": "file"}}).to_string();
    let upload: Value = serde_json::from_slice(&answered(&sealer, None, upload.as_bytes()).unwrap().body).unwrap();
    assert_eq!(upload["file"]["id"], sealer.seal(0, "", "file-3"));
    assert!(answered(&sealer, None, b"[1]").is_none() && answered(&sealer, None, b"<html>").is_none());
}

/// A provider may call its things what it likes, and a body stays JSON all the same.
#[test]
fn an_id_of_any_text_is_written_as_json() {
    let own = sealer("web", "main");
    for id in ["a\"b", "back\\slash", "tab\there", "päd"] {
        let body = json!({"file_id": own.seal(0, "", id), "n": 1}).to_string();
        let seen = opened(&body, 7);
        assert_eq!(serde_json::from_str::<Value>(&seen).unwrap(), json!({"file_id": id, "n": 1}), "{seen}");
        assert_eq!(seen.len(), body.len());
    }
}

/// Behind the gateway may stand another one, whose ids look like ours.
#[test]
fn what_was_opened_once_is_not_opened_again() {
    let own = sealer("web", "main");
    let inner = own.seal(0, "", "file-1");
    let body = json!({"file_id": own.seal(0, "", &inner)}).to_string();
    for cut in 1..=body.len() {
        assert_eq!(serde_json::from_str::<Value>(&opened(&body, cut)).unwrap(), json!({"file_id": inner}), "{cut}");
    }
}
