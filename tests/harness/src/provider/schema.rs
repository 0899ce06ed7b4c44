//! Makes a value that satisfies a JSON Schema, as a model under structured output does.

use serde_json::{Map, Value, json};

/// A value that satisfies `schema`; strings without a fixed value become `text`.
#[must_use]
pub(super) fn instance(schema: &Value, text: &str) -> Value {
    at(schema, schema, text, 0)
}

fn at(schema: &Value, root: &Value, text: &str, depth: usize) -> Value {
    if depth > 8 {
        return Value::Null;
    }
    if let Some(pointer) = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
        return root.pointer(pointer).map_or(Value::Null, |target| at(target, root, text, depth + 1));
    }
    if let Some(fixed) = schema.get("const") {
        return fixed.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|e| e.first()) {
        return first.clone();
    }
    if let Some(first) = schema["anyOf"].as_array().and_then(|e| e.first()) {
        return at(first, root, text, depth + 1);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("string") => json!(text),
        Some("integer") => schema["minimum"].as_i64().map_or(json!(7), |least| json!(least.max(7))),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        Some("array") => json!([at(&schema["items"], root, text, depth + 1)]),
        _ => {
            let properties = schema["properties"].as_object();
            let fields = properties.into_iter().flatten();
            Value::Object(fields.map(|(k, v)| (k.clone(), at(v, root, text, depth + 1))).collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_each_property() {
        let schema = json!({
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"]}, "days": {"$ref": "#/$defs/days"}},
            "$defs": {"days": {"type": "array", "items": {"type": "integer"}}}
        });
        assert_eq!(instance(&schema, "Paris"), json!({"city": "Paris", "unit": "C", "days": [7]}));
    }
}
