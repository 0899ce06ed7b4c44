//! What an answer must look like: a schema that the model is held to, or an instruction in its place.

use super::closed_schema::fit;
use crate::error::RequestError;
use crate::exchange::Format;
use crate::report::Report;
use crate::wire::{Raw, Text};

/// What stands in for `json_object`: there is no JSON mode without a schema.
const JSON_INSTRUCTION: &str = "Answer with one JSON object and nothing else.";
/// What stands in for a schema on models that cannot be held to one.
const SCHEMA_INSTRUCTION: &str = "Answer with nothing but JSON that conforms to this JSON Schema: ";

/// The schema, and the instruction that stands in for it where the model cannot be held to one. `name` is what the
/// caller's dialect calls the format.
///
/// # Errors
/// In strict mode, when the model gets something else than the caller wrote.
pub(crate) fn hold<'a>(
    format: Option<Format<'a>>,
    name: &'static str,
    capable: bool,
    report: &mut Report,
) -> Result<(Option<Raw<'a>>, Option<Text<'a>>), RequestError> {
    match format {
        None => Ok((None, None)),
        Some(Format::JsonObject) => {
            report.drop(name, "there is no JSON mode without a schema; asked for by an instruction")?;
            Ok((None, Some(JSON_INSTRUCTION.into())))
        }
        Some(Format::JsonSchema { schema, .. }) if capable => {
            let Some(fitted) = fit(&schema) else { return Ok((Some(schema), None)) };
            if fitted.closed {
                let path = format!("{name}.additionalProperties");
                report.drop(path, "the provider takes closed objects only; false was added where it is absent")?;
            }
            for bound in fitted.moved {
                report
                    .drop(format!("{name}.{bound}"), "the provider holds no model to it; moved to the description")?;
            }
            Ok((Some(fitted.schema), None))
        }
        Some(Format::JsonSchema { schema, .. }) => {
            report.drop(name, "this model cannot be held to a schema; asked for by an instruction")?;
            Ok((None, Some(format!("{SCHEMA_INSTRUCTION}{}", schema.get()).into())))
        }
    }
}
