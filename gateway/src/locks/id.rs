//! Ids of locks: they say where a lock lies, to nobody but this installation, so that no node has to remember it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use weir_conflict::problem::{Problem, Slug};

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
    /// The application that it was given to, and its team.
    #[serde(rename = "o")]
    pub(super) owner: String,
    #[serde(rename = "g")]
    pub(super) team: String,
}

/// Seals what is known of a lock.
pub(super) fn seal(state: &State, known: &Known) -> String {
    let names = state.conflicts.names();
    let key = names.key(names.team(""), &["lock ids"]);
    let text = serde_json::to_vec(known).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(names.seal(&key, "lock id", &text))
}

/// What an id says that this caller was given.
///
/// # Errors
/// It is no id, or was given to another application: callers of its team are told so, others that there is no such lock.
pub(super) fn open(state: &State, exchange: &Exchange, id: &str) -> Result<Known, Problem> {
    let absent = || Problem::new(Slug::LockNotFound);
    let names = state.conflicts.names();
    let key = names.key(names.team(""), &["lock ids"]);
    let sealed = URL_SAFE_NO_PAD.decode(id).map_err(|_| absent())?;
    let text = names.open(&key, "lock id", &sealed).ok_or_else(absent)?;
    let known: Known = serde_json::from_slice(&text).map_err(|_| absent())?;
    if known.owner == consumer(exchange) {
        return Ok(known);
    }
    if !known.team.is_empty() && known.team == team(exchange) {
        Err(Problem::new(Slug::LockNotYours))
    } else {
        Err(absent())
    }
}

/// The team of who asks; empty where nobody is known.
pub(super) fn team(exchange: &Exchange) -> String {
    let application = exchange.caller.as_ref().and_then(|caller| caller.application(&exchange.snapshot));
    application.map(|application| application.team.clone()).unwrap_or_default()
}

/// Who asks: the application. On public routes nobody is known, and the id alone is what gives the right.
pub(super) fn consumer(exchange: &Exchange) -> String {
    exchange.caller.as_ref().map(|caller| caller.credential.application.clone()).unwrap_or_default()
}
