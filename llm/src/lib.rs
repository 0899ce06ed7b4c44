//! AI wire dialects, sans-IO: bytes in, values out, never a socket, no clock, no randomness.
//!
//! # How a gateway uses it
//!
//! 1. [`peek`] reads from the caller's body what routing and admission must know.
//! 2. Per attempt, [`prepare`] makes the upstream's body: the caller's own bytes with only `model` (and, for
//!    OpenAI streams, `stream_options.include_usage`) spliced in when both sides speak one dialect, else a
//!    translation. [`UpstreamRequest::dropped`] lists what could not be carried over; with `strict` it is an error.
//! 3. Status ≥ 400: [`read_error`] understands the provider's error body; [`render_error`] writes it for the caller,
//!    with [`WireError::caller_status`] as the status.
//! 4. Status 200, not a stream: [`answer`], which like the next one is given [`UpstreamRequest::tool_names`].
//! 5. Status 200, a stream: [`StreamTranslator`]. Feed every chunk to [`StreamTranslator::push`]. Hold back what it
//!    writes until [`StreamTranslator::has_content`]: up to there a [`StreamError`] may still be retried on another
//!    target. At the upstream's end call [`StreamTranslator::finish`]. After the caller's head has gone out, report
//!    an error with [`error_event`] and close. [`StreamTranslator::usage`] and `cost` are right at any moment, so a
//!    guard can settle an aborted stream.
//!
//! What a translated answer holds that the caller's dialect has no place for is named in [`Answer::dropped`] and
//! [`StreamTranslator::dropped`].
//!
//! Every state machine gives the same answer however its input is cut; no input panics; messages
//! of providers are bounded and cleaned of credentials. `docs/TRANSLATION.md` says what becomes of each field.
//!
//! Chat is one [`Operation`](weir_domain::operation::Operation) of several: [`peek_for`] is told which, [`Peek`] and
//! [`AnswerContext`] carry it, [`prepare`] and [`answer`] dispatch on it.
//!
//! # What the caller sees
//!
//! `usage.cost`, decimal dollars, is put into every usage object: `null` when the price is unknown, never 0. In an
//! OpenAI stream it is in the usage chunk, which is passed on only to callers who asked for it with
//! `stream_options.include_usage`; the others find the cost of the request in the ledger under `x-weir-request-id`.
//! In an Anthropic stream it is in the usage of `message_delta`.
//!
//! Reasoning of an Anthropic model reaches an OpenAI caller as `reasoning_content` (text) and `thinking_blocks` (with
//! signatures, so that a caller who sends its history back keeps them); reasoning text of an OpenAI-style model
//! reaches an Anthropic caller as a `thinking` block with an empty signature.

#![cfg_attr(test, expect(clippy::needless_pass_by_value, reason = "tests take json! literals as they are"))]

mod adapt;
mod answer;
mod anthropic;
mod batch;
mod bedrock;
mod caller_words;
mod cohere;
mod completion;
mod content;
mod count_tokens;
pub mod demo;
mod dropped;
mod embeddings;
mod error;
mod estimate;
mod event_stream;
mod events;
mod exchange;
mod form;
mod gemini;
pub mod held;
mod history;
mod ids;
mod json_array;
mod lines;
mod members;
mod models;
mod ollama;
mod openai;
mod passed_on;
mod peek;
mod pricing;
mod raw_events;
mod realtime;
mod reply;
mod report;
mod request;
mod rerank;
mod responses;
mod sealed_id;
mod sound;
mod splice;
mod sse;
mod stream;
mod tap;
mod tool_names;
mod usage;
mod wanted;
pub mod websocket;
mod wire;

pub use answer::{Answer, AnswerContext, answer, bound};
pub use batch::{BatchLine, BatchLines, BatchState};
pub use content::{Content, content};
pub use count_tokens::estimated as estimated_count;
pub use error::{
    AnswerError, ERROR_TYPE_HEADER, ErrorKind, Origin, RequestError, StreamError, WireError, error_event, read_error,
    render_error,
};
pub use ids::{IdRewriter, Ids};
pub use models::{ModelEntry, model, models_list};
pub use passed_on::accepted;
pub use peek::addressed::{Addressed, peek_addressed};
pub use peek::{Binding, Peek, peek, peek_for, peek_form};
pub use pricing::Pricing;
pub use raw_events::raw_events;
pub use realtime::{RealtimeDone, RealtimeEvent, RealtimeStatus, realtime_cancel, realtime_event};
pub use reply::Finish;
pub use report::Dropped;
pub use request::{Target, UpstreamRequest, prepare};
pub use stream::StreamTranslator;
pub use tap::{Metered, ModelTap, Tap};
pub use tool_names::ToolNames;
pub use wanted::Wanted;

#[cfg(test)]
mod end_to_end;
