//! Writes an answer as Cohere does, whole and as a stream.

use serde_json::{Value, json};

use crate::provider::openai::tokens;
use crate::script::{Counts, Reply, Stop, Wire};
use crate::sse::Event;

/// What the model says before it calls tools.
pub(super) const PLAN: &str = "I will look it up.";

pub(super) struct Said<'a> {
    number: u64,
    id: String,
    reply: &'a Reply,
    counts: Counts,
    no_usage: bool,
}

impl<'a> Said<'a> {
    pub(super) fn new(number: u64, reply: &'a Reply, prompt_bytes: usize, wire: &Wire) -> Self {
        let id = reply.id.clone().unwrap_or_else(|| format!("5a50480a-cf52-46f0-af01-{number:012}"));
        Self { number, id, reply, counts: reply.counts(prompt_bytes), no_usage: wire.no_usage }
    }

    pub(super) fn whole(&self) -> Value {
        let mut message = json!({"role": "assistant"});
        let content: Vec<Value> = self.content().map(|(kind, text)| json!({"type": kind, kind: text})).collect();
        if !content.is_empty() {
            message["content"] = json!(content);
        }
        if !self.reply.tools.is_empty() {
            message["tool_plan"] = json!(PLAN);
            message["tool_calls"] = self.calls(true).collect();
        }
        let mut answer = json!({"id": self.id, "message": message, "finish_reason": self.finish()});
        if !self.no_usage {
            answer["usage"] = self.usage();
        }
        answer
    }

    pub(super) fn events(&self) -> Vec<Event> {
        let mut events = vec![json!({"id": self.id, "type": "message-start",
            "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}})];
        for (index, (kind, text)) in self.content().enumerate() {
            let event = |event: &str, content: Value| json!({"type": event, "index": index, "delta": {"message": {"content": content}}});
            events.push(event("content-start", json!({"type": kind, kind: ""})));
            events.extend(tokens(text).iter().map(|piece| event("content-delta", json!({kind: piece}))));
            events.push(json!({"type": "content-end", "index": index}));
        }
        if !self.reply.tools.is_empty() {
            let plan = |piece: &String| json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": piece}}});
            events.extend(tokens(PLAN).iter().map(plan));
        }
        for (index, call) in self.calls(false).enumerate() {
            let event = |event: &str, calls: Value| json!({"type": event, "index": index, "delta": {"message": {"tool_calls": calls}}});
            events.push(event("tool-call-start", call));
            let pieces = tokens(&self.reply.tools[index].arguments);
            let piece = |piece: &String| event("tool-call-delta", json!({"function": {"arguments": piece}}));
            events.extend(pieces.iter().map(piece));
            events.push(json!({"type": "tool-call-end", "index": index}));
        }
        let mut last = json!({"type": "message-end", "delta": {"finish_reason": self.finish()}});
        if !self.no_usage {
            last["delta"]["usage"] = self.usage();
        }
        events.push(last);
        events.iter().map(Event::typed).collect()
    }

    /// Kind and text of the pieces.
    fn content(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let thinking = self.reply.thinking.as_deref().map(|text| ("thinking", text));
        let text = Some(("text", self.reply.text.as_str())).filter(|(_, text)| !text.is_empty());
        thinking.into_iter().chain(text)
    }

    fn calls(&self, whole: bool) -> impl Iterator<Item = Value> {
        self.reply.tools.iter().enumerate().map(move |(n, call)| {
            let id = call.id.clone().unwrap_or_else(|| format!("{}_{:012}", call.name, self.number * 100 + n as u64));
            let arguments = if whole { call.arguments.as_str() } else { "" };
            json!({"id": id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
        })
    }

    fn finish(&self) -> &'static str {
        match self.reply.stop() {
            Stop::End => "COMPLETE",
            Stop::Length => "MAX_TOKENS",
            Stop::Tools => "TOOL_CALL",
            Stop::Sequence(_) => "STOP_SEQUENCE",
            Stop::Refusal => "ERROR_TOXIC",
        }
    }

    /// What is billed, and beside it what was processed, which is more.
    fn usage(&self) -> Value {
        let (input, output) = (self.counts.input_total(), self.counts.output_total());
        json!({
            "billed_units": {"input_tokens": input, "output_tokens": output},
            "tokens": {"input_tokens": input + 500, "output_tokens": output + 9},
        })
    }
}
