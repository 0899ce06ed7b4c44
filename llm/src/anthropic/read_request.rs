//! Reads a messages request into the neutral exchange.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::read_blocks::{WireBlock, read_blocks, read_text_block};
use crate::error::RequestError;
use crate::exchange::{
    At, Block, BlockKind, Effort, Exchange, Format, Names, Penalties, Role, Thinking, Tool, ToolChoice, Turn,
    conversation, keep_choice,
};
use crate::peek::request_error;
use crate::report::{NO_COUNTERPART, Report};
use crate::wire::{Raw, Text, TextOr, parse, record};

const NAMES: Names = Names {
    conversation: "messages",
    max_tokens: "max_tokens",
    stop: "stop_sequences",
    format: "output_config.format",
    thinking: "thinking",
    budget: "thinking.budget_tokens",
    effort: "output_config.effort",
    user: "metadata.user_id",
    parallel_tools: "tool_choice.disable_parallel_tool_use",
    seed: "seed",
    frequency_penalty: "frequency_penalty",
    presence_penalty: "presence_penalty",
};

const EFFORTS: &str = "write \"low\", \"medium\", \"high\", \"xhigh\" or \"max\"";

record! {
    /// The request body.
    Request {
        "model" model: IgnoredAny,
        "messages" messages: Vec<Message<'a>>,
        "system" system: TextOr<'a, WireBlock<'a>>,
        "max_tokens" max_tokens: u64,
        "stream" stream: bool,
        "temperature" temperature: f64,
        "top_p" top_p: f64,
        "top_k" top_k: u64,
        "stop_sequences" stop_sequences: Vec<Text<'a>>,
        "tools" tools: Vec<WireTool<'a>>,
        "tool_choice" tool_choice: WireToolChoice<'a>,
        "thinking" thinking: WireThinking<'a>,
        "output_config" output_config: OutputConfig<'a>,
        "output_format" output_format: WireFormat<'a>,
        "metadata" metadata: Metadata<'a>,
        "service_tier" service_tier: Text<'a>,
    }
}

record! {
    /// An entry of `messages`.
    Message {
        "role" role: Text<'a>,
        "content" content: TextOr<'a, WireBlock<'a>>,
    }
}

record! {
    /// An entry of `tools`.
    WireTool {
        "type" kind: Text<'a>,
        "name" name: Text<'a>,
        "description" description: Text<'a>,
        "input_schema" input_schema: &'a RawValue,
        "strict" strict: bool,
        "cache_control" cache_control: &'a RawValue,
    }
}

record! {
    /// `tool_choice`.
    WireToolChoice {
        "type" kind: Text<'a>,
        "name" name: Text<'a>,
        "disable_parallel_tool_use" disable_parallel_tool_use: bool,
    }
}

record! {
    /// `thinking`.
    WireThinking {
        "type" kind: Text<'a>,
        "budget_tokens" budget_tokens: u64,
        "display" display: IgnoredAny,
    }
}

record! {
    /// `output_config`.
    OutputConfig {
        "effort" effort: Text<'a>,
        "format" format: WireFormat<'a>,
    }
}

record! {
    /// `output_config.format`, `output_format` in the time of its beta.
    WireFormat {
        "type" kind: Text<'a>,
        "schema" schema: &'a RawValue,
        "name" name: Text<'a>,
    }
}

record! {
    /// `metadata`.
    Metadata {
        "user_id" user_id: Text<'a>,
    }
}

/// Reads a request body.
///
/// # Errors
/// A field has the wrong type or a value that no upstream can honour; in strict mode, one that is not carried over.
pub(crate) fn read<'a>(body: &'a str, report: &mut Report) -> Result<Exchange<'a>, RequestError> {
    let mut request: Request<'_> = parse(body).map_err(request_error)?;
    report_parameters(&request, report)?;
    let messages = conversation(request.messages.take())?;
    let config = request.output_config.unwrap_or_default();
    let choice = request.tool_choice.unwrap_or_default();
    let parallel_tools = choice.disable_parallel_tool_use.map(|disabled| !disabled);
    let tools = request.tools.unwrap_or_default();
    let given = tools.len();
    let tools = read_tools(tools, report)?;
    let tool_choice = read_tool_choice(choice)?;
    let tool_choice = keep_choice(tool_choice, &tools, given, report)?;
    Ok(Exchange {
        names: &NAMES,
        system: read_system(request.system, report)?,
        turns: read_messages(messages, report)?,
        tools,
        tool_choice,
        parallel_tools,
        max_tokens: request.max_tokens,
        temperature: request.temperature,
        top_p: request.top_p,
        top_k: request.top_k,
        penalties: Penalties::default(),
        stop: request.stop_sequences.unwrap_or_default(),
        stream: request.stream.unwrap_or(false),
        format: config.format.or(request.output_format).map(read_format).transpose()?,
        thinking: request.thinking.map(|t| Thinking::read(t.kind.as_deref(), t.budget_tokens)).transpose()?,
        effort: config.effort.map(|name| Effort::read(&name, NAMES.effort, EFFORTS)).transpose()?,
        user: request.metadata.and_then(|metadata| metadata.user_id),
    })
}

/// Reports what has no neutral form, unless it asks for what happens anyway.
fn report_parameters(request: &Request<'_>, report: &mut Report) -> Result<(), RequestError> {
    if request.service_tier.as_deref().is_some_and(|tier| tier != "auto") {
        report.drop("service_tier", NO_COUNTERPART)?;
    }
    report.unknown(&request.extra, str::to_owned)?;
    let metadata = request.metadata.iter().flat_map(|metadata| &metadata.extra);
    report.unknown(metadata, |field| format!("metadata.{field}"))?;
    let config = request.output_config.iter().flat_map(|config| &config.extra);
    report.unknown(config, |field| format!("output_config.{field}"))
}

fn read_system<'a>(
    system: Option<TextOr<'a, WireBlock<'a>>>,
    report: &mut Report,
) -> Result<Vec<Block<'a>>, RequestError> {
    let at = At { in_system: true, ..At::default() };
    match system {
        None => Ok(Vec::new()),
        Some(TextOr::Text(text)) => Ok(vec![Block { at, kind: BlockKind::Text(text), cache: None }]),
        Some(TextOr::List(list)) => list
            .into_iter()
            .enumerate()
            .map(|(part, block)| read_text_block(At { part: Some(part), ..at }, block, report))
            .collect(),
    }
}

fn read_messages<'a>(messages: Vec<Message<'a>>, report: &mut Report) -> Result<Vec<Turn<'a>>, RequestError> {
    let mut turns = Vec::with_capacity(messages.len());
    for (index, message) in messages.into_iter().enumerate() {
        let at = At { message: index, ..At::default() };
        report.unknown(&message.extra, |field| at.path(field))?;
        let role = match message.role.as_deref() {
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            _ => {
                return Err(RequestError::field(
                    at.path("role"),
                    "is none of the known roles",
                    "write user or assistant; instructions go into the top-level system",
                ));
            }
        };
        let blocks = match message.content {
            None => {
                return Err(RequestError::field(
                    at.path("content"),
                    "is missing",
                    "write a string or a list of blocks",
                ));
            }
            Some(TextOr::Text(text)) => vec![Block { at, kind: BlockKind::Text(text), cache: None }],
            Some(TextOr::List(list)) => read_blocks(at, list, report)?,
        };
        turns.push(Turn { role, blocks });
    }
    Ok(turns)
}

fn read_tools<'a>(tools: Vec<WireTool<'a>>, report: &mut Report) -> Result<Vec<Tool<'a>>, RequestError> {
    let mut read = Vec::with_capacity(tools.len());
    for (at, tool) in tools.into_iter().enumerate() {
        if tool.kind.as_deref().unwrap_or("custom") != "custom" {
            report.drop(format!("tools[{at}]"), "tools that run at the provider cannot be translated")?;
            continue;
        }
        let Some(name) = tool.name else {
            return Err(RequestError::field(
                format!("tools[{at}].name"),
                "is missing",
                "name the tool, for example \"get_weather\"",
            ));
        };
        report.unknown(&tool.extra, |field| format!("tools[{at}].{field}"))?;
        read.push(Tool {
            at,
            name,
            description: tool.description,
            schema: tool.input_schema.map(Raw::Borrowed),
            strict: tool.strict,
            cache: tool.cache_control,
        });
    }
    Ok(read)
}

fn read_tool_choice(choice: WireToolChoice<'_>) -> Result<Option<ToolChoice<'_>>, RequestError> {
    match (choice.kind.as_deref(), choice.name) {
        (None, None) => Ok(None),
        (Some("auto"), _) => Ok(Some(ToolChoice::Auto)),
        (Some("none"), _) => Ok(Some(ToolChoice::None)),
        (Some("any"), _) => Ok(Some(ToolChoice::Any)),
        (Some("tool"), Some(name)) => Ok(Some(ToolChoice::Named(name))),
        _ => Err(RequestError::field(
            "tool_choice",
            "is none of the known choices",
            "write {\"type\": \"auto\"}, \"any\", \"none\", or {\"type\": \"tool\", \"name\": …}",
        )),
    }
}

fn read_format(format: WireFormat<'_>) -> Result<Format<'_>, RequestError> {
    match (format.kind.as_deref(), format.schema) {
        (Some("json_schema"), Some(schema)) => {
            Ok(Format::JsonSchema { name: format.name, schema: Raw::Borrowed(schema) })
        }
        _ => Err(RequestError::field(
            "output_config.format",
            "is not complete",
            "write {\"type\": \"json_schema\", \"schema\": {…}}",
        )),
    }
}
