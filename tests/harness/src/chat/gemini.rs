//! Reads `generateContent` answers, whole and as a stream.

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Heard, Wire};
use crate::sse;

pub(super) fn whole(body: &Value) -> anyhow::Result<Heard> {
    let mut heard = Heard::default();
    add(&mut heard, body)?;
    ensure!(!heard.stop.is_empty(), "finishReason");
    heard.usage = Some(usage(body.get("usageMetadata").context("usageMetadata")?)?);
    Ok(heard)
}

pub(super) fn stream(body: &[u8]) -> anyhow::Result<Heard> {
    let mut heard = Heard::default();
    let mut head = None;
    for event in sse::parse(body) {
        ensure!(event.name.is_none(), "Google's events have no type");
        let data = event.json();
        ensure!(data.is_object(), "no JSON: {}", event.data);
        ensure!(data.get("error").is_none(), "error event {data}");
        ensure!(heard.stop.is_empty(), "an event behind the one with finishReason: {data}");
        let told = (data["responseId"].clone(), data["modelVersion"].clone());
        ensure!(*head.get_or_insert_with(|| told.clone()) == told, "responseId and modelVersion must stay the same");
        add(&mut heard, &data).with_context(|| data.to_string())?;
        if let Some(counts) = data.get("usageMetadata") {
            // Cumulative: the last one counts.
            heard.usage = Some(usage(counts)?);
        }
    }
    ensure!(!heard.stop.is_empty(), "no finishReason");
    Ok(heard)
}

/// Adds the parts of one answer or event.
fn add(heard: &mut Heard, body: &Value) -> anyhow::Result<()> {
    body["modelVersion"].as_str().context("modelVersion")?.clone_into(&mut heard.model);
    ensure!(body["responseId"].as_str().is_some_and(|id| !id.is_empty()), "responseId");
    let candidates = body["candidates"].as_array().context("candidates")?;
    ensure!(candidates.len() == 1, "one candidate");
    ensure!(candidates[0].get("index").is_none_or(|index| *index == 0), "index");
    if let Some(reason) = candidates[0].get("finishReason") {
        reason.as_str().context("finishReason must be text")?.clone_into(&mut heard.stop);
    }
    let content = &candidates[0]["content"];
    ensure!(content["role"] == "model", "role");
    for part in content["parts"].as_array().context("parts")? {
        self::part(heard, part).with_context(|| part.to_string())?;
    }
    Ok(())
}

fn part(heard: &mut Heard, part: &Value) -> anyhow::Result<()> {
    if let Some(signature) = part.get("thoughtSignature") {
        heard.signature.push_str(signature.as_str().context("thoughtSignature")?);
    }
    if let Some(call) = part.get("functionCall") {
        ensure!(call["args"].is_object(), "args must be an object");
        let text = |field: &str| call[field].as_str().unwrap_or_default().to_owned();
        ensure!(!text("name").is_empty(), "name");
        heard.tools.push((text("id"), text("name"), call["args"].clone()));
        return Ok(());
    }
    let text = part["text"].as_str().context("text")?;
    if part["thought"] == true {
        heard.thinking.push_str(text);
    } else {
        heard.text.push_str(text);
    }
    Ok(())
}

fn usage(usage: &Value) -> anyhow::Result<Wire> {
    let count = |name: &str| match usage.get(name) {
        // Protocol buffers leave out what is 0.
        None => Ok(0),
        Some(value) => value.as_u64().with_context(|| format!("{name} in {usage}")),
    };
    let (input, reasoning) = (count("promptTokenCount")?, count("thoughtsTokenCount")?);
    let output = count("candidatesTokenCount")? + reasoning;
    ensure!(count("totalTokenCount")? == input + output, "totalTokenCount in {usage}");
    let cost = usage.get("cost").cloned();
    Ok(Wire { input, cache_read: count("cachedContentTokenCount")?, cache_write: 0, output, reasoning, cost })
}
