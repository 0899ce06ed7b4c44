//! Google's Gemini API as it behaves on the wire.
//! Source: <https://ai.google.dev/api/generate-content>, and error messages seen from the live API.

mod check;
mod contents;
mod read;
mod say;
mod schema;

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Refusal, Shared, is_down, json_answer};
use crate::http1::Head;
use crate::script::Script;
use crate::sse::Event;
use crate::vectors;
use crate::wire::{Answer, Body};

pub(super) use read::prompt;

/// Models that `GET /v1beta/models` lists; others can be called too.
const MODELS: [(&str, &str); 2] =
    [("gemini-3-flash-preview", "Gemini 3 Flash Preview"), ("gemini-2.5-pro", "Gemini 2.5 Pro")];

/// Model and method of a path such as `/v1beta/models/gemini-2.5-pro:generateContent`.
pub(super) fn called(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/v1beta/models/")?.rsplit_once(':')
}

pub(super) fn answer(shared: &Shared, head: &Head, path: &str, body: &[u8], script: &Script) -> Answer {
    let number = shared.next_number();
    if is_down(script) {
        return json_answer(500, Vec::new(), &Value::Null);
    }
    let refused = |refusal: &Refusal| json_answer(refusal.status, Vec::new(), &error(refusal));
    if let Err(refusal) = check::headers(head, &shared.key) {
        return refused(&refusal);
    }
    if (head.method.as_str(), path) == ("GET", "/v1beta/models") {
        return json_answer(200, Vec::new(), &models());
    }
    let Some((model, method)) = called(path).filter(|_| head.method == "POST") else {
        return refused(&refusal_for(404));
    };
    if let Some(status) = script.status {
        return refused(&refusal_for(status));
    }
    if matches!(method, "embedContent" | "batchEmbedContents") {
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        let made =
            if method == "embedContent" { vectors::gemini_one(model, &body) } else { vectors::gemini(model, &body) };
        return match made {
            Ok(made) => json_answer(200, Vec::new(), &made),
            Err(message) => refused(&Refusal { message, ..refusal_for(400) }),
        };
    }
    match (check::request(model, method, body), method) {
        (Err(refusal), _) => refused(&refusal),
        (Ok(request), "countTokens") => {
            let tokens = 8 + prompt(&request).bytes as u64 / 4;
            let details = json!([{"modality": "TEXT", "tokenCount": tokens}]);
            json_answer(200, Vec::new(), &json!({"totalTokens": tokens, "promptTokensDetails": details}))
        }
        (Ok(request), "generateContent" | "streamGenerateContent") => {
            chat(number, head, (model, method), &request, script)
        }
        (Ok(_), _) => refused(&refusal_for(404)),
    }
}

fn chat(number: u64, head: &Head, (model, method): (&str, &str), request: &Value, script: &Script) -> Answer {
    let prompt = prompt(request);
    let reply = script.reply.clone().unwrap_or_else(|| prompt.reply());
    let said = say::Said::new(number, model, &reply, prompt.bytes, &script.wire);
    if method == "generateContent" {
        return json_answer(200, Vec::new(), &said.whole());
    }
    let events = said.events();
    // Without `alt=sse` the stream is one JSON list.
    if !head.target.contains("alt=sse") {
        return json_answer(200, Vec::new(), &Value::Array(events));
    }
    let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
    let failure = error(&refusal_for(503)).to_string();
    let events = events.iter().map(|event| Event::data(event.to_string())).collect();
    Answer { status: 200, headers, body: Body::Events(events, Event::data(failure)) }
}

fn error(refusal: &Refusal) -> Value {
    json!({"error": {"code": refusal.status, "message": refusal.message, "status": refusal.kind}})
}

/// What Google says with a status.
fn refusal_for(status: u16) -> Refusal {
    let (kind, message) = match status {
        401 => ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
        403 => ("PERMISSION_DENIED", "The caller does not have permission"),
        404 => ("NOT_FOUND", "models/none is not found for API version v1beta."),
        429 => ("RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."),
        503 | 529 => ("UNAVAILABLE", "The model is overloaded. Please try again later."),
        504 => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        400..=499 => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
        _ => ("INTERNAL", "An internal error has occurred."),
    };
    Refusal { status, kind, message: message.to_owned(), param: None, code: None }
}

fn models() -> Value {
    let entry = |(id, name): &(&str, &str)| {
        json!({"name": format!("models/{id}"), "version": "001", "displayName": name, "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536, "supportedGenerationMethods": ["generateContent", "countTokens"]})
    };
    json!({"models": MODELS.iter().map(entry).collect::<Vec<_>>()})
}

/// The signature of a call: only the vendor can make one, and it fits only that call.
fn signature(name: &str, args: &Value) -> String {
    let digest = Sha256::digest(format!("fake-gemini:{name}:{args}").as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest)
}

/// Whether a model wants signatures, takes levels of thinking, and gives ids to calls.
fn is_third(model: &str) -> bool {
    model.starts_with("gemini-3")
}
