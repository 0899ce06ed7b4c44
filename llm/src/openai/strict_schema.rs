//! Tells whether a JSON Schema is one that OpenAI guarantees to keep to (`strict: true`).
//!
//! Source: <https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>.

use serde_json::Value;

use crate::wire::Raw;

/// Every object names all its properties as required and allows no others. With any other schema OpenAI refuses
/// `strict: true`, so it is sent without and the model keeps to it as well as it can.
pub(crate) fn is_strict(schema: &Raw<'_>) -> bool {
    serde_json::from_str(schema.get()).is_ok_and(|value: Value| keeps_to_rules(&value))
}

fn keeps_to_rules(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(keeps_to_rules),
        Value::Object(fields) => {
            let is_object = fields.get("type").is_some_and(|kind| kind == "object")
                || matches!(fields.get("properties"), Some(Value::Object(_)));
            (!is_object || closed(fields)) && fields.values().all(keeps_to_rules)
        }
        _ => true,
    }
}

fn closed(fields: &serde_json::Map<String, Value>) -> bool {
    let empty = serde_json::Map::new();
    let properties = fields.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required = fields.get("required").and_then(Value::as_array);
    let is_required = |name: &String| required.is_some_and(|list| list.iter().any(|item| item == name));
    fields.get("additionalProperties") == Some(&Value::Bool(false)) && properties.keys().all(is_required)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(schema: &str) -> bool {
        is_strict(&Raw::parse(schema).unwrap())
    }

    #[test]
    fn strict_is_claimed_only_for_schemas_that_openai_takes_as_strict() {
        assert!(strict(
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#
        ));
        assert!(strict(r#"{"type":"string"}"#));
        assert!(!strict(r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#));
        assert!(!strict(r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#));
        assert!(!strict(r#"{"type":"array","items":{"type":"object","properties":{}}}"#));
    }
}
