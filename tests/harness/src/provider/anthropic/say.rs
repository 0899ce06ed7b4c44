//! Writes an answer as Anthropic does, whole and as a stream.

use serde_json::{Value, json};

use super::super::openai::tokens;
use super::super::vendor_id;
use super::signature;
use crate::script::{Counts, Reply, Stop, Wire};
use crate::sse::Event;

pub(super) struct Said<'a> {
    number: u64,
    id: String,
    model: &'a Value,
    reply: &'a Reply,
    counts: Counts,
    no_usage: bool,
    usage_twice: bool,
}

impl<'a> Said<'a> {
    pub(super) fn new(number: u64, request: &'a Value, reply: &'a Reply, prompt_bytes: usize, wire: &Wire) -> Self {
        Self {
            number,
            id: reply.id.clone().unwrap_or_else(|| vendor_id("msg_01", number)),
            model: &request["model"],
            reply,
            counts: reply.counts(prompt_bytes),
            no_usage: wire.no_usage,
            usage_twice: wire.usage_twice,
        }
    }

    pub(super) fn whole(&self) -> Value {
        let mut answer = self.message(&self.blocks(), &self.stop_reason(), self.counts.output_total());
        answer["stop_sequence"] = self.stop_sequence();
        answer
    }

    pub(super) fn events(&self) -> Vec<Event> {
        let message = self.message(&[], &Value::Null, 1);
        let mut events = vec![json!({"type": "message_start", "message": message})];
        for (index, block) in self.blocks().into_iter().enumerate() {
            events.extend(block_events(index, &block));
            if index == 0 {
                events.insert(2, json!({"type": "ping"}));
            }
        }
        let mut last = json!({
            "type": "message_delta",
            "delta": {"stop_reason": self.stop_reason(), "stop_sequence": self.stop_sequence()},
        });
        if !self.no_usage {
            last["usage"] = json!({
                "input_tokens": self.counts.input,
                "cache_creation_input_tokens": self.counts.cache_write_5m + self.counts.cache_write_1h,
                "cache_read_input_tokens": self.counts.cache_read,
                "output_tokens": self.counts.output_total(),
            });
        }
        events.push(last.clone());
        if self.usage_twice {
            events.push(last);
        }
        events.push(json!({"type": "message_stop"}));
        events.iter().map(Event::typed).collect()
    }

    fn message(&self, content: &[Value], stop_reason: &Value, output: u64) -> Value {
        let mut message = json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model, "content": content,
            "stop_reason": stop_reason, "stop_sequence": null,
        });
        if !self.no_usage {
            message["usage"] = self.usage(output);
        }
        message
    }

    fn blocks(&self) -> Vec<Value> {
        let mut blocks = Vec::new();
        if let Some(thinking) = &self.reply.thinking {
            blocks.push(json!({"type": "thinking", "thinking": thinking, "signature": signature(thinking)}));
        }
        if !self.reply.text.is_empty() {
            blocks.push(json!({"type": "text", "text": self.reply.text}));
        }
        for (n, call) in self.reply.tools.iter().enumerate() {
            let input: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            let id = call.id.clone().unwrap_or_else(|| vendor_id("toolu_01", self.number * 100 + n as u64));
            blocks.push(json!({"type": "tool_use", "id": id, "name": call.name, "input": input}));
        }
        blocks
    }

    fn stop_reason(&self) -> Value {
        json!(match self.reply.stop() {
            Stop::End => "end_turn",
            Stop::Length => "max_tokens",
            Stop::Tools => "tool_use",
            Stop::Sequence(_) => "stop_sequence",
            Stop::Refusal => "refusal",
        })
    }

    fn stop_sequence(&self) -> Value {
        match self.reply.stop() {
            Stop::Sequence(sequence) => json!(sequence),
            _ => Value::Null,
        }
    }

    fn usage(&self, output: u64) -> Value {
        let counts = &self.counts;
        json!({
            "input_tokens": counts.input,
            "cache_creation_input_tokens": counts.cache_write_5m + counts.cache_write_1h,
            "cache_read_input_tokens": counts.cache_read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": counts.cache_write_5m,
                "ephemeral_1h_input_tokens": counts.cache_write_1h,
            },
            "output_tokens": output,
            "service_tier": "standard",
        })
    }
}

/// One block as start, deltas and stop; a tool's input comes as pieces of JSON, the first one empty.
fn block_events(index: usize, block: &Value) -> Vec<Value> {
    let delta = |delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let mut start = block.clone();
    let mut deltas = Vec::new();
    match block["type"].as_str() {
        Some("thinking") => {
            start["thinking"] = json!("");
            start["signature"] = json!("");
            let pieces = tokens(block["thinking"].as_str().unwrap_or_default());
            deltas.extend(pieces.into_iter().map(|p| delta(json!({"type": "thinking_delta", "thinking": p}))));
            deltas.push(delta(json!({"type": "signature_delta", "signature": block["signature"]})));
        }
        Some("tool_use") => {
            start["input"] = json!({});
            deltas.push(delta(json!({"type": "input_json_delta", "partial_json": ""})));
            let whole = block["input"].to_string();
            let pieces = if whole == "{}" { Vec::new() } else { tokens(&whole) };
            deltas.extend(pieces.into_iter().map(|p| delta(json!({"type": "input_json_delta", "partial_json": p}))));
        }
        _ => {
            start["text"] = json!("");
            let pieces = tokens(block["text"].as_str().unwrap_or_default());
            deltas.extend(pieces.into_iter().map(|p| delta(json!({"type": "text_delta", "text": p}))));
        }
    }
    let mut events = vec![json!({"type": "content_block_start", "index": index, "content_block": start})];
    events.append(&mut deltas);
    events.push(json!({"type": "content_block_stop", "index": index}));
    events
}
