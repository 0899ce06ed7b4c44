//! Writes the neutral exchange as a chat completion request.

use bytes::Bytes;
use serde::Serialize;

use super::family::{Family, family};
use super::write_messages::{OutMessage, write_messages};
use crate::error::RequestError;
use crate::exchange::{Effort, Exchange, Format, Thinking, Tool, ToolChoice};
use crate::report::Report;
use crate::request::Target;
use crate::wire::{Raw, Text};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: Vec<OutMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OutTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<OutToolChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<OutFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Text<'a>>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct OutTool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: OutFunction<'a>,
}

#[derive(Serialize)]
struct OutFunction<'a> {
    name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    parameters: Raw<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OutToolChoice<'a> {
    Word(&'static str),
    Named {
        #[serde(rename = "type")]
        kind: &'static str,
        function: NamedFunction<'a>,
    },
}

#[derive(Serialize)]
struct NamedFunction<'a> {
    name: Text<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum OutFormat<'a> {
    JsonObject,
    JsonSchema { json_schema: OutSchema<'a> },
}

#[derive(Serialize)]
struct OutSchema<'a> {
    name: Text<'a>,
    schema: Raw<'a>,
    strict: bool,
}

/// Sequences that OpenAI takes at most.
const MAX_STOP: usize = 4;
/// Characters of `user` that OpenAI takes at most.
const MAX_USER: usize = 64;

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
    if exchange.max_tokens == Some(0) {
        let reason = "0 fills the prompt cache and asks for no answer, which OpenAI's dialect cannot; write 1 or more";
        return Err(RequestError::unsupported(exchange.names.max_tokens, reason));
    }
    exchange.clamp_max_tokens(target.max_output_tokens, report)?;
    let reasoning_effort = plan_effort(&exchange, family, report)?;
    limit_sampling(&mut exchange, family, report)?;
    let tools = write_tools(std::mem::take(&mut exchange.tools), report)?;
    let (max_tokens, max_completion_tokens) = match family {
        Family::Reasoning => (None, exchange.max_tokens),
        Family::Plain | Family::Unknown => (exchange.max_tokens, None),
    };
    let request = Request {
        model: target.model,
        tool_choice: exchange.tool_choice.filter(|_| !tools.is_empty()).map(write_tool_choice),
        parallel_tool_calls: exchange.parallel_tools.filter(|parallel| !parallel && !tools.is_empty()),
        tools,
        messages: write_messages((exchange.system, exchange.turns), exchange.names.conversation, target.model, report)?,
        max_tokens,
        max_completion_tokens,
        temperature: exchange.temperature,
        top_p: exchange.top_p,
        seed: exchange.penalties.seed,
        frequency_penalty: exchange.penalties.frequency,
        presence_penalty: exchange.penalties.presence,
        stop: exchange.stop,
        stream: exchange.stream,
        stream_options: (exchange.stream && target.stream_options).then_some(StreamOptions { include_usage: true }),
        response_format: exchange.format.map(write_format),
        reasoning_effort,
        user: exchange.user,
    };
    serde_json::to_vec(&request).map(Bytes::from).map_err(|fault| RequestError::Malformed(fault.to_string()))
}

/// OpenAI, in both its dialects, has levels of effort where Anthropic has a budget of tokens as well.
pub(crate) fn plan_effort(
    exchange: &Exchange<'_>,
    family: Family,
    report: &mut Report,
) -> Result<Option<&'static str>, RequestError> {
    let (name, effort) = match (exchange.effort, exchange.thinking) {
        (_, Some(Thinking::Off)) | (None, None | Some(Thinking::Adaptive)) => return Ok(None),
        (Some(effort), _) => (exchange.names.effort, effort),
        (None, Some(Thinking::Budget(tokens))) => {
            let effort = match tokens {
                0..=2_048 => Effort::Low,
                2_049..=8_192 => Effort::Medium,
                _ => Effort::High,
            };
            (exchange.names.thinking, effort)
        }
    };
    if family == Family::Plain {
        report.drop(name, "this model does not reason")?;
        return Ok(None);
    }
    if effort == Effort::Max {
        report.drop(name, "the provider has no such level; lowered to high")?;
        return Ok(Some(Effort::High.as_str()));
    }
    Ok(Some(effort.as_str()))
}

/// Takes out what the model refuses.
pub(crate) fn limit_sampling(
    exchange: &mut Exchange<'_>,
    family: Family,
    report: &mut Report,
) -> Result<(), RequestError> {
    if exchange.top_k.take().is_some() {
        report.drop("top_k", "the provider's dialect has nothing like it")?;
    }
    if exchange.user.as_ref().is_some_and(|user| user.chars().count() > MAX_USER) {
        exchange.user = None;
        report.drop(exchange.names.user, "the provider takes at most 64 characters")?;
    }
    if family == Family::Reasoning {
        const REASON: &str = "refused by reasoning models";
        if exchange.temperature.take().is_some_and(|t| t != 1.0) {
            report.drop("temperature", REASON)?;
        }
        if exchange.top_p.take().is_some_and(|p| p < 1.0) {
            report.drop("top_p", REASON)?;
        }
        if exchange.penalties.frequency.take().is_some_and(|p| p != 0.0) {
            report.drop(exchange.names.frequency_penalty, REASON)?;
        }
        if exchange.penalties.presence.take().is_some_and(|p| p != 0.0) {
            report.drop(exchange.names.presence_penalty, REASON)?;
        }
        if !std::mem::take(&mut exchange.stop).is_empty() {
            report.drop(exchange.names.stop, REASON)?;
        }
    }
    if exchange.stop.len() > MAX_STOP {
        exchange.stop.truncate(MAX_STOP);
        report.drop(exchange.names.stop, "the provider takes at most 4; the first 4 are sent")?;
    }
    Ok(())
}

fn write_tools<'a>(tools: Vec<Tool<'a>>, report: &mut Report) -> Result<Vec<OutTool<'a>>, RequestError> {
    let mut written = Vec::with_capacity(tools.len());
    for tool in tools {
        if tool.cache.is_some() {
            report.drop(format!("tools[{}].cache_control", tool.at), "the provider caches by itself")?;
        }
        let parameters = tool.schema.unwrap_or_else(Raw::empty_object);
        let function = OutFunction { name: tool.name, description: tool.description, parameters, strict: tool.strict };
        written.push(OutTool { kind: "function", function });
    }
    Ok(written)
}

fn write_tool_choice(choice: ToolChoice<'_>) -> OutToolChoice<'_> {
    match choice {
        ToolChoice::Auto => OutToolChoice::Word("auto"),
        ToolChoice::None => OutToolChoice::Word("none"),
        ToolChoice::Any => OutToolChoice::Word("required"),
        ToolChoice::Named(name) => OutToolChoice::Named { kind: "function", function: NamedFunction { name } },
    }
}

fn write_format(format: Format<'_>) -> OutFormat<'_> {
    match format {
        Format::JsonObject => OutFormat::JsonObject,
        Format::JsonSchema { name, schema } => OutFormat::JsonSchema {
            json_schema: OutSchema {
                name: name.unwrap_or_else(|| "answer".into()),
                strict: super::strict_schema::is_strict(&schema),
                schema,
            },
        },
    }
}
