//! Reads messages, whole and as a stream.

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::{Heard, Wire};
use crate::sse;

pub(super) fn whole(message: &Value) -> anyhow::Result<Heard> {
    let mut heard = envelope(message)?;
    heard.stop = message["stop_reason"].as_str().context("stop_reason")?.to_owned();
    ensure!(message.get("stop_sequence").is_some(), "stop_sequence must be there, null or text");
    for block in message["content"].as_array().context("content")? {
        add(&mut heard, block, &block["input"])?;
    }
    heard.usage = Some(usage(&message["usage"])?);
    Ok(heard)
}

fn envelope(message: &Value) -> anyhow::Result<Heard> {
    ensure!(message["type"] == "message" && message["role"] == "assistant", "type and role");
    ensure!(message["id"].as_str().is_some_and(|id| !id.is_empty()), "id");
    ensure!(message["content"].is_array(), "content");
    Ok(Heard { model: message["model"].as_str().context("model")?.to_owned(), ..Heard::default() })
}

fn add(heard: &mut Heard, block: &Value, input: &Value) -> anyhow::Result<()> {
    let text = |field: &str| block[field].as_str().map(str::to_owned).with_context(|| format!("{field} in {block}"));
    match block["type"].as_str() {
        Some("text") => heard.text.push_str(&text("text")?),
        Some("thinking") => {
            heard.thinking.push_str(&text("thinking")?);
            heard.signature.push_str(&text("signature")?);
        }
        Some("redacted_thinking") => heard.signature.push_str(&text("data")?),
        Some("tool_use") => {
            ensure!(input.is_object(), "input must be an object, not {input}");
            heard.tools.push((text("id")?, text("name")?, input.clone()));
        }
        _ => bail!("unknown block {block}"),
    }
    Ok(())
}

fn usage(usage: &Value) -> anyhow::Result<Wire> {
    let number = |name: &str| usage[name].as_u64().with_context(|| format!("{name} in {usage}"));
    let optional = |name: &str| usage[name].as_u64().unwrap_or(0);
    let (cache_read, cache_write) = (optional("cache_read_input_tokens"), optional("cache_creation_input_tokens"));
    Ok(Wire {
        input: number("input_tokens")? + cache_read + cache_write,
        cache_read,
        cache_write,
        output: number("output_tokens")?,
        reasoning: 0,
        cost: usage.get("cost").cloned(),
    })
}

/// Which events may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    BetweenBlocks,
    InBlock,
    AfterDelta,
    End,
}

struct Reading {
    heard: Heard,
    at: At,
    blocks: u64,
    block: Value,
    input: String,
    start_usage: Value,
}

pub(super) fn stream(body: &[u8]) -> anyhow::Result<Heard> {
    let mut reading = Reading {
        heard: Heard::default(),
        at: At::Start,
        blocks: 0,
        block: Value::Null,
        input: String::new(),
        start_usage: Value::Null,
    };
    for event in sse::parse(body) {
        let data = event.json();
        ensure!(
            event.name.as_deref() == data["type"].as_str(),
            "the type of the event must be that of its data: {event:?}"
        );
        reading.event(&data).with_context(|| data.to_string())?;
    }
    ensure!(reading.at == At::End, "no message_stop");
    Ok(reading.heard)
}

impl Reading {
    fn event(&mut self, data: &Value) -> anyhow::Result<()> {
        let kind = data["type"].as_str().context("type")?;
        let next = match (self.at, kind) {
            (at, "ping") if at != At::End => at,
            (At::Start, "message_start") => {
                self.heard = envelope(&data["message"])?;
                ensure!(data["message"]["content"].as_array().is_some_and(Vec::is_empty), "content must be empty");
                ensure!(data["message"]["stop_reason"].is_null(), "stop_reason must be null");
                self.start_usage = data["message"]["usage"].clone();
                usage(&self.start_usage)?;
                At::BetweenBlocks
            }
            (At::BetweenBlocks, "content_block_start") => {
                ensure!(data["index"] == self.blocks, "index {} expected", self.blocks);
                self.block = data["content_block"].clone();
                self.input.clear();
                At::InBlock
            }
            (At::InBlock, "content_block_delta") => {
                ensure!(data["index"] == self.blocks, "index {} expected", self.blocks);
                self.delta(&data["delta"])?;
                At::InBlock
            }
            (At::InBlock, "content_block_stop") => {
                ensure!(data["index"] == self.blocks, "index {} expected", self.blocks);
                self.close()?;
                self.blocks += 1;
                At::BetweenBlocks
            }
            (At::BetweenBlocks | At::AfterDelta, "message_delta") => {
                self.message_delta(data)?;
                At::AfterDelta
            }
            (At::AfterDelta, "message_stop") => At::End,
            _ => bail!("{kind} must not come here"),
        };
        self.at = next;
        Ok(())
    }

    fn delta(&mut self, delta: &Value) -> anyhow::Result<()> {
        let (field, text) = match (self.block["type"].as_str(), delta["type"].as_str()) {
            (Some("text"), Some("text_delta")) => ("text", &delta["text"]),
            (Some("thinking"), Some("thinking_delta")) => ("thinking", &delta["thinking"]),
            (Some("thinking"), Some("signature_delta")) => ("signature", &delta["signature"]),
            (Some("tool_use"), Some("input_json_delta")) => {
                self.input.push_str(delta["partial_json"].as_str().context("partial_json")?);
                return Ok(());
            }
            (block, delta) => bail!("a {delta:?} in a block of {block:?}"),
        };
        let whole = format!("{}{}", self.block[field].as_str().unwrap_or_default(), text.as_str().context("text")?);
        self.block[field] = Value::String(whole);
        Ok(())
    }

    fn close(&mut self) -> anyhow::Result<()> {
        let input = if self.input.is_empty() {
            self.block["input"].clone()
        } else {
            serde_json::from_str(&self.input).with_context(|| format!("input {:?}", self.input))?
        };
        let block = self.block.clone();
        add(&mut self.heard, &block, &input)
    }

    /// The last usage counts; input that it does not repeat stays as `message_start` had it.
    fn message_delta(&mut self, data: &Value) -> anyhow::Result<()> {
        data["delta"]["stop_reason"].as_str().context("stop_reason")?.clone_into(&mut self.heard.stop);
        ensure!(data["usage"]["output_tokens"].is_u64(), "output_tokens");
        let mut merged = self.start_usage.clone();
        for (name, value) in data["usage"].as_object().context("usage")? {
            merged[name] = value.clone();
        }
        self.heard.usage = Some(usage(&merged)?);
        Ok(())
    }
}
