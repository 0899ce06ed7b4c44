//! The nouns that both planes share: pure data and rules, with no I/O, no async and no framework.
//!
//! The data plane reads a [`snapshot::Snapshot`] and writes [`ledger`] rows; the control plane edits
//! [`resource::Resource`]s and compiles them. They meet only in the two traits of [`ports`].

pub mod absent;
pub mod addressing;
pub mod aws;
pub mod bodies;
pub mod catalog;
pub mod compile;
pub mod conflict_doc;
pub mod conflict_key;
pub mod credential;
pub mod dialect;
pub mod draft;
pub mod fault;
pub mod grant;
pub mod key_secret;
pub mod ledger;
pub mod money;
pub mod name;
pub mod network;
pub mod operation;
pub mod ports;
pub mod price;
pub mod quirks;
pub mod redact;
pub mod request_log;
pub mod resource;
pub mod router;
pub mod routing;
pub mod schema;
pub mod sealing;
pub mod secret;
pub mod snapshot;
pub mod spec;
pub mod time;
pub mod usage;
pub mod yaml;
