//! The admin API over HTTP: thin handlers, one list of routes, one place that renders refusals.

pub(crate) mod assets;
mod audit;
mod body;
mod config;
mod guard;
mod headers;
mod health;
mod idempotency;
mod key;
mod model;
mod openapi;
mod overview;
mod playground;
mod precondition;
mod problem;
mod provider;
mod query;
mod request;
mod resource;
pub(crate) mod router;
mod schema;
pub(crate) mod serve;
mod session;
mod setup;
mod strict_json;
mod token;
mod usage;
