//! Writes the neutral exchange as a `generateContent` request.

use bytes::Bytes;
use serde::Serialize;

use super::family::{Family, family};
use super::schema::{self, Fitted, Unfit};
use super::thinking::{self, OutThinking};
use super::write_contents::{OutContent, OutPart, write_contents, write_system};
use crate::error::RequestError;
use crate::exchange::{Exchange, Format, Tool, ToolChoice};
use crate::report::Report;
use crate::request::Target;
use crate::wire::{Raw, Text};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<OutContent<'a>>,
    contents: Vec<OutContent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OutTools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "GenerationConfig::is_empty")]
    generation_config: GenerationConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutTools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
struct Declaration<'a> {
    name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Raw<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    function_calling_config: CallingConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallingConfig<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_function_names: Vec<Text<'a>>,
}

#[derive(Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
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
    stop_sequences: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_schema: Option<Answered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<OutThinking>,
}

/// A schema; two are never compared but for whether there is one.
#[derive(Serialize)]
#[serde(transparent)]
struct Answered<'a>(Raw<'a>);

impl PartialEq for Answered<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl GenerationConfig<'_> {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Sequences that Gemini takes at most.
const MAX_STOP: usize = 5;
/// What stands in for a schema where the model takes none beside tools.
const SCHEMA_INSTRUCTION: &str =
    "Where you answer with text, let it be nothing but JSON that conforms to this JSON Schema: ";
const JSON_INSTRUCTION: &str = "Where you answer with text, let it be one JSON object and nothing else.";

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
        return Err(RequestError::field(exchange.names.max_tokens, "is 0", "write 1 or more, or leave it out"));
    }
    exchange.clamp_max_tokens(target.max_output_tokens, report)?;
    let family = family(target.model);
    let thinking_config = thinking::plan(&exchange, family, report)?;
    limit(&mut exchange, report)?;
    let function_declarations = write_tools(std::mem::take(&mut exchange.tools), report)?;
    let has_tools = !function_declarations.is_empty();
    let format = write_format(exchange.format.take(), exchange.names.format, family, has_tools, report)?;
    let mut system_instruction = write_system(std::mem::take(&mut exchange.system), report)?;
    if let Some(instruction) = format.instruction {
        let system = system_instruction.get_or_insert(OutContent { role: "", parts: Vec::new() });
        system.parts.push(OutPart::text(instruction.into()));
    }
    let request = Request {
        system_instruction,
        contents: write_contents(exchange.turns, exchange.names.conversation, family.wants_signatures, report)?,
        tool_config: exchange.tool_choice.filter(|_| has_tools).and_then(write_tool_choice),
        tools: if has_tools { vec![OutTools { function_declarations }] } else { Vec::new() },
        generation_config: GenerationConfig {
            max_output_tokens: exchange.max_tokens,
            temperature: exchange.temperature,
            top_p: exchange.top_p,
            top_k: exchange.top_k,
            seed: exchange.penalties.seed,
            frequency_penalty: exchange.penalties.frequency,
            presence_penalty: exchange.penalties.presence,
            stop_sequences: exchange.stop,
            response_mime_type: format.mime_type,
            response_schema: format.schema.map(Answered),
            thinking_config,
        },
    };
    serde_json::to_vec(&request).map(Bytes::from).map_err(|fault| RequestError::Malformed(fault.to_string()))
}

/// Takes out what Gemini refuses or does not know.
fn limit(exchange: &mut Exchange<'_>, report: &mut Report) -> Result<(), RequestError> {
    if exchange.stop.len() > MAX_STOP {
        exchange.stop.truncate(MAX_STOP);
        report.drop(exchange.names.stop, "the provider takes at most 5; the first 5 are sent")?;
    }
    let before = exchange.stop.len();
    exchange.stop.retain(|sequence| !sequence.is_empty());
    if exchange.stop.len() < before {
        report.drop(exchange.names.stop, "the provider takes no empty stop sequence")?;
    }
    if exchange.penalties.seed.is_some_and(|seed| i32::try_from(seed).is_err()) {
        exchange.penalties.seed = None;
        report.drop(exchange.names.seed, "the provider takes numbers of 32 bits only")?;
    }
    if exchange.parallel_tools == Some(false) {
        report.drop(exchange.names.parallel_tools, "the provider cannot be held to one call at a time")?;
    }
    if exchange.user.take().is_some() {
        report.drop(exchange.names.user, "the provider's dialect has nothing like it")?;
    }
    Ok(())
}

fn write_tools<'a>(tools: Vec<Tool<'a>>, report: &mut Report) -> Result<Vec<Declaration<'a>>, RequestError> {
    let mut written = Vec::with_capacity(tools.len());
    for tool in tools {
        if tool.cache.is_some() {
            report.drop(format!("tools[{}].cache_control", tool.at), "the provider caches by itself")?;
        }
        if tool.strict == Some(true) {
            report.drop(format!("tools[{}].function.strict", tool.at), "the provider gives no such guarantee")?;
        }
        let name = format!("tools[{}].function.parameters", tool.at);
        let fitted = tool.schema.map(|schema| fit(&schema, &name, report)).transpose()?;
        let parameters = fitted.filter(|fitted| !fitted.is_empty).map(|fitted| fitted.schema);
        written.push(Declaration { name: tool.name, description: tool.description, parameters });
    }
    Ok(written)
}

/// Fits a schema and reports what it loses.
fn fit(schema: &Raw<'_>, name: &str, report: &mut Report) -> Result<Fitted, RequestError> {
    let fitted = schema::fit(schema).map_err(|unfit| match unfit {
        Unfit::NotAnObject => RequestError::field(
            name.to_owned(),
            "is not a JSON Schema object",
            "write {\"type\": \"object\", \"properties\": {…}}",
        ),
        Unfit::TooLarge => RequestError::unsupported(
            name,
            "is too large for the provider once its references are put in; let definitions name each other less",
        ),
    })?;
    for member in &fitted.dropped {
        report.drop(format!("{name}.{member}"), "the provider's form of a schema has nothing like it")?;
    }
    Ok(fitted)
}

/// How the answer's form is asked for.
#[derive(Default)]
struct OutFormat {
    mime_type: Option<&'static str>,
    schema: Option<Raw<'static>>,
    /// In words, where the model cannot be held to it.
    instruction: Option<String>,
}

fn write_format(
    format: Option<Format<'_>>,
    name: &'static str,
    family: Family,
    has_tools: bool,
    report: &mut Report,
) -> Result<OutFormat, RequestError> {
    let Some(format) = format else { return Ok(OutFormat::default()) };
    if has_tools && !family.json_beside_tools {
        report.drop(name, "this model takes no form of answers beside tools; asked for by an instruction")?;
        let instruction = match format {
            Format::JsonObject => JSON_INSTRUCTION.to_owned(),
            Format::JsonSchema { schema, .. } => format!("{SCHEMA_INSTRUCTION}{}", schema.get()),
        };
        return Ok(OutFormat { instruction: Some(instruction), ..OutFormat::default() });
    }
    let mime_type = Some("application/json");
    let schema = match format {
        Format::JsonObject => None,
        Format::JsonSchema { schema, .. } => Some(fit(&schema, name, report)?.schema),
    };
    Ok(OutFormat { mime_type, schema, instruction: None })
}

fn write_tool_choice(choice: ToolChoice<'_>) -> Option<ToolConfig<'_>> {
    let (mode, allowed_function_names) = match choice {
        ToolChoice::Auto => ("AUTO", Vec::new()),
        ToolChoice::None => ("NONE", Vec::new()),
        ToolChoice::Any => ("ANY", Vec::new()),
        ToolChoice::Named(name) => ("ANY", vec![name]),
    };
    Some(ToolConfig { function_calling_config: CallingConfig { mode, allowed_function_names } })
}
