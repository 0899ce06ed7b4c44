//! Writes the events of a streamed message: one `message_start`, blocks one after the other with indices 0, 1, 2, …,
//! `message_delta`, `message_stop` (rule 32).

use std::collections::VecDeque;

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use weir_domain::usage::{Tokens, Usage};

use super::json_end::JsonEnd;
use super::usage::OutUsage;
use super::write_answer::stop_reason;
use crate::answer::AnswerContext;
use crate::events::Event;
use crate::pricing::Cost;
use crate::reply::{Finish, call_id, native_id};
use crate::wire::Text;

/// What must be remembered from event to event.
#[derive(Debug, Default)]
pub(crate) struct StreamWriter {
    started: bool,
    /// The block that is open, and how many were before it.
    open: Option<Block>,
    next_index: usize,
    /// Blocks that began while the open one, a call, was not whole: OpenAI may interleave calls, Anthropic may not.
    waiting: VecDeque<(Block, String)>,
    stop_sequence: Option<String>,
}

/// A content block.
#[derive(Debug)]
enum Block {
    Text,
    /// Reasoning, with its signature once that has come: then nothing more belongs to it.
    Thinking {
        signature: Option<String>,
    },
    Tool {
        ordinal: usize,
        id: String,
        name: String,
        input: JsonEnd,
    },
}

impl Block {
    const REASONING: Self = Self::Thinking { signature: None };

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text, Self::Text) | (Self::Thinking { signature: None }, Self::Thinking { signature: None }) => true,
            (Self::Tool { ordinal: a, .. }, Self::Tool { ordinal: b, .. }) => a == b,
            _ => false,
        }
    }

    /// Whether another block may begin: a call ends only where its JSON does, because more of it may come later.
    fn may_end(&self) -> bool {
        match self {
            Self::Text | Self::Thinking { .. } => true,
            Self::Tool { input, .. } => input.is_whole(),
        }
    }
}

impl StreamWriter {
    /// Writes what `event` is for this dialect. The end is written by [`Self::end`].
    pub(crate) fn write(&mut self, event: Event<'_>, context: &AnswerContext, out: &mut BytesMut) {
        match event {
            Event::Start { id, model } => self.start(id.as_deref(), model.as_deref(), context, out),
            Event::Text(text) | Event::Refusal(text) => self.delta(Block::Text, &text, out),
            Event::Thinking(text) => self.delta(Block::REASONING, &text, out),
            Event::Signature(signature) => self.sign(&signature, out),
            Event::RedactedThinking(data) => {
                self.close(out);
                self.write_start(&StartBlock::RedactedThinking { data: &data }, out);
                self.write_stop(out);
            }
            Event::ToolStart { ordinal, id, name } => {
                let id = id.map_or_else(|| call_id(&context.request_id, ordinal), |id| id.0.into_owned());
                let block = Block::Tool { ordinal, id, name: name.0.into_owned(), input: JsonEnd::default() };
                self.delta(block, "", out);
            }
            Event::ToolInput { ordinal, json } => {
                let (id, name) = (String::new(), String::new());
                self.delta(Block::Tool { ordinal, id, name, input: JsonEnd::default() }, &json, out);
            }
            Event::Finish { stop_sequence, .. } => {
                self.stop_sequence = stop_sequence.map(|text| text.0.into_owned());
            }
            Event::Ping if self.started => event_line("ping", &Tag { kind: "ping" }, out),
            // What is thought next is a block of its own: a signature holds for one.
            Event::BlockEnd if matches!(self.open, Some(Block::Thinking { .. })) => self.close(out),
            Event::Ping | Event::BlockEnd | Event::OtherChoice(_) | Event::End => {}
        }
    }

    /// Writes the end of the message.
    pub(crate) fn end(
        &mut self,
        finish: Finish,
        usage: &Usage,
        cost: Cost,
        context: &AnswerContext,
        out: &mut BytesMut,
    ) {
        if !self.started {
            self.start(None, None, context, out);
        }
        self.close(out);
        while let Some((block, content)) = self.waiting.pop_front() {
            self.open_block(block, &content, out);
            self.close(out);
        }
        let delta = MessageDelta {
            kind: "message_delta",
            delta: Stop { stop_reason: stop_reason(finish), stop_sequence: self.stop_sequence.as_deref() },
            usage: OutUsage::new(&usage.tokens, Some(cost)),
        };
        event_line("message_delta", &delta, out);
        event_line("message_stop", &Tag { kind: "message_stop" }, out);
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, context: &AnswerContext, out: &mut BytesMut) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        // The upstream tells the input only at its end; `message_delta` corrects this estimate.
        let input = Tokens { input_uncached: context.estimated_input, ..Tokens::default() };
        let message = StartMessage {
            id: native_id("msg_", id, &context.request_id),
            kind: "message",
            role: "assistant",
            model: model.unwrap_or_default(),
            content: [],
            stop_reason: (),
            stop_sequence: (),
            usage: OutUsage::new(&input, None),
        };
        event_line("message_start", &MessageStart { kind: "message_start", message }, out);
    }

    /// Adds `text` to `block`: to the open one, to one that waits, or to a new one.
    fn delta(&mut self, block: Block, text: &str, out: &mut BytesMut) {
        if self.open.as_ref().is_some_and(|open| open.is_same(&block)) {
            self.append(text, out);
        } else if let Some((_, content)) = self.waiting.iter_mut().rfind(|(waiting, _)| waiting.is_same(&block)) {
            content.push_str(text);
        } else if matches!(&block, Block::Tool { id, .. } if id.is_empty()) {
            // More of a call whose JSON was whole, behind the block that followed it: its block has ended.
        } else if self.open.as_ref().is_none_or(Block::may_end) && self.waiting.is_empty() {
            self.close(out);
            self.open_block(block, text, out);
        } else {
            self.waiting.push_back((block, text.to_owned()));
        }
        while self.open.as_ref().is_some_and(Block::may_end)
            && let Some((block, content)) = self.waiting.pop_front()
        {
            self.close(out);
            self.open_block(block, &content, out);
        }
    }

    fn open_block(&mut self, block: Block, content: &str, out: &mut BytesMut) {
        let start = match &block {
            Block::Text => StartBlock::Text { text: "" },
            Block::Thinking { .. } => StartBlock::Thinking { thinking: "", signature: "" },
            Block::Tool { id, name, .. } => StartBlock::ToolUse { id, name, input: Empty {} },
        };
        self.write_start(&start, out);
        self.open = Some(block);
        self.append(content, out);
        if let Some(Block::Thinking { signature: Some(signature) }) = &self.open {
            self.write_delta(&Delta::Signature { signature }, out);
        }
    }

    /// Signs the reasoning that was last sent; reasoning of which nothing is shown begins with its signature.
    fn sign(&mut self, signature: &str, out: &mut BytesMut) {
        self.delta(Block::REASONING, "", out);
        if let Some(Block::Thinking { signature: open @ None }) = &mut self.open {
            *open = Some(signature.to_owned());
            self.write_delta(&Delta::Signature { signature }, out);
            return;
        }
        // It may wait for a call to end, and what was said after it behind it.
        let unsigned = self.waiting.iter_mut().rev().find_map(|(block, _)| match block {
            Block::Thinking { signature: waiting @ None } => Some(waiting),
            _ => None,
        });
        if let Some(waiting) = unsigned {
            *waiting = Some(signature.to_owned());
        }
    }

    /// Adds to the open block.
    fn append(&mut self, text: &str, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        let delta = match &mut self.open {
            None => return,
            Some(Block::Text) => Delta::Text { text },
            Some(Block::Thinking { .. }) => Delta::Thinking { thinking: text },
            Some(Block::Tool { input, .. }) => {
                input.take(text);
                Delta::InputJson { partial_json: text }
            }
        };
        self.write_delta(&delta, out);
    }

    fn close(&mut self, out: &mut BytesMut) {
        if self.open.take().is_some() {
            self.write_stop(out);
        }
    }

    fn write_start(&self, content_block: &StartBlock<'_>, out: &mut BytesMut) {
        let event = BlockStart { kind: "content_block_start", index: self.next_index, content_block };
        event_line("content_block_start", &event, out);
    }

    fn write_delta(&self, delta: &Delta<'_>, out: &mut BytesMut) {
        let event = BlockDelta { kind: "content_block_delta", index: self.next_index, delta };
        event_line("content_block_delta", &event, out);
    }

    fn write_stop(&mut self, out: &mut BytesMut) {
        let event = BlockStop { kind: "content_block_stop", index: self.next_index };
        event_line("content_block_stop", &event, out);
        self.next_index += 1;
    }
}

#[derive(Serialize)]
struct Tag {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct MessageStart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: StartMessage<'a>,
}

#[derive(Serialize)]
struct StartMessage<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: [u8; 0],
    stop_reason: (),
    stop_sequence: (),
    usage: OutUsage,
}

#[derive(Serialize)]
struct BlockStart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    index: usize,
    content_block: &'a StartBlock<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum StartBlock<'a> {
    Text { text: &'a str },
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a Text<'a> },
    ToolUse { id: &'a str, name: &'a str, input: Empty },
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct BlockDelta<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    index: usize,
    delta: &'a Delta<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: &'a str },
}

#[derive(Serialize)]
struct BlockStop {
    #[serde(rename = "type")]
    kind: &'static str,
    index: usize,
}

#[derive(Serialize)]
struct MessageDelta<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    delta: Stop<'a>,
    usage: OutUsage,
}

#[derive(Serialize)]
struct Stop<'a> {
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
}

/// Appends one named event; a `BytesMut` grows, so this cannot fail.
fn event_line(name: &str, value: &impl Serialize, out: &mut BytesMut) {
    out.put_slice(b"event: ");
    out.put_slice(name.as_bytes());
    out.put_slice(b"\ndata: ");
    let _ = serde_json::to_writer(out.writer(), value);
    out.put_slice(b"\n\n");
}
