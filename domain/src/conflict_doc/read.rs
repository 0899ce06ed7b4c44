//! Reads a block `conflict:` out of an OpenAPI document: `x-conflict`, and what the operation itself demands.

use serde_json::{Map, Value};

use crate::compile;
use crate::draft::Draft;
use crate::fault::Fault;
use crate::resource::{DEFAULT_TEAM, Kind};
use crate::spec::{ConditionHeader, Conflict, ConflictSetting, Method, Off, Preconditions, Require, Spec};

/// The field of a document, of a path or of an operation that holds a policy.
pub const EXTENSION: &str = "x-conflict";

/// The policy that `x-conflict` holds; `at` is the way to it, for faults.
///
/// # Errors
/// Everything that is wrong with it: its shape, its values, and what contradicts itself within it. Whether the stores and
/// policies that it names are there is not known here.
pub fn setting(value: &Value, at: &str) -> Result<ConflictSetting, Vec<Fault>> {
    let fault = |field: String, problem: String| Fault { file: None, resource: String::new(), field, problem };
    match value {
        Value::String(word) if word == "off" => return Ok(ConflictSetting::Off(Off::Off)),
        Value::Object(_) => {}
        _ => return Err(vec![fault(at.to_owned(), "must be the word off, or a mapping of fields".to_owned())]),
    }
    let mut draft = Draft::default();
    draft.read(Kind::ConflictPolicy, EXTENSION, DEFAULT_TEAM, value);
    let mut faults = std::mem::take(&mut draft.faults);
    for resource in &draft.resources {
        let judged = compile::conflict_block(resource);
        faults.extend(judged.into_iter().filter(|found| !draft.mended.hides(found)));
    }
    match draft.resources.pop().map(|resource| resource.spec) {
        Some(Spec::ConflictPolicy(block)) if faults.is_empty() => Ok(ConflictSetting::On(block)),
        _ => Err(faults.into_iter().map(|found| fault(found.field.replacen("spec", at, 1), found.problem)).collect()),
    }
}

/// The policy of an operation: its `x-conflict`, and where a required `If-Match` (or another condition) is declared, that
/// writes without it are refused. `None` where the operation says nothing.
///
/// # Errors
/// As [`setting`].
pub fn of_operation(
    operation: &Map<String, Value>,
    method: Method,
    at: &str,
) -> Result<Option<ConflictSetting>, Vec<Fault>> {
    let given = operation.get(EXTENSION).map(|value| setting(value, &format!("{at}.{EXTENSION}"))).transpose()?;
    let any_of = required_conditions(operation);
    let changes = !super::is_safe(method);
    if any_of.is_empty() || !changes || matches!(given, Some(ConflictSetting::Off(_))) {
        return Ok(given);
    }
    let mut block = match given {
        Some(ConflictSetting::On(block)) => block,
        _ => Box::new(Conflict::default()),
    };
    let preconditions = block.preconditions.get_or_insert_with(Preconditions::default);
    // What the block says itself is more exact.
    preconditions.require.get_or_insert(Require { methods: vec![method], any_of });
    Ok(Some(ConflictSetting::On(block)))
}

/// The conditions that an operation declares as required headers.
fn required_conditions(operation: &Map<String, Value>) -> Vec<ConditionHeader> {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let names = parameters
        .filter(|parameter| parameter["in"] == "header" && parameter["required"] == true)
        .filter_map(|parameter| parameter["name"].as_str());
    names
        .filter_map(|name| match name.to_ascii_lowercase().as_str() {
            "if-match" => Some(ConditionHeader::IfMatch),
            "if-none-match" => Some(ConditionHeader::IfNoneMatch),
            "if-unmodified-since" => Some(ConditionHeader::IfUnmodifiedSince),
            _ => None,
        })
        .collect()
}
