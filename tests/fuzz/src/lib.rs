//! What each fuzz target checks of any input: that nothing panics, that a caller's fault is a 4xx, that what is written
//! can be read, and that the bill is what the wire says. The first bytes of an input choose format and options, the
//! rest is what came over the wire, so that a recorded fixture is a seed as it is.
//!
//! The same functions run under libFuzzer (`libfuzzer/`, `run.sh`) and in `cargo test`, which replays `corpus/`.

#![expect(clippy::missing_panics_doc, reason = "a target says that something is wrong by panicking")]
#![expect(clippy::expect_used, clippy::panic, reason = "a target says that something is wrong by panicking")]

pub mod answer;
pub mod batch;
pub mod config;
mod context;
pub mod error;
mod exact;
pub mod frames;
mod model_answer;
pub mod operations;
pub mod realtime;
pub mod redaction;
pub mod request;
pub mod round_trip;
pub mod sealed;
pub mod seeds;
pub mod stream;
mod talk;
pub mod tap;
pub mod words;

/// A target: its name and what it checks.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 14] = [
    ("request", request::check),
    ("answer", answer::check),
    ("error", error::check),
    ("stream", stream::check),
    ("frames", frames::check),
    ("round_trip", round_trip::check),
    ("tap", tap::check),
    ("operations", operations::check),
    ("config", config::check),
    ("words", words::check),
    ("sealed", sealed::check),
    ("batch", batch::check),
    ("realtime", realtime::check),
    ("redaction", redaction::check),
];

#[cfg(test)]
mod replay;
