//! Reads Google's form of a schema as JSON Schema.
//!
//! Source: <https://ai.google.dev/api/caching#Schema>.

use serde_json::{Map, Value};

use crate::wire::Raw;

/// Members that JSON Schema does not have.
const GOOGLES: [&str; 4] = ["nullable", "propertyOrdering", "property_ordering", "example"];
/// Members whose numbers protocol buffers write as text.
const COUNTS: [&str; 6] = ["minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"];

/// The schema in JSON Schema's words; as it is where it is no object.
pub(super) fn read(schema: &str) -> Raw<'static> {
    let read = serde_json::from_str(schema).map(|value| read_value(value).to_string());
    read.ok().and_then(|text| Raw::parse(&text)).unwrap_or_else(Raw::empty_object)
}

fn read_value(schema: Value) -> Value {
    let Value::Object(fields) = schema else { return schema };
    let nullable = fields.get("nullable") == Some(&Value::Bool(true));
    let mut read = Map::with_capacity(fields.len());
    for (name, value) in fields {
        let value = match (name.as_str(), value) {
            (name, _) if GOOGLES.contains(&name) => continue,
            ("type", Value::String(kind)) => match (kind.to_ascii_lowercase().as_str(), nullable) {
                ("type_unspecified", _) => continue,
                (kind, true) => vec![kind, "null"].into(),
                (kind, false) => kind.into(),
            },
            ("format", Value::String(format)) if format == "enum" => continue,
            ("enum", Value::Array(mut values)) => {
                if nullable {
                    values.push(Value::Null);
                }
                values.into()
            }
            ("properties", Value::Object(named)) => {
                Value::Object(named.into_iter().map(|(name, schema)| (name, read_value(schema))).collect())
            }
            ("items", schema) => read_value(schema),
            ("anyOf" | "any_of", Value::Array(list)) => {
                let mut list: Vec<Value> = list.into_iter().map(read_value).collect();
                if nullable {
                    list.push(serde_json::json!({"type": "null"}));
                }
                list.into()
            }
            (name, Value::String(count)) if COUNTS.contains(&name) => {
                count.parse::<u64>().map_or(Value::String(count), Value::from)
            }
            (_, value) => value,
        };
        read.insert(camel(&name), value);
    }
    Value::Object(read)
}

/// `any_of` and `min_items` are what some clients write.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn googles_words_become_those_of_json_schema() {
        let given = json!({"type": "OBJECT", "propertyOrdering": ["b", "a"], "required": ["a"], "properties": {
            "a": {"type": "STRING", "nullable": true, "format": "enum", "enum": ["x"]},
            "b": {"type": "ARRAY", "minItems": "1", "items": {"type": "INTEGER", "format": "int32"}},
            "c_d": {"any_of": [{"type": "NUMBER"}, {"type": "BOOLEAN"}], "nullable": true}}});
        let expected = json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": ["string", "null"], "enum": ["x", null]},
            "b": {"type": "array", "minItems": 1, "items": {"type": "integer", "format": "int32"}},
            "c_d": {"anyOf": [{"type": "number"}, {"type": "boolean"}, {"type": "null"}]}}});
        assert_eq!(serde_json::from_str::<Value>(read(&given.to_string()).get()).unwrap(), expected);
    }
}
