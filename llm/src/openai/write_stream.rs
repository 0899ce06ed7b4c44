//! Writes the chunks of a streamed chat completion.

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use weir_domain::usage::Usage;

use super::usage::OutUsage;
use super::write_answer::{OutThinking, finish_reason};
use crate::answer::AnswerContext;
use crate::events::Event;
use crate::pricing::Cost;
use crate::reply::{Finish, call_id, native_id};
use crate::wire::Text;

/// The part of a chunk that is the same in all: up to `choices`.
#[derive(Serialize)]
struct Head<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_blocks: Option<[OutBlock<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[OutCall<'a>; 1]>,
}

/// The official SDKs put lists of a stream together by the `index` of their entries, and fail without one.
#[derive(Serialize)]
struct OutBlock<'a> {
    index: usize,
    #[serde(flatten)]
    block: OutThinking<'a>,
}

#[derive(Serialize)]
struct OutCall<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Text<'a>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: OutFunction<'a>,
}

#[derive(Serialize)]
struct OutFunction<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    arguments: Text<'a>,
}

/// What must be remembered from event to event.
#[derive(Debug, Default)]
pub(crate) struct StreamWriter {
    /// `{"id":…,"model":…` without the closing brace, once the answer has begun.
    head: Vec<u8>,
    /// Reasoning whose signature has not come, to be sent back together with it.
    thinking: String,
    /// How many blocks of reasoning have been sent back.
    thinking_blocks: usize,
    /// Whether it declined in words.
    refused: bool,
    finished: bool,
}

impl StreamWriter {
    /// Writes what `event` is for this dialect. `finish` is the settled one. The end is written by [`Self::end`].
    pub(crate) fn write(&mut self, event: Event<'_>, finish: Finish, context: &AnswerContext, out: &mut BytesMut) {
        match event {
            Event::Start { id, model } => {
                self.start(id.as_deref(), model.as_deref(), context);
                let delta = Delta { role: Some("assistant"), content: Some(Text::default()), ..Delta::default() };
                self.chunk(&delta, None, out);
            }
            Event::Text(text) => self.chunk(&Delta { content: Some(text), ..Delta::default() }, None, out),
            Event::Refusal(text) => {
                self.refused = true;
                self.chunk(&Delta { refusal: Some(text), ..Delta::default() }, None, out);
            }
            Event::Thinking(text) => {
                self.thinking.push_str(&text);
                self.chunk(&Delta { reasoning_content: Some(text), ..Delta::default() }, None, out);
            }
            Event::Signature(signature) => {
                let thinking = std::mem::take(&mut self.thinking).into();
                self.thinking_block(OutThinking::Thinking { thinking, signature }, out);
            }
            Event::RedactedThinking(data) => self.thinking_block(OutThinking::RedactedThinking { data }, out),
            Event::ToolStart { ordinal, id, name } => {
                let id = Some(id.unwrap_or_else(|| call_id(&context.request_id, ordinal).into()));
                let function = OutFunction { name: Some(name), arguments: Text::default() };
                self.call(OutCall { index: ordinal, id, kind: Some("function"), function }, out);
            }
            Event::ToolInput { ordinal, json } => {
                let function = OutFunction { name: None, arguments: json };
                self.call(OutCall { index: ordinal, id: None, kind: None, function }, out);
            }
            Event::Finish { finish: told, .. } => {
                if !std::mem::replace(&mut self.finished, true) {
                    let finish = finish_reason(Some(told), finish, self.refused);
                    self.chunk(&Delta::default(), Some(finish), out);
                }
            }
            Event::Ping => out.put_slice(b": keep-alive\n\n"),
            Event::BlockEnd => self.thinking.clear(),
            Event::OtherChoice(_) | Event::End => {}
        }
    }

    /// Writes the end: usage for who asked for it, then `[DONE]`.
    pub(crate) fn end(&mut self, usage: Option<(&Usage, Cost)>, context: &AnswerContext, out: &mut BytesMut) {
        if let Some((usage, cost)) = usage {
            self.usage_chunk(usage, cost, context, out);
        }
        out.put_slice(b"data: [DONE]\n\n");
    }

    /// Writes the chunk that holds nothing but usage.
    pub(crate) fn usage_chunk(&mut self, usage: &Usage, cost: Cost, context: &AnswerContext, out: &mut BytesMut) {
        if self.head.is_empty() {
            self.start(None, None, context);
        }
        write_usage(&self.head, usage, cost, out);
    }

    /// Fixes what all chunks have in common.
    pub(crate) fn start(&mut self, id: Option<&str>, model: Option<&str>, context: &AnswerContext) {
        let id = native_id("chatcmpl-", id, &context.request_id);
        let model = model.unwrap_or_default();
        let head = Head { id, object: "chat.completion.chunk", created: context.created, model };
        self.head = serde_json::to_vec(&head).unwrap_or_default();
        self.head.pop();
    }

    fn thinking_block(&mut self, block: OutThinking<'_>, out: &mut BytesMut) {
        let block = OutBlock { index: self.thinking_blocks, block };
        self.thinking_blocks += 1;
        self.chunk(&Delta { thinking_blocks: Some([block]), ..Delta::default() }, None, out);
    }

    fn call(&self, call: OutCall<'_>, out: &mut BytesMut) {
        self.chunk(&Delta { tool_calls: Some([call]), ..Delta::default() }, None, out);
    }

    fn chunk(&self, delta: &Delta<'_>, finish: Option<Finish>, out: &mut BytesMut) {
        out.put_slice(b"data: ");
        out.put_slice(&self.head);
        out.put_slice(b",\"choices\":[{\"index\":0,\"delta\":");
        json(delta, out);
        out.put_slice(b",\"logprobs\":null,\"finish_reason\":");
        json(&finish.map(Finish::as_str), out);
        out.put_slice(b"}]}\n\n");
    }
}

/// The chunk that holds nothing but usage, behind what all chunks have in common.
pub(super) fn write_usage(head: &[u8], usage: &Usage, cost: Cost, out: &mut BytesMut) {
    out.put_slice(b"data: ");
    out.put_slice(head);
    out.put_slice(b",\"choices\":[],\"usage\":");
    json(&OutUsage::new(&usage.tokens, cost), out);
    out.put_slice(b"}\n\n");
}

/// Appends JSON; a `BytesMut` grows, so this cannot fail.
pub(super) fn json(value: &impl Serialize, out: &mut BytesMut) {
    let _ = serde_json::to_writer(out.writer(), value);
}
