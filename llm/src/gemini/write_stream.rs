//! Writes the events of a streamed answer. Each holds parts that are whole; the last one tells finish and usage.

use bytes::{BufMut, BytesMut};
use weir_domain::usage::Usage;

use super::usage::OutUsage;
use super::write_answer::{MODEL, OutCandidate, OutResponse, call, finish_reason, hidden, signed, thought};
use super::write_contents::{OutContent, OutPart};
use crate::answer::AnswerContext;
use crate::events::Event;
use crate::openai::read_messages::{Arguments, read_arguments};
use crate::pricing::Cost;
use crate::reply::{Finish, call_id, native_id};
use crate::wire::{Raw, Text};

/// What must be remembered from event to event.
#[derive(Debug, Default)]
pub(crate) struct StreamWriter {
    id: String,
    model: String,
    /// Calls that have begun and not been written: Gemini's are whole when they come.
    calls: Vec<Call>,
    /// How many of them have been.
    written: usize,
}

#[derive(Debug)]
struct Call {
    id: String,
    name: String,
    input: String,
}

impl StreamWriter {
    /// Writes what `event` is for this dialect. The end is written by [`Self::end`].
    pub(crate) fn write(&mut self, event: Event<'_>, context: &AnswerContext, out: &mut BytesMut) {
        match event {
            Event::Start { id, model } => self.start(id.as_deref(), model.as_deref(), context),
            Event::Text(text) | Event::Refusal(text) => self.part(OutPart::text(text), out),
            Event::Thinking(text) => self.part(thought(text), out),
            Event::Signature(signature) => self.part(signed(&signature), out),
            Event::RedactedThinking(data) => self.part(hidden(&data), out),
            Event::ToolStart { ordinal, id, name } => {
                let id = id.map_or_else(|| call_id(&context.request_id, ordinal), |id| id.0.into_owned());
                self.calls.push(Call { id, name: name.0.into_owned(), input: String::new() });
            }
            Event::ToolInput { ordinal, json } => {
                if let Some(call) = self.calls.get_mut(ordinal) {
                    call.input.push_str(&json);
                }
            }
            // Where a dialect says that a call is whole, it need not wait for the end.
            Event::BlockEnd => {
                while let Some(call) = self.calls.get(self.written)
                    && Raw::parse(&call.input).is_some_and(|input| input.is_object())
                {
                    self.next_call(out);
                }
            }
            // Comments are no part of Google's streams: its clients take them for JSON.
            Event::Ping | Event::OtherChoice(_) | Event::Finish { .. } | Event::End => {}
        }
    }

    /// Writes the last event.
    pub(crate) fn end(
        &mut self,
        finish: Finish,
        usage: &Usage,
        cost: Cost,
        context: &AnswerContext,
        out: &mut BytesMut,
    ) {
        if self.id.is_empty() {
            self.start(None, None, context);
        }
        while self.written < self.calls.len() {
            self.next_call(out);
        }
        let usage = OutUsage::new(&usage.tokens, cost);
        self.event(OutPart::text(Text::default()), Some(finish_reason(finish)), Some(usage), out);
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, context: &AnswerContext) {
        self.id = native_id("", id, &context.request_id);
        model.unwrap_or_default().clone_into(&mut self.model);
    }

    /// Writes the next call that waits.
    fn next_call(&mut self, out: &mut BytesMut) {
        let Some(waiting) = self.calls.get_mut(self.written) else { return };
        self.written += 1;
        let (id, name) = (std::mem::take(&mut waiting.id), std::mem::take(&mut waiting.name));
        // A line break between JSON tokens is a space; in an event it would end the line.
        let text = std::mem::take(&mut waiting.input).replace(['\n', '\r'], " ");
        let (Arguments::Object(input) | Arguments::Wrapped(input)) = read_arguments(&text);
        self.part(call(id.into(), name.into(), input), out);
    }

    fn part(&self, part: OutPart<'_>, out: &mut BytesMut) {
        self.event(part, None, None, out);
    }

    fn event(
        &self,
        part: OutPart<'_>,
        finish_reason: Option<&'static str>,
        usage: Option<OutUsage>,
        out: &mut BytesMut,
    ) {
        let content = OutContent { role: MODEL, parts: vec![part] };
        let event = OutResponse {
            candidates: [OutCandidate { content, finish_reason, index: 0 }],
            usage_metadata: usage,
            model_version: &self.model,
            response_id: &self.id,
        };
        out.put_slice(b"data: ");
        // A `BytesMut` grows, so this cannot fail.
        let _ = serde_json::to_writer(out.writer(), &event);
        out.put_slice(b"\n\n");
    }
}
