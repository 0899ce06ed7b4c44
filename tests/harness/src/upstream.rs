//! Fake vendors that speak what no application does: Cohere (version 2) and Ollama. They refuse what is not written in
//! their own format, a request of another dialect that was merely passed on above all, and answer from the request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::http1::{Connection, Head};
use crate::script::Wire;
use crate::vectors;
use crate::wire::{Answer, Body, send};

/// Which one is imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// `POST /v2/chat`, `/v2/embed`, `/v2/rerank`.
    Cohere,
    /// `POST /api/chat`, `/api/embed`.
    Ollama,
}

#[derive(Debug)]
struct Shared {
    api: Api,
    key: String,
    /// Answers 503 to so many requests first.
    failing: Mutex<u32>,
    received: Mutex<Vec<(String, Value)>>,
}

/// A running fake; it ends when dropped.
#[derive(Debug)]
pub struct FakeUpstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl FakeUpstream {
    /// Starts on a loopback port of its own. Cohere takes only `key`; Ollama asks for none.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(api: Api, key: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("bind")?;
        let address = listener.local_addr()?;
        let shared = Shared { api, key: key.to_owned(), failing: Mutex::default(), received: Mutex::default() };
        let shared = Arc::new(shared);
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// What a configuration names as `base_url`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next `times` requests are answered with status 503.
    pub fn fail(&self, times: u32) {
        *self.shared.failing.lock().unwrap_or_else(PoisonError::into_inner) = times;
    }

    /// Path and body of the requests so far.
    #[must_use]
    pub fn received(&self) -> Vec<(String, Value)> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
    // One line or event per chunk, as the vendors send them.
    let streamed = Wire { chunked: true, ..Wire::default() };
    while let Some(head) = connection.read_head().await? {
        let body = connection.read_whole_body().await?;
        let answer = answer(shared, &head, &body);
        let stream = answer.headers.iter().any(|(_, value)| value.contains("stream") || value.contains("ndjson"));
        let wire = if stream { streamed.clone() } else { Wire::default() };
        send(&mut connection, answer, None, &wire).await?;
    }
    Ok(())
}

fn answer(shared: &Shared, head: &Head, body: &[u8]) -> Answer {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    shared.received.lock().unwrap_or_else(PoisonError::into_inner).push((head.target.clone(), body.clone()));
    let mut failing = shared.failing.lock().unwrap_or_else(PoisonError::into_inner);
    if *failing > 0 {
        *failing -= 1;
        return refusal(shared.api, 503, "try again later");
    }
    if shared.api == Api::Cohere && head.header("authorization") != Some(&format!("Bearer {}", shared.key)) {
        return refusal(shared.api, 401, "invalid api token");
    }
    let made = match (shared.api, head.target.as_str()) {
        (Api::Cohere, "/v2/chat") => cohere_chat(&body),
        (Api::Cohere, "/v2/embed") => vectors::cohere(&body).map(|made| whole(200, &made)),
        (Api::Cohere, "/v2/rerank") => vectors::cohere_rerank(&body).map(|made| whole(200, &made)),
        (Api::Ollama, "/api/chat") => ollama_chat(&body),
        (Api::Ollama, "/api/embed") => vectors::ollama(&body).map(|made| whole(200, &made)),
        _ => return refusal(shared.api, 404, "no such path"),
    };
    made.unwrap_or_else(|problem| refusal(shared.api, 400, &problem))
}

fn refusal(api: Api, status: u16, problem: &str) -> Answer {
    let field = if api == Api::Cohere { "message" } else { "error" };
    whole(status, &json!({field: problem}))
}

fn whole(status: u16, body: &Value) -> Answer {
    let headers = vec![("content-type".into(), "application/json; charset=utf-8".into())];
    Answer { status, headers, body: Body::Whole(body.to_string().into_bytes()) }
}

fn streamed(kind: &str, text: String) -> Answer {
    let headers = vec![("content-type".into(), kind.into())];
    Answer { status: 200, headers, body: Body::Whole(text.into_bytes()) }
}

/// What the last user said, and what the tools behind it gave back.
fn prompt(body: &Value) -> String {
    let message = body["messages"].as_array().and_then(|list| list.last()).cloned().unwrap_or_default();
    match &message["content"] {
        Value::String(text) => text.clone(),
        parts => parts[0]["text"].as_str().or(parts[0]["document"]["data"].as_str()).unwrap_or_default().to_owned(),
    }
}

fn cohere_chat(body: &Value) -> Result<Answer, String> {
    let known = [
        "tools",
        "tool_choice",
        "response_format",
        "thinking",
        "max_tokens",
        "stop_sequences",
        "temperature",
        "seed",
        "frequency_penalty",
        "presence_penalty",
        "k",
        "p",
        "strict_tools",
    ];
    vectors::check(body, &["model", "messages", "stream"], &known)?;
    let text = format!("Cohere heard “{}”.", prompt(body));
    let usage = json!({"billed_units": {"input_tokens": 11, "output_tokens": 7}, "tokens": {"input_tokens": 80, "output_tokens": 9}});
    if body["stream"] != true {
        let message = json!({"role": "assistant", "content": [{"type": "text", "text": text}]});
        let body = json!({"id": "c-1", "message": message, "finish_reason": "COMPLETE", "usage": usage});
        return Ok(whole(200, &body));
    }
    let delta = |text: &str| json!({"message": {"content": {"type": "text", "text": text}}});
    let events = [
        json!({"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant"}}}),
        json!({"type": "content-start", "index": 0, "delta": delta("")}),
        json!({"type": "content-delta", "index": 0, "delta": delta(&text)}),
        json!({"type": "content-end", "index": 0}),
        json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}}),
    ];
    let text = events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or("")));
    Ok(streamed("text/event-stream", text.collect()))
}

fn ollama_chat(body: &Value) -> Result<Answer, String> {
    vectors::check(body, &["model", "messages", "stream"], &["tools", "format", "think", "options", "keep_alive"])?;
    let line = |message: Value, done: bool| {
        let mut line =
            json!({"model": body["model"], "created_at": "2026-11-22T08:52:19Z", "message": message, "done": done});
        if done {
            line["done_reason"] = json!("stop");
            line["prompt_eval_count"] = json!(11);
            line["eval_count"] = json!(7);
        }
        line
    };
    let text = format!("Ollama heard “{}”.", prompt(body));
    let called = body["tools"].as_array().and_then(|tools| tools.first()).map(|tool| {
        let function = json!({"name": tool["function"]["name"], "arguments": {"city": "Köln"}});
        json!({"role": "assistant", "content": "", "tool_calls": [{"function": function}]})
    });
    let message = called.unwrap_or_else(|| json!({"role": "assistant", "content": text}));
    if body["stream"] != true {
        return Ok(whole(200, &line(message, true)));
    }
    let last = line(json!({"role": "assistant", "content": ""}), true);
    Ok(streamed("application/x-ndjson", format!("{}\n{last}\n", line(message, false))))
}
