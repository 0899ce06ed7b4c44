//! What Gemini refuses in a schema, and in which words.

use serde_json::Value;

use super::check::{Checked, invalid};

/// The members of Google's `Schema`; anything else is refused.
const FIELDS: [&str; 22] = [
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "enum",
    "maxItems",
    "minItems",
    "properties",
    "required",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "anyOf",
    "propertyOrdering",
    "default",
    "items",
    "minimum",
    "maximum",
];
const TYPES: [&str; 7] = ["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"];

pub(super) fn check(schema: &Value, place: &str) -> Checked<()> {
    let Some(fields) = schema.as_object() else {
        return invalid(format!(
            "Invalid value at '{place}' (type.googleapis.com/google.ai.generativelanguage.v1beta.Schema)"
        ));
    };
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return invalid(format!(
            "Invalid JSON payload received. Unknown name \"{unknown}\" at '{place}': Cannot find field."
        ));
    }
    let kind = match fields.get("type") {
        None => String::new(),
        Some(Value::String(kind)) if TYPES.contains(&kind.to_uppercase().as_str()) => kind.to_uppercase(),
        Some(Value::Array(_)) => {
            return invalid(format!("Proto field is not repeating, cannot start list. at '{place}.type'"));
        }
        Some(other) => return invalid(format!("Invalid value at '{place}.type', {other}")),
    };
    if let Some(values) = fields.get("enum") {
        if kind != "STRING" {
            return invalid(format!("{place}.enum: only allowed for STRING type"));
        }
        if values.as_array().is_none_or(|list| list.iter().any(|v| v.as_str().is_none_or(str::is_empty))) {
            return invalid(format!("{place}.enum[0]: cannot be empty"));
        }
    }
    if kind == "ARRAY" && !fields.contains_key("items") {
        return invalid(format!("{place}.items: missing field."));
    }
    if let Some(format) = fields.get("format").and_then(Value::as_str)
        && kind == "STRING"
        && !["enum", "date-time"].contains(&format)
    {
        return invalid(format!("{place}.format: only 'enum' and 'date-time' are supported for STRING type"));
    }
    properties(fields, &kind, place)?;
    if let Some(items) = fields.get("items") {
        check(items, &format!("{place}.items"))?;
    }
    let alternatives = fields.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    alternatives.enumerate().try_for_each(|(n, one)| check(one, &format!("{place}.any_of[{n}]")))
}

fn properties(fields: &serde_json::Map<String, Value>, kind: &str, place: &str) -> Checked<()> {
    let properties = fields.get("properties").and_then(Value::as_object);
    if kind == "OBJECT" && properties.is_some_and(serde_json::Map::is_empty) {
        return invalid(format!("{place}.properties: should be non-empty for OBJECT type"));
    }
    for (n, name) in fields.get("required").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let known = name.as_str().zip(properties).is_some_and(|(name, properties)| properties.contains_key(name));
        if !known {
            return invalid(format!("{place}.required[{n}]: property is not defined"));
        }
    }
    properties
        .into_iter()
        .flatten()
        .try_for_each(|(name, schema)| check(schema, &format!("{place}.properties[{name}]")))
}
