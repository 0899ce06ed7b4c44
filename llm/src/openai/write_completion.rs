//! Writes the answer of a chat as a legacy completion, whole and streamed.
//! Source: <https://platform.openai.com/docs/api-reference/completions>.

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use weir_domain::usage::Usage;

use super::usage::OutUsage;
use super::write_answer::finish_reason;
use super::write_stream::{json, write_usage};
use crate::answer::AnswerContext;
use crate::events::Event;
use crate::pricing::Cost;
use crate::reply::{Finish, Piece, Reply, native_id};
use crate::wire::Text;

/// The name of what a completion has no place for.
pub(crate) const REASONING: &str = "reasoning";

#[derive(Serialize)]
struct Head<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
}

impl<'a> Head<'a> {
    fn new(id: Option<&str>, model: Option<&'a str>, context: &AnswerContext) -> Self {
        Self {
            id: native_id("cmpl-", id, &context.request_id),
            object: "text_completion",
            created: context.created,
            model: model.unwrap_or_default(),
        }
    }
}

#[derive(Serialize)]
struct Completion<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    choices: [Choice<'a>; 1],
    usage: OutUsage,
}

#[derive(Serialize)]
struct Choice<'a> {
    text: Text<'a>,
    index: u8,
    logprobs: (),
    finish_reason: Option<&'static str>,
}

impl<'a> Choice<'a> {
    fn new(text: Text<'a>, finish: Option<Finish>) -> Self {
        Self { text, index: 0, logprobs: (), finish_reason: finish.map(Finish::as_str) }
    }
}

/// Whether an answer holds reasoning, which a completion has no place for.
pub(crate) fn reasons(reply: &Reply<'_>) -> bool {
    reply.pieces.iter().any(|piece| matches!(piece, Piece::Thinking { .. } | Piece::RedactedThinking { .. }))
}

/// Writes a whole answer.
///
/// # Errors
/// Only when a value does not serialise, which a read answer always does.
pub(crate) fn write(
    reply: &Reply<'_>,
    context: &AnswerContext,
    usage: &Usage,
    cost: Cost,
) -> Result<Vec<u8>, serde_json::Error> {
    let refused = reply.pieces.iter().any(|piece| matches!(piece, Piece::Refusal(_)));
    let finish = finish_reason(reply.finish, reply.settled_finish(), refused);
    let mut text = String::new();
    for piece in &reply.pieces {
        if let Piece::Text(said) | Piece::Refusal(said) = piece {
            text.push_str(said);
        }
    }
    serde_json::to_vec(&Completion {
        head: Head::new(reply.id.as_deref(), reply.model.as_deref(), context),
        choices: [Choice::new(text.into(), Some(finish))],
        usage: OutUsage::new(&usage.tokens, cost),
    })
}

/// What must be remembered from event to event.
#[derive(Debug, Default)]
pub(crate) struct StreamWriter {
    /// The head without its closing brace, once the answer has begun.
    head: Vec<u8>,
    refused: bool,
    finished: bool,
    /// Whether reasoning was left out.
    reasoned: bool,
}

impl StreamWriter {
    /// Writes what `event` is in a completion. `finish` is the settled one. The end is written by [`Self::end`].
    pub(crate) fn write(&mut self, event: Event<'_>, finish: Finish, context: &AnswerContext, out: &mut BytesMut) {
        match event {
            Event::Start { id, model } => self.start(id.as_deref(), model.as_deref(), context),
            Event::Text(text) => self.chunk(text, None, out),
            Event::Refusal(text) => {
                self.refused = true;
                self.chunk(text, None, out);
            }
            Event::Thinking(_) | Event::Signature(_) | Event::RedactedThinking(_) => self.reasoned = true,
            Event::Finish { finish: told, .. } => {
                if !std::mem::replace(&mut self.finished, true) {
                    let finish = finish_reason(Some(told), finish, self.refused);
                    self.chunk(Text::default(), Some(finish), out);
                }
            }
            Event::Ping => out.put_slice(b": keep-alive\n\n"),
            Event::ToolStart { .. }
            | Event::ToolInput { .. }
            | Event::BlockEnd
            | Event::OtherChoice(_)
            | Event::End => {}
        }
    }

    /// Writes the end: usage for who asked for it, then `[DONE]`.
    pub(crate) fn end(&mut self, usage: Option<(&Usage, Cost)>, context: &AnswerContext, out: &mut BytesMut) {
        if let Some((usage, cost)) = usage {
            if self.head.is_empty() {
                self.start(None, None, context);
            }
            write_usage(&self.head, usage, cost, out);
        }
        out.put_slice(b"data: [DONE]\n\n");
    }

    /// What was left out.
    pub(crate) fn dropped(&self) -> Option<&'static str> {
        self.reasoned.then_some(REASONING)
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, context: &AnswerContext) {
        self.head = serde_json::to_vec(&Head::new(id, model, context)).unwrap_or_default();
        self.head.pop();
    }

    fn chunk(&self, text: Text<'_>, finish: Option<Finish>, out: &mut BytesMut) {
        out.put_slice(b"data: ");
        out.put_slice(&self.head);
        out.put_slice(b",\"choices\":[");
        json(&Choice::new(text, finish), out);
        out.put_slice(b"]}\n\n");
    }
}
