//! The provider inside Weir: speaks OpenAI chat completions, deterministic, offline.

use bytes::Bytes;

/// What the demo provider answers.
#[derive(Clone, Debug)]
pub struct DemoAnswer {
    /// The HTTP status.
    pub status: u16,
    /// `application/json` or `text/event-stream`.
    pub content_type: &'static str,
    /// The body, cut as a stream would be: one event each, or one whole body.
    pub chunks: Vec<Bytes>,
}

/// Answers a chat completion request.
#[must_use]
pub fn respond(body: &[u8]) -> DemoAnswer {
    let _ = body;
    DemoAnswer { status: 500, content_type: "application/json", chunks: Vec::new() }
}
