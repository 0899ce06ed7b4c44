//! Reads chat completions, whole and as a stream.

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Heard, Wire};
use crate::sse;

pub(super) fn whole(body: &Value) -> anyhow::Result<Heard> {
    ensure!(body["object"] == "chat.completion", "object");
    ensure!(body["id"].as_str().is_some_and(|id| !id.is_empty()), "id");
    ensure!(body["created"].is_u64(), "created");
    let choices = body["choices"].as_array().context("choices")?;
    ensure!(choices.len() == 1 && choices[0]["index"] == 0, "one choice");
    let message = &choices[0]["message"];
    ensure!(message["role"] == "assistant", "role");
    ensure!(message.get("content").is_some(), "content must be there, null or text");
    let mut heard = Heard {
        text: message["content"].as_str().unwrap_or_default().to_owned(),
        refusal: message["refusal"].as_str().unwrap_or_default().to_owned(),
        thinking: message["reasoning_content"].as_str().unwrap_or_default().to_owned(),
        signature: signatures(&message["thinking_blocks"]),
        stop: choices[0]["finish_reason"].as_str().context("finish_reason")?.to_owned(),
        usage: body.get("usage").map(usage).transpose()?,
        model: body["model"].as_str().context("model")?.to_owned(),
        ..Heard::default()
    };
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        ensure!(call["type"] == "function", "type of tool call");
        heard.tools.push(call_of(&call["id"], &call["function"]["name"], call["function"]["arguments"].as_str())?);
    }
    Ok(heard)
}

/// What the caller sends back unread: signatures, and reasoning that only the vendor can read.
fn signatures(blocks: &Value) -> String {
    let each = |block: &Value| {
        let sealed = if block["type"] == "redacted_thinking" { &block["data"] } else { &block["signature"] };
        sealed.as_str().unwrap_or_default().to_owned()
    };
    blocks.as_array().into_iter().flatten().map(each).collect()
}

fn call_of(id: &Value, name: &Value, arguments: Option<&str>) -> anyhow::Result<(String, String, Value)> {
    let arguments = arguments.context("arguments must be text")?;
    let parsed = serde_json::from_str(arguments).with_context(|| format!("arguments {arguments:?}"))?;
    Ok((id.as_str().context("id")?.to_owned(), name.as_str().context("name")?.to_owned(), parsed))
}

fn usage(usage: &Value) -> anyhow::Result<Wire> {
    let number = |value: &Value, what: &'static str| value.as_u64().with_context(|| format!("{what} in {usage}"));
    let wire = Wire {
        input: number(&usage["prompt_tokens"], "prompt_tokens")?,
        output: number(&usage["completion_tokens"], "completion_tokens")?,
        cache_read: usage["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0),
        cache_write: usage["prompt_tokens_details"]["cache_write_tokens"].as_u64().unwrap_or(0),
        reasoning: usage["completion_tokens_details"]["reasoning_tokens"].as_u64().unwrap_or(0),
        cost: usage.get("cost").cloned(),
    };
    ensure!(number(&usage["total_tokens"], "total_tokens")? == wire.input + wire.output, "total_tokens");
    Ok(wire)
}

#[derive(Default)]
struct Reading {
    heard: Heard,
    roles: usize,
    calls: Vec<(Value, Value, String)>,
    finished: bool,
    head: Option<(Value, Value, Value)>,
}

pub(super) fn stream(body: &[u8]) -> anyhow::Result<Heard> {
    let mut events = sse::parse(body);
    let last = events.pop().context("an empty stream")?;
    ensure!(last.data == "[DONE]", "the last event must be [DONE]");
    let mut reading = Reading::default();
    for event in &events {
        ensure!(event.name.is_none(), "OpenAI's events have no type");
        let chunk = event.json();
        ensure!(chunk["error"].is_null(), "error event");
        reading.chunk(&chunk).with_context(|| chunk.to_string())?;
    }
    ensure!(reading.finished, "no finish_reason");
    ensure!(reading.roles == 1, "the role must come once, not {} times", reading.roles);
    for (id, name, arguments) in &reading.calls {
        reading.heard.tools.push(call_of(id, name, Some(arguments))?);
    }
    Ok(reading.heard)
}

impl Reading {
    fn chunk(&mut self, chunk: &Value) -> anyhow::Result<()> {
        ensure!(chunk["object"] == "chat.completion.chunk", "object");
        let head = (chunk["id"].clone(), chunk["created"].clone(), chunk["model"].clone());
        ensure!(head.0.is_string() && head.1.is_u64() && head.2.is_string(), "id, created, model");
        let first = self.head.get_or_insert_with(|| head.clone());
        ensure!(*first == head, "id, created and model must stay the same");
        self.heard.model = head.2.as_str().unwrap_or_default().to_owned();
        if let Some(found) = chunk.get("usage").filter(|u| !u.is_null()) {
            self.heard.usage = Some(usage(found)?);
        }
        let choices = chunk["choices"].as_array().context("choices")?;
        ensure!(choices.len() <= 1, "one choice");
        let Some(choice) = choices.first() else {
            ensure!(self.finished && self.heard.usage.is_some(), "a chunk without choices is the last and has usage");
            return Ok(());
        };
        ensure!(choice["index"] == 0, "index of the choice");
        self.delta(choice["delta"].as_object().context("delta")?)?;
        if let Some(reason) = choice["finish_reason"].as_str() {
            ensure!(!self.finished, "a second finish_reason");
            self.finished = true;
            reason.clone_into(&mut self.heard.stop);
        }
        Ok(())
    }

    fn delta(&mut self, delta: &serde_json::Map<String, Value>) -> anyhow::Result<()> {
        let text = |name: &str| delta.get(name).and_then(Value::as_str).unwrap_or_default();
        let said = text("content").len() + text("refusal").len() + text("reasoning_content").len();
        ensure!(!self.finished || (said == 0 && !delta.contains_key("tool_calls")), "content after finish_reason");
        if delta.contains_key("role") {
            ensure!(delta["role"] == "assistant", "role");
            self.roles += 1;
        }
        ensure!(self.roles > 0, "the role comes first");
        self.heard.text.push_str(text("content"));
        self.heard.refusal.push_str(text("refusal"));
        self.heard.thinking.push_str(text("reasoning_content"));
        self.heard.signature.push_str(&signatures(delta.get("thinking_blocks").unwrap_or(&Value::Null)));
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let index =
                call["index"].as_u64().and_then(|i| usize::try_from(i).ok()).context("index of the tool call")?;
            let arguments = call["function"]["arguments"].as_str();
            if index == self.calls.len() {
                ensure!(call["type"] == "function" && call["id"].is_string(), "the first piece has id and type");
                ensure!(call["function"]["name"].is_string(), "the first piece has the name");
                let call =
                    (call["id"].clone(), call["function"]["name"].clone(), arguments.unwrap_or_default().to_owned());
                self.calls.push(call);
            } else {
                let open = self.calls.get_mut(index).context("indices of tool calls are contiguous")?;
                ensure!(call.get("id").is_none_or(Value::is_null), "only the first piece has an id");
                open.2.push_str(arguments.context("later pieces have arguments")?);
            }
        }
        Ok(())
    }
}
