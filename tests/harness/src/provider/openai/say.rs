//! Writes an answer as OpenAI does, whole and as a stream.

use serde_json::{Value, json};

use super::super::vendor_id;
use crate::script::{Counts, Reply, Stop, Wire};
use crate::sse::Event;

pub(super) struct Said<'a> {
    number: u64,
    id: String,
    model: &'a Value,
    reply: &'a Reply,
    counts: Counts,
    include_usage: bool,
    no_usage: bool,
    usage_twice: bool,
}

impl<'a> Said<'a> {
    pub(super) fn new(number: u64, request: &'a Value, reply: &'a Reply, prompt_bytes: usize, wire: &Wire) -> Self {
        Self {
            number,
            id: reply.id.clone().unwrap_or_else(|| vendor_id("chatcmpl-", number)),
            model: &request["model"],
            reply,
            counts: reply.counts(prompt_bytes),
            include_usage: request["stream_options"]["include_usage"] == true && !wire.no_usage,
            no_usage: wire.no_usage,
            usage_twice: wire.usage_twice,
        }
    }

    pub(super) fn whole(&self) -> Value {
        let text = if self.reply.text.is_empty() { Value::Null } else { json!(self.reply.text) };
        let refused = self.reply.stop() == Stop::Refusal;
        let (content, refusal) = if refused { (Value::Null, text) } else { (text, Value::Null) };
        let mut message = json!({"role": "assistant", "content": content, "refusal": refusal, "annotations": []});
        if !self.reply.tools.is_empty() {
            let calls = self.reply.tools.iter().enumerate();
            message["tool_calls"] = calls
                .map(|(n, call)| {
                    let function = json!({"name": call.name, "arguments": call.arguments});
                    json!({"id": self.call_id(n), "type": "function", "function": function})
                })
                .collect();
        }
        let choice = json!({"index": 0, "message": message, "logprobs": null, "finish_reason": self.finish_reason()});
        let mut answer = json!({
            "id": self.id, "object": "chat.completion", "created": 1_763_000_000, "model": self.model,
            "choices": [choice], "usage": self.usage(), "service_tier": "default", "system_fingerprint": "fp_560af6e559",
        });
        if self.no_usage
            && let Some(fields) = answer.as_object_mut()
        {
            fields.remove("usage");
        }
        answer
    }

    pub(super) fn events(&self) -> Vec<Event> {
        let first = if self.reply.text.is_empty() { Value::Null } else { json!("") };
        let mut chunks = vec![self.delta(&json!({"role": "assistant", "content": first, "refusal": null}))];
        let field = if self.reply.stop() == Stop::Refusal { "refusal" } else { "content" };
        for piece in tokens(&self.reply.text) {
            chunks.push(self.delta(&json!({field: piece})));
        }
        for (n, call) in self.reply.tools.iter().enumerate() {
            let function = json!({"name": call.name, "arguments": ""});
            let first = json!({"index": n, "id": self.call_id(n), "type": "function", "function": function});
            chunks.push(self.delta(&json!({"tool_calls": [first]})));
            for piece in tokens(&call.arguments) {
                chunks.push(self.delta(&json!({"tool_calls": [{"index": n, "function": {"arguments": piece}}]})));
            }
        }
        let mut last = self.chunk(&json!([{
            "index": 0, "delta": {}, "logprobs": null, "finish_reason": self.finish_reason(),
        }]));
        if self.usage_twice {
            last["usage"] = self.usage();
        }
        chunks.push(last);
        if self.include_usage {
            let mut usage = self.chunk(&json!([]));
            usage["usage"] = self.usage();
            chunks.push(usage);
        }
        let mut events: Vec<Event> = chunks.iter().map(|c| Event::data(c.to_string())).collect();
        events.push(Event::data("[DONE]"));
        events
    }

    fn delta(&self, delta: &Value) -> Value {
        self.chunk(&json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]))
    }

    fn chunk(&self, choices: &Value) -> Value {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": 1_763_000_000, "model": self.model,
            "service_tier": "default", "system_fingerprint": "fp_560af6e559", "choices": choices,
        });
        // With `include_usage`, every chunk but the last carries a null.
        if self.include_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }

    fn finish_reason(&self) -> &'static str {
        match self.reply.stop() {
            Stop::End | Stop::Sequence(_) | Stop::Refusal => "stop",
            Stop::Length => "length",
            Stop::Tools => "tool_calls",
        }
    }

    fn call_id(&self, index: usize) -> String {
        match &self.reply.tools[index].id {
            Some(id) => id.clone(),
            None => vendor_id("call_", self.number * 100 + index as u64),
        }
    }

    fn usage(&self) -> Value {
        let counts = &self.counts;
        json!({
            "prompt_tokens": counts.input_total(),
            "completion_tokens": counts.output_total(),
            "total_tokens": counts.input_total() + counts.output_total(),
            "prompt_tokens_details": {"cached_tokens": counts.cache_read, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": counts.reasoning, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        })
    }
}

/// Splits a text into pieces of a few characters, as tokens are; their concatenation is the text.
pub(in crate::provider) fn tokens(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(4).map(|piece| piece.iter().collect()).collect()
}
