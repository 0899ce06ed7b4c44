//! Reads a Responses request into the neutral exchange.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::echo::Echo;
use super::read_items::{WireItem, read_items};
use crate::error::RequestError;
use crate::exchange::{
    At, Block, BlockKind, Effort, Exchange, Format, Lists, Names, Penalties, Role, Tool, ToolChoice, Turn, keep_choice,
};
use crate::peek::request_error;
use crate::report::{NO_COUNTERPART, Report};
use crate::wire::{Fault, Raw, Text, TextOr, parse, record};

const NAMES: Names = Names {
    conversation: "input",
    max_tokens: "max_output_tokens",
    stop: "stop",
    format: "text.format",
    thinking: "reasoning",
    budget: "reasoning",
    effort: "reasoning.effort",
    parallel_tools: "parallel_tool_calls",
    user: "user",
    seed: "seed",
    frequency_penalty: "frequency_penalty",
    presence_penalty: "presence_penalty",
};

const EFFORTS: &str = "write \"none\", \"minimal\", \"low\", \"medium\", \"high\", \"xhigh\" or \"max\"";

/// Why what only the provider that made it can look up is no request for another one.
const KEPT_ELSEWHERE: &str = "is kept by a provider of the Responses API, and this model's provider speaks another one; \
                              send the whole conversation in input, or name a model of such a provider";

record! {
    /// The request body. What the answer repeats is kept as it is.
    Request {
        "model" model: IgnoredAny,
        "input" input: TextOr<'a, WireItem<'a>>,
        "instructions" instructions: &'a RawValue,
        "stream" stream: bool,
        "stream_options" stream_options: IgnoredAny,
        "max_output_tokens" max_output_tokens: &'a RawValue,
        "temperature" temperature: &'a RawValue,
        "top_p" top_p: &'a RawValue,
        "tools" tools: &'a RawValue,
        "tool_choice" tool_choice: &'a RawValue,
        "parallel_tool_calls" parallel_tool_calls: &'a RawValue,
        "text" text: &'a RawValue,
        "reasoning" reasoning: &'a RawValue,
        "user" user: &'a RawValue,
        "safety_identifier" safety_identifier: &'a RawValue,
        "metadata" metadata: &'a RawValue,
        "include" include: Vec<Text<'a>>,
        "store" store: bool,
        "background" background: bool,
        "previous_response_id" previous_response_id: IgnoredAny,
        "conversation" conversation: IgnoredAny,
        "prompt" prompt: IgnoredAny,
        "service_tier" service_tier: Text<'a>,
        "truncation" truncation: Text<'a>,
        "max_tool_calls" max_tool_calls: IgnoredAny,
        "top_logprobs" top_logprobs: u64,
        "prompt_cache_key" prompt_cache_key: IgnoredAny,
        "prompt_cache_options" prompt_cache_options: IgnoredAny,
        "prompt_cache_retention" prompt_cache_retention: IgnoredAny,
    }
}

record! {
    /// An entry of `tools`.
    WireTool {
        "type" kind: Text<'a>,
        "name" name: Text<'a>,
        "description" description: Text<'a>,
        "parameters" parameters: &'a RawValue,
        "strict" strict: bool,
    }
}

record! {
    /// `text`.
    TextConfig {
        "format" format: TextFormat<'a>,
        "verbosity" verbosity: Text<'a>,
    }
}

record! {
    /// `text.format`.
    TextFormat {
        "type" kind: Text<'a>,
        "name" name: Text<'a>,
        "description" description: Text<'a>,
        "schema" schema: &'a RawValue,
        "strict" strict: bool,
    }
}

record! {
    /// `reasoning`.
    Reasoning {
        "effort" effort: Text<'a>,
        "summary" summary: IgnoredAny,
        "generate_summary" generate_summary: IgnoredAny,
    }
}

/// Reads a request body, and what its answer repeats of it.
///
/// # Errors
/// A field has the wrong type or a value that no upstream can honour, or means what only the provider that made it
/// knows; in strict mode, one that is not carried over.
pub(crate) fn read<'a>(body: &'a str, report: &mut Report) -> Result<(Exchange<'a>, Echo), RequestError> {
    let mut request: Request<'_> = parse(body).map_err(request_error)?;
    refuse_state(&request)?;
    report_parameters(&request, report)?;
    let echo = echo(&request);
    let (mut system, turns) = read_input(request.input.take(), report)?;
    if let Some(text) = member("instructions", request.instructions)? {
        let at = At { lists: Lists::InputContent, in_system: true, ..At::default() };
        system.insert(0, Block { at, kind: BlockKind::Text(text), cache: None });
    }
    let tools: Vec<WireTool<'_>> = member("tools", request.tools)?.unwrap_or_default();
    let given = tools.len();
    let tools = read_tools(tools, report)?;
    let tool_choice = request.tool_choice.map(|raw| read_tool_choice(raw, report)).transpose()?.flatten();
    let tool_choice = keep_choice(tool_choice, &tools, given, report)?;
    let user: Option<Text<'_>> = member("user", request.user)?;
    let exchange = Exchange {
        names: &NAMES,
        system,
        turns,
        tools,
        tool_choice,
        parallel_tools: member("parallel_tool_calls", request.parallel_tool_calls)?,
        max_tokens: member("max_output_tokens", request.max_output_tokens)?,
        temperature: member("temperature", request.temperature)?,
        top_p: member("top_p", request.top_p)?,
        top_k: None,
        penalties: Penalties::default(),
        stop: Vec::new(),
        stream: request.stream.unwrap_or(false),
        format: member("text", request.text)?.map(|text| read_text(text, report)).transpose()?.flatten(),
        thinking: None,
        effort: member("reasoning", request.reasoning)?.map(|r| read_effort(r, report)).transpose()?.flatten(),
        user: user.or(member("safety_identifier", request.safety_identifier)?),
    };
    Ok((exchange, echo))
}

/// Reads a member of the top level that is kept as it stands beside.
fn member<'a, T: Deserialize<'a>>(name: &'static str, raw: Option<&'a RawValue>) -> Result<Option<T>, RequestError> {
    let Some(raw) = raw else { return Ok(None) };
    parse(raw.get()).map_err(|Fault { path, problem }| {
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        request_error(Fault { path: format!("{name}{dot}{path}"), problem })
    })
}

/// What only the provider that keeps it knows. Without it the request would mean something else.
fn refuse_state(request: &Request<'_>) -> Result<(), RequestError> {
    for (given, name) in [
        (request.previous_response_id.is_some(), "previous_response_id"),
        (request.conversation.is_some(), "conversation"),
        (request.prompt.is_some(), "prompt"),
    ] {
        if given {
            return Err(RequestError::unsupported(name, KEPT_ELSEWHERE));
        }
    }
    if request.background == Some(true) {
        let reason = "this model's provider answers at once only; leave it out, or name a model of a provider of the \
                      Responses API";
        return Err(RequestError::unsupported("background", reason));
    }
    Ok(())
}

/// Reports what has no neutral form, unless it asks for what happens anyway.
fn report_parameters(request: &Request<'_>, report: &mut Report) -> Result<(), RequestError> {
    let other_tier = request.service_tier.as_deref().is_some_and(|tier| !matches!(tier, "auto" | "default"));
    // Reasoning always comes with what it is sent back with.
    let includes = request.include.iter().flatten().any(|what| &**what != "reasoning.encrypted_content");
    for (given, name) in [
        (request.store == Some(true), "store"),
        (other_tier, "service_tier"),
        (includes, "include"),
        (request.truncation.as_deref().is_some_and(|how| how != "disabled"), "truncation"),
        (request.max_tool_calls.is_some(), "max_tool_calls"),
        (request.top_logprobs.is_some_and(|n| n > 0), "top_logprobs"),
        (request.prompt_cache_key.is_some(), "prompt_cache_key"),
        (request.prompt_cache_options.is_some(), "prompt_cache_options"),
        (request.prompt_cache_retention.is_some(), "prompt_cache_retention"),
    ] {
        if given {
            report.drop(name, NO_COUNTERPART)?;
        }
    }
    if request.metadata.is_some_and(|metadata| metadata.get().len() > 2) {
        report.drop("metadata", "the answer repeats it, but no provider keeps it")?;
    }
    report.unknown(&request.extra, str::to_owned)
}

fn echo(request: &Request<'_>) -> Echo {
    Echo::new(&[
        ("instructions", request.instructions),
        ("max_output_tokens", request.max_output_tokens),
        ("metadata", request.metadata),
        ("parallel_tool_calls", request.parallel_tool_calls),
        ("reasoning", request.reasoning),
        ("temperature", request.temperature),
        ("text", request.text),
        ("tool_choice", request.tool_choice),
        ("tools", request.tools),
        ("top_p", request.top_p),
        ("user", request.user),
        ("safety_identifier", request.safety_identifier),
    ])
}

/// The input in its short form is what the user says.
fn read_input<'a>(
    input: Option<TextOr<'a, WireItem<'a>>>,
    report: &mut Report,
) -> Result<(Vec<Block<'a>>, Vec<Turn<'a>>), RequestError> {
    match input {
        Some(TextOr::Text(text)) => {
            let at = At { lists: Lists::WholeInput, ..At::default() };
            let blocks = vec![Block { at, kind: BlockKind::Text(text), cache: None }];
            Ok((Vec::new(), vec![Turn { role: Role::User, blocks }]))
        }
        Some(TextOr::List(items)) => read_items(items, report),
        None => Err(RequestError::field(
            "input",
            "is missing",
            "send a string, or a list of items such as {\"role\": \"user\", \"content\": \"Hello\"}",
        )),
    }
}

fn read_tools<'a>(tools: Vec<WireTool<'a>>, report: &mut Report) -> Result<Vec<Tool<'a>>, RequestError> {
    let mut read = Vec::with_capacity(tools.len());
    for (at, tool) in tools.into_iter().enumerate() {
        if tool.kind.as_deref() != Some("function") {
            report.drop(format!("tools[{at}]"), "only tools of type function can be translated")?;
            continue;
        }
        let Some(name) = tool.name else {
            return Err(RequestError::field(
                format!("tools[{at}].name"),
                "is missing",
                "name the function, for example \"get_weather\"",
            ));
        };
        report.unknown(&tool.extra, |field| format!("tools[{at}].{field}"))?;
        let (description, schema, strict) = (tool.description, tool.parameters, tool.strict);
        read.push(Tool { at, name, description, schema: schema.map(Raw::Borrowed), strict, cache: None });
    }
    Ok(read)
}

/// `None` for a choice of a tool that cannot be offered.
fn read_tool_choice<'a>(raw: &'a RawValue, report: &mut Report) -> Result<Option<ToolChoice<'a>>, RequestError> {
    #[derive(Deserialize)]
    struct Choice<'a> {
        #[serde(borrow, rename = "type")]
        kind: Text<'a>,
        #[serde(borrow)]
        name: Option<Text<'a>>,
        #[serde(borrow)]
        mode: Option<Text<'a>>,
    }
    let wrong = || {
        RequestError::field(
            "tool_choice",
            "is none of the known values",
            "write \"auto\", \"none\", \"required\" or {\"type\": \"function\", \"name\": …}",
        )
    };
    if raw.get().starts_with('"') {
        let word: Text<'_> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
        return match &*word {
            "auto" => Ok(Some(ToolChoice::Auto)),
            "none" => Ok(Some(ToolChoice::None)),
            "required" => Ok(Some(ToolChoice::Any)),
            _ => Err(wrong()),
        };
    }
    let choice: Choice<'_> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
    match (&*choice.kind, choice.name) {
        ("function", Some(name)) => Ok(Some(ToolChoice::Named(name))),
        ("function", None) => Err(wrong()),
        ("allowed_tools", _) => {
            report.drop("tool_choice.tools", "the provider cannot be limited to some tools; all are offered")?;
            let required = choice.mode.as_deref() == Some("required");
            Ok(Some(if required { ToolChoice::Any } else { ToolChoice::Auto }))
        }
        _ => {
            report.drop("tool_choice", "only a tool of type function can be chosen")?;
            Ok(None)
        }
    }
}

fn read_text<'a>(text: TextConfig<'a>, report: &mut Report) -> Result<Option<Format<'a>>, RequestError> {
    if text.verbosity.as_deref().is_some_and(|level| level != "medium") {
        report.drop("text.verbosity", NO_COUNTERPART)?;
    }
    report.unknown(&text.extra, |field| format!("text.{field}"))?;
    let Some(format) = text.format else { return Ok(None) };
    match format.kind.as_deref() {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(Format::JsonObject)),
        Some("json_schema") => {
            if format.description.is_some() {
                report.drop("text.format.description", NO_COUNTERPART)?;
            }
            report.unknown(&format.extra, |field| format!("text.format.{field}"))?;
            let missing = || RequestError::field("text.format.schema", "is missing", "put the JSON Schema there");
            Ok(Some(Format::JsonSchema {
                name: format.name,
                schema: Raw::Borrowed(format.schema.ok_or_else(missing)?),
            }))
        }
        _ => Err(RequestError::field(
            "text.format.type",
            "is none of the known values",
            "write \"text\", \"json_object\" or \"json_schema\"",
        )),
    }
}

/// A summary needs no asking for: what a provider shows of its reasoning is always passed on.
fn read_effort(reasoning: Reasoning<'_>, report: &mut Report) -> Result<Option<Effort>, RequestError> {
    report.unknown(&reasoning.extra, |field| format!("reasoning.{field}"))?;
    reasoning.effort.map(|name| Effort::read(&name, NAMES.effort, EFFORTS)).transpose()
}
