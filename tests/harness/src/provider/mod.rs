//! Fake vendors of models: they take requests as the vendor does, refuse what it refuses, and
//! answer in its shapes. What the model says is made from the request, so that a test sees whether
//! the meaning of a request survived translation; a [`Script`] changes the behaviour per request.

mod anthropic;
pub mod bedrock;
mod cohere;
mod control;
mod format;
mod gemini;
mod hosted;
mod ollama;
mod openai;
mod prompt;
mod responses;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::http1::{Connection, Head};
use crate::script::{Fault, Script};
use crate::wire::{After, Answer, Body, length, send};
pub use format::Format;
pub use openai::SOUND;
pub use prompt::{Choice, Prompt};

/// The two vendors whose dialects applications speak most; [`Format`] names all that are imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// `POST /v1/chat/completions`, `GET /v1/models`.
    Openai,
    /// `POST /v1/messages`, `GET /v1/models`.
    Anthropic,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// Number of the connection it came on, counted from 1.
    pub connection: u64,
    /// Its head.
    pub head: Head,
    /// Its body.
    pub body: Bytes,
    /// Status of the answer given.
    pub status: u16,
    /// Bytes of its body.
    pub length: usize,
}

impl Received {
    /// The body as JSON, `Null` where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A script that waits for its requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queued {
    /// Only for requests of this model; absent: for any.
    #[serde(default)]
    pub model: Option<String>,
    /// For how many requests; absent: for all from now on.
    #[serde(default)]
    pub times: Option<u32>,
    /// The behaviour.
    pub script: Script,
}

#[derive(Debug)]
struct Shared {
    format: Format,
    key: String,
    queue: Mutex<VecDeque<Queued>>,
    received: Mutex<Vec<Received>>,
    connections: AtomicU64,
    open: AtomicU64,
    answers: AtomicU64,
    /// What is answered to a `GET` in the place of what is asked for; 0 for nothing.
    get_status: AtomicU16,
    gets: AtomicU64,
    accounts: (Mutex<openai::batches::Account>, Mutex<anthropic::batches::Account>),
}

/// A running fake vendor; it ends when dropped.
#[derive(Debug)]
pub struct FakeProvider {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl FakeProvider {
    /// Starts on a loopback port of its own. `key` is the only key it takes.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(format: impl Into<Format>, key: &str) -> anyhow::Result<Self> {
        Self::start_at(format, key, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts on the given address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_at(format: impl Into<Format>, key: &str, address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| format!("bind {address}"))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            format: format.into(),
            key: key.to_owned(),
            queue: Mutex::default(),
            received: Mutex::default(),
            connections: AtomicU64::new(0),
            open: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            get_status: AtomicU16::new(0),
            gets: AtomicU64::new(0),
            accounts: Default::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// What it imitates.
    #[must_use]
    pub fn format(&self) -> Format {
        self.shared.format
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a configuration names as `base_url`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.format.base())
    }

    /// From now on a `GET`, such as for the list of models, is answered with this status; `None`: as the vendor does.
    pub fn answer_gets(&self, status: Option<u16>) {
        self.shared.get_status.store(status.unwrap_or(0), Ordering::SeqCst);
    }

    /// How often something was asked for by `GET`; [`Self::received`] holds none of that.
    #[must_use]
    pub fn gets(&self) -> u64 {
        self.shared.gets.load(Ordering::SeqCst)
    }

    /// The next request follows this script.
    pub fn next(&self, script: Script) {
        self.queue(Queued { model: None, times: Some(1), script });
    }

    /// The next `times` requests follow this script.
    pub fn next_times(&self, times: u32, script: Script) {
        self.queue(Queued { model: None, times: Some(times), script });
    }

    /// Every request from now on follows this script, after those already queued.
    pub fn always(&self, script: Script) {
        self.queue(Queued { model: None, times: None, script });
    }

    /// Queues a script for a model.
    pub fn queue(&self, queued: Queued) {
        lock(&self.shared.queue).push_back(queued);
    }

    /// Forgets scripts and recorded requests.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// The chat requests so far, in the order in which they arrived.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }

    /// What the chat requests so far meant, each read in the vendor's own format.
    #[must_use]
    pub fn prompts(&self) -> Vec<Prompt> {
        let read = |received: &Received| match self.shared.format {
            Format::Azure if received.head.target.contains("/responses") => responses::prompt(&received.json()),
            Format::Openai | Format::Azure => openai::prompt(&received.json()),
            Format::Responses => responses::prompt(&received.json()),
            Format::Anthropic => anthropic::prompt(&received.json()),
            Format::Gemini => gemini::prompt(&received.json()),
            Format::Vertex if received.head.target.contains("/publishers/google/") => gemini::prompt(&received.json()),
            Format::Vertex => anthropic::prompt(&received.json()),
            Format::Bedrock => bedrock::prompt(&received.json()),
            Format::Cohere => cohere::prompt(&received.json()),
            Format::Ollama => ollama::prompt(&received.json()),
        };
        lock(&self.shared.received).iter().map(read).collect()
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many connections are open now.
    #[must_use]
    pub fn open_connections(&self) -> u64 {
        self.shared.open.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn reset(&self) {
        lock(&self.queue).clear();
        lock(&self.received).clear();
    }

    fn script_for(&self, model: &str) -> Script {
        let mut queue = lock(&self.queue);
        let Some(at) = queue.iter().position(|q| q.model.as_deref().is_none_or(|m| m == model)) else {
            return Script::default();
        };
        match &mut queue[at].times {
            None => {}
            Some(1) => return queue.remove(at).map(|q| q.script).unwrap_or_default(),
            Some(left) => *left -= 1,
        }
        queue[at].script.clone()
    }

    fn next_number(&self) -> u64 {
        self.answers.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Locks; what a panicking test left behind is still good to look at.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Connections end with the server: the set aborts its tasks when it is dropped.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            shared.open.fetch_add(1, Ordering::SeqCst);
            // A peer that leaves early is what many tests do; what arrived is recorded either way.
            let _ = serve(stream, number, &shared).await;
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, number: u64, shared: &Shared) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream, BytesMut::new());
    while let Some(head) = connection.read_head().await? {
        let body = connection.read_whole_body().await?;
        if shared.format == Format::Openai && openai::realtime::is_asked_for(&head) {
            return openai::realtime::serve(connection, number, head, shared).await;
        }
        let closes = head.closes();
        let (answer, script) = answer(shared, number, head, body);
        match send(&mut connection, answer, script.fault.as_ref(), &script.wire).await? {
            After::Keep if !closes => {}
            After::Keep | After::Close => return Ok(()),
            After::Reset => {
                let (stream, _) = connection.into_parts();
                // Unsent data discarded and RST in place of FIN, as when a vendor's server dies.
                stream.set_zero_linger()?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A vendor's refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    status: u16,
    /// The vendor's word for the kind of error.
    kind: &'static str,
    message: String,
    /// The parameter, where OpenAI names one.
    param: Option<String>,
    /// OpenAI's code.
    code: Option<&'static str>,
}

impl Refusal {
    fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, kind: "invalid_request_error", message: message.into(), param: None, code: None }
    }
}

fn answer(shared: &Shared, connection: u64, head: Head, body: Bytes) -> (Answer, Script) {
    let path = head.target.split('?').next().unwrap_or_default().to_owned();
    if let Some(answer) = control::answer(shared, &head.method, &path, &body) {
        return (answer, Script::default());
    }
    let parsed: Option<Value> = serde_json::from_slice(&body).ok();
    let model = model_of(&path, parsed.as_ref());
    let chat = head.method == "POST";
    if head.method == "GET" {
        shared.gets.fetch_add(1, Ordering::SeqCst);
        let status = shared.get_status.load(Ordering::SeqCst);
        if status != 0 {
            return (
                json_answer(status, Vec::new(), &serde_json::json!({"error": {"message": "scripted"}})),
                Script::default(),
            );
        }
    }
    let script = if chat || path.ends_with("/results") { shared.script_for(&model) } else { Script::default() };
    let answer = match shared.format {
        Format::Openai => openai::answer(shared, &head, &path, &body, &script),
        Format::Responses => responses::answer(shared, &head, &path, &body, &script),
        Format::Anthropic => anthropic::answer(shared, &head, &path, &body, &script),
        Format::Gemini => gemini::answer(shared, &head, &path, &body, &script),
        Format::Bedrock => bedrock::answer(shared, &head, &path, &body, &script),
        Format::Azure => hosted::azure(shared, &head, &path, &body, &script),
        Format::Vertex => hosted::vertex(shared, &head, &path, &body, &script),
        Format::Cohere => cohere::answer(shared, &head, &path, &body, &script),
        Format::Ollama => ollama::answer(shared, &head, &path, &body, &script),
    };
    // A fault on the wire stands for a vendor that is down: no check of the request comes before it.
    let answer = override_body(answer, &script);
    if chat {
        lock(&shared.received).push(Received {
            connection,
            head,
            body,
            status: answer.status,
            length: length(&answer.body, &script.wire),
        });
    }
    (answer, script)
}

/// The model that is called: in the body, or in the path as Google and AWS have it.
fn model_of(path: &str, body: Option<&Value>) -> String {
    let in_path =
        gemini::called(path).map(|(model, _)| model).or_else(|| bedrock::called(path).map(|(model, _)| model));
    let model = body.and_then(|v| v["model"].as_str()).or(in_path);
    model.unwrap_or_default().replace("%3A", ":")
}

fn override_body(mut answer: Answer, script: &Script) -> Answer {
    if let Some(body) = &script.body {
        answer.body = Body::Whole(body.clone().into_bytes());
        answer.status = script.status.unwrap_or(200);
    }
    for (name, value) in &script.headers {
        answer.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        answer.headers.push((name.clone(), value.clone()));
    }
    answer
}

/// Whether the script replaces the answer so early that the request is not even looked at.
fn is_down(script: &Script) -> bool {
    matches!(script.fault, Some(Fault::ResetBeforeHead | Fault::BlackHole)) || script.body.is_some()
}

fn json_answer(status: u16, headers: Vec<(String, String)>, value: &Value) -> Answer {
    let mut headers = headers;
    headers.push(("content-type".into(), "application/json".into()));
    Answer { status, headers, body: Body::Whole(value.to_string().into_bytes()) }
}

/// An id of the vendor's kind, the same for the same number.
fn vendor_id(prefix: &str, number: u64) -> String {
    format!("{prefix}{:024}", number)
}
