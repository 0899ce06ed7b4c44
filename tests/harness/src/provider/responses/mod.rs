//! OpenAI's Responses API as it behaves on the wire.
//! Source: <https://platform.openai.com/docs/api-reference/responses>, and error messages seen from the live API.

mod check;
mod read;
mod say;

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::openai::{credential, error, refusal_for};
use super::{Shared, is_down, json_answer, vendor_id};
use crate::http1::Head;
use crate::script::Script;
use crate::sse::Event;
use crate::wire::{Answer, Body};

pub(super) use read::prompt;

pub(super) fn answer(shared: &Shared, head: &Head, path: &str, body: &[u8], script: &Script) -> Answer {
    let number = shared.next_number();
    let headers = vec![("x-request-id".to_owned(), vendor_id("req_", number))];
    if is_down(script) {
        return json_answer(500, headers, &Value::Null);
    }
    if let Err(refusal) = credential(head, &shared.key) {
        return json_answer(refusal.status, headers, &error(&refusal));
    }
    if (head.method.as_str(), path) != ("POST", "/v1/responses") {
        return json_answer(404, headers, &error(&refusal_for(404)));
    }
    if let Some(status) = script.status {
        return json_answer(status, headers, &error(&refusal_for(status)));
    }
    match check::request(head, body) {
        Err(refusal) => json_answer(refusal.status, headers, &error(&refusal)),
        Ok(request) => respond(number, headers, &request, script),
    }
}

fn respond(number: u64, mut headers: Vec<(String, String)>, request: &Value, script: &Script) -> Answer {
    let prompt = prompt(request);
    let reply = script.reply.clone().unwrap_or_else(|| prompt.reply());
    let said = say::Said::new(number, request, &reply, prompt.bytes, &script.wire);
    if request["stream"] != true {
        return json_answer(200, headers, &said.whole());
    }
    headers.push(("content-type".into(), "text/event-stream; charset=utf-8".into()));
    let failure = json!({"type": "error", "sequence_number": 3, "code": "server_error", "param": null,
        "message": "The server had an error processing your request. Sorry about that!"});
    Answer { status: 200, headers, body: Body::Events(said.events(), Event::typed(&failure)) }
}

/// What a reasoning item is sent back with: only the vendor can make it, and it fits only that item.
fn encrypted(id: &str) -> String {
    let digest = Sha256::digest(format!("fake-responses:{id}").as_bytes());
    format!("gAAAA{}", base64::engine::general_purpose::STANDARD.encode(digest))
}

/// Whether a model reasons, and so takes no sampling parameters.
fn reasons(model: &str) -> bool {
    ["o1", "o3", "o4", "gpt-5"].iter().any(|begin| model.starts_with(begin))
}
