//! Writes the neutral exchange as a request to `/api/chat`.

use bytes::Bytes;
use serde::Serialize;

use super::write_messages::{OutMessage, write_messages};
use crate::error::RequestError;
use crate::exchange::{Effort, Exchange, Format, Thinking, Tool, ToolChoice};
use crate::report::{NO_COUNTERPART, Report};
use crate::request::Target;
use crate::wire::{Raw, Text};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: Vec<OutMessage<'a>>,
    /// Always written: its absence means a stream.
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OutTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    options: Options<'a>,
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

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Think {
    Whether(bool),
    Level(&'static str),
}

#[derive(PartialEq, Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop: Vec<Text<'a>>,
}

impl Options<'_> {
    fn is_empty(&self) -> bool {
        let Self { num_predict, temperature, top_p, top_k, seed, frequency_penalty, presence_penalty, stop } = self;
        num_predict.is_none()
            && temperature.is_none()
            && top_p.is_none()
            && top_k.is_none()
            && seed.is_none()
            && frequency_penalty.is_none()
            && presence_penalty.is_none()
            && stop.is_empty()
    }
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
    if exchange.max_tokens == Some(0) {
        let reason = "0 asks for no answer, which the provider cannot give; write 1 or more";
        return Err(RequestError::unsupported("max_tokens", reason));
    }
    exchange.clamp_max_tokens(target.max_output_tokens, report)?;
    if exchange.user.take().is_some() {
        report.drop(exchange.names.user, NO_COUNTERPART)?;
    }
    let think = write_think(&exchange, target.model, report)?;
    limit_tools(&mut exchange, report)?;
    let tools = write_tools(std::mem::take(&mut exchange.tools), report)?;
    let request = Request {
        model: target.model,
        messages: write_messages(exchange.system, exchange.turns, exchange.names.conversation, report)?,
        stream: exchange.stream,
        tools,
        format: exchange.format.map(|format| match format {
            Format::JsonObject => Raw::string("json"),
            Format::JsonSchema { schema, .. } => schema,
        }),
        think,
        options: Options {
            num_predict: exchange.max_tokens,
            temperature: exchange.temperature,
            top_p: exchange.top_p,
            top_k: exchange.top_k,
            seed: exchange.penalties.seed,
            frequency_penalty: exchange.penalties.frequency,
            presence_penalty: exchange.penalties.presence,
            stop: exchange.stop,
        },
    };
    serde_json::to_vec(&request).map(Bytes::from).map_err(|fault| RequestError::Malformed(fault.to_string()))
}

/// On or off; levels only for the models that have them, which in turn cannot be kept from reasoning.
fn write_think(exchange: &Exchange<'_>, model: &str, report: &mut Report) -> Result<Option<Think>, RequestError> {
    let has_levels = model.rsplit('/').next().is_some_and(|name| name.starts_with("gpt-oss"));
    let names = exchange.names;
    let think = match (exchange.thinking, exchange.effort) {
        (None, None) => return Ok(None),
        (Some(Thinking::Off), _) | (None, Some(Effort::None)) if has_levels => {
            let name = if exchange.thinking.is_some() { names.thinking } else { names.effort };
            report.drop(name, "this model always reasons; lowered to low")?;
            Think::Level("low")
        }
        (Some(Thinking::Off), _) | (None, Some(Effort::None)) => Think::Whether(false),
        (_, Some(effort)) if has_levels => Think::Level(match effort {
            Effort::None | Effort::Minimal | Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High | Effort::Xhigh | Effort::Max => "high",
        }),
        (_, Some(_)) => {
            report.drop(names.effort, "this model reasons or does not, and knows no levels; it does")?;
            Think::Whether(true)
        }
        (Some(Thinking::Budget(_)), None) => {
            report.drop(names.budget, "the provider takes no budget; it reasons")?;
            Think::Whether(true)
        }
        (Some(Thinking::Adaptive), None) => Think::Whether(true),
    };
    Ok(Some(think))
}

/// The provider cannot be told which tool to call. To call none, none is offered.
fn limit_tools(exchange: &mut Exchange<'_>, report: &mut Report) -> Result<(), RequestError> {
    if exchange.tools.is_empty() {
        return Ok(());
    }
    if exchange.parallel_tools == Some(false) {
        report.drop(exchange.names.parallel_tools, NO_COUNTERPART)?;
    }
    match exchange.tool_choice.take() {
        Some(ToolChoice::None) => exchange.tools.clear(),
        Some(ToolChoice::Any) => report.drop("tool_choice", "the provider cannot be made to call a tool")?,
        Some(ToolChoice::Named(name)) => {
            report.drop("tool_choice", "the provider cannot be made to call a tool; only this one is offered")?;
            exchange.tools.retain(|tool| *tool.name == *name);
        }
        Some(ToolChoice::Auto) | None => {}
    }
    Ok(())
}

fn write_tools<'a>(tools: Vec<Tool<'a>>, report: &mut Report) -> Result<Vec<OutTool<'a>>, RequestError> {
    let mut written = Vec::with_capacity(tools.len());
    for tool in tools {
        if tool.cache.is_some() {
            report.drop(format!("tools[{}].cache_control", tool.at), "the provider caches by itself")?;
        }
        if tool.strict == Some(true) {
            report.drop(format!("tools[{}].function.strict", tool.at), "the provider gives no such guarantee")?;
        }
        let parameters = tool.schema.or_else(|| Raw::parse(r#"{"type":"object","properties":{}}"#));
        let parameters = parameters.unwrap_or_else(Raw::empty_object);
        let function = OutFunction { name: tool.name, description: tool.description, parameters };
        written.push(OutTool { kind: "function", function });
    }
    Ok(written)
}
