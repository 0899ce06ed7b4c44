//! Anthropic as it behaves on the wire.
//! Source: <https://docs.anthropic.com/en/api/messages>, and error messages seen from the live API.

pub(super) mod batches;
mod blocks;
mod check;
mod read;
mod say;

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Refusal, Shared, is_down, json_answer, vendor_id};
use crate::http1::Head;
use crate::script::Script;
use crate::sse::Event;
use crate::wire::{Answer, Body};

pub(super) use read::prompt;

/// Models that `GET /v1/models` lists; others can be called too.
const MODELS: [(&str, &str); 2] =
    [("claude-sonnet-4-5", "Claude Sonnet 4.5"), ("claude-haiku-4-5", "Claude Haiku 4.5")];

pub(super) fn answer(shared: &Shared, head: &Head, path: &str, body: &[u8], script: &Script) -> Answer {
    let number = shared.next_number();
    let request_id = vendor_id("req_01", number);
    let headers = vec![
        ("request-id".to_owned(), request_id.clone()),
        ("anthropic-organization-id".to_owned(), "d1f1bb08-0c2c-4f3f-9ec5-2a1f0a3ad2a5".to_owned()),
    ];
    if is_down(script) {
        return json_answer(500, headers, &Value::Null);
    }
    let refused = |refusal: &Refusal, headers| json_answer(refusal.status, headers, &error(refusal, &request_id));
    if let Err(refusal) = check::headers(head, &shared.key) {
        return refused(&refusal, headers);
    }
    if let Some(answer) = batches::answer(shared, head, path, body, number, &headers) {
        return answer;
    }
    match (head.method.as_str(), path) {
        ("GET", "/v1/models") => json_answer(200, headers, &models()),
        ("POST", "/v1/messages") => {
            if let Some(status) = script.status {
                return refused(&refusal_for(status), headers);
            }
            match check::request(head, body) {
                Err(refusal) => refused(&refusal, headers),
                Ok(request) => chat(number, headers, &request, script),
            }
        }
        ("POST", "/v1/messages/count_tokens") => match serde_json::from_slice::<Value>(body) {
            Ok(request) if request["max_tokens"].is_null() && request["messages"].is_array() => {
                json_answer(200, headers, &json!({"input_tokens": 2_095}))
            }
            _ => refused(&refusal_for(400), headers),
        },
        _ => refused(&refusal_for(404), headers),
    }
}

fn chat(number: u64, mut headers: Vec<(String, String)>, request: &Value, script: &Script) -> Answer {
    let prompt = prompt(request);
    let reply = script.reply.clone().unwrap_or_else(|| prompt.reply());
    let said = say::Said::new(number, request, &reply, prompt.bytes, &script.wire);
    if request["stream"] != true {
        return json_answer(200, headers, &said.whole());
    }
    headers.push(("content-type".into(), "text/event-stream; charset=utf-8".into()));
    headers.push(("cache-control".into(), "no-cache".into()));
    let failure = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    Answer { status: 200, headers, body: Body::Events(said.events(), Event::typed(&failure)) }
}

fn error(refusal: &Refusal, request_id: &str) -> Value {
    json!({
        "type": "error",
        "error": {"type": refusal.kind, "message": refusal.message},
        "request_id": request_id,
    })
}

/// What Anthropic says with a status.
fn refusal_for(status: u16) -> Refusal {
    let (kind, message) = match status {
        401 => ("authentication_error", "invalid x-api-key"),
        403 => ("permission_error", "Your API key does not have permission to use the specified resource."),
        404 => ("not_found_error", "Not Found"),
        413 => ("request_too_large", "Request exceeds the maximum size"),
        429 => ("rate_limit_error", "This request would exceed your organization's rate limit."),
        529 | 503 => ("overloaded_error", "Overloaded"),
        504 => ("timeout_error", "Request timed out"),
        400..=499 => ("invalid_request_error", "Your request was refused."),
        _ => ("api_error", "Internal server error"),
    };
    Refusal { status, kind, message: message.to_owned(), param: None, code: None }
}

fn models() -> Value {
    let data: Vec<Value> = MODELS
        .iter()
        .map(
            |(id, name)| json!({"type": "model", "id": id, "display_name": name, "created_at": "2025-09-29T00:00:00Z"}),
        )
        .collect();
    json!({"data": data, "has_more": false, "first_id": MODELS[0].0, "last_id": MODELS[1].0})
}

/// The signature of a thinking block: only the vendor can make one, and it fits only that thinking.
fn signature(thinking: &str) -> String {
    let digest = Sha256::digest(format!("fake-anthropic:{thinking}").as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest)
}
