//! Ids of locks: they say where a lock lies, to nobody but this installation, so that no node has to remember it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::state::State;

/// What an id says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    #[serde(rename = "r")]
    pub(super) route: String,
    #[serde(rename = "k")]
    pub(super) resource: String,
    #[serde(rename = "t")]
    pub(super) token: String,
}

/// Seals what is known of a lock; it opens for the same caller alone.
pub(super) fn seal(state: &State, exchange: &Exchange, known: &Known) -> String {
    let names = state.conflicts.names();
    let key = names.key(names.team(""), &["lock ids", &consumer(exchange)]);
    let text = serde_json::to_vec(known).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(names.seal(&key, "lock id", &text))
}

/// What an id says that this caller was given.
pub(super) fn open(state: &State, exchange: &Exchange, id: &str) -> Option<Known> {
    let names = state.conflicts.names();
    let key = names.key(names.team(""), &["lock ids", &consumer(exchange)]);
    let text = names.open(&key, "lock id", &URL_SAFE_NO_PAD.decode(id).ok()?)?;
    serde_json::from_slice(&text).ok()
}

/// Who asks: the application. On public routes nobody is known, and the id alone is what gives the right.
pub(super) fn consumer(exchange: &Exchange) -> String {
    exchange.caller.as_ref().map(|caller| caller.credential.application.clone()).unwrap_or_default()
}
