//! JSON as far as it stays the same when it is read and written anew.

use serde_json::Value;

/// Without fractions, whose last digit may change when they are written anew.
pub(crate) fn exact(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::Null,
        Value::Array(items) => items.iter().map(exact).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), exact(value))).collect(),
        other => other.clone(),
    }
}
