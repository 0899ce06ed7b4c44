//! The provider inside Weir: speaks OpenAI chat completions, deterministic, offline, free of charge unless priced.
//!
//! Models:
//! - `demo-small` answers briefly; `demo-large` also tells what it got.
//! - `demo-error-429`, `demo-error-500`: always that status, to try retries, fallbacks and cooldowns.
//! - `demo-error-stream`: status 200, then an error event before the first word (without `stream`: status 529).
//! - `demo-embedding` makes vectors, `demo-rerank` orders documents: both by the words that texts share.
//! - `demo-image` draws a pattern (PNG), `demo-speech` plays a tone for each word (WAV), `demo-moderation` knows a few bad
//!   words.
//! - `demo-cut`: a stream that ends in the middle, without its last events (without `stream`: a whole answer).
//!
//! Tools are called when `tool_choice` demands it, or when the last message asks to *call* or *use* a tool or names
//! one; several at once when it names several or says *both*, *all*, *each* or *parallel*. Input conforms to the
//! tool's schema, an answer to `response_format`'s. `max_tokens` and `stop` hold. Usage: a token of input is four
//! bytes of text (256 per image), a token of output is a word; half of an input of 1,024 tokens and more counts as
//! cached.

mod judgements;
mod pictures;
mod render;
mod reply;
mod request;
mod rerank;
mod schema;
mod sounds;
mod vectors;

use bytes::Bytes;
use serde_json::Value;

use crate::error::{ErrorKind, Origin, WireError, render_error};
use weir_domain::dialect::Dialect;

/// The models it offers.
pub const MODELS: [&str; 11] = [
    "demo-small",
    "demo-large",
    "demo-error-429",
    "demo-error-500",
    "demo-error-stream",
    "demo-cut",
    vectors::MODEL,
    rerank::MODEL,
    pictures::MODEL,
    sounds::MODEL,
    judgements::MODEL,
];

/// The models that do not chat.
const SPECIAL: [&str; 5] = [vectors::MODEL, rerank::MODEL, pictures::MODEL, sounds::MODEL, judgements::MODEL];

/// What the demo provider answers.
#[derive(Clone, Debug)]
pub struct DemoAnswer {
    /// The HTTP status.
    pub status: u16,
    /// `application/json`, `text/event-stream` or `audio/wav`.
    pub content_type: &'static str,
    /// The body, cut as a stream would be: one event each, or one whole body.
    pub chunks: Vec<Bytes>,
}

/// Answers what is posted at a path below a provider's address.
#[must_use]
pub fn respond_at(path: &str, body: &[u8]) -> DemoAnswer {
    let answered = match path {
        "/embeddings" => only(body, vectors::MODEL, vectors::answer),
        "/rerank" => only(body, rerank::MODEL, rerank::answer),
        "/images/generations" => only(body, pictures::MODEL, pictures::answer),
        "/moderations" => only(body, judgements::MODEL, judgements::answer),
        "/audio/speech" => {
            return match only(body, sounds::MODEL, sounds::answer) {
                Ok(sound) => DemoAnswer { status: 200, content_type: sounds::TYPE, chunks: vec![sound.into()] },
                Err(error) => refusal(&error),
            };
        }
        "/chat/completions" => return respond(body),
        _ => Err(WireError::gateway(ErrorKind::NotFound, format!("the demo provider has nothing at {path}"))),
    };
    match answered {
        Ok(answer) => DemoAnswer { status: 200, content_type: JSON, chunks: vec![answer.to_string().into()] },
        Err(error) => refusal(&error),
    }
}

/// Answers with `answer` when the request is for the one model that can, or fails as a model that always fails.
fn only<T>(body: &[u8], model: &str, answer: impl Fn(&Value) -> Result<T, WireError>) -> Result<T, WireError> {
    let request: Value = serde_json::from_slice(body)
        .map_err(|fault| WireError::gateway(ErrorKind::InvalidRequest, format!("the body is not JSON: {fault}")))?;
    match request.get("model").and_then(Value::as_str).unwrap_or_default() {
        asked if asked == model => answer(&request),
        "demo-error-429" => Err(failing(429, ErrorKind::RateLimit, "demo-error-429 is always over its rate limit")),
        "demo-error-500" => Err(failing(500, ErrorKind::Internal, "demo-error-500 always fails")),
        _ => {
            let message = format!("the demo provider has no such model here; it has {model}");
            Err(WireError::gateway(ErrorKind::NotFound, message).with_param("model").with_code("model_not_found"))
        }
    }
}

fn failing(status: u16, kind: ErrorKind, message: &str) -> WireError {
    WireError { status, ..WireError::gateway(kind, message) }
}

/// Answers a chat completion request.
#[must_use]
pub fn respond(body: &[u8]) -> DemoAnswer {
    let request = match request::read(body) {
        Ok(request) => request,
        Err(error) => return refusal(&error),
    };
    match request.model.as_str() {
        "demo-error-429" => {
            return refusal(&failing(429, ErrorKind::RateLimit, "demo-error-429 is always over its rate limit"));
        }
        "demo-error-500" => return refusal(&failing(500, ErrorKind::Internal, "demo-error-500 always fails")),
        "demo-error-stream" => {
            let error = failing(529, ErrorKind::Overloaded, "demo-error-stream is always overloaded");
            if !request.stream {
                return refusal(&error);
            }
            let event = [b"data: ".as_slice(), &render_error(Dialect::Openai, &error), b"\n\n"].concat();
            return stream(vec![event.into()]);
        }
        _ => {}
    }
    let reply = reply::make(&request);
    if !request.stream {
        return DemoAnswer { status: 200, content_type: JSON, chunks: vec![render::whole(&request, &reply)] };
    }
    let mut events = render::events(&request, &reply);
    if request.model == "demo-cut" {
        events.truncate(events.len() / 2);
    }
    stream(events)
}

const JSON: &str = "application/json";

fn stream(chunks: Vec<Bytes>) -> DemoAnswer {
    DemoAnswer { status: 200, content_type: "text/event-stream", chunks }
}

fn refusal(error: &WireError) -> DemoAnswer {
    let error = WireError { origin: Origin::Gateway, ..error.clone() };
    DemoAnswer { status: error.status, content_type: JSON, chunks: vec![render_error(Dialect::Openai, &error)] }
}

#[cfg(test)]
mod tests;
