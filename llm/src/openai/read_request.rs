//! Reads a chat completion request into the neutral exchange.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::read_messages::{Message, read_messages};
use crate::error::RequestError;
use crate::exchange::{
    Effort, Exchange, Format, Names, Penalties, Thinking, Tool, ToolChoice, conversation, keep_choice,
};
use crate::peek::request_error;
use crate::report::{NO_COUNTERPART, Report};
use crate::wire::{Raw, Text, TextOr, parse, record};

const NAMES: Names = Names {
    conversation: "messages",
    max_tokens: "max_tokens",
    stop: "stop",
    format: "response_format",
    thinking: "thinking",
    budget: "thinking.budget_tokens",
    effort: "reasoning_effort",
    user: "user",
    parallel_tools: "parallel_tool_calls",
    seed: "seed",
    frequency_penalty: "frequency_penalty",
    presence_penalty: "presence_penalty",
};

const EFFORTS: &str = "write \"none\", \"minimal\", \"low\", \"medium\", \"high\" or \"xhigh\"";

record! {
    /// The request body. `top_k` and `thinking` are no part of OpenAI's API but are commonly sent with it.
    Request {
        "model" model: IgnoredAny,
        "messages" messages: Vec<Message<'a>>,
        "stream" stream: bool,
        "stream_options" stream_options: IgnoredAny,
        "max_tokens" max_tokens: u64,
        "max_completion_tokens" max_completion_tokens: u64,
        "temperature" temperature: f64,
        "top_p" top_p: f64,
        "top_k" top_k: u64,
        "n" n: u64,
        "stop" stop: TextOr<'a, Text<'a>>,
        "seed" seed: i64,
        "frequency_penalty" frequency_penalty: f64,
        "presence_penalty" presence_penalty: f64,
        "logit_bias" logit_bias: &'a RawValue,
        "logprobs" logprobs: bool,
        "tools" tools: Vec<WireTool<'a>>,
        "tool_choice" tool_choice: &'a RawValue,
        "parallel_tool_calls" parallel_tool_calls: bool,
        "functions" functions: IgnoredAny,
        "function_call" function_call: IgnoredAny,
        "response_format" response_format: ResponseFormat<'a>,
        "reasoning_effort" reasoning_effort: Text<'a>,
        "thinking" thinking: WireThinking<'a>,
        "user" user: Text<'a>,
        "safety_identifier" safety_identifier: Text<'a>,
        "store" store: bool,
        "modalities" modalities: Vec<Text<'a>>,
        "service_tier" service_tier: Text<'a>,
    }
}

record! {
    /// An entry of `tools`.
    WireTool {
        "type" kind: Text<'a>,
        "function" function: Function<'a>,
        "cache_control" cache_control: &'a RawValue,
    }
}

record! {
    /// A tool's `function`.
    Function {
        "name" name: Text<'a>,
        "description" description: Text<'a>,
        "parameters" parameters: &'a RawValue,
        "strict" strict: bool,
        "cache_control" cache_control: &'a RawValue,
    }
}

record! {
    /// `response_format`.
    ResponseFormat {
        "type" kind: Text<'a>,
        "json_schema" json_schema: JsonSchema<'a>,
    }
}

record! {
    /// `response_format.json_schema`.
    JsonSchema {
        "name" name: Text<'a>,
        "description" description: Text<'a>,
        "schema" schema: &'a RawValue,
        "strict" strict: bool,
    }
}

record! {
    /// Anthropic's `thinking`, as OpenAI-style clients of Claude send it.
    WireThinking {
        "type" kind: Text<'a>,
        "budget_tokens" budget_tokens: u64,
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
    let (system, turns) = read_messages(messages, report)?;
    let tools = request.tools.unwrap_or_default();
    let given = tools.len();
    let tools = read_tools(tools, report)?;
    let tool_choice = request.tool_choice.map(|raw| read_tool_choice(raw, report)).transpose()?;
    let tool_choice = keep_choice(tool_choice, &tools, given, report)?;
    Ok(Exchange {
        names: &NAMES,
        system,
        turns,
        tools,
        tool_choice,
        parallel_tools: request.parallel_tool_calls,
        max_tokens: request.max_completion_tokens.or(request.max_tokens),
        temperature: request.temperature,
        top_p: request.top_p,
        top_k: request.top_k,
        penalties: Penalties {
            seed: request.seed,
            frequency: request.frequency_penalty,
            presence: request.presence_penalty,
        },
        stop: match request.stop {
            None => Vec::new(),
            Some(TextOr::Text(text)) => vec![text],
            Some(TextOr::List(list)) => list,
        },
        stream: request.stream.unwrap_or(false),
        format: request.response_format.map(|format| read_format(format, report)).transpose()?.flatten(),
        thinking: request.thinking.map(|t| Thinking::read(t.kind.as_deref(), t.budget_tokens)).transpose()?,
        effort: request.reasoning_effort.map(|name| Effort::read(&name, NAMES.effort, EFFORTS)).transpose()?,
        user: request.user.or(request.safety_identifier),
    })
}

/// Reports what has no neutral form, unless it asks for what happens anyway.
fn report_parameters(request: &Request<'_>, report: &mut Report) -> Result<(), RequestError> {
    if request.n.is_some_and(|n| n != 1) {
        return Err(RequestError::unsupported(
            "n",
            "this model's provider gives one answer per request; send it n times",
        ));
    }
    if request.functions.is_some() || request.function_call.is_some() {
        return Err(RequestError::unsupported(
            "functions",
            "is deprecated and not translated; use tools and tool_choice",
        ));
    }
    if request.modalities.as_ref().is_some_and(|list| list.iter().any(|m| &**m != "text")) {
        return Err(RequestError::unsupported("modalities", "this model's provider answers with text only"));
    }
    let other_tier = request.service_tier.as_deref().is_some_and(|tier| !matches!(tier, "auto" | "default"));
    for (given, name) in [
        (request.logit_bias.is_some_and(|bias| bias.get().len() > 2), "logit_bias"),
        (request.logprobs == Some(true), "logprobs"),
        (request.store == Some(true), "store"),
        (other_tier, "service_tier"),
    ] {
        if given {
            report.drop(name, NO_COUNTERPART)?;
        }
    }
    report.unknown(&request.extra, str::to_owned)
}

fn read_tools<'a>(tools: Vec<WireTool<'a>>, report: &mut Report) -> Result<Vec<Tool<'a>>, RequestError> {
    let mut read = Vec::with_capacity(tools.len());
    for (at, tool) in tools.into_iter().enumerate() {
        if tool.kind.as_deref().unwrap_or("function") != "function" {
            report.drop(format!("tools[{at}]"), "only tools of type function can be translated")?;
            continue;
        }
        let function = tool.function.unwrap_or_default();
        let Some(name) = function.name else {
            return Err(RequestError::field(
                format!("tools[{at}].function.name"),
                "is missing",
                "name the function, for example \"get_weather\"",
            ));
        };
        report.unknown(tool.extra.iter().chain(&function.extra), |field| format!("tools[{at}].{field}"))?;
        read.push(Tool {
            at,
            name,
            description: function.description,
            schema: function.parameters.map(Raw::Borrowed),
            strict: function.strict,
            cache: tool.cache_control.or(function.cache_control),
        });
    }
    Ok(read)
}

fn read_tool_choice<'a>(raw: &'a RawValue, report: &mut Report) -> Result<ToolChoice<'a>, RequestError> {
    let wrong = || {
        RequestError::field(
            "tool_choice",
            "is none of the known values",
            "write \"auto\", \"none\", \"required\" or {\"type\": \"function\", \"function\": {\"name\": …}}",
        )
    };
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        function: Option<NamedFunction<'a>>,
        #[serde(borrow)]
        allowed_tools: Option<AllowedTools<'a>>,
    }
    #[derive(Deserialize)]
    struct NamedFunction<'a> {
        #[serde(borrow)]
        name: Text<'a>,
    }
    #[derive(Deserialize)]
    struct AllowedTools<'a> {
        #[serde(borrow)]
        mode: Text<'a>,
    }
    if raw.get().starts_with('"') {
        let word: Text<'_> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
        return match &*word {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Any),
            _ => Err(wrong()),
        };
    }
    let named: Named<'_> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
    if let Some(allowed) = named.allowed_tools {
        report
            .drop("tool_choice.allowed_tools.tools", "the provider cannot be limited to some tools; all are offered")?;
        return Ok(if &*allowed.mode == "required" { ToolChoice::Any } else { ToolChoice::Auto });
    }
    named.function.map(|function| ToolChoice::Named(function.name)).ok_or_else(wrong)
}

fn read_format<'a>(format: ResponseFormat<'a>, report: &mut Report) -> Result<Option<Format<'a>>, RequestError> {
    match format.kind.as_deref() {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(Format::JsonObject)),
        Some("json_schema") => {
            let schema = format.json_schema.unwrap_or_default();
            if schema.description.is_some() {
                report.drop("response_format.json_schema.description", NO_COUNTERPART)?;
            }
            report.unknown(&schema.extra, |field| format!("response_format.json_schema.{field}"))?;
            let Some(raw) = schema.schema else {
                return Err(RequestError::field(
                    "response_format.json_schema.schema",
                    "is missing",
                    "put the JSON Schema there",
                ));
            };
            Ok(Some(Format::JsonSchema { name: schema.name, schema: Raw::Borrowed(raw) }))
        }
        _ => Err(RequestError::field(
            "response_format.type",
            "is none of the known values",
            "write \"text\", \"json_object\" or \"json_schema\"",
        )),
    }
}
