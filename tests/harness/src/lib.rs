//! What the promises are proven with: fake vendors and upstreams that behave as the real ones do on
//! the wire, and handles on the real binary and on a private PostgreSQL.
//!
//! Nothing here knows Weir's inside: the binary is started as a user would, and spoken to over
//! sockets. Every server binds a loopback port of its own and ends with its handle.

pub mod admin;
pub mod chat;
pub mod client;
pub mod cluster;
pub mod config;
pub mod document;
pub mod http1;
pub mod postgres;
mod process;
pub mod provider;
pub mod redis;
pub mod responses;
pub mod rest;
pub mod script;
pub mod sse;
pub mod tls;
pub mod token_endpoint;
pub mod upstream;
mod vectors;
pub mod weir;
pub mod wire;
