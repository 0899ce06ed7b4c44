//! OpenAI as it behaves on the wire.
//! Source: <https://platform.openai.com/docs/api-reference/chat>, and error messages seen from the live API.

pub(super) mod batches;
mod check;
mod media;
mod read;
pub(super) mod realtime;
mod say;

use serde_json::{Value, json};

use super::{Refusal, Shared, is_down, json_answer, vendor_id};
use crate::http1::Head;
use crate::script::Script;
use crate::sse::Event;
use crate::wire::{Answer, Body};

pub(super) use check::credential;
pub use media::SOUND;
pub(super) use read::prompt;
pub(super) use say::tokens;

/// Models that `GET /v1/models` lists; others can be called too.
const MODELS: [&str; 3] = ["gpt-4o", "gpt-4o-mini", "o3-mini"];

pub(super) fn answer(shared: &Shared, head: &Head, path: &str, body: &[u8], script: &Script) -> Answer {
    let number = shared.next_number();
    let headers = vec![
        ("x-request-id".to_owned(), vendor_id("req_", number)),
        ("openai-version".to_owned(), "2020-10-01".to_owned()),
        ("openai-processing-ms".to_owned(), "12".to_owned()),
    ];
    if is_down(script) {
        return json_answer(500, headers, &Value::Null);
    }
    let refused = |refusal: &Refusal, headers| json_answer(refusal.status, headers, &error(refusal));
    if let Err(refusal) = credential(head, &shared.key) {
        return refused(&refusal, headers);
    }
    if let Some(answer) = batches::answer(shared, head, path, body, number, &headers) {
        return answer;
    }
    match (head.method.as_str(), path) {
        ("GET", "/v1/models") => json_answer(200, headers, &models()),
        ("POST", "/v1/chat/completions") => {
            if let Some(status) = script.status {
                return refused(&refusal_for(status), headers);
            }
            match check::request(head, body) {
                Err(refusal) => refused(&refusal, headers),
                Ok(request) => chat(number, headers, &request, script),
            }
        }
        ("POST", path) if beside_chat(path) => {
            if let Some(status) = script.status {
                return refused(&refusal_for(status), headers);
            }
            match media::fields(head, body) {
                Err(refusal) => refused(&refusal, headers),
                Ok(fields) if !fields["model"].is_string() => {
                    refused(&Refusal::invalid("you must provide a model parameter"), headers)
                }
                Ok(fields) => {
                    media::answer(path, &fields, headers.clone()).unwrap_or_else(|| refused(&refusal_for(404), headers))
                }
            }
        }
        (method, path) => {
            refused(&Refusal { status: 404, ..Refusal::invalid(format!("Invalid URL ({method} {path})")) }, headers)
        }
    }
}

fn beside_chat(path: &str) -> bool {
    let begins = ["/v1/images/", "/v1/audio/", "/v1/moderations", "/v1/completions", "/v1/embeddings"];
    begins.iter().any(|begin| path.starts_with(begin))
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
    let failure = json!({"error": {
        "message": "The server had an error processing your request. Sorry about that!",
        "type": "server_error", "param": null, "code": null,
    }});
    Answer { status: 200, headers, body: Body::Events(said.events(), Event::data(failure.to_string())) }
}

pub(super) fn error(refusal: &Refusal) -> Value {
    json!({"error": {
        "message": refusal.message,
        "type": refusal.kind,
        "param": refusal.param,
        "code": refusal.code,
    }})
}

/// What OpenAI says with a status.
pub(super) fn refusal_for(status: u16) -> Refusal {
    let (kind, code, message) = match status {
        401 => ("invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided."),
        403 => (
            "invalid_request_error",
            Some("unsupported_country_region_territory"),
            "Country, region, or territory not supported",
        ),
        404 => (
            "invalid_request_error",
            Some("model_not_found"),
            "The model does not exist or you do not have access to it.",
        ),
        429 => ("requests", Some("rate_limit_exceeded"), "Rate limit reached for requests. Please try again in 1s."),
        400..=499 => ("invalid_request_error", None, "Your request was refused."),
        503 => ("server_error", None, "The engine is currently overloaded, please try again later"),
        _ => ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
    };
    Refusal { status, kind, message: message.to_owned(), param: None, code }
}

fn models() -> Value {
    let data: Vec<Value> = MODELS
        .iter()
        .map(|id| json!({"id": id, "object": "model", "created": 1_715_367_049, "owned_by": "system"}))
        .collect();
    json!({"object": "list", "data": data})
}
