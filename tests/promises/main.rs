//! What Weir promises, proven from outside: the real binary, real sockets, vendors that behave as the
//! real ones do. Each module is one promise.

mod ai_chat;
mod ai_fidelity;
mod drain;
mod errors;
mod failover;
mod hostile;
mod keys;
mod kill;
mod metering;
mod nodes;
mod recorded;
mod recut;
mod reload;
mod rest;
mod rest_wire;
mod secrets;
mod slow_callers;
mod stand;
mod tls;
mod tool_names;
mod vendor_paths;
