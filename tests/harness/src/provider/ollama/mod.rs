//! Ollama's own chat and embed as they behave on the wire.
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md>.

mod check;
mod read;
mod say;

use serde_json::{Value, json};

use super::{Shared, is_down, json_answer};
use crate::http1::Head;
use crate::script::Script;
use crate::vectors;
use crate::wire::{Answer, Body};

pub(super) use read::prompt;

/// No key is asked for.
pub(super) fn answer(_: &Shared, head: &Head, path: &str, body: &[u8], script: &Script) -> Answer {
    let refused = |status: u16, message: &str| json_answer(status, Vec::new(), &json!({"error": message}));
    if is_down(script) {
        return json_answer(500, Vec::new(), &Value::Null);
    }
    if head.method != "POST" || !["/api/chat", "/api/embed"].contains(&path) {
        return refused(404, "404 page not found");
    }
    match script.status {
        None => {}
        Some(404) => return refused(404, "model not found, try pulling it first"),
        Some(503) => return refused(503, "server busy, please try again. maximum pending requests exceeded"),
        Some(status) => return refused(status, "an error was encountered while running the model"),
    }
    if path == "/api/embed" {
        return match vectors::ollama(&serde_json::from_slice(body).unwrap_or(Value::Null)) {
            Ok(made) => json_answer(200, Vec::new(), &made),
            Err(problem) => refused(400, &problem),
        };
    }
    let request = match check::request(body) {
        Err(refusal) => return refused(refusal.status, &refusal.message),
        Ok(request) => request,
    };
    let prompt = prompt(&request);
    let reply = script.reply.clone().unwrap_or_else(|| prompt.reply());
    let said = say::Said::new(&request["model"], &reply, prompt.bytes, &script.wire);
    // Its absence means a stream.
    if request["stream"] == false {
        return json_answer(200, Vec::new(), &said.whole());
    }
    let headers = vec![("content-type".to_owned(), "application/x-ndjson".to_owned())];
    let line = |value: &Value| format!("{value}\n").into_bytes();
    let failure = line(&json!({"error": "an error was encountered while running the model: unexpected EOF"}));
    Answer { status: 200, headers, body: Body::Frames(said.lines().iter().map(line).collect(), failure) }
}
