//! A fake provider of the OpenAI Responses API: it refuses what is not written in it, a chat completion that was merely
//! passed on above all, answers from the request, whole and streamed, and keeps its answers until they are deleted.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::http1::{Connection, Head};
use crate::script::Wire;
use crate::wire::{Answer, Body, send};

/// Members of a request that are taken; anything else is refused.
/// Source: <https://platform.openai.com/docs/api-reference/responses/create>.
const MEMBERS: [&str; 22] = [
    "background",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "user",
];

#[derive(Debug, Default)]
struct Kept {
    /// Answers by id.
    answers: BTreeMap<String, Value>,
    /// Method, path and body of every request.
    received: Vec<(String, String, Value)>,
    queries: Vec<String>,
    made: u32,
}

#[derive(Debug)]
struct Shared {
    /// Stands in its ids, so that two providers never give the same.
    name: String,
    key: String,
    kept: Mutex<Kept>,
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running fake; it ends when dropped.
#[derive(Debug)]
pub struct FakeResponses {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for FakeResponses {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl FakeResponses {
    /// Starts on a loopback port of its own. `key` is the only key it takes.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(name: &str, key: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("bind")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { name: name.to_owned(), key: key.to_owned(), kept: Mutex::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a configuration names as `base_url`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Method, path and body of the requests so far.
    #[must_use]
    pub fn received(&self) -> Vec<(String, String, Value)> {
        self.shared.kept().received.clone()
    }

    /// The queries of the requests so far that had one.
    #[must_use]
    pub fn queries(&self) -> Vec<String> {
        self.shared.kept().queries.clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A peer that leaves early is what some tests do.
            let _ = serve(stream, &shared).await;
        });
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> anyhow::Result<()> {
    let mut connection = Connection::new(stream, BytesMut::new());
    while let Some(head) = connection.read_head().await? {
        let body = connection.read_whole_body().await?;
        let answer = answer(shared, &head, &body);
        let streamed = answer.headers.iter().any(|(_, value)| value.contains("event-stream"));
        send(&mut connection, answer, None, &Wire { chunked: streamed, ..Wire::default() }).await?;
    }
    Ok(())
}

fn answer(shared: &Shared, head: &Head, body: &[u8]) -> Answer {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let path = head.target.split('?').next().unwrap_or_default().to_owned();
    shared.kept().queries.extend(head.target.split_once('?').map(|(_, query)| query.to_owned()));
    shared.kept().received.push((head.method.clone(), path.clone(), body.clone()));
    if head.header("authorization") != Some(&format!("Bearer {}", shared.key)) {
        return refusal(401, "Incorrect API key provided.", Some("invalid_api_key"));
    }
    let id = path.strip_prefix("/v1/responses/").map(|rest| rest.trim_end_matches("/input_items").to_owned());
    match (head.method.as_str(), path.as_str(), id) {
        ("POST", "/v1/responses", _) => match respond(shared, &body) {
            Ok(answer) => answer,
            Err((problem, code)) => refusal(400, &problem, code),
        },
        ("POST", "/v1/responses/input_tokens", _) if body["input"].is_null() => {
            refusal(400, "Missing required parameter: 'input'.", Some("missing_required_parameter"))
        }
        ("POST", "/v1/responses/input_tokens", _) => {
            whole(200, &json!({"object": "response.input_tokens", "input_tokens": 8 + prompt(&body["input"]).len()}))
        }
        (method, _, Some(id)) => stored(shared, method, &path, &id),
        _ => refusal(404, &format!("Invalid URL ({} {path})", head.method), None),
    }
}

fn stored(shared: &Shared, method: &str, path: &str, id: &str) -> Answer {
    let found = shared.kept().answers.get(id).cloned();
    let Some(kept) = found else {
        return refusal(404, &format!("Response with id '{id}' not found."), None);
    };
    match method {
        "DELETE" => {
            shared.kept().answers.remove(id);
            whole(200, &json!({"id": id, "object": "response", "deleted": true}))
        }
        _ if path.ends_with("/input_items") => {
            let item = json!({"id": format!("msg_in_{id}"), "type": "message", "role": "user", "content": []});
            let list = json!({"object": "list", "data": [item], "first_id": item["id"], "last_id": item["id"],
                "has_more": false});
            whole(200, &list)
        }
        _ => whole(200, &kept),
    }
}

/// The last text that a user said.
fn prompt(input: &Value) -> String {
    let last = match input {
        Value::Array(items) => items.iter().rev().find(|item| item["role"] == "user").cloned().unwrap_or_default(),
        text => json!({"content": text}),
    };
    match &last["content"] {
        Value::String(text) => text.clone(),
        parts => parts[0]["text"].as_str().unwrap_or_default().to_owned(),
    }
}

/// What the vendor refuses.
fn check(body: &Value) -> Result<(), (String, Option<&'static str>)> {
    let object = body.as_object().ok_or(("the body is no object".to_owned(), None))?;
    if let Some(unknown) = object.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err((format!("Unknown parameter: '{unknown}'."), Some("unknown_parameter")));
    }
    if body["max_output_tokens"].as_u64().is_some_and(|most| most < 16) {
        return Err(("Invalid 'max_output_tokens': integer below minimum value.".to_owned(), None));
    }
    if let Some(bad) =
        body["tools"].as_array().into_iter().flatten().find(|t| t["type"] == "function" && !t["name"].is_string())
    {
        return Err((format!("Missing required parameter: 'tools[0].name' in {bad}."), None));
    }
    Ok(())
}

/// Ids of items are short, and what one refers to must be kept here.
fn check_items(shared: &Shared, input: &Value) -> Result<(), (String, Option<&'static str>)> {
    for (at, item) in input.as_array().into_iter().flatten().enumerate() {
        let Some(id) = item["id"].as_str() else { continue };
        if id.len() > 64 {
            let problem =
                format!("Invalid 'input[{at}].id': string too long. Expected a string with maximum length 64.");
            return Err((problem, Some("string_above_max_length")));
        }
        let kept = shared.kept();
        let is_kept = kept.answers.values().any(|answer| answer["output"].to_string().contains(&format!("\"{id}\"")));
        if item["type"] == "item_reference" && !is_kept {
            return Err((format!("Item with id '{id}' not found."), None));
        }
    }
    Ok(())
}

fn respond(shared: &Shared, body: &Value) -> Result<Answer, (String, Option<&'static str>)> {
    check(body)?;
    check_items(shared, &body["input"])?;
    let before = match body["previous_response_id"].as_str() {
        None => String::new(),
        Some(id) => match shared.kept().answers.get(id) {
            Some(kept) => {
                format!(" Before, I said “{}”.", kept["output"][0]["content"][0]["text"].as_str().unwrap_or(""))
            }
            None => {
                let problem = format!("Previous response with id '{id}' not found.");
                return Err((problem, Some("previous_response_not_found")));
            }
        },
    };
    let text = format!("{} heard “{}”.{before}", shared.name, prompt(&body["input"]));
    let number = {
        let mut kept = shared.kept();
        kept.made += 1;
        kept.made
    };
    let id = format!("resp_{}{number}", shared.name);
    let part = json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []});
    let message = json!({"id": format!("msg_{}{number}", shared.name), "type": "message", "status": "completed",
        "role": "assistant", "content": [part]});
    let response = |status: &str, output: Value, usage: Value| {
        json!({"id": id, "object": "response", "created_at": 1_763_000_000, "status": status, "error": null,
            "incomplete_details": null, "model": body["model"], "output": output, "parallel_tool_calls": true,
            "previous_response_id": body["previous_response_id"], "tool_choice": "auto", "tools": body["tools"].as_array().cloned().unwrap_or_default(),
            "service_tier": "default", "store": body["store"] != false, "usage": usage})
    };
    let usage = json!({"input_tokens": 20, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 27});
    let finished = response("completed", json!([message]), usage);
    if body["store"] != false {
        shared.kept().answers.insert(id.clone(), finished.clone());
    }
    if body["stream"] != true {
        return Ok(whole(200, &finished));
    }
    let empty = response("in_progress", json!([]), Value::Null);
    Ok(streamed(&message, &empty, &finished))
}

/// The events of an answer with one message.
fn streamed(message: &Value, empty: &Value, finished: &Value) -> Answer {
    let text = &message["content"][0]["text"];
    let begun =
        json!({"id": message["id"], "type": "message", "status": "in_progress", "role": "assistant", "content": []});
    let at = |more: Value| {
        let mut event = json!({"item_id": message["id"], "output_index": 0, "content_index": 0});
        for (name, value) in more.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        event
    };
    let blank = json!({"type": "output_text", "text": "", "annotations": [], "logprobs": []});
    events(&[
        ("response.created", json!({"response": empty})),
        ("response.in_progress", json!({"response": empty})),
        ("response.output_item.added", json!({"output_index": 0, "item": begun})),
        ("response.content_part.added", at(json!({"part": blank}))),
        ("response.output_text.delta", at(json!({"delta": text, "logprobs": []}))),
        ("response.output_text.done", at(json!({"text": text, "logprobs": []}))),
        ("response.content_part.done", at(json!({"part": message["content"][0]}))),
        ("response.output_item.done", json!({"output_index": 0, "item": message})),
        ("response.completed", json!({"response": finished})),
    ])
}

fn events(list: &[(&str, Value)]) -> Answer {
    let mut text = String::new();
    for (number, (kind, event)) in list.iter().enumerate() {
        let mut event = event.clone();
        event["type"] = json!(kind);
        event["sequence_number"] = json!(number);
        text.push_str(&format!("event: {kind}\ndata: {event}\n\n"));
    }
    let headers = vec![("content-type".into(), "text/event-stream; charset=utf-8".into())];
    Answer { status: 200, headers, body: Body::Whole(text.into_bytes()) }
}

fn refusal(status: u16, problem: &str, code: Option<&str>) -> Answer {
    whole(status, &json!({"error": {"message": problem, "type": "invalid_request_error", "param": null, "code": code}}))
}

fn whole(status: u16, body: &Value) -> Answer {
    let headers = vec![("content-type".into(), "application/json".into())];
    Answer { status, headers, body: Body::Whole(body.to_string().into_bytes()) }
}
