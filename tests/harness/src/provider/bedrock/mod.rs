//! Amazon Bedrock's Converse and ConverseStream, and InvokeModel of Titan's embeddings, as they behave on the wire.
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>, and error messages seen
//! from the live API.

mod blocks;
mod check;
mod frames;
mod read;
mod say;
mod signature;

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Refusal, Shared, is_down, json_answer};
use crate::http1::Head;
use crate::script::Script;
use crate::vectors;
use crate::wire::{Answer, Body};

pub use frames::parse;
pub(super) use read::prompt;

/// The region that requests must be signed for.
pub const REGION: &str = "eu-central-1";
/// An access key, in the form in which a configuration holds one.
pub const ACCESS_KEY: &str =
    r#"{"access_key_id":"AKIAFAKEFAKEFAKEFAKE","secret_access_key":"fake/Secret+AccessKey/fakefakefakefakefake"}"#;
/// A Bedrock API key, which is sent as it is; taken beside the access key.
pub const API_KEY: &str = "ABSKQmVkcm9ja0FQSUtleS1mYWtl";

/// Model, still percent-encoded, and method of a path such as `/model/us.amazon.nova-pro-v1%3A0/converse`.
pub(super) fn called(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/model/")?.split_once('/')
}

pub(super) fn answer(shared: &Shared, head: &Head, path: &str, body: &[u8], script: &Script) -> Answer {
    let number = shared.next_number();
    if is_down(script) {
        return json_answer(500, Vec::new(), &Value::Null);
    }
    if let Err(refusal) = signature::check(head, body, &shared.key) {
        return refused(&refusal);
    }
    let streamed = match (head.method.as_str(), called(path)) {
        ("POST", Some((_, "converse"))) => false,
        ("POST", Some((_, "converse-stream" | "invoke"))) => true,
        _ => return refused(&refusal_for(404)),
    };
    if let Some(status) = script.status {
        return refused(&refusal_for(status));
    }
    let (model, method) = called(path).unwrap_or_default();
    if method == "invoke" {
        return match vectors::titan(&serde_json::from_slice(body).unwrap_or(Value::Null)) {
            Ok(made) if model.contains("titan-embed-text-v2") => json_answer(200, Vec::new(), &made),
            Ok(_) => refused(&refusal_for(404)),
            Err(message) => refused(&Refusal { message, ..refusal_for(400) }),
        };
    }
    match check::request(model, head, body) {
        Err(refusal) => refused(&refusal),
        Ok(request) => converse(number, &request, streamed, script),
    }
}

fn converse(number: u64, request: &Value, streamed: bool, script: &Script) -> Answer {
    let prompt = prompt(request);
    let reply = script.reply.clone().unwrap_or_else(|| prompt.reply());
    let said = say::Said::new(number, &reply, prompt.bytes, &script.wire);
    if !streamed {
        return json_answer(200, Vec::new(), &said.whole());
    }
    let headers = vec![("content-type".to_owned(), "application/vnd.amazon.eventstream".to_owned())];
    let failure = frames::exception("throttlingException", &json!({"message": "Too many requests, please wait."}));
    let frames = said.events().iter().map(|(name, payload)| frames::event(name, payload)).collect();
    Answer { status: 200, headers, body: Body::Frames(frames, failure) }
}

fn refused(refusal: &Refusal) -> Answer {
    let kind = format!("{}:http://internal.amazon.com/coral/com.amazon.bedrock/", refusal.kind);
    let headers = vec![("x-amzn-errortype".to_owned(), kind)];
    json_answer(refusal.status, headers, &json!({"message": refusal.message}))
}

/// What AWS says with a status.
fn refusal_for(status: u16) -> Refusal {
    let (kind, message) = match status {
        403 => ("AccessDeniedException", "You don't have access to the model with the specified model ID."),
        404 => ("ResourceNotFoundException", "Could not resolve the foundation model from the model identifier."),
        408 => ("ModelTimeoutException", "The model timed out."),
        424 => ("ModelErrorException", "The model returned an error."),
        429 => ("ThrottlingException", "Too many requests, please wait before trying again."),
        503 | 529 => ("ServiceUnavailableException", "Bedrock is unable to process your request."),
        400..=499 => ("ValidationException", "The provided request is not valid"),
        _ => ("InternalServerException", "The system encountered an unexpected error during processing."),
    };
    Refusal { status, kind, message: message.to_owned(), param: None, code: None }
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { status: 400, kind: "ValidationException", message: message.into(), param: None, code: None })
}

/// The signature of reasoning: only the vendor can make one, and it fits only that reasoning.
fn reasoning_signature(text: &str) -> String {
    let digest = Sha256::digest(format!("fake-bedrock:{text}").as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest)
}
