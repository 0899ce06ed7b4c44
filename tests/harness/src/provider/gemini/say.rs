//! Writes an answer as Gemini does, whole and as a stream: each event an answer of its own.

use serde_json::{Value, json};

use super::super::openai::tokens;
use super::{is_third, signature};
use crate::script::{Counts, Reply, Stop, Wire};

pub(super) struct Said<'a> {
    id: String,
    model: &'a str,
    reply: &'a Reply,
    counts: Counts,
    no_usage: bool,
}

impl<'a> Said<'a> {
    pub(super) fn new(number: u64, model: &'a str, reply: &'a Reply, prompt_bytes: usize, wire: &Wire) -> Self {
        let id = reply.id.clone().unwrap_or_else(|| format!("fake{number:012}"));
        Self { id, model, reply, counts: reply.counts(prompt_bytes), no_usage: wire.no_usage }
    }

    pub(super) fn whole(&self) -> Value {
        let mut parts = self.thoughts().collect::<Vec<_>>();
        if !self.reply.text.is_empty() {
            parts.push(json!({"text": self.reply.text}));
        }
        parts.extend(self.calls());
        self.answer(&parts, Some(self.finish()), self.counts.output)
    }

    /// Pieces of text, calls whole, the reason at the end: `STOP` also behind calls.
    pub(super) fn events(&self) -> Vec<Value> {
        let mut events: Vec<Value> = self.thoughts().map(|part| self.answer(&[part], None, 0)).collect();
        for piece in tokens(&self.reply.text) {
            events.push(self.answer(&[json!({"text": piece})], None, 1));
        }
        events.extend(self.calls().map(|call| self.answer(&[call], None, 1)));
        events.push(self.answer(&[json!({"text": ""})], Some(self.finish()), self.counts.output));
        events
    }

    fn thoughts(&self) -> impl Iterator<Item = Value> {
        self.reply.thinking.iter().map(|thought| json!({"text": thought, "thought": true}))
    }

    fn calls(&self) -> impl Iterator<Item = Value> {
        self.reply.tools.iter().enumerate().map(|(n, call)| {
            let args: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            let mut part = json!({"functionCall": {"name": call.name, "args": args}});
            if is_third(self.model) {
                part["functionCall"]["id"] = json!(call.id.clone().unwrap_or_else(|| format!("{}-{n}", self.id)));
                // Of calls side by side only the first is signed.
                if n == 0 {
                    part["thoughtSignature"] = json!(signature(&call.name, &part["functionCall"]["args"]));
                }
            }
            part
        })
    }

    fn finish(&self) -> &'static str {
        match self.reply.stop() {
            Stop::End | Stop::Sequence(_) | Stop::Tools => "STOP",
            Stop::Length => "MAX_TOKENS",
            Stop::Refusal => "SAFETY",
        }
    }

    fn answer(&self, parts: &[Value], finish: Option<&str>, candidates: u64) -> Value {
        let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
        if let Some(reason) = finish {
            candidate["finishReason"] = json!(reason);
        }
        let mut answer = json!({"candidates": [candidate], "modelVersion": self.model, "responseId": self.id});
        if !self.no_usage {
            answer["usageMetadata"] = self.usage(candidates);
        }
        answer
    }

    fn usage(&self, candidates: u64) -> Value {
        let counts = &self.counts;
        let input = counts.input_total();
        let mut usage = json!({
            "promptTokenCount": input,
            "totalTokenCount": input + candidates + counts.reasoning,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": input}],
        });
        // Protocol buffers leave out what is 0.
        for (name, count) in [
            ("candidatesTokenCount", candidates),
            ("thoughtsTokenCount", counts.reasoning),
            ("cachedContentTokenCount", counts.cache_read),
        ] {
            if count > 0 {
                usage[name] = json!(count);
            }
        }
        usage
    }
}
