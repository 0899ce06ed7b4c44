//! Makes a value that conforms to a JSON Schema, the same one each time.

use serde_json::{Map, Value, json};

/// Schemas may refer to themselves.
const MAX_DEPTH: usize = 12;

/// A value for `schema`.
pub(super) fn example(schema: &Value) -> Value {
    value(schema, schema, 0, "text")
}

/// A value for `schema`, which stands in `root` under the property `name`.
fn value(schema: &Value, root: &Value, depth: usize, name: &str) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return found.map_or(Value::Null, |found| value(found, root, depth + 1, name));
    }
    for fixed in ["const", "default"] {
        if let Some(fixed) = schema.get(fixed) {
            return fixed.clone();
        }
    }
    for list in ["enum", "examples"] {
        if let Some(first) = schema.get(list).and_then(|list| list.get(0)) {
            return first.clone();
        }
    }
    for alternatives in ["anyOf", "oneOf"] {
        // The last level takes the alternative that ends the recursion, which is usually the last, such as null.
        let list = schema.get(alternatives).and_then(Value::as_array);
        let chosen = list.and_then(|list| if depth + 4 > MAX_DEPTH { list.last() } else { list.first() });
        if let Some(chosen) = chosen {
            return value(chosen, root, depth + 1, name);
        }
    }
    if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
        return merged(schema, all, root, depth, name);
    }
    let number = |key: &str| schema.get(key).and_then(Value::as_f64);
    match kind(schema) {
        "object" => object(schema, root, depth),
        "array" => array(schema, root, depth, name),
        "string" => string(schema, name),
        "integer" => integer(number("minimum"), number("exclusiveMinimum"), number("multipleOf")),
        "number" => json!(number("minimum").or(number("exclusiveMinimum").map(|least| least + 1.0)).unwrap_or(1.5)),
        "boolean" => Value::Bool(true),
        _ => Value::Null,
    }
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        // The first of several, unless that is null.
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        // Anything conforms.
        _ => "string",
    }
}

fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|list| list.iter().any(|item| item == name));
    let mut object = Map::new();
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        // Deep down only what must be there, so that recursive schemas end.
        if depth < 4 || is_required(name) {
            object.insert(name.clone(), value(property, root, depth + 1, name));
        }
    }
    Value::Object(object)
}

fn array(schema: &Value, root: &Value, depth: usize, name: &str) -> Value {
    if let Some(items) = schema.get("prefixItems").and_then(Value::as_array) {
        return items.iter().map(|item| value(item, root, depth + 1, name)).collect();
    }
    let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(u64::from(depth < 4));
    let item = schema.get("items").cloned().unwrap_or(Value::Null);
    (0..least.min(64)).map(|_| value(&item, root, depth + 1, name)).collect()
}

fn string(schema: &Value, name: &str) -> Value {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date") => "2026-01-31".to_owned(),
        Some("date-time") => "2026-01-31T12:00:00Z".to_owned(),
        Some("time") => "12:00:00Z".to_owned(),
        Some("email") => "demo@example.com".to_owned(),
        Some("uuid") => "00000000-0000-4000-8000-000000000000".to_owned(),
        Some("uri" | "url") => "https://example.com/".to_owned(),
        _ => format!("demo {name}"),
    };
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let least = bound("minLength").unwrap_or(0).min(10_000);
    let padded: String = text.chars().chain(std::iter::repeat('x')).take(least.max(text.chars().count())).collect();
    Value::String(padded.chars().take(bound("maxLength").unwrap_or(usize::MAX)).collect())
}

#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, and bounds of schemas are small")]
fn integer(minimum: Option<f64>, above: Option<f64>, multiple: Option<f64>) -> Value {
    let least = minimum.map(f64::ceil).or(above.map(|least| least.floor() + 1.0)).unwrap_or(1.0);
    match multiple.filter(|step| *step >= 1.0) {
        Some(step) => json!(((least / step).ceil() * step) as i64),
        None => json!(least as i64),
    }
}

/// The schema itself and all parts of `allOf` in one, properties and required names joined.
fn merged(schema: &Value, all: &[Value], root: &Value, depth: usize, name: &str) -> Value {
    let mut merged = schema.as_object().cloned().unwrap_or_default();
    merged.remove("allOf");
    for part in all {
        let target = part.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        let part = target.and_then(|pointer| root.pointer(pointer)).unwrap_or(part);
        for (key, value) in part.as_object().into_iter().flatten() {
            match (merged.get_mut(key), value) {
                (Some(Value::Object(have)), Value::Object(more)) => have.extend(more.clone()),
                (Some(Value::Array(have)), Value::Array(more)) => have.extend(more.iter().cloned()),
                _ => {
                    merged.insert(key.clone(), value.clone());
                }
            }
        }
    }
    value(&Value::Object(merged), root, depth + 1, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_schema_gets_a_conforming_value() {
        for (schema, expected) in [
            (json!({"type": "string"}), json!("demo text")),
            (json!({"type": "string", "maxLength": 3}), json!("dem")),
            (json!({"type": "string", "minLength": 11}), json!("demo textxx")),
            (json!({"type": "string", "format": "date"}), json!("2026-01-31")),
            (json!({"type": "integer", "minimum": 7, "multipleOf": 5}), json!(10)),
            (json!({"type": "integer", "exclusiveMinimum": 7}), json!(8)),
            (json!({"type": "number", "minimum": 0.5}), json!(0.5)),
            (json!({"type": ["null", "boolean"]}), json!(true)),
            (json!({"enum": ["b", "a"]}), json!("b")),
            (json!({"const": 4}), json!(4)),
            (json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2}), json!([true, true])),
            (json!({"anyOf": [{"type": "null"}, {"type": "string"}]}), json!(null)),
            (
                json!({"type": "object", "properties": {"city": {"type": "string"}, "n": {"$ref": "#/$defs/n"}},
                    "$defs": {"n": {"type": "integer"}}}),
                json!({"city": "demo city", "n": 1}),
            ),
            (
                json!({"allOf": [{"properties": {"a": {"type": "boolean"}}}, {"properties": {"b": {"const": 1}}}]}),
                json!({"a": true, "b": 1}),
            ),
        ] {
            assert_eq!(example(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"type": "object", "required": ["next"], "properties": {
            "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "list": {"type": "array", "items": {"$ref": "#"}}}});
        assert!(example(&schema).is_object());
    }
}
