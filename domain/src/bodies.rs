//! What one request and its answer held, where a team wants that kept: redacted, bounded, with a date of deletion.
//!
//! The data plane makes one [`Bodies`] per such request, beside its ledger record; the control plane stores it apart from
//! the ledger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Micros;

/// The bodies of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bodies {
    /// The request's id.
    pub id: String,
    /// The team whose they are.
    pub team: String,
    /// When the request's head had arrived.
    pub at: Micros,
    /// When they are deleted.
    pub expires_at: Micros,
    /// How much the team's bodies may take together, in bytes.
    pub max_total_bytes: u64,
    /// The bodies themselves.
    pub held: Held,
}

/// The four bodies of an exchange, as far as there were any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Held {
    /// The number of the attempt that the provider's bodies are of; 0 when no provider was asked.
    pub attempt: u32,
    /// What the caller sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<Body>,
    /// What was sent to the provider in its place.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub provider_request: Option<Body>,
    /// What the provider answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub provider_answer: Option<Body>,
    /// What the caller got in its place.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<Body>,
}

impl Held {
    /// The four, in the order in which they went.
    #[must_use]
    pub fn each(&self) -> [Option<&Body>; 4] {
        [&self.request, &self.provider_request, &self.provider_answer, &self.answer].map(Option::as_ref)
    }

    /// What they take, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.each().into_iter().flatten().map(|body| body.text.len() as u64).sum()
    }
}

/// One body, without what was redacted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Body {
    /// Its text: JSON on one line, the events of a stream one below the other, or plain text. Of what is no text, its
    /// digest and size.
    pub text: String,
    /// How many bytes it had; of a stream that is longer than what was looked at, how many these were.
    pub bytes: u64,
    /// Whether `text` ends before the body did.
    pub truncated: bool,
    /// How many places were taken out, by what they were: `secret`, `email`, `card`, `iban`, `phone`, `member`, `pointer`,
    /// `pattern`, `media` for what became a digest, and `withheld` for a whole body that did, since what was taken out by
    /// its place in the other dialect might stand in it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub redacted: BTreeMap<String, u64>,
}

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name, where it has one beside its data.
    pub name: String,
    /// Its data.
    pub data: String,
}
