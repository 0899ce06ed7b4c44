//! Fits a JSON Schema to the part of it that Gemini takes (rule 19): no references, no `allOf`, one type each, `nullable`.
//!
//! Source: <https://ai.google.dev/api/caching#Schema>. The rules are those that agentgateway and LiteLLM found by trial.

mod members;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use self::members::{kinds, weight};
use crate::wire::Raw;

/// Schemas that may come of one by putting in what its references name: a few definitions that name each other twice
/// are otherwise as many as memory holds.
const MAX_SCHEMAS: usize = 10_000;
/// How deep schemas may lie within each other once references are put in: each level takes stack.
const MAX_DEPTH: usize = 64;
/// What may be copied for references, in bytes: so often the schema's own length, and some more for short ones.
const MAX_COPIES: (usize, usize) = (16, 64 << 10);

/// Members that say nothing that the model is held to, or what happens anyway.
const SILENT: [&str; 10] =
    ["$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "strict", "examples", "example", "title"];
/// Members that Gemini takes as they are.
const TAKEN: [&str; 9] = [
    "description",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
];
/// Members that are read elsewhere here.
const READ: [&str; 15] = [
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "type",
    "const",
    "enum",
    "properties",
    "required",
    "items",
    "prefixItems",
    "nullable",
    "format",
    "pattern",
    "additionalProperties",
];
/// Formats that Gemini takes; it refuses others.
const FORMATS: [&str; 6] = ["enum", "date-time", "float", "double", "int32", "int64"];

/// A schema as Gemini takes it.
pub(super) struct Fitted {
    pub(super) schema: Raw<'static>,
    /// Members that were left out, each once.
    pub(super) dropped: BTreeSet<String>,
    /// Whether it is an object without a single property, which Gemini refuses.
    pub(super) is_empty: bool,
}

/// Why a schema cannot be fitted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    NotAnObject,
    TooLarge,
}

/// Fits a schema.
///
/// # Errors
/// It is no object, or it is too large once its references are put in.
pub(super) fn fit(schema: &Raw<'_>) -> Result<Fitted, Unfit> {
    let root: Value = serde_json::from_str(schema.get()).map_err(|_| Unfit::NotAnObject)?;
    if !root.is_object() {
        return Err(Unfit::NotAnObject);
    }
    let mut fitting = Fitting {
        root: &root,
        open: Vec::new(),
        made: 0,
        depth: 0,
        left: schema.get().len() * MAX_COPIES.0 + MAX_COPIES.1,
        dropped: BTreeSet::new(),
    };
    let fitted = fitting.fit(&root)?;
    let dropped = fitting.dropped;
    let is_empty = fitted.get("type").is_none_or(|kind| kind == "OBJECT")
        && !["properties", "anyOf", "enum", "items"].iter().any(|name| fitted.contains_key(*name));
    let schema = Raw::parse(&Value::Object(fitted).to_string()).ok_or(Unfit::NotAnObject)?;
    Ok(Fitted { schema, dropped, is_empty })
}

struct Fitting<'r> {
    root: &'r Value,
    /// References that are being put in: one that is met again within itself has no end.
    open: Vec<String>,
    made: usize,
    depth: usize,
    /// Bytes that may still be copied.
    left: usize,
    dropped: BTreeSet<String>,
}

impl Fitting<'_> {
    fn drop(&mut self, name: &str) {
        self.dropped.insert(name.to_owned());
    }

    fn fit(&mut self, schema: &Value) -> Result<Map<String, Value>, Unfit> {
        self.made += 1;
        if self.made > MAX_SCHEMAS || self.depth >= MAX_DEPTH {
            return Err(Unfit::TooLarge);
        }
        self.depth += 1;
        let fitted = self.fit_one(schema);
        self.depth -= 1;
        fitted
    }

    fn fit_one(&mut self, schema: &Value) -> Result<Map<String, Value>, Unfit> {
        let Value::Object(fields) = schema else {
            // `true` is any value; `false`, none, is not to be had.
            return Ok(Map::new());
        };
        if let Some(Value::String(reference)) = fields.get("$ref") {
            return self.put_in(reference, fields);
        }
        if let Some(Value::Array(parts)) = fields.get("allOf") {
            return self.merge(fields, parts);
        }
        self.fit_plain(fields)
    }

    /// What a reference names, in its place. What stands beside it goes before.
    fn put_in(&mut self, reference: &str, beside: &Map<String, Value>) -> Result<Map<String, Value>, Unfit> {
        let root = self.root;
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)).and_then(Value::as_object);
        let (Some(target), false) = (target, self.open.iter().any(|open| open == reference)) else {
            self.drop("$ref");
            return Ok(Map::from_iter([("type".to_owned(), "OBJECT".into())]));
        };
        let bytes = target.iter().map(|(name, value)| name.len() + weight(value)).sum();
        self.left = self.left.checked_sub(bytes).ok_or(Unfit::TooLarge)?;
        let mut whole = target.clone();
        for (name, value) in beside.iter().filter(|(name, _)| *name != "$ref") {
            whole.insert(name.clone(), value.clone());
        }
        self.open.push(reference.to_owned());
        let fitted = self.fit(&Value::Object(whole));
        self.open.pop();
        fitted
    }

    /// All parts as one: properties and requirements of all, of other members the first.
    fn merge(&mut self, fields: &Map<String, Value>, parts: &[Value]) -> Result<Map<String, Value>, Unfit> {
        let rest = fields.iter().filter(|(name, _)| *name != "allOf").map(|(n, v)| (n.clone(), v.clone()));
        let mut whole = self.fit(&Value::Object(rest.collect()))?;
        for part in parts {
            for (name, value) in self.fit(part)? {
                match (whole.get_mut(&name), value) {
                    (Some(Value::Object(have)), Value::Object(more)) => {
                        more.into_iter().for_each(|(n, v)| _ = have.entry(n).or_insert(v));
                    }
                    (Some(Value::Array(have)), Value::Array(more)) if name == "required" => {
                        more.into_iter()
                            .filter(|v| !have.contains(v))
                            .collect::<Vec<_>>()
                            .into_iter()
                            .for_each(|v| have.push(v));
                    }
                    (Some(_), _) => {}
                    (None, value) => _ = whole.insert(name, value),
                }
            }
        }
        Ok(whole)
    }

    fn fit_plain(&mut self, fields: &Map<String, Value>) -> Result<Map<String, Value>, Unfit> {
        let mut fitted = Map::new();
        let mut said = Vec::new();
        let (kinds, mut nullable) = kinds(fields);
        nullable |= fields.get("nullable") == Some(&Value::Bool(true));
        if let Some(alternatives) = fields.get("anyOf").or_else(|| fields.get("oneOf")).and_then(Value::as_array) {
            nullable |= self.fit_alternatives(alternatives, &mut fitted)?;
        } else if kinds.len() > 1 {
            let mut each = Vec::new();
            for kind in &kinds {
                self.made += 1;
                let mut one = fields.clone();
                one.insert("type".to_owned(), kind.clone().into());
                one.remove("description");
                each.push(Value::Object(self.fit_plain(&one)?));
            }
            fitted.insert("anyOf".to_owned(), each.into());
            self.copy(fields, &mut fitted, &["description"]);
        }
        if let [kind] = kinds.as_slice() {
            fitted.insert("type".to_owned(), kind.to_ascii_uppercase().into());
        }
        if !fitted.contains_key("anyOf") {
            self.fit_content(fields, kinds.first().map(String::as_str), &mut fitted, &mut said)?;
        }
        self.copy(fields, &mut fitted, &TAKEN);
        if nullable {
            fitted.insert("nullable".to_owned(), true.into());
        }
        self.drop_rest(fields, &mut said);
        describe(&mut fitted, &said);
        Ok(fitted)
    }

    /// `anyOf`; whether null is one of them. A single one is put in the place of the list.
    fn fit_alternatives(&mut self, list: &[Value], fitted: &mut Map<String, Value>) -> Result<bool, Unfit> {
        let is_null = |schema: &&Value| schema["type"] == "null" || schema.get("const") == Some(&Value::Null);
        let nullable = list.iter().any(|schema| is_null(&schema));
        let mut made = Vec::with_capacity(list.len());
        for schema in list.iter().filter(|schema| !is_null(schema)) {
            made.push(self.fit(schema)?);
        }
        match (made.pop(), made.is_empty()) {
            (Some(single), true) => fitted.extend(single),
            (last, _) => {
                let list: Vec<Value> = made.into_iter().chain(last).map(Value::Object).collect();
                if !list.is_empty() {
                    fitted.insert("anyOf".to_owned(), list.into());
                }
            }
        }
        Ok(nullable)
    }

    /// What belongs to a type: properties, items, the values that are allowed.
    fn fit_content(
        &mut self,
        fields: &Map<String, Value>,
        kind: Option<&str>,
        fitted: &mut Map<String, Value>,
        said: &mut Vec<String>,
    ) -> Result<(), Unfit> {
        if let Some(Value::Object(properties)) =
            fields.get("properties").filter(|p| p.as_object().is_some_and(|p| !p.is_empty()))
        {
            let mut made = Map::with_capacity(properties.len());
            for (name, schema) in properties {
                made.insert(name.clone(), Value::Object(self.fit(schema)?));
            }
            // Gemini refuses to require what is no property.
            let required: Vec<Value> = fields
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter(|name| name.as_str().is_some_and(|name| made.contains_key(name)))
                .cloned()
                .collect();
            fitted.insert("type".to_owned(), "OBJECT".into());
            fitted.insert("properties".to_owned(), made.into());
            if !required.is_empty() {
                fitted.insert("required".to_owned(), required.into());
            }
        }
        if kind == Some("array") || fields.contains_key("items") || fields.contains_key("prefixItems") {
            let items = self.fit_items(fields)?;
            fitted.insert("type".to_owned(), "ARRAY".into());
            fitted.insert("items".to_owned(), items);
        }
        self.fit_values(fields, kind, fitted, said);
        Ok(())
    }

    /// Gemini wants to know what an array is of.
    fn fit_items(&mut self, fields: &Map<String, Value>) -> Result<Value, Unfit> {
        if let Some(items @ Value::Object(_)) = fields.get("items") {
            let fitted = self.fit(items)?;
            if !fitted.is_empty() {
                return Ok(fitted.into());
            }
        }
        let tuple = fields.get("prefixItems").or_else(|| fields.get("items")).and_then(Value::as_array);
        let Some(tuple) = tuple.filter(|tuple| !tuple.is_empty()) else {
            self.drop("items");
            return Ok(Value::Object(Map::from_iter([("type".to_owned(), "STRING".into())])));
        };
        self.drop("prefixItems");
        let mut alternatives = Map::new();
        self.fit_alternatives(tuple, &mut alternatives)?;
        Ok(alternatives.into())
    }

    /// `const` and `enum`, which Gemini has for text only; others are told to the model.
    fn fit_values(
        &mut self,
        fields: &Map<String, Value>,
        kind: Option<&str>,
        fitted: &mut Map<String, Value>,
        said: &mut Vec<String>,
    ) {
        let one = fields.get("const").map(std::slice::from_ref);
        let Some(values) = one.or_else(|| fields.get("enum").and_then(Value::as_array).map(Vec::as_slice)) else {
            return;
        };
        let texts: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
        if values.iter().any(Value::is_null) {
            fitted.insert("nullable".to_owned(), true.into());
        }
        let all_text = texts.iter().all(|value| value.as_str().is_some_and(|text| !text.is_empty()));
        if all_text && !texts.is_empty() && kind.is_none_or(|kind| kind == "string") {
            fitted.insert("type".to_owned(), "STRING".into());
            fitted.insert("enum".to_owned(), texts.into_iter().cloned().collect::<Vec<_>>().into());
            return;
        }
        self.drop(if fields.contains_key("const") { "const" } else { "enum" });
        let kind = texts.first().map(|value| match value {
            Value::Bool(_) => "BOOLEAN",
            Value::Number(n) if n.is_f64() => "NUMBER",
            Value::Number(_) => "INTEGER",
            Value::Array(_) => "ARRAY",
            Value::Object(_) => "OBJECT",
            Value::String(_) | Value::Null => "STRING",
        });
        if let (None, Some(kind)) = (fitted.get("type"), kind) {
            fitted.insert("type".to_owned(), kind.into());
        }
        said.push(format!("one of: {}", Value::from(values)));
    }

    fn copy(&mut self, fields: &Map<String, Value>, fitted: &mut Map<String, Value>, names: &[&str]) {
        for name in names {
            if let Some(value) = fields.get(*name).filter(|value| !value.is_null()) {
                fitted.entry(*name).or_insert_with(|| value.clone());
            }
        }
        if let Some(pattern) = fields.get("pattern").filter(|_| fitted.get("type").is_some_and(|kind| kind == "STRING"))
        {
            fitted.insert("pattern".to_owned(), pattern.clone());
        }
        if let Some(format) =
            fields.get("format").filter(|format| format.as_str().is_some_and(|f| FORMATS.contains(&f)))
        {
            fitted.insert("format".to_owned(), format.clone());
        }
    }

    /// Notes what is left out. What a model can make use of is told in the description.
    fn drop_rest(&mut self, fields: &Map<String, Value>, said: &mut Vec<String>) {
        for (name, value) in fields {
            let name = name.as_str();
            let left_out = match name {
                "format" => value.as_str().is_some_and(|format| !FORMATS.contains(&format)),
                "additionalProperties" => *value != Value::Bool(false),
                _ => !READ.contains(&name) && !TAKEN.contains(&name) && !SILENT.contains(&name) && !value.is_null(),
            };
            if !left_out {
                continue;
            }
            self.drop(name);
            if matches!(value, Value::Number(_) | Value::String(_) | Value::Bool(true))
                && name != "additionalProperties"
            {
                said.push(format!("{name}: {value}"));
            }
        }
    }
}

/// Tells the model what it is not held to.
fn describe(fitted: &mut Map<String, Value>, said: &[String]) {
    if said.is_empty() {
        return;
    }
    let said = format!("{{{}}}", said.join(", "));
    let text = match fitted.get("description").and_then(Value::as_str) {
        Some(given) if !given.is_empty() => format!("{given}\n\n{said}"),
        _ => said,
    };
    fitted.insert("description".to_owned(), text.into());
}

#[cfg(test)]
mod tests;
