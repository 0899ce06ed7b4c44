//! Writes the neutral exchange as a messages request.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::held_format::hold;
use super::thinking::{self, ThinkingPlan};
use super::tool_ids;
use super::version::{ClaudeVersion, claude_version};
use super::write_blocks::{OutBlock, OutMessage, write_messages};
use crate::error::RequestError;
use crate::exchange::{Block, BlockKind, Exchange, Tool, ToolChoice, coalesce};
use crate::report::Report;
use crate::request::Target;
use crate::wire::{Raw, Text};

/// The limit of output tokens when neither the caller nor the catalogue names one; every Claude model takes it.
pub(crate) const FALLBACK_MAX_TOKENS: u64 = 4096;

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<System<'a>>,
    messages: Vec<OutMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OutTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<OutToolChoice<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<thinking::OutThinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum System<'a> {
    Text(String),
    Blocks(Vec<OutBlock<'a>>),
}

#[derive(Serialize)]
struct OutTool<'a> {
    name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    input_schema: Raw<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct OutToolChoice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_parallel_tool_use: bool,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<OutFormat<'a>>,
}

#[derive(Serialize)]
struct OutFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: Raw<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: Text<'a>,
}

/// Writes the body for `target`.
///
/// # Errors
/// Nothing is left to send; in strict mode, something is not carried over.
pub(crate) fn write(
    mut exchange: Exchange<'_>,
    target: &Target<'_>,
    report: &mut Report,
) -> Result<Bytes, RequestError> {
    exchange.turns = coalesce(exchange.turns);
    tool_ids::fit(&mut exchange.turns, tool_ids::ANY_LENGTH);
    if exchange.max_tokens == Some(0) {
        // Anthropic would take it: as the wish to fill its cache and write nothing. OpenAI's dialect has no such wish.
        return Err(RequestError::field(exchange.names.max_tokens, "is 0", "write 1 or more, or leave it out"));
    }
    exchange.clamp_max_tokens(target.max_output_tokens, report)?;
    let version = claude_version(target.model);
    let max_tokens = exchange.max_tokens.or(target.max_output_tokens).unwrap_or(FALLBACK_MAX_TOKENS);
    let plan = thinking::plan(&exchange, version, max_tokens, report)?;
    let sampling = Sampling::read(&exchange, version, &plan, report)?;
    let capable = version.is_none_or(ClaudeVersion::has_structured_outputs);
    let (schema, instruction) = hold(exchange.format.take(), exchange.names.format, capable, report)?;
    let format = schema.map(|schema| OutFormat { kind: "json_schema", schema });
    let called = called_tools(&exchange);
    let tools = write_tools(std::mem::take(&mut exchange.tools), version, report)?;
    let tool_choice = write_tool_choice(exchange.tool_choice.take(), exchange.parallel_tools, tools.is_empty());
    let (tools, tool_choice) = if tools.is_empty() { withheld(called) } else { (tools, tool_choice) };
    let request = Request {
        model: target.model,
        max_tokens,
        system: write_system(exchange.system, instruction),
        messages: write_messages(exchange.turns, exchange.names.conversation)?,
        tools,
        tool_choice,
        stop_sequences: write_stop(exchange.stop, exchange.names.stop, report)?,
        stream: exchange.stream,
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        top_k: sampling.top_k,
        thinking: plan.thinking,
        output_config: (plan.effort.is_some() || format.is_some())
            .then_some(OutputConfig { effort: plan.effort, format }),
        metadata: exchange.user.map(|user_id| Metadata { user_id }),
    };
    serde_json::to_vec(&request).map(Bytes::from).map_err(|fault| RequestError::Malformed(fault.to_string()))
}

/// Names of the tools that were called before.
pub(crate) fn called_tools(exchange: &Exchange<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for block in exchange.turns.iter().flat_map(|turn| &turn.blocks) {
        if let BlockKind::ToolUse { name, .. } = &block.kind
            && !names.iter().any(|known| **known == **name)
        {
            names.push(name.0.clone().into_owned());
        }
    }
    names
}

/// Anthropic wants the tools of a history to be declared even when none may be called any more (rule 12).
fn withheld<'a>(called: Vec<String>) -> (Vec<OutTool<'a>>, Option<OutToolChoice<'a>>) {
    let tools: Vec<_> = called
        .into_iter()
        .map(|name| OutTool {
            name: name.into(),
            description: None,
            input_schema: object_schema(),
            strict: None,
            cache_control: None,
        })
        .collect();
    let choice = OutToolChoice { kind: "none", name: None, disable_parallel_tool_use: false };
    let choice = (!tools.is_empty()).then_some(choice);
    (tools, choice)
}

/// The schema of an input of which nothing is said.
pub(crate) fn object_schema<'a>() -> Raw<'a> {
    Raw::parse(r#"{"type":"object"}"#).unwrap_or_else(Raw::empty_object)
}

/// One string, unless a part carries a cache mark, which only blocks can hold.
fn write_system<'a>(blocks: Vec<Block<'a>>, instruction: Option<Text<'a>>) -> Option<System<'a>> {
    let marked = blocks.iter().any(|block| block.cache.is_some());
    let mut parts: Vec<(Text<'_>, Option<&RawValue>)> = blocks
        .into_iter()
        .filter_map(|block| match block.kind {
            BlockKind::Text(text) if !text.is_empty() => Some((text, block.cache)),
            _ => None,
        })
        .collect();
    parts.extend(instruction.map(|text| (text, None)));
    if parts.is_empty() {
        return None;
    }
    if marked {
        let blocks = parts.into_iter().map(|(text, cache_control)| OutBlock::Text { text, cache_control }).collect();
        return Some(System::Blocks(blocks));
    }
    Some(System::Text(parts.iter().map(|(text, _)| &**text).collect::<Vec<_>>().join("\n")))
}

/// What of the sampling parameters the model takes.
pub(crate) struct Sampling {
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<u64>,
}

impl Sampling {
    pub(crate) fn read(
        exchange: &Exchange<'_>,
        version: Option<ClaudeVersion>,
        plan: &ThinkingPlan,
        report: &mut Report,
    ) -> Result<Self, RequestError> {
        let mut sampling = Self { temperature: exchange.temperature, top_p: exchange.top_p, top_k: exchange.top_k };
        let forbidden: Option<&'static str> = if version.is_some_and(ClaudeVersion::refuses_sampling) {
            Some("this model takes no sampling parameters")
        } else if plan.thinking.is_some() {
            Some("not allowed while the model reasons")
        } else {
            None
        };
        if let Some(reason) = forbidden {
            if sampling.temperature.take().is_some_and(|t| t != 1.0) {
                report.drop("temperature", reason)?;
            }
            if sampling.top_p.take().is_some_and(|p| p < 1.0) {
                report.drop("top_p", reason)?;
            }
            if sampling.top_k.take().is_some() {
                report.drop("top_k", reason)?;
            }
        }
        if sampling.temperature.is_some_and(|t| t > 1.0) {
            sampling.temperature = Some(1.0);
            report.drop("temperature", "the provider's range ends at 1; clamped to 1")?;
        }
        if version.is_some_and(ClaudeVersion::takes_one_of_temperature_and_top_p)
            && sampling.temperature.is_some()
            && sampling.top_p.take().is_some_and(|p| p < 1.0)
        {
            report.drop("top_p", "this model takes either temperature or top_p")?;
        }
        Ok(sampling)
    }
}

fn write_tools<'a>(
    tools: Vec<Tool<'a>>,
    version: Option<ClaudeVersion>,
    report: &mut Report,
) -> Result<Vec<OutTool<'a>>, RequestError> {
    let takes_strict = version.is_some_and(ClaudeVersion::has_structured_outputs);
    let mut written = Vec::with_capacity(tools.len());
    for tool in tools {
        let strict = tool.strict.filter(|strict| *strict);
        if strict.is_some() && !takes_strict {
            report.drop(format!("tools[{}].function.strict", tool.at), "this model gives no such guarantee")?;
        }
        written.push(OutTool {
            name: tool.name,
            description: tool.description,
            input_schema: write_schema(tool.at, tool.schema)?,
            strict: strict.filter(|_| takes_strict),
            cache_control: tool.cache,
        });
    }
    Ok(written)
}

/// Anthropic demands a schema, and in it `"type": "object"` (rule 10).
pub(crate) fn write_schema(at: usize, schema: Option<Raw<'_>>) -> Result<Raw<'_>, RequestError> {
    #[derive(serde::Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        kind: Option<serde::de::IgnoredAny>,
    }
    let Some(schema) = schema else {
        return Ok(object_schema());
    };
    let wrong = || {
        RequestError::field(
            format!("tools[{at}].function.parameters"),
            "is not a JSON Schema object",
            "write {\"type\": \"object\", \"properties\": {…}}",
        )
    };
    if !schema.get().starts_with('{') {
        return Err(wrong());
    }
    let typed: Typed = serde_json::from_str(schema.get()).map_err(|_| wrong())?;
    if typed.kind.is_some() {
        return Ok(schema);
    }
    let rest = schema.get()[1..].trim_start();
    let comma = if rest.starts_with('}') { "" } else { "," };
    Raw::parse(&format!("{{\"type\":\"object\"{comma}{rest}")).ok_or_else(wrong)
}

fn write_tool_choice(
    choice: Option<ToolChoice<'_>>,
    parallel: Option<bool>,
    no_tools: bool,
) -> Option<OutToolChoice<'_>> {
    if no_tools {
        return None;
    }
    let disable_parallel_tool_use = parallel == Some(false);
    let (kind, name) = match choice {
        None if disable_parallel_tool_use => ("auto", None),
        None => return None,
        Some(ToolChoice::Auto) => ("auto", None),
        Some(ToolChoice::None) => {
            return Some(OutToolChoice { kind: "none", name: None, disable_parallel_tool_use: false });
        }
        Some(ToolChoice::Any) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(name)),
    };
    Some(OutToolChoice { kind, name, disable_parallel_tool_use })
}

/// Sequences of white space only are refused by the API.
pub(crate) fn write_stop<'a>(
    stop: Vec<Text<'a>>,
    name: &'static str,
    report: &mut Report,
) -> Result<Vec<Text<'a>>, RequestError> {
    let before = stop.len();
    let kept: Vec<_> = stop.into_iter().filter(|sequence| !sequence.trim().is_empty()).collect();
    if kept.len() < before {
        report.drop(Cow::Borrowed(name), "the provider takes no stop sequence of white space only")?;
    }
    Ok(kept)
}
