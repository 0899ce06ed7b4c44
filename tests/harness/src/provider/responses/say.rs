//! Writes an answer as the Responses API does, whole and as a stream.

use serde_json::{Value, json};

use super::super::openai::tokens;
use super::super::vendor_id;
use super::encrypted;
use crate::script::{Counts, Reply, Stop, Wire};
use crate::sse::Event;

pub(super) struct Said<'a> {
    number: u64,
    id: String,
    request: &'a Value,
    reply: &'a Reply,
    counts: Counts,
    no_usage: bool,
}

impl<'a> Said<'a> {
    pub(super) fn new(number: u64, request: &'a Value, reply: &'a Reply, prompt_bytes: usize, wire: &Wire) -> Self {
        let id = reply.id.clone().unwrap_or_else(|| vendor_id("resp_", number));
        Self { number, id, request, reply, counts: reply.counts(prompt_bytes), no_usage: wire.no_usage }
    }

    pub(super) fn whole(&self) -> Value {
        self.response(&self.items(), true)
    }

    pub(super) fn events(&self) -> Vec<Event> {
        let mut events = vec![];
        for kind in ["response.created", "response.in_progress"] {
            events.push(json!({"type": kind, "response": self.response(&[], false)}));
        }
        for (index, item) in self.items().iter().enumerate() {
            item_events(index, item, &mut events);
        }
        let last = if self.reply.stop() == Stop::Length { "response.incomplete" } else { "response.completed" };
        events.push(json!({"type": last, "response": self.whole()}));
        for (number, event) in events.iter_mut().enumerate() {
            event["sequence_number"] = json!(number);
        }
        events.iter().map(Event::typed).collect()
    }

    fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let included = self.request["include"].as_array().into_iter().flatten();
        let sealed = included.clone().any(|what| what == "reasoning.encrypted_content");
        if let Some(thinking) = &self.reply.thinking {
            let id = vendor_id("rs_", self.number);
            let shown = self.request["reasoning"]["summary"].is_string();
            let summary = if shown { json!([{"type": "summary_text", "text": thinking}]) } else { json!([]) };
            let mut item = json!({"id": id, "type": "reasoning", "summary": summary});
            if sealed {
                item["encrypted_content"] = json!(encrypted(&id));
            }
            items.push(item);
        }
        if !self.reply.text.is_empty() {
            let refused = self.reply.stop() == Stop::Refusal;
            let part = if refused {
                json!({"type": "refusal", "refusal": self.reply.text})
            } else {
                json!({"type": "output_text", "text": self.reply.text, "annotations": [], "logprobs": []})
            };
            let status = if self.reply.stop() == Stop::Length { "incomplete" } else { "completed" };
            items.push(json!({"id": vendor_id("msg_", self.number), "type": "message", "status": status,
                "role": "assistant", "content": [part]}));
        }
        for (n, call) in self.reply.tools.iter().enumerate() {
            let number = self.number * 100 + n as u64;
            let call_id = call.id.clone().unwrap_or_else(|| vendor_id("call_", number));
            items.push(json!({"id": vendor_id("fc_", number), "type": "function_call", "status": "completed",
                "call_id": call_id, "name": call.name, "arguments": call.arguments}));
        }
        items
    }

    fn response(&self, output: &[Value], done: bool) -> Value {
        let (status, details) = match (done, self.reply.stop()) {
            (false, _) => ("in_progress", Value::Null),
            (true, Stop::Length) => ("incomplete", json!({"reason": "max_output_tokens"})),
            (true, _) => ("completed", Value::Null),
        };
        let request = self.request;
        let or = |name: &str, usual: Value| request.get(name).cloned().unwrap_or(usual);
        json!({
            "id": self.id, "object": "response", "created_at": 1_763_000_000, "status": status, "background": false,
            "error": null, "incomplete_details": details, "instructions": or("instructions", Value::Null),
            "max_output_tokens": or("max_output_tokens", Value::Null), "model": request["model"], "output": output,
            "parallel_tool_calls": or("parallel_tool_calls", json!(true)), "previous_response_id": null,
            "reasoning": or("reasoning", json!({"effort": null, "summary": null})), "service_tier": "default",
            "store": or("store", json!(true)), "temperature": or("temperature", json!(1.0)),
            "text": or("text", json!({"format": {"type": "text"}})), "tool_choice": or("tool_choice", json!("auto")),
            "tools": or("tools", json!([])), "top_p": or("top_p", json!(1.0)), "truncation": "disabled",
            "usage": if done && !self.no_usage { self.usage() } else { Value::Null }, "user": null, "metadata": {},
        })
    }

    fn usage(&self) -> Value {
        let counts = &self.counts;
        json!({
            "input_tokens": counts.input_total(),
            "input_tokens_details": {"cached_tokens": counts.cache_read},
            "output_tokens": counts.output_total(),
            "output_tokens_details": {"reasoning_tokens": counts.reasoning},
            "total_tokens": counts.input_total() + counts.output_total(),
        })
    }
}

fn item_events(index: usize, item: &Value, events: &mut Vec<Value>) {
    let id = &item["id"];
    let begun = |change: Value| {
        let mut begun = item.clone();
        for (name, value) in change.as_object().into_iter().flatten() {
            begun[name] = value.clone();
        }
        json!({"type": "response.output_item.added", "output_index": index, "item": begun})
    };
    match item["type"].as_str() {
        Some("reasoning") => {
            events.push(begun(json!({"summary": []})));
            for (n, part) in item["summary"].as_array().into_iter().flatten().enumerate() {
                let at = json!({"item_id": id, "output_index": index, "summary_index": n});
                part_events("response.reasoning_summary_part", "response.reasoning_summary_text", &at, part, events);
            }
        }
        Some("message") => {
            events.push(begun(json!({"status": "in_progress", "content": []})));
            for (n, part) in item["content"].as_array().into_iter().flatten().enumerate() {
                let at = json!({"item_id": id, "output_index": index, "content_index": n});
                let text = if part["type"] == "refusal" { "response.refusal" } else { "response.output_text" };
                part_events("response.content_part", text, &at, part, events);
            }
        }
        _ => {
            events.push(begun(json!({"status": "in_progress", "arguments": ""})));
            let at = json!({"item_id": id, "output_index": index});
            let kind = "response.function_call_arguments";
            for piece in tokens(item["arguments"].as_str().unwrap_or_default()) {
                events.push(with(&at, json!({"type": format!("{kind}.delta"), "delta": piece})));
            }
            let whole = json!({"type": format!("{kind}.done"), "name": item["name"], "arguments": item["arguments"]});
            events.push(with(&at, whole));
        }
    }
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
}

fn part_events(part_kind: &str, text_kind: &str, at: &Value, part: &Value, events: &mut Vec<Value>) {
    let field = if part["type"] == "refusal" { "refusal" } else { "text" };
    let mut blank = part.clone();
    blank[field] = json!("");
    events.push(with(at, json!({"type": format!("{part_kind}.added"), "part": blank})));
    let logprobs = |mut event: Value| {
        if text_kind == "response.output_text" {
            event["logprobs"] = json!([]);
        }
        event
    };
    for piece in tokens(part[field].as_str().unwrap_or_default()) {
        events.push(logprobs(with(at, json!({"type": format!("{text_kind}.delta"), "delta": piece}))));
    }
    events.push(logprobs(with(at, json!({"type": format!("{text_kind}.done"), field: part[field]}))));
    events.push(with(at, json!({"type": format!("{part_kind}.done"), "part": part})));
}

fn with(at: &Value, more: Value) -> Value {
    let mut event = more;
    for (name, value) in at.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    event
}
