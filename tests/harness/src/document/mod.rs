//! An upstream of documents that knows nothing of conflicts: it stores what it is sent, without entity tags unless told,
//! and keeps count of everything that a policy is to prevent: writes on a version that was not read, executions of one
//! key, calls at once.
//!
//! The last segment of a path is the id of a document, whatever stands before it, so that many routes lead to one
//! upstream and every test has documents of its own. GET, HEAD, PUT, PATCH (a merge of the outermost level) and DELETE do
//! what they say; POST executes something once per call, and counts by the body's `key`.

mod manner;
mod serve;
mod state;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use bytes::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use manner::{Manner, Tag, Turn};
pub use state::Seen;

use state::{Content, Shared, lock};

/// All documents by id.
#[derive(Debug, Default)]
struct Shelf(Mutex<HashMap<String, Shared>>);

impl Shelf {
    fn get(&self, id: &str) -> Shared {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(id.to_owned()).or_default())
    }
}

/// The running upstream; it ends when dropped.
#[derive(Debug)]
pub struct Documents {
    address: SocketAddr,
    shelf: Arc<Shelf>,
    accepting: JoinHandle<()>,
}

impl Drop for Documents {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Documents {
    /// Starts on a loopback port of its own.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts on the given address.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub async fn start_at(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| format!("bind {address}"))?;
        let address = listener.local_addr()?;
        let shelf = Arc::new(Shelf::default());
        let accepting = tokio::spawn(serve::accept(listener, Arc::clone(&shelf)));
        Ok(Self { address, shelf, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a configuration names as `url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The document with this id; there is nothing in it at first.
    #[must_use]
    pub fn document(&self, id: &str) -> Document {
        Document { id: id.to_owned(), state: self.shelf.get(id) }
    }
}

/// A document at the upstream: what it is, how it behaves, and what became of it.
#[derive(Clone, Debug)]
pub struct Document {
    id: String,
    state: Shared,
}

impl Document {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Changes it past the gateway.
    pub fn set(&self, media_type: &str, bytes: impl Into<Bytes>) {
        let mut state = lock(&self.state);
        state.content = Some(Content { media_type: media_type.to_owned(), bytes: bytes.into() });
        state.revision += 1;
    }

    /// Changes it past the gateway, to JSON.
    pub fn set_json(&self, value: &Value) {
        self.set("application/json", value.to_string());
    }

    /// Removes it past the gateway.
    pub fn remove(&self) {
        lock(&self.state).content = None;
    }

    /// How it behaves from now on.
    pub fn behave(&self, manner: Manner) {
        lock(&self.state).manner = manner;
    }

    /// What becomes of the next calls, one each.
    pub fn script(&self, turns: impl IntoIterator<Item = Turn>) {
        lock(&self.state).turns.extend(turns);
    }

    /// Its content as JSON; `None` when there is none.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        let state = lock(&self.state);
        state.content.as_ref().and_then(|content| serde_json::from_slice(&content.bytes).ok())
    }

    /// How often it was called with a method, whatever came of it.
    #[must_use]
    pub fn calls(&self, method: &str) -> usize {
        lock(&self.state).calls.get(method).copied().unwrap_or_default()
    }

    /// How often it was called at all.
    #[must_use]
    pub fn all_calls(&self) -> usize {
        lock(&self.state).calls.values().sum()
    }

    /// How often it was called to be changed.
    #[must_use]
    pub fn writes(&self) -> usize {
        ["PUT", "PATCH", "DELETE", "POST"].iter().map(|method| self.calls(method)).sum()
    }

    /// The first requests (2,000 at most) with this method, as they arrived.
    #[must_use]
    pub fn seen(&self, method: &str) -> Vec<Seen> {
        lock(&self.state).seen.iter().filter(|seen| seen.method == method).cloned().collect()
    }

    /// How many requests are being answered.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        lock(&self.state).in_flight()
    }

    /// The most that were answered at once.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        lock(&self.state).most
    }

    /// Changes that were made.
    #[must_use]
    pub fn applied(&self) -> usize {
        lock(&self.state).applied
    }

    /// Changes whose body's `base` was not the revision that they replaced: something was overwritten unread.
    #[must_use]
    pub fn lost(&self) -> usize {
        lock(&self.state).lost
    }

    /// Writes that were refused for a fence lower than one seen before.
    #[must_use]
    pub fn fenced_off(&self) -> usize {
        lock(&self.state).fenced_off
    }

    /// How often each key was executed.
    #[must_use]
    pub fn executions(&self) -> HashMap<String, usize> {
        lock(&self.state).executions.clone()
    }
}
