//! Writes the neutral exchange as a Responses request.

use bytes::Bytes;
use serde::Serialize;

use super::write_items::{InItem, write_items};
use crate::error::RequestError;
use crate::exchange::{Block, BlockKind, Exchange, Format, Thinking, Tool, ToolChoice};
use crate::openai::family::{Family, family};
use crate::openai::strict_schema::is_strict;
use crate::openai::write_request::{limit_sampling, plan_effort};
use crate::report::Report;
use crate::request::Target;
use crate::wire::{Raw, Text};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<Text<'a>>,
    input: Vec<InItem<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OutTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<OutToolChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    /// Who speaks another dialect sends its whole conversation each time: nothing need be kept.
    store: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    include: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Text<'a>>,
}

#[derive(Serialize)]
struct OutTool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    parameters: Raw<'a>,
    /// Always there: where it is absent this API, unlike others, is strict.
    strict: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OutToolChoice<'a> {
    Word(&'static str),
    Named {
        #[serde(rename = "type")]
        kind: &'static str,
        name: Text<'a>,
    },
}

#[derive(Serialize)]
struct TextConfig<'a> {
    format: OutFormat<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum OutFormat<'a> {
    JsonObject,
    JsonSchema { name: Text<'a>, schema: Raw<'a>, strict: bool },
}

#[derive(Serialize)]
struct Reasoning {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
}

/// The least `max_output_tokens` that the API takes.
const MIN_OUTPUT: u64 = 16;
/// A schema of no properties: the API takes no tool without one.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// Writes the body for `target`.
///
/// # Errors
/// Nothing is left to send; in strict mode, something is not carried over.
pub(crate) fn write(
    mut exchange: Exchange<'_>,
    target: &Target<'_>,
    report: &mut Report,
) -> Result<Bytes, RequestError> {
    let family = family(target.model);
    limit_output(&mut exchange, target, report)?;
    let effort = plan_effort(&exchange, family, report)?;
    limit_sampling(&mut exchange, family, report)?;
    if !std::mem::take(&mut exchange.stop).is_empty() {
        report.drop(exchange.names.stop, "the provider's dialect has nothing like it")?;
    }
    // Only models that reason take what asks for it; of others' models only the caller can know.
    let reasons = family == Family::Reasoning || (family == Family::Unknown && effort.is_some());
    let shown = matches!(exchange.thinking, Some(Thinking::Budget(_) | Thinking::Adaptive));
    let summary = (reasons && shown).then_some("auto");
    let tools = write_tools(std::mem::take(&mut exchange.tools), report)?;
    let names = exchange.names;
    let request = Request {
        model: target.model,
        instructions: write_instructions(exchange.system, report)?,
        input: write_items(exchange.turns, names.conversation, report)?,
        tool_choice: exchange.tool_choice.filter(|_| !tools.is_empty()).map(write_tool_choice),
        parallel_tool_calls: exchange.parallel_tools.filter(|parallel| !parallel && !tools.is_empty()),
        tools,
        max_output_tokens: exchange.max_tokens,
        temperature: exchange.temperature,
        top_p: exchange.top_p,
        stream: exchange.stream,
        text: exchange.format.map(|format| TextConfig { format: write_format(format) }),
        reasoning: (effort.is_some() || summary.is_some()).then_some(Reasoning { effort, summary }),
        store: false,
        include: if reasons { vec!["reasoning.encrypted_content"] } else { Vec::new() },
        user: exchange.user,
    };
    serde_json::to_vec(&request).map(Bytes::from).map_err(|fault| RequestError::Malformed(fault.to_string()))
}

fn limit_output(exchange: &mut Exchange<'_>, target: &Target<'_>, report: &mut Report) -> Result<(), RequestError> {
    let name = exchange.names.max_tokens;
    if exchange.max_tokens == Some(0) {
        return Err(RequestError::unsupported(
            name,
            "0 asks for no answer, which this provider cannot; write 1 or more",
        ));
    }
    exchange.clamp_max_tokens(target.max_output_tokens, report)?;
    if exchange.max_tokens.is_some_and(|most| most < MIN_OUTPUT) {
        exchange.max_tokens = Some(MIN_OUTPUT);
        report.drop(name, "the provider takes no limit below 16 tokens; raised to that")?;
    }
    Ok(())
}

fn write_instructions<'a>(system: Vec<Block<'a>>, report: &mut Report) -> Result<Option<Text<'a>>, RequestError> {
    let mut joined: Option<Text<'a>> = None;
    for block in system {
        if block.cache.is_some() {
            report.drop(block.at.path("cache_control"), "the provider caches by itself")?;
        }
        let BlockKind::Text(text) = block.kind else { continue };
        joined = match joined {
            _ if text.is_empty() => joined,
            None => Some(text),
            Some(before) => Some(format!("{}\n{}", &*before, &*text).into()),
        };
    }
    Ok(joined)
}

fn write_tools<'a>(tools: Vec<Tool<'a>>, report: &mut Report) -> Result<Vec<OutTool<'a>>, RequestError> {
    let mut written = Vec::with_capacity(tools.len());
    for tool in tools {
        if tool.cache.is_some() {
            report.drop(format!("tools[{}].cache_control", tool.at), "the provider caches by itself")?;
        }
        let none = || Raw::parse(NO_PARAMETERS).unwrap_or_else(Raw::empty_object);
        let parameters = tool.schema.unwrap_or_else(none);
        let (name, description, strict) = (tool.name, tool.description, tool.strict.unwrap_or(false));
        written.push(OutTool { kind: "function", name, description, parameters, strict });
    }
    Ok(written)
}

fn write_tool_choice(choice: ToolChoice<'_>) -> OutToolChoice<'_> {
    match choice {
        ToolChoice::Auto => OutToolChoice::Word("auto"),
        ToolChoice::None => OutToolChoice::Word("none"),
        ToolChoice::Any => OutToolChoice::Word("required"),
        ToolChoice::Named(name) => OutToolChoice::Named { kind: "function", name },
    }
}

fn write_format(format: Format<'_>) -> OutFormat<'_> {
    match format {
        Format::JsonObject => OutFormat::JsonObject,
        Format::JsonSchema { name, schema } => {
            OutFormat::JsonSchema { name: name.unwrap_or_else(|| "answer".into()), strict: is_strict(&schema), schema }
        }
    }
}
