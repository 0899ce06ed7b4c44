//! Closes the objects of a JSON Schema: Anthropic holds a model only to schemas that name all properties.
//!
//! Source: <https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations>: of
//! `additionalProperties`, only `false` is taken, and an object that leaves it out is refused with 400.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::wire::Raw;

/// Members whose value is a schema, a list of schemas, or (the last three) schemas by name.
const ONE: [&str; 5] = ["items", "not", "if", "then", "else"];
const LIST: [&str; 4] = ["anyOf", "allOf", "oneOf", "prefixItems"];
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];

/// The schema with `additionalProperties: false` in every object that says nothing of it; `None` when all do. What a
/// schema says itself is left as it is, even where Anthropic refuses it.
pub(super) fn close(schema: &RawValue) -> Option<Raw<'static>> {
    let mut value: Value = serde_json::from_str(schema.get()).ok()?;
    if close_value(&mut value) { Raw::parse(&value.to_string()) } else { None }
}

/// Whether anything changed.
fn close_value(schema: &mut Value) -> bool {
    let Value::Object(fields) = schema else { return false };
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
            changed |= close_value(schema);
        }
    }
    changed
}
