//! Fits a JSON Schema to what Anthropic holds a model to: closed objects, and no bounds of numbers, lengths and counts.
//!
//! Source: <https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations>: of
//! `additionalProperties`, only `false` is taken, and an object that leaves it out is refused with 400; so is a schema with bounds.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::wire::Raw;

/// Members whose value is a schema, a list of schemas, or (the last three) schemas by name.
const ONE: [&str; 5] = ["items", "not", "if", "then", "else"];
const LIST: [&str; 4] = ["anyOf", "allOf", "oneOf", "prefixItems"];
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];

/// Bounds that make Anthropic refuse a schema; a `minItems` of 0 or 1 it takes. The vendor's SDKs move them into the
/// description, where the model at least reads them, and so does Weir.
const BOUNDS: [&str; 12] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// A schema that was changed.
pub(super) struct Fitted {
    pub(super) schema: Raw<'static>,
    /// Whether objects were closed.
    pub(super) closed: bool,
    /// The bounds that were moved into descriptions, each once.
    pub(super) moved: BTreeSet<&'static str>,
}

/// The schema with `additionalProperties: false` in every object that says nothing of it, and with the bounds that are
/// refused in descriptions; `None` when nothing changes. What a schema says of `additionalProperties` itself is left as
/// it is, even where Anthropic refuses it.
pub(super) fn fit(schema: &Raw<'_>) -> Option<Fitted> {
    let mut value: Value = serde_json::from_str(schema.get()).ok()?;
    let mut moved = BTreeSet::new();
    let closed = close_value(&mut value, &mut moved);
    if !closed && moved.is_empty() {
        return None;
    }
    Some(Fitted { schema: Raw::parse(&value.to_string())?, closed, moved })
}

/// Moves what bounds one value into its description.
fn move_bounds(fields: &mut Map<String, Value>, moved: &mut BTreeSet<&'static str>) {
    let mut told = Vec::new();
    for bound in BOUNDS {
        let taken = bound == "minItems" && fields.get(bound).is_some_and(|n| n.as_u64().is_some_and(|n| n <= 1));
        if let Some(value) = (!taken).then(|| fields.remove(bound)).flatten() {
            told.push(format!("{bound}: {value}"));
            moved.insert(bound);
        }
    }
    if told.is_empty() {
        return;
    }
    let told = format!("{{{}}}", told.join(", "));
    let description = match fields.get("description").and_then(Value::as_str) {
        Some(given) if !given.is_empty() => format!("{given}\n\n{told}"),
        _ => told,
    };
    fields.insert("description".to_owned(), Value::String(description));
}

/// Whether any object was closed.
fn close_value(schema: &mut Value, moved: &mut BTreeSet<&'static str>) -> bool {
    let Value::Object(fields) = schema else { return false };
    move_bounds(fields, moved);
    let names =
        |kind: &Value| kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|k| k == "object"));
    let is_object = fields.get("type").is_some_and(names) || fields.get("properties").is_some_and(Value::is_object);
    let mut changed = is_object && !fields.contains_key("additionalProperties");
    if changed {
        fields.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    for (name, value) in fields.iter_mut() {
        let name = name.as_str();
        let inner: Vec<&mut Value> = match value {
            Value::Object(named) if NAMED.contains(&name) => named.values_mut().collect(),
            Value::Array(list) if LIST.contains(&name) => list.iter_mut().collect(),
            one if ONE.contains(&name) => vec![one],
            _ => Vec::new(),
        };
        for schema in inner {
            changed |= close_value(schema, moved);
        }
    }
    changed
}
