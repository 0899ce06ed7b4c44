//! What the upstream knows of one document: its content, what was asked of it, and who is being answered.

use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value};

use super::manner::{Manner, Tag, Turn};

/// The requests that are remembered one by one; later ones are only counted.
const REMEMBERED: usize = 2_000;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
}

impl Seen {
    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A stored representation.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

/// One document and all that is known of it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) manner: Manner,
    pub(super) turns: VecDeque<Turn>,
    pub(super) content: Option<Content>,
    pub(super) revision: u64,
    pub(super) calls: HashMap<String, usize>,
    pub(super) seen: Vec<Seen>,
    /// Connections that are being answered.
    under_way: Vec<(u64, Arc<TcpStream>)>,
    next: u64,
    pub(super) most: usize,
    pub(super) lost: usize,
    pub(super) applied: usize,
    pub(super) highest_fence: u64,
    pub(super) fenced_off: usize,
    pub(super) executions: HashMap<String, usize>,
}

/// What a change came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Made,
    Created,
    Missing,
}

impl State {
    pub(super) fn count(&mut self, seen: Seen) {
        *self.calls.entry(seen.method.clone()).or_default() += 1;
        if self.seen.len() < REMEMBERED {
            self.seen.push(seen);
        }
    }

    /// The script's answer to this call, if it has one.
    pub(super) fn turn(&mut self, method: &str) -> Option<Turn> {
        let at = self.turns.iter().position(|turn| turn.method.is_none_or(|m| m == method))?;
        self.turns.remove(at)
    }

    pub(super) fn tag(&self) -> Option<String> {
        match &self.manner.tag {
            Tag::None => None,
            Tag::Revision => Some(format!("\"u{}\"", self.revision)),
            Tag::Weak => Some(format!("W/\"u{}\"", self.revision)),
            Tag::Fixed(text) => Some(text.clone()),
        }
    }

    /// Makes the change that a request asks for.
    pub(super) fn apply(&mut self, seen: &Seen) -> Change {
        let before = self.content.is_some();
        match seen.method.as_str() {
            "PUT" => self.store(seen, None),
            "PATCH" if before => self.store(seen, self.content.clone()),
            "DELETE" if before => self.content = None,
            "POST" => self.execute(seen),
            "PATCH" | "DELETE" => return Change::Missing,
            _ => return Change::Made,
        }
        self.applied += 1;
        self.revision += 1;
        if before || seen.method == "DELETE" { Change::Made } else { Change::Created }
    }

    /// A write that was made from another revision than the one it replaces loses what came in between.
    fn store(&mut self, seen: &Seen, onto: Option<Content>) {
        let sent: Option<Value> = serde_json::from_slice(&seen.body).ok();
        if let Some(base) = sent.as_ref().and_then(|v| v["base"].as_u64())
            && base != self.revision
        {
            self.lost += 1;
        }
        let media_type = seen.header("content-type").unwrap_or("application/json");
        let media_type = if onto.is_some() { "application/json" } else { media_type }.to_owned();
        let mut bytes = seen.body.clone();
        if let (Some(old), Some(Value::Object(patch))) = (onto, &sent) {
            let mut merged: Map<String, Value> = serde_json::from_slice(&old.bytes).unwrap_or_default();
            for (name, value) in patch {
                merged.insert(name.clone(), value.clone());
            }
            bytes = Value::Object(merged).to_string().into();
        }
        if self.manner.stamp
            && let Ok(Value::Object(mut stored)) = serde_json::from_slice(&bytes)
        {
            stored.insert("revision".to_owned(), Value::from(self.revision + 1));
            bytes = Value::Object(stored).to_string().into();
        }
        self.content = Some(Content { media_type, bytes });
    }

    /// Something is done that must not be done twice, such as a payment.
    fn execute(&mut self, seen: &Seen) {
        let sent: Option<Value> = serde_json::from_slice(&seen.body).ok();
        let key = sent.as_ref().and_then(|v| v["key"].as_str()).unwrap_or_default();
        *self.executions.entry(key.to_owned()).or_default() += 1;
    }

    /// Counts a request as being answered. Those whose connection was closed by the gateway are not counted any more.
    pub(super) fn enter(&mut self, probe: &Arc<TcpStream>) -> u64 {
        self.drop_closed();
        self.next += 1;
        self.under_way.push((self.next, Arc::clone(probe)));
        self.most = self.most.max(self.under_way.len());
        self.next
    }

    pub(super) fn leave(&mut self, number: u64) {
        self.under_way.retain(|(n, _)| *n != number);
    }

    pub(super) fn in_flight(&mut self) -> usize {
        self.drop_closed();
        self.under_way.len()
    }

    fn drop_closed(&mut self) {
        self.under_way.retain(|(_, probe)| !is_closed(probe));
    }
}

/// Whether the peer of a non-blocking connection has closed it.
pub(super) fn is_closed(probe: &TcpStream) -> bool {
    match probe.peek(&mut [0; 1]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// A document of which several tasks know.
pub(super) type Shared = Arc<Mutex<State>>;

pub(super) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
