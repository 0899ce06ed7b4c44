//! Reads a `generateContent` request into the neutral exchange. Fields may be written in camel case or, as protocol
//! buffers allow and Google's own examples do, in snake case.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::read_contents::{Content, read_contents, read_system};
use super::read_schema;
use crate::error::RequestError;
use crate::exchange::{Effort, Exchange, Format, Names, Penalties, Thinking, Tool, ToolChoice, keep_choice};
use crate::peek::request_error;
use crate::report::{NO_COUNTERPART, Report};
use crate::wire::{Raw, Text, parse, record};

const NAMES: Names = Names {
    conversation: "contents",
    max_tokens: "generationConfig.maxOutputTokens",
    parallel_tools: "parallel_tool_calls",
    stop: "generationConfig.stopSequences",
    format: "generationConfig.responseSchema",
    thinking: "generationConfig.thinkingConfig.thinkingBudget",
    budget: "generationConfig.thinkingConfig.thinkingBudget",
    effort: "generationConfig.thinkingConfig.thinkingLevel",
    user: "labels",
    seed: "generationConfig.seed",
    frequency_penalty: "generationConfig.frequencyPenalty",
    presence_penalty: "generationConfig.presencePenalty",
};

record! {
    /// The request body.
    Request {
        "model" model: IgnoredAny,
        "contents" contents: Vec<Content<'a>>,
        "systemInstruction" | "system_instruction" system: Content<'a>,
        "tools" tools: Vec<WireTool<'a>>,
        "toolConfig" | "tool_config" tool_config: ToolConfig<'a>,
        "generationConfig" | "generation_config" config: GenerationConfig<'a>,
        "serviceTier" | "service_tier" service_tier: Text<'a>,
        "store" store: bool,
    }
}

record! {
    /// An entry of `tools`: functions, or a tool of Google's.
    WireTool {
        "functionDeclarations" | "function_declarations" functions: Vec<Declaration<'a>>,
    }
}

record! {
    Declaration {
        "name" name: Text<'a>,
        "description" description: Text<'a>,
        "parameters" parameters: &'a RawValue,
        "parametersJsonSchema" | "parameters_json_schema" json_schema: &'a RawValue,
        "behavior" behavior: Text<'a>,
        "response" response: IgnoredAny,
        "responseJsonSchema" | "response_json_schema" response_json_schema: IgnoredAny,
    }
}

record! {
    ToolConfig {
        "functionCallingConfig" | "function_calling_config" calling: CallingConfig<'a>,
    }
}

record! {
    CallingConfig {
        "mode" mode: Text<'a>,
        "allowedFunctionNames" | "allowed_function_names" allowed: Vec<Text<'a>>,
    }
}

record! {
    GenerationConfig {
        "maxOutputTokens" | "max_output_tokens" max_output_tokens: u64,
        "temperature" temperature: f64,
        "topP" | "top_p" top_p: f64,
        "topK" | "top_k" top_k: f64,
        "candidateCount" | "candidate_count" candidate_count: u64,
        "stopSequences" | "stop_sequences" stop: Vec<Text<'a>>,
        "seed" seed: i64,
        "frequencyPenalty" | "frequency_penalty" frequency_penalty: f64,
        "presencePenalty" | "presence_penalty" presence_penalty: f64,
        "responseMimeType" | "response_mime_type" mime_type: Text<'a>,
        "responseSchema" | "response_schema" schema: &'a RawValue,
        "responseJsonSchema" | "response_json_schema" json_schema: &'a RawValue,
        "responseModalities" | "response_modalities" modalities: Vec<Text<'a>>,
        "thinkingConfig" | "thinking_config" thinking: ThinkingConfig<'a>,
        "responseLogprobs" | "response_logprobs" logprobs: bool,
    }
}

record! {
    ThinkingConfig {
        "includeThoughts" | "include_thoughts" include_thoughts: bool,
        "thinkingBudget" | "thinking_budget" budget: i64,
        "thinkingLevel" | "thinking_level" level: Text<'a>,
    }
}

/// Reads a request body. Whether it is a stream stands in the path, and in `stream`.
///
/// # Errors
/// A field has the wrong type or a value that no upstream can honour; in strict mode, one that is not carried over.
pub(crate) fn read<'a>(body: &'a str, stream: bool, report: &mut Report) -> Result<Exchange<'a>, RequestError> {
    let request: Request<'_> = parse(body).map_err(request_error)?;
    let mut config = request.config.unwrap_or_default();
    report_parameters(&request.extra, request.store, request.service_tier.as_deref(), &config, report)?;
    let Some(contents) = request.contents else {
        return Err(RequestError::field(
            "contents",
            "is missing",
            "send at least one, such as {\"role\": \"user\", \"parts\": [{\"text\": \"Hello\"}]}",
        ));
    };
    let (tools, given) = read_tools(request.tools.unwrap_or_default(), report)?;
    let tool_choice = read_choice(request.tool_config.unwrap_or_default(), report)?;
    let tool_choice = keep_choice(tool_choice, &tools, given, report)?;
    let (thinking, effort) = read_thinking(&config.thinking.take().unwrap_or_default(), report)?;
    Ok(Exchange {
        names: &NAMES,
        system: request.system.map(|system| read_system(system, report)).transpose()?.unwrap_or_default(),
        turns: read_contents(contents, report)?,
        tools,
        tool_choice,
        parallel_tools: None,
        max_tokens: config.max_output_tokens,
        temperature: config.temperature,
        top_p: config.top_p,
        top_k: config.top_k.map(whole),
        penalties: Penalties {
            seed: config.seed,
            frequency: config.frequency_penalty,
            presence: config.presence_penalty,
        },
        stop: config.stop.take().unwrap_or_default(),
        stream,
        format: read_format(&config, report)?,
        thinking,
        effort,
        user: None,
    })
}

/// Google's `topK` is a float.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn whole(number: f64) -> u64 {
    number as u64
}

/// Reports what has no neutral form, unless it asks for what happens anyway.
fn report_parameters(
    unknown: &[Text<'_>],
    store: Option<bool>,
    tier: Option<&str>,
    config: &GenerationConfig<'_>,
    report: &mut Report,
) -> Result<(), RequestError> {
    if config.candidate_count.is_some_and(|n| n != 1) {
        return Err(RequestError::unsupported(
            "generationConfig.candidateCount",
            "this model's provider gives one answer per request; send it several times",
        ));
    }
    if config.modalities.as_ref().is_some_and(|list| list.iter().any(|m| !m.eq_ignore_ascii_case("text"))) {
        return Err(RequestError::unsupported(
            "generationConfig.responseModalities",
            "this model's provider answers with text only",
        ));
    }
    for (given, name) in [
        (config.logprobs == Some(true), "generationConfig.responseLogprobs"),
        (store == Some(true), "store"),
        (tier.is_some_and(|tier| !matches!(tier, "standard" | "unspecified")), "serviceTier"),
    ] {
        if given {
            report.drop(name, NO_COUNTERPART)?;
        }
    }
    report.unknown(unknown, str::to_owned)?;
    report.unknown(&config.extra, |field| format!("generationConfig.{field}"))
}

/// The functions, and how many tools were given in all.
fn read_tools<'a>(tools: Vec<WireTool<'a>>, report: &mut Report) -> Result<(Vec<Tool<'a>>, usize), RequestError> {
    let (mut read, mut given) = (Vec::new(), 0);
    for (index, tool) in tools.into_iter().enumerate() {
        for name in &tool.extra {
            given += 1;
            report
                .drop(format!("tools[{index}].{}", &**name), "tools that run at the provider cannot be translated")?;
        }
        for (place, function) in tool.functions.into_iter().flatten().enumerate() {
            let path = |field: &str| format!("tools[{index}].functionDeclarations[{place}].{field}");
            let Some(name) = function.name else {
                return Err(RequestError::field(
                    path("name"),
                    "is missing",
                    "name the function, for example \"get_weather\"",
                ));
            };
            report.unknown(&function.extra, path)?;
            if function.behavior.as_deref().is_some_and(|behavior| behavior != "BLOCKING") {
                report.drop(path("behavior"), NO_COUNTERPART)?;
            }
            if function.response.is_some() || function.response_json_schema.is_some() {
                report.drop(path("response"), NO_COUNTERPART)?;
            }
            let schema = match (function.json_schema, function.parameters) {
                (Some(schema), _) => Some(Raw::Borrowed(schema)),
                (None, Some(schema)) => Some(read_schema::read(schema.get())),
                (None, None) => None,
            };
            given += 1;
            let description = function.description;
            read.push(Tool { at: read.len(), name, description, schema, strict: None, cache: None });
        }
    }
    Ok((read, given))
}

fn read_choice<'a>(config: ToolConfig<'a>, report: &mut Report) -> Result<Option<ToolChoice<'a>>, RequestError> {
    report.unknown(&config.extra, |field| format!("toolConfig.{field}"))?;
    let Some(calling) = config.calling else { return Ok(None) };
    let mut allowed = calling.allowed.unwrap_or_default();
    Ok(Some(match calling.mode.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("MODE_UNSPECIFIED") => return Ok(None),
        Some("AUTO") => ToolChoice::Auto,
        Some("NONE") => ToolChoice::None,
        Some("ANY") if allowed.len() == 1 => ToolChoice::Named(allowed.swap_remove(0)),
        Some("ANY") => {
            if !allowed.is_empty() {
                let reason = "the provider cannot be limited to some tools; all are offered";
                report.drop("toolConfig.functionCallingConfig.allowedFunctionNames", reason)?;
            }
            ToolChoice::Any
        }
        Some("VALIDATED") => {
            report.drop(
                "toolConfig.functionCallingConfig.mode",
                "the provider gives no such guarantee; the model decides",
            )?;
            ToolChoice::Auto
        }
        Some(_) => {
            return Err(RequestError::field(
                "toolConfig.functionCallingConfig.mode",
                "is none of the known modes",
                "write \"AUTO\", \"ANY\" or \"NONE\"",
            ));
        }
    }))
}

fn read_thinking(
    config: &ThinkingConfig<'_>,
    report: &mut Report,
) -> Result<(Option<Thinking>, Option<Effort>), RequestError> {
    report.unknown(&config.extra, |field| format!("generationConfig.thinkingConfig.{field}"))?;
    let level =
        config.level.as_deref().map(str::to_ascii_lowercase).filter(|level| level != "thinking_level_unspecified");
    let known = "write \"minimal\", \"low\", \"medium\" or \"high\"";
    let effort = level.map(|level| Effort::read(&level, NAMES.effort, known)).transpose()?;
    let thinking = match config.budget {
        Some(0) => Some(Thinking::Off),
        Some(tokens) => Some(u64::try_from(tokens).map_or(Thinking::Adaptive, Thinking::Budget)),
        None if effort.is_none() && config.include_thoughts == Some(true) => Some(Thinking::Adaptive),
        None => None,
    };
    Ok((thinking, effort))
}

fn read_format<'a>(config: &GenerationConfig<'a>, report: &mut Report) -> Result<Option<Format<'a>>, RequestError> {
    let schema = match (config.json_schema, config.schema) {
        (Some(schema), _) => Some(Raw::Borrowed(schema)),
        (None, Some(schema)) => Some(read_schema::read(schema.get())),
        (None, None) => None,
    };
    match (config.mime_type.as_deref(), schema) {
        (None | Some("" | "text/plain"), None) => Ok(None),
        (Some("text/x.enum"), _) => {
            report.drop("generationConfig.responseMimeType", "the provider cannot be held to a bare word")?;
            Ok(None)
        }
        (_, Some(schema)) => Ok(Some(Format::JsonSchema { name: None, schema })),
        (Some("application/json"), None) => Ok(Some(Format::JsonObject)),
        (Some(_), None) => Err(RequestError::field(
            "generationConfig.responseMimeType",
            "is none of the known types",
            "write \"text/plain\" or \"application/json\"",
        )),
    }
}
