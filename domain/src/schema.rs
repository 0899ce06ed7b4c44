//! JSON Schema of every kind, derived from the same types that read it (docs/adr/0005).

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::name;
use crate::resource::Kind;
use crate::spec;

/// Where OpenAPI keeps named schemas, and where JSON Schema does.
const OPENAPI_REF: &str = "#/components/schemas/";
const DEFS_REF: &str = "#/$defs/";

/// The JSON Schema (draft 2020-12) of a whole document of a kind: `kind`, `id`, `team`, `spec`.
#[must_use]
pub fn of(kind: Kind) -> Value {
    let (spec, definitions) = match kind {
        Kind::Team => parts::<spec::Team>(),
        Kind::ConflictStore => parts::<spec::ConflictStore>(),
        Kind::ConflictPolicy => parts::<spec::Conflict>(),
        Kind::Provider => parts::<spec::Provider>(),
        Kind::Price => parts::<spec::Price>(),
        Kind::ModelRoute => parts::<spec::ModelRoute>(),
        Kind::Upstream => parts::<spec::Upstream>(),
        Kind::Service => parts::<spec::Service>(),
        Kind::Route => parts::<spec::Route>(),
        Kind::Application => parts::<spec::Application>(),
        Kind::ApiKey => parts::<spec::ApiKey>(),
    };
    let id = json!({"type": "string", "maxLength": name::MAX_ID, "pattern": "^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.as_str(),
        "type": "object",
        "properties": {"kind": {"const": kind.as_str()}, "id": id, "team": id, "spec": spec},
        "required": ["kind", "id"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

fn parts<T: ToSchema + PartialSchema>() -> (Value, Value) {
    let mut named: Vec<(String, RefOr<Schema>)> = Vec::new();
    T::schemas(&mut named);
    let definitions = named.into_iter().map(|(name, schema)| (name, to_json(&schema))).collect();
    (to_json(&T::schema()), Value::Object(definitions))
}

fn to_json(schema: &RefOr<Schema>) -> Value {
    // A derived schema holds nothing that JSON cannot say, so this never falls back.
    let mut value = serde_json::to_value(schema).unwrap_or_default();
    move_references(&mut value);
    value
}

fn move_references(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(target) if name == "$ref" => {
                        if let Some(definition) = target.strip_prefix(OPENAPI_REF) {
                            *target = format!("{DEFS_REF}{definition}");
                        }
                    }
                    other => move_references(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(move_references),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` of a schema.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    match field {
                        Value::String(target) if name == "$ref" => found.push(target.clone()),
                        other => references(other, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_of_every_kind_leads_somewhere() {
        for kind in Kind::ALL {
            let schema = of(kind);
            assert_eq!(schema["properties"]["kind"]["const"], kind.as_str());
            assert!(schema["properties"]["spec"]["properties"].is_object(), "{schema}");
            let mut found = Vec::new();
            references(&schema, &mut found);
            for target in found {
                let name = target.strip_prefix(DEFS_REF).unwrap_or_default();
                assert!(schema["$defs"][name].is_object(), "{kind}: {target} leads nowhere");
            }
        }
    }

    #[test]
    fn unknown_fields_are_refused_and_required_ones_named() {
        let schema = of(Kind::ModelRoute);
        assert_eq!(schema["properties"]["spec"]["additionalProperties"], false);
        assert_eq!(schema["properties"]["spec"]["required"], json!(["targets"]));
    }
}
