//! Writes the neutral exchange as a chat request.

use bytes::Bytes;
use serde::Serialize;

use super::write_messages::{OutMessage, write_messages};
use crate::error::RequestError;
use crate::exchange::{Effort, Exchange, Format, Penalties, Thinking, Tool, ToolChoice};
use crate::report::{NO_COUNTERPART, Report};
use crate::request::Target;
use crate::wire::{Raw, Text};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: Vec<OutMessage<'a>>,
    /// Always written: the default of other vendors' servers differs.
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OutTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    strict_tools: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<OutFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<OutThinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
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
}

#[derive(Serialize)]
struct OutFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<Raw<'a>>,
}

#[derive(Serialize)]
struct OutThinking {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_budget: Option<u64>,
}

/// Sequences that Cohere takes at most.
const MAX_STOP: usize = 5;
/// The largest `k`.
const MAX_K: u64 = 500;
/// The range of `p`.
const P: std::ops::RangeInclusive<f64> = 0.01..=0.99;

/// Writes the body for `target`.
///
/// # Errors
/// Nothing is left to send; in strict mode, something is not carried over.
pub(crate) fn write(
    mut exchange: Exchange<'_>,
    target: &Target<'_>,
    report: &mut Report,
) -> Result<Bytes, RequestError> {
    if exchange.max_tokens == Some(0) {
        let reason = "0 asks for no answer, which the provider cannot give; write 1 or more";
        return Err(RequestError::unsupported("max_tokens", reason));
    }
    exchange.clamp_max_tokens(target.max_output_tokens, report)?;
    limit(&mut exchange, report)?;
    let thinking = write_thinking(&exchange, report)?;
    let tool_choice = write_tool_choice(&mut exchange, report)?;
    let (tools, strict_tools) = write_tools(std::mem::take(&mut exchange.tools), report)?;
    if exchange.format.is_some() && !tools.is_empty() {
        exchange.format = None;
        report.drop(exchange.names.format, "the provider takes either tools or a format")?;
    }
    let Penalties { seed, frequency, presence } = exchange.penalties;
    let request = Request {
        model: target.model,
        messages: write_messages(exchange.system, exchange.turns, exchange.names.conversation, report)?,
        stream: exchange.stream,
        tools,
        tool_choice,
        strict_tools,
        response_format: exchange.format.map(write_format),
        thinking,
        max_tokens: exchange.max_tokens,
        stop_sequences: exchange.stop,
        temperature: exchange.temperature,
        seed,
        frequency_penalty: frequency,
        presence_penalty: presence,
        k: exchange.top_k,
        p: exchange.top_p,
    };
    serde_json::to_vec(&request).map(Bytes::from).map_err(|fault| RequestError::Malformed(fault.to_string()))
}

/// Takes out, or brings into its range, what the provider would refuse.
fn limit(exchange: &mut Exchange<'_>, report: &mut Report) -> Result<(), RequestError> {
    let names = exchange.names;
    if exchange.user.take().is_some() {
        report.drop(names.user, NO_COUNTERPART)?;
    }
    if exchange.stop.len() > MAX_STOP {
        exchange.stop.truncate(MAX_STOP);
        report.drop(names.stop, "the provider takes at most 5; the first 5 are sent")?;
    }
    if let Some(k) = exchange.top_k.as_mut().filter(|k| **k > MAX_K) {
        *k = MAX_K;
        report.drop("top_k", "the provider's range ends at 500; clamped to 500")?;
    }
    // 1, which many clients send, is the same as nothing said.
    exchange.top_p = exchange.top_p.filter(|p| *p < 1.0);
    if let Some(p) = exchange.top_p.as_mut().filter(|p| !P.contains(*p)) {
        *p = p.clamp(*P.start(), *P.end());
        report.drop("top_p", "the provider's range is 0.01 to 0.99; clamped to it")?;
    }
    let penalties = &mut exchange.penalties;
    if penalties.seed.is_some_and(|seed| seed < 0) {
        penalties.seed = None;
        report.drop(names.seed, "the provider takes none below 0")?;
    }
    for (penalty, name) in
        [(&mut penalties.frequency, names.frequency_penalty), (&mut penalties.presence, names.presence_penalty)]
    {
        if let Some(penalty) = penalty.as_mut().filter(|p| !(0.0..=1.0).contains(*p)) {
            *penalty = penalty.clamp(0.0, 1.0);
            report.drop(name, "the provider's range is 0 to 1; clamped to it")?;
        }
    }
    Ok(())
}

/// On or off, and a budget; levels there are none.
fn write_thinking(exchange: &Exchange<'_>, report: &mut Report) -> Result<Option<OutThinking>, RequestError> {
    let (kind, token_budget) = match (exchange.thinking, exchange.effort) {
        (Some(Thinking::Off), _) | (None, Some(Effort::None)) => ("disabled", None),
        (Some(Thinking::Budget(tokens)), _) => ("enabled", Some(tokens)),
        (Some(Thinking::Adaptive), _) => ("enabled", None),
        (None, Some(_)) => {
            report.drop(exchange.names.effort, "the provider reasons or does not, and knows no levels; it does")?;
            ("enabled", None)
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(OutThinking { kind, token_budget }))
}

/// The provider can be told to call some tool, or none. To call one by name, only that one is offered.
fn write_tool_choice(exchange: &mut Exchange<'_>, report: &mut Report) -> Result<Option<&'static str>, RequestError> {
    if exchange.parallel_tools == Some(false) && !exchange.tools.is_empty() {
        report.drop(exchange.names.parallel_tools, NO_COUNTERPART)?;
    }
    let choice = exchange.tool_choice.take().filter(|_| !exchange.tools.is_empty());
    Ok(match choice {
        None | Some(ToolChoice::Auto) => None,
        Some(ToolChoice::None) => Some("NONE"),
        Some(ToolChoice::Any) => Some("REQUIRED"),
        Some(ToolChoice::Named(name)) => {
            if exchange.tools.len() > 1 {
                report.drop("tool_choice", "the provider takes no name; the other tools are not offered")?;
                exchange.tools.retain(|tool| *tool.name == *name);
            }
            (!exchange.tools.is_empty()).then_some("REQUIRED")
        }
    })
}

fn write_tools<'a>(tools: Vec<Tool<'a>>, report: &mut Report) -> Result<(Vec<OutTool<'a>>, bool), RequestError> {
    // One switch for all of them.
    let strict = !tools.is_empty() && tools.iter().all(|tool| tool.strict == Some(true));
    let mut written = Vec::with_capacity(tools.len());
    for tool in tools {
        if tool.cache.is_some() {
            report.drop(format!("tools[{}].cache_control", tool.at), "the provider caches by itself")?;
        }
        if tool.strict == Some(true) && !strict {
            let path = format!("tools[{}].function.strict", tool.at);
            report.drop(path, "the provider holds the model to all tools or to none")?;
        }
        let parameters = tool.schema.or_else(|| Raw::parse(r#"{"type":"object","properties":{}}"#));
        let parameters = parameters.unwrap_or_else(Raw::empty_object);
        let function = OutFunction { name: tool.name, description: tool.description, parameters };
        written.push(OutTool { kind: "function", function });
    }
    Ok((written, strict))
}

fn write_format(format: Format<'_>) -> OutFormat<'_> {
    let json_schema = match format {
        Format::JsonObject => None,
        Format::JsonSchema { schema, .. } => Some(schema),
    };
    OutFormat { kind: "json_object", json_schema }
}
