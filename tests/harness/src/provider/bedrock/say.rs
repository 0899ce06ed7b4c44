//! Writes an answer as Converse does, whole and as the events of a stream.

use serde_json::{Value, json};

use super::reasoning_signature;
use crate::provider::openai::tokens;
use crate::script::{Counts, Reply, Stop, Wire};

pub(super) struct Said<'a> {
    number: u64,
    reply: &'a Reply,
    counts: Counts,
    no_usage: bool,
}

impl<'a> Said<'a> {
    pub(super) fn new(number: u64, reply: &'a Reply, prompt_bytes: usize, wire: &Wire) -> Self {
        Self { number, reply, counts: reply.counts(prompt_bytes), no_usage: wire.no_usage }
    }

    pub(super) fn whole(&self) -> Value {
        let mut content = Vec::new();
        if let Some(text) = &self.reply.thinking {
            let said = json!({"text": text, "signature": reasoning_signature(text)});
            content.push(json!({"reasoningContent": {"reasoningText": said}}));
        }
        if !self.reply.text.is_empty() {
            content.push(json!({"text": self.reply.text}));
        }
        for (n, call) in self.reply.tools.iter().enumerate() {
            let input: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            content.push(json!({"toolUse": {"toolUseId": self.call_id(n), "name": call.name, "input": input}}));
        }
        let message = json!({"role": "assistant", "content": content});
        let mut answer = self.end();
        answer["output"] = json!({"message": message});
        answer["stopReason"] = json!(self.stop_reason());
        answer
    }

    /// Names and payloads of the events.
    pub(super) fn events(&self) -> Vec<(&'static str, Value)> {
        let mut events = vec![("messageStart", json!({"p": "abcd", "role": "assistant"}))];
        let mut index = 0;
        let mut block = |start: Option<Value>, deltas: Vec<Value>| {
            if let Some(start) = start {
                events.push(("contentBlockStart", json!({"contentBlockIndex": index, "p": "ab", "start": start})));
            }
            for delta in deltas {
                events
                    .push(("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta, "p": "abcdefgh"})));
            }
            events.push(("contentBlockStop", json!({"contentBlockIndex": index, "p": "abc"})));
            index += 1;
        };
        if let Some(text) = &self.reply.thinking {
            let pieces = tokens(text).into_iter().map(|piece| json!({"reasoningContent": {"text": piece}}));
            let signature = json!({"reasoningContent": {"signature": reasoning_signature(text)}});
            block(None, pieces.chain([signature]).collect());
        }
        if !self.reply.text.is_empty() {
            block(None, tokens(&self.reply.text).into_iter().map(|piece| json!({"text": piece})).collect());
        }
        for (n, call) in self.reply.tools.iter().enumerate() {
            let pieces = if call.arguments == "{}" { Vec::new() } else { tokens(&call.arguments) };
            let pieces = pieces.into_iter().map(|piece| json!({"toolUse": {"input": piece}}));
            block(Some(json!({"toolUse": {"toolUseId": self.call_id(n), "name": call.name}})), pieces.collect());
        }
        events.push(("messageStop", json!({"p": "abcdef", "stopReason": self.stop_reason()})));
        events.push(("metadata", self.end()));
        events
    }

    fn call_id(&self, index: usize) -> String {
        let id = self.reply.tools[index].id.clone();
        id.unwrap_or_else(|| format!("tooluse_{:022}", self.number * 100 + index as u64))
    }

    fn stop_reason(&self) -> &'static str {
        match self.reply.stop() {
            Stop::End => "end_turn",
            Stop::Length => "max_tokens",
            Stop::Tools => "tool_use",
            Stop::Sequence(_) => "stop_sequence",
            Stop::Refusal => "content_filtered",
        }
    }

    /// What stands at the end of an answer, whole or streamed. Cached tokens stand beside the input.
    fn end(&self) -> Value {
        let counts = &self.counts;
        let written = counts.cache_write_5m + counts.cache_write_1h;
        let mut end = json!({"metrics": {"latencyMs": 551}});
        if self.no_usage {
            return end;
        }
        end["usage"] = json!({
            "inputTokens": counts.input,
            "outputTokens": counts.output_total(),
            "totalTokens": counts.input_total() + counts.output_total(),
            "cacheReadInputTokens": counts.cache_read,
            "cacheWriteInputTokens": written,
            "serverToolUsage": {},
        });
        if written > 0 {
            end["usage"]["cacheDetails"] = json!([
                {"inputTokens": counts.cache_write_5m, "ttl": "5m"},
                {"inputTokens": counts.cache_write_1h, "ttl": "1h"},
            ]);
        }
        end
    }
}
