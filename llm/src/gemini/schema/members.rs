//! What single members of a schema say, and what they weigh.

use serde_json::{Map, Value};

/// JSON Schema has seven types.
const MAX_KINDS: usize = 7;

/// The types that a schema names, without null, and whether null is one of them.
pub(super) fn kinds(fields: &Map<String, Value>) -> (Vec<String>, bool) {
    let named: Vec<String> = match fields.get("type") {
        Some(Value::String(kind)) => vec![kind.to_ascii_lowercase()],
        Some(Value::Array(list)) => {
            let mut named = Vec::new();
            for kind in list.iter().filter_map(Value::as_str).map(str::to_ascii_lowercase) {
                if named.len() < MAX_KINDS && !named.contains(&kind) {
                    named.push(kind);
                }
            }
            named
        }
        _ => Vec::new(),
    };
    let nullable = named.iter().any(|kind| kind == "null");
    (named.into_iter().filter(|kind| kind != "null").collect(), nullable)
}

/// About how many bytes a value takes.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(list) => list.iter().map(weight).sum::<usize>() + 2,
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>() + 2,
        _ => 8,
    }
}
