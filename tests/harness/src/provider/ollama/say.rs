//! Writes an answer as Ollama does, whole and as lines.

use serde_json::{Value, json};

use crate::provider::openai::tokens;
use crate::script::{Counts, Reply, Stop, Wire};

pub(super) struct Said<'a> {
    model: &'a Value,
    reply: &'a Reply,
    counts: Counts,
    no_usage: bool,
}

impl<'a> Said<'a> {
    pub(super) fn new(model: &'a Value, reply: &'a Reply, prompt_bytes: usize, wire: &Wire) -> Self {
        Self { model, reply, counts: reply.counts(prompt_bytes), no_usage: wire.no_usage }
    }

    pub(super) fn whole(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.reply.text});
        if let Some(thinking) = &self.reply.thinking {
            message["thinking"] = json!(thinking);
        }
        if !self.reply.tools.is_empty() {
            message["tool_calls"] = (0..self.reply.tools.len()).map(|n| self.call(n)).collect();
        }
        self.line(&message, true)
    }

    pub(super) fn lines(&self) -> Vec<Value> {
        let piece = |field: &str, text: &str| {
            let mut message = json!({"role": "assistant", "content": ""});
            message[field] = json!(text);
            self.line(&message, false)
        };
        let thinking = self.reply.thinking.as_deref().unwrap_or_default();
        let mut lines: Vec<Value> = tokens(thinking).iter().map(|text| piece("thinking", text)).collect();
        lines.extend(tokens(&self.reply.text).iter().map(|text| piece("content", text)));
        for n in 0..self.reply.tools.len() {
            lines.push(self.line(&json!({"role": "assistant", "content": "", "tool_calls": [self.call(n)]}), false));
        }
        lines.push(self.line(&json!({"role": "assistant", "content": ""}), true));
        lines
    }

    /// Calls have no ids.
    fn call(&self, index: usize) -> Value {
        let call = &self.reply.tools[index];
        let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
        json!({"function": {"index": index, "name": call.name, "arguments": arguments}})
    }

    fn line(&self, message: &Value, done: bool) -> Value {
        let created = "2026-11-22T08:52:19.385406455Z";
        let mut line = json!({"model": self.model, "created_at": created, "message": message, "done": done});
        if done {
            // Of calls it says nothing here.
            line["done_reason"] = json!(if self.reply.stop() == Stop::Length { "length" } else { "stop" });
            line["total_duration"] = json!(4_883_583_458_u64);
            if !self.no_usage {
                line["prompt_eval_count"] = json!(self.counts.input_total());
                line["eval_count"] = json!(self.counts.output_total());
            }
        }
        line
    }
}
