//! What OpenAI does beside chats: images, speech, transcriptions, moderations, completions, embeddings.
//! Sources: <https://platform.openai.com/docs/api-reference/images>, <https://platform.openai.com/docs/api-reference/audio>,
//! <https://platform.openai.com/docs/api-reference/moderations>, <https://platform.openai.com/docs/api-reference/completions>.

use serde_json::{Value, json};

use super::super::{Refusal, json_answer};
use super::error;
use crate::http1::Head;
use crate::sse::Event;
use crate::vectors;
use crate::wire::{Answer, Body};

/// A 1 × 1 pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// The sound of speech: no text, no JSON, all bytes.
pub const SOUND: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut at = 0;
    while at < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let byte = at as u8;
        bytes[at] = byte;
        at += 1;
    }
    bytes
};

/// A request's fields, whichever form it has; a file is an object with its name and length.
pub(super) fn fields(head: &Head, body: &[u8]) -> Result<Value, Refusal> {
    let kind = head.header("content-type").unwrap_or_default();
    if let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") {
        return form(boundary.trim_matches('"'), body);
    }
    if !kind.starts_with("application/json") {
        return Err(Refusal::invalid(format!("Unsupported content type: {kind}")));
    }
    serde_json::from_slice(body).map_err(|e| Refusal::invalid(format!("We could not parse the JSON body. ({e})")))
}

fn form(boundary: &str, body: &[u8]) -> Result<Value, Refusal> {
    let wrong = || Refusal::invalid("Invalid multipart form");
    let text: String = body.iter().map(|byte| char::from(*byte)).collect();
    let delimiter = format!("--{boundary}");
    let mut parts = text.split(&delimiter);
    let mut fields = serde_json::Map::new();
    if parts.next() != Some("") || !text.trim_end().ends_with("--") {
        return Err(wrong());
    }
    for part in parts.filter(|part| !part.starts_with("--")) {
        let (head, value) = part.split_once("\r\n\r\n").ok_or_else(wrong)?;
        let value = value.strip_suffix("\r\n").ok_or_else(wrong)?;
        let name = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or_else(wrong)?;
        let value = if head.contains("filename=") { json!({"file": value.chars().count()}) } else { json!(value) };
        fields.insert(name.to_owned(), value);
    }
    Ok(Value::Object(fields))
}

/// Answers one of them; `None` where there is nothing at the path.
pub(super) fn answer(path: &str, fields: &Value, mut headers: Vec<(String, String)>) -> Option<Answer> {
    let stream = fields["stream"] == true || fields["stream"] == "true";
    let whole = |value: &Value, headers| Some(json_answer(200, headers, value));
    match path {
        "/v1/images/generations" | "/v1/images/edits" | "/v1/images/variations" => {
            let image = path != "/v1/images/generations";
            let tokens = json!({"total_tokens": 60, "input_tokens": if image { 40 } else { 10 }, "output_tokens": 20,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": if image { 30 } else { 0 }}});
            if stream {
                let kind = if image { "image_edit.completed" } else { "image_generation.completed" };
                let partial = Event::typed(
                    &json!({"type": kind.replace("completed", "partial_image"), "b64_json": PNG, "partial_image_index": 0}),
                );
                let last = Event::typed(&json!({"type": kind, "b64_json": PNG, "usage": tokens}));
                return Some(events(vec![partial, last], headers));
            }
            let one = json!({"b64_json": PNG});
            let count = fields["n"].as_u64().unwrap_or(1);
            let data: Vec<&Value> = (0..count).map(|_| &one).collect();
            let mut value = json!({"created": 1_700_000_000, "data": data});
            // The models before gpt-image count nothing.
            if fields["model"].as_str().is_some_and(|model| model.starts_with("gpt-image")) {
                value["usage"] = tokens;
                value["output_format"] = json!("png");
            }
            whole(&value, headers)
        }
        "/v1/audio/speech" if fields["stream_format"] == "sse" => {
            let done = json!({"type": "speech.audio.done", "usage": {"input_tokens": 5, "output_tokens": 50, "total_tokens": 55}});
            Some(events(
                vec![Event::typed(&json!({"type": "speech.audio.delta", "audio": "UklG"})), Event::typed(&done)],
                headers,
            ))
        }
        "/v1/audio/speech" => {
            headers.push(("content-type".into(), "audio/mpeg".into()));
            Some(Answer { status: 200, headers, body: Body::Whole(SOUND.to_vec()) })
        }
        "/v1/audio/transcriptions" | "/v1/audio/translations" => Some(transcribed(fields, stream, headers)),
        "/v1/moderations" => {
            let result =
                json!({"flagged": false, "categories": {"violence": false}, "category_scores": {"violence": 0.01}});
            whole(&json!({"id": "modr-1", "model": fields["model"], "results": [result]}), headers)
        }
        "/v1/completions" => Some(completed(fields, stream, headers)),
        "/v1/embeddings" => Some(match vectors::openai(fields) {
            Ok(made) => json_answer(200, headers, &made),
            Err(problem) => json_answer(400, headers, &error(&Refusal::invalid(problem))),
        }),
        _ => None,
    }
}

fn events(events: Vec<Event>, mut headers: Vec<(String, String)>) -> Answer {
    headers.push(("content-type".into(), "text/event-stream; charset=utf-8".into()));
    Answer { status: 200, headers, body: Body::Events(events, Event::data("{\"error\":{\"message\":\"failed\"}}")) }
}

fn transcribed(fields: &Value, stream: bool, mut headers: Vec<(String, String)>) -> Answer {
    let said = format!("heard {} bytes", fields["file"]["file"]);
    let tokens = json!({"type": "tokens", "total_tokens": 18, "input_tokens": 14, "output_tokens": 4,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 14}});
    if stream {
        let delta = Event::typed(&json!({"type": "transcript.text.delta", "delta": said}));
        let done = Event::typed(&json!({"type": "transcript.text.done", "text": said, "usage": tokens}));
        return events(vec![delta, done], headers);
    }
    match fields["response_format"].as_str() {
        Some("text" | "srt" | "vtt") => {
            headers.push(("content-type".into(), "text/plain; charset=utf-8".into()));
            Answer { status: 200, headers, body: Body::Whole(format!("{said}\n").into_bytes()) }
        }
        Some("verbose_json") => json_answer(
            200,
            headers,
            &json!({"task": "transcribe", "language": "english",
            "duration": 2.5, "text": said, "segments": []}),
        ),
        _ => json_answer(200, headers, &json!({"text": said, "usage": tokens})),
    }
}

fn completed(fields: &Value, stream: bool, headers: Vec<(String, String)>) -> Answer {
    let text = format!("continues {}", fields["prompt"]);
    let head = json!({"id": "cmpl-1", "object": "text_completion", "created": 1_700_000_000, "model": fields["model"]});
    let with = |more: &[(&str, Value)]| {
        let mut value = head.clone();
        more.iter().for_each(|(name, more)| value[*name] = more.clone());
        value
    };
    let choice =
        |text: &str, finish: Value| json!([{"text": text, "index": 0, "logprobs": null, "finish_reason": finish}]);
    let usage = json!({"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6});
    if !stream {
        return json_answer(200, headers, &with(&[("choices", choice(&text, json!("stop"))), ("usage", usage)]));
    }
    let mut said = vec![
        Event::data(with(&[("choices", choice(&text, Value::Null))]).to_string()),
        Event::data(with(&[("choices", choice("", json!("stop")))]).to_string()),
    ];
    if fields["stream_options"]["include_usage"] == true {
        said.push(Event::data(with(&[("choices", json!([])), ("usage", usage)]).to_string()));
    }
    said.push(Event::data("[DONE]"));
    events(said, headers)
}
