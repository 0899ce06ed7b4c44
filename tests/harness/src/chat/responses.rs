//! Reads responses, whole and as a stream.

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use super::{Heard, Wire};
use crate::sse;

pub(super) fn whole(response: &Value) -> anyhow::Result<Heard> {
    ensure!(response["object"] == "response", "object");
    for field in ["error", "incomplete_details", "tools", "tool_choice", "parallel_tool_calls", "metadata"] {
        ensure!(response.get(field).is_some(), "{field} must be there");
    }
    ensure!(response["id"].as_str().is_some_and(|id| !id.is_empty()), "id");
    ensure!(response["created_at"].is_number(), "created_at");
    ensure!(response["error"].is_null(), "error {}", response["error"]);
    let mut heard = Heard {
        stop: match response["status"].as_str() {
            Some("completed") => "completed".to_owned(),
            Some("incomplete") => response["incomplete_details"]["reason"].as_str().context("reason")?.to_owned(),
            other => bail!("status {other:?}"),
        },
        model: response["model"].as_str().context("model")?.to_owned(),
        usage: Some(usage(&response["usage"])?),
        ..Heard::default()
    };
    for item in response["output"].as_array().context("output")? {
        add(&mut heard, item).with_context(|| item.to_string())?;
    }
    Ok(heard)
}

fn add(heard: &mut Heard, item: &Value) -> anyhow::Result<()> {
    ensure!(item["id"].as_str().is_some_and(|id| !id.is_empty()), "id");
    let text = |value: &Value, field: &str| value[field].as_str().map(str::to_owned).with_context(|| field.to_owned());
    match item["type"].as_str() {
        Some("message") => {
            ensure!(item["role"] == "assistant" && item["status"].is_string(), "role and status");
            for part in item["content"].as_array().context("content")? {
                match part["type"].as_str() {
                    Some("output_text") => {
                        ensure!(part["annotations"].is_array(), "annotations");
                        heard.text.push_str(&text(part, "text")?);
                    }
                    Some("refusal") => heard.refusal.push_str(&text(part, "refusal")?),
                    _ => bail!("unknown part {part}"),
                }
            }
        }
        Some("reasoning") => {
            for part in item["summary"].as_array().context("summary")? {
                heard.thinking.push_str(&text(part, "text")?);
            }
            heard.signature.push_str(item["encrypted_content"].as_str().unwrap_or_default());
        }
        Some("function_call") => {
            let arguments = text(item, "arguments")?;
            let parsed = serde_json::from_str(&arguments).with_context(|| format!("arguments {arguments:?}"))?;
            heard.tools.push((text(item, "call_id")?, text(item, "name")?, parsed));
        }
        _ => bail!("unknown item"),
    }
    Ok(())
}

fn usage(usage: &Value) -> anyhow::Result<Wire> {
    let number = |value: &Value, name: &str| value.as_u64().with_context(|| format!("{name} in {usage}"));
    let details = &usage["input_tokens_details"];
    let wire = Wire {
        input: number(&usage["input_tokens"], "input_tokens")?,
        cache_read: number(&details["cached_tokens"], "cached_tokens")?,
        cache_write: details["cache_write_tokens"].as_u64().unwrap_or(0),
        output: number(&usage["output_tokens"], "output_tokens")?,
        reasoning: number(&usage["output_tokens_details"]["reasoning_tokens"], "reasoning_tokens")?,
        cost: usage.get("cost").cloned(),
    };
    ensure!(number(&usage["total_tokens"], "total_tokens")? == wire.input + wire.output, "total_tokens");
    Ok(wire)
}

/// The pieces of a stream must add up to the response at its end, as the official SDKs put them together.
pub(super) fn stream(body: &[u8]) -> anyhow::Result<Heard> {
    let mut items: Vec<Value> = Vec::new();
    let mut done: Vec<bool> = Vec::new();
    let mut last = Value::Null;
    for (number, event) in sse::parse(body).iter().enumerate() {
        let data = event.json();
        let kind = data["type"].as_str().with_context(|| format!("no type in {event:?}"))?;
        ensure!(event.name.as_deref() == Some(kind), "the type of the event must be that of its data: {event:?}");
        ensure!(data["sequence_number"] == number, "sequence_number {number} expected in {data}");
        ensure!(last.is_null(), "an event behind the last one: {data}");
        let index = usize::try_from(data["output_index"].as_u64().unwrap_or(0))?;
        match kind {
            "response.created" => ensure!(number == 0, "created must be the first"),
            "response.in_progress" => {}
            "response.output_item.added" => {
                ensure!(index == items.len(), "output_index {} expected in {data}", items.len());
                items.push(data["item"].clone());
                done.push(false);
            }
            "response.output_item.done" => {
                ensure!(items.get(index).is_some_and(|item| !done[index] && fits(item, &data["item"])), "{data}");
                items[index] = data["item"].clone();
                done[index] = true;
            }
            "response.completed" | "response.incomplete" => last = data["response"].clone(),
            "response.failed" | "error" => bail!("{data}"),
            _ => {
                let item = items.get_mut(index).with_context(|| format!("of no item: {data}"))?;
                ensure!(!done[index] && item["id"] == data["item_id"], "of another item: {data}");
                piece(item, kind, &data).with_context(|| data.to_string())?;
            }
        }
    }
    ensure!(!last.is_null(), "no end");
    ensure!(done.iter().all(|done| *done), "an item without its end");
    ensure!(last["output"] == json!(items), "the whole is not what the pieces add up to: {items:?} and {last}");
    whole(&last)
}

/// Whether an item at its end is what its pieces made it, its state and what reasoning is sealed with aside.
fn fits(made: &Value, told: &Value) -> bool {
    let bare = |item: &Value| {
        let mut item = item.clone();
        if let Some(fields) = item.as_object_mut() {
            fields.remove("status");
            fields.remove("encrypted_content");
        }
        item
    };
    bare(made) == bare(told)
}

fn piece(item: &mut Value, kind: &str, data: &Value) -> anyhow::Result<()> {
    let (list, index) = match data.get("summary_index") {
        Some(index) => ("summary", index),
        None => ("content", &data["content_index"]),
    };
    let index = usize::try_from(index.as_u64().unwrap_or(0))?;
    let what = kind.trim_start_matches("response.");
    if what.ends_with("_part.added") {
        let parts = item[list].as_array_mut().context("parts")?;
        ensure!(parts.len() == index, "index {} expected", parts.len());
        parts.push(data["part"].clone());
        return Ok(());
    }
    if what.ends_with("_part.done") {
        ensure!(item[list][index] == data["part"], "the part is not what its pieces add up to: {item}");
        return Ok(());
    }
    let (field, holder) = match what.rsplit_once('.').map_or(what, |(what, _)| what) {
        "function_call_arguments" => ("arguments", item),
        "refusal" => ("refusal", &mut item[list][index]),
        "output_text" | "reasoning_summary_text" => ("text", &mut item[list][index]),
        other => bail!("unknown event of {other}"),
    };
    let so_far = holder[field].as_str().context("a piece of nothing")?;
    if what.ends_with(".delta") {
        let more = data["delta"].as_str().context("delta")?;
        holder[field] = json!(format!("{so_far}{more}"));
    } else {
        ensure!(data[field] == so_far, "the text is not what its pieces add up to: {so_far:?}");
    }
    Ok(())
}
