//! Writes the neutral exchange as a Converse request.

use bytes::Bytes;
use serde::{Serialize, Serializer};

use super::family::{Family, family};
use super::reasoning::{Additional, plan_reasoning};
use super::write_blocks::{CachePoint, OutMessage, Writer};
use crate::anthropic::held_format::hold;
use crate::anthropic::tool_ids;
use crate::anthropic::write_request::{
    FALLBACK_MAX_TOKENS, Sampling, called_tools, object_schema, write_schema, write_stop,
};
use crate::error::RequestError;
use crate::exchange::{Block, BlockKind, Exchange, Tool, ToolChoice, coalesce};
use crate::report::{NO_COUNTERPART, Report};
use crate::request::Target;
use crate::wire::{Raw, Text};

/// The longest id of a call: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html>.
const MAX_TOOL_ID: usize = 64;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    messages: Vec<OutMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<OutSystem<'a>>,
    #[serde(skip_serializing_if = "InferenceConfig::is_empty")]
    inference_config: InferenceConfig<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Additional::is_empty")]
    additional_model_request_fields: Additional,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum OutSystem<'a> {
    Text(Text<'a>),
    CachePoint(CachePoint),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<Text<'a>>,
}

impl InferenceConfig<'_> {
    fn is_empty(&self) -> bool {
        self.max_tokens.is_none()
            && self.temperature.is_none()
            && self.top_p.is_none()
            && self.stop_sequences.is_empty()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    tools: Vec<OutTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<OutToolChoice<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum OutTool<'a> {
    ToolSpec(ToolSpec<'a>),
    CachePoint(CachePoint),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec<'a> {
    name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    input_schema: InputSchema<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
struct InputSchema<'a> {
    json: Raw<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum OutToolChoice<'a> {
    Auto {},
    Any {},
    Tool { name: Text<'a> },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig<'a> {
    text_format: TextFormat<'a>,
}

#[derive(Serialize)]
struct TextFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    structure: Structure<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Structure<'a> {
    json_schema: JsonSchema<'a>,
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    /// JSON in a string: that is Converse's form.
    #[serde(serialize_with = "as_string")]
    schema: Raw<'a>,
}

fn as_string<S: Serializer>(raw: &Raw<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(raw.get())
}

/// Writes the body for `target`. The model and whether a stream is wanted stand in the path.
///
/// # Errors
/// Nothing is left to send, or a part of it the provider cannot take; in strict mode, something is not carried over.
pub(crate) fn write(
    mut exchange: Exchange<'_>,
    target: &Target<'_>,
    report: &mut Report,
) -> Result<Bytes, RequestError> {
    exchange.turns = coalesce(exchange.turns);
    tool_ids::fit(&mut exchange.turns, MAX_TOOL_ID);
    if exchange.max_tokens == Some(0) {
        return Err(RequestError::field("max_tokens", "is 0", "write 1 or more, or leave it out"));
    }
    exchange.clamp_max_tokens(target.max_output_tokens, report)?;
    let family = family(target.model);
    let max_tokens = exchange.max_tokens.or(target.max_output_tokens);
    let limit = max_tokens.unwrap_or(FALLBACK_MAX_TOKENS);
    let (mut additional, plan) = plan_reasoning(&exchange, family, limit, report)?;
    // A budget of reasoning needs a limit that it lies within.
    let max_tokens = max_tokens.or(plan.thinking.is_some().then_some(limit));
    let sampling = Sampling::read(&exchange, family.claude(), &plan, report)?;
    additional.place_top_k(sampling.top_k, family, report)?;
    additional.place_betas(target.betas, family, report)?;
    if exchange.user.is_some() {
        report.drop(exchange.names.user, NO_COUNTERPART)?;
    }
    let format_name = exchange.names.format;
    let (schema, instruction) = hold(exchange.format.take(), format_name, family.has_structured_outputs(), report)?;
    let tool_config = write_tools(&mut exchange, family, report)?;
    let stop_sequences = write_stop(exchange.stop, exchange.names.stop, report)?;
    let mut writer = Writer::new(family, report);
    let request = Request {
        system: write_system(exchange.system, instruction, &mut writer)?,
        messages: writer.messages(exchange.turns)?,
        inference_config: InferenceConfig {
            max_tokens,
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            stop_sequences,
        },
        tool_config,
        output_config: schema.map(|schema| OutputConfig {
            text_format: TextFormat {
                kind: "json_schema",
                structure: Structure { json_schema: JsonSchema { schema } },
            },
        }),
        additional_model_request_fields: additional,
    };
    serde_json::to_vec(&request).map(Bytes::from).map_err(|fault| RequestError::Malformed(fault.to_string()))
}

/// Each text of its own, so that marks of the cache keep their places.
fn write_system<'a>(
    blocks: Vec<Block<'a>>,
    instruction: Option<Text<'a>>,
    writer: &mut Writer<'_>,
) -> Result<Vec<OutSystem<'a>>, RequestError> {
    let mut system = Vec::with_capacity(blocks.len());
    for block in blocks {
        let BlockKind::Text(text) = block.kind else { continue };
        if text.trim().is_empty() {
            continue;
        }
        system.push(OutSystem::Text(text));
        let (at, takes) = (block.at, writer.family.caches());
        let mark = writer.cache_point(block.cache, || at.path("cache_control"), takes)?;
        system.extend(mark.map(OutSystem::CachePoint));
    }
    system.extend(instruction.map(OutSystem::Text));
    Ok(system)
}

/// The tools and the choice among them. Converse has no `none`: tools are withheld then. But it refuses calls in a
/// history without tools, so the tools that were called before stand in (rule 12).
fn write_tools<'a>(
    exchange: &mut Exchange<'a>,
    family: Family,
    report: &mut Report,
) -> Result<Option<ToolConfig<'a>>, RequestError> {
    let called = called_tools(exchange);
    let mut given = std::mem::take(&mut exchange.tools);
    let choice = exchange.tool_choice.take();
    let withheld = matches!(choice, Some(ToolChoice::None)) && !given.is_empty();
    if withheld {
        given.clear();
        if !called.is_empty() {
            report
                .drop("tool_choice", "the provider cannot forbid calls; tools of the history are named as disabled")?;
        }
    }
    if exchange.parallel_tools == Some(false) && !given.is_empty() {
        report.drop(exchange.names.parallel_tools, NO_COUNTERPART)?;
    }
    if given.is_empty() {
        return Ok(stand_in(called));
    }
    let tool_choice = match choice {
        Some(ToolChoice::Any) => Some(OutToolChoice::Any {}),
        Some(ToolChoice::Named(name)) => Some(OutToolChoice::Tool { name }),
        Some(ToolChoice::Auto) => Some(OutToolChoice::Auto {}),
        Some(ToolChoice::None) | None => None,
    };
    let mut tools = Vec::with_capacity(given.len());
    let mut writer = Writer::new(family, report);
    for tool in given {
        write_tool(tool, &mut tools, &mut writer)?;
    }
    Ok(Some(ToolConfig { tools, tool_choice }))
}

fn write_tool<'a>(tool: Tool<'a>, tools: &mut Vec<OutTool<'a>>, writer: &mut Writer<'_>) -> Result<(), RequestError> {
    let (at, family) = (tool.at, writer.family);
    let strict = tool.strict.filter(|strict| *strict);
    if strict.is_some() && !family.has_strict_tools() {
        writer.report.drop(format!("tools[{at}].strict"), "this model gives no such guarantee")?;
    }
    tools.push(OutTool::ToolSpec(ToolSpec {
        name: tool.name,
        description: tool.description.filter(|text| !text.trim().is_empty()),
        input_schema: InputSchema { json: write_schema(at, tool.schema)? },
        strict: strict.filter(|_| family.has_strict_tools()),
    }));
    let mark = writer.cache_point(tool.cache, || format!("tools[{at}].cache_control"), family.caches_tools())?;
    tools.extend(mark.map(OutTool::CachePoint));
    Ok(())
}

/// The tools of a history that may not be called any more.
fn stand_in<'a>(called: Vec<String>) -> Option<ToolConfig<'a>> {
    let tools: Vec<_> = called
        .into_iter()
        .map(|name| {
            OutTool::ToolSpec(ToolSpec {
                name: name.into(),
                description: Some("Disabled: do not call it.".into()),
                input_schema: InputSchema { json: object_schema() },
                strict: None,
            })
        })
        .collect();
    (!tools.is_empty()).then_some(ToolConfig { tools, tool_choice: None })
}
