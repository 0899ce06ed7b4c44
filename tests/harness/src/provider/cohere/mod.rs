//! Cohere's chat, embed and rerank, version 2, as they behave on the wire.
//! Source: <https://docs.cohere.com/reference/chat>.

mod check;
mod read;
mod say;

use serde_json::{Value, json};

use super::{Refusal, Shared, is_down, json_answer};
use crate::http1::Head;
use crate::script::Script;
use crate::sse::Event;
use crate::vectors;
use crate::wire::{Answer, Body};

pub(super) use read::prompt;

pub(super) fn answer(shared: &Shared, head: &Head, path: &str, body: &[u8], script: &Script) -> Answer {
    let number = shared.next_number();
    if is_down(script) {
        return json_answer(500, Vec::new(), &Value::Null);
    }
    if head.header("authorization") != Some(&format!("Bearer {}", shared.key)) {
        return refused(&refusal_for(401));
    }
    if head.method != "POST" || !["/v2/chat", "/v2/embed", "/v2/rerank"].contains(&path) {
        return refused(&refusal_for(404));
    }
    if let Some(status) = script.status {
        return refused(&refusal_for(status));
    }
    if path != "/v2/chat" {
        let asked = serde_json::from_slice(body).unwrap_or(Value::Null);
        let made = if path == "/v2/embed" { vectors::cohere(&asked) } else { vectors::cohere_rerank(&asked) };
        return match made {
            Ok(made) => json_answer(200, Vec::new(), &made),
            Err(problem) => refused(&Refusal::invalid(problem)),
        };
    }
    let request = match check::request(body) {
        Err(refusal) => return refused(&refusal),
        Ok(request) => request,
    };
    let prompt = prompt(&request);
    let reply = script.reply.clone().unwrap_or_else(|| prompt.reply());
    let said = say::Said::new(number, &reply, prompt.bytes, &script.wire);
    if request["stream"] != true {
        return json_answer(200, Vec::new(), &said.whole());
    }
    let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
    let failure = json!({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "internal server error"}});
    Answer { status: 200, headers, body: Body::Events(said.events(), Event::typed(&failure)) }
}

fn refused(refusal: &Refusal) -> Answer {
    json_answer(refusal.status, Vec::new(), &json!({"id": "6a6b3cf4", "message": refusal.message}))
}

/// What Cohere says with a status.
fn refusal_for(status: u16) -> Refusal {
    let message = match status {
        401 => "invalid api token",
        404 => "model not found, make sure the correct model ID was used and that you have access to the model.",
        429 => "You are using a Trial key, which is limited to 20 API calls / minute.",
        400..=499 => "invalid request",
        503 => "service temporarily unavailable",
        _ => "internal server error",
    };
    Refusal { status, ..Refusal::invalid(message) }
}
