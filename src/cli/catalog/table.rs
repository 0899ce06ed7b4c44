//! The price table of the PyPI package `litellm` (MIT): a JSON object with one entry for each name of a model.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::decimal::Decimal;

/// One entry: facts and prices of a model under one name.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Entry(Map<String, Value>);

/// Entries by name.
pub(super) type Table = BTreeMap<String, Entry>;

/// Reads the table.
pub(super) fn parse(text: &str) -> anyhow::Result<Table> {
    let all: BTreeMap<String, Value> = serde_json::from_str(text)
        .context("this is not the table: give model_prices_and_context_window.json, a JSON object of models")?;
    let entries = all.into_iter().filter_map(|(name, value)| match value {
        Value::Object(fields) => Some((name, Entry(fields))),
        _ => None,
    });
    Ok(entries.collect())
}

impl Entry {
    /// A text.
    pub(super) fn text(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a field says yes.
    pub(super) fn says(&self, field: &str) -> bool {
        self.0.get(field).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A whole number; some stand as text or as a float.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
    pub(super) fn count(&self, field: &str) -> Option<u64> {
        let value = self.0.get(field)?;
        let number = value.as_u64().or_else(|| value.as_f64().map(|n| n as u64));
        number.or_else(|| value.as_str().and_then(|text| text.parse().ok())).filter(|n| *n > 0)
    }

    /// A price or a factor.
    pub(super) fn decimal(&self, field: &str) -> Option<Decimal> {
        decimal(self.0.get(field)?)
    }

    /// A price or a factor of an object within the entry.
    pub(super) fn decimal_in(&self, object: &str, field: &str) -> Option<Decimal> {
        decimal(self.0.get(object)?.get(field)?)
    }

    /// Objects of a list within the entry.
    pub(super) fn list(&self, field: &str) -> Vec<Self> {
        let items = self.0.get(field).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_object().cloned().map(Self)).collect()
    }

    /// The whole numbers of a list within the entry.
    pub(super) fn counts(&self, field: &str) -> Vec<u64> {
        let items = self.0.get(field).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| Self(Map::from_iter([("n".to_owned(), item.clone())])).count("n").or(Some(0))).collect()
    }

    /// Whether there is anything under a name.
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.get(field).is_some_and(|value| !value.is_null())
    }

    /// The names of its fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Numbers print with the digits they were written with: the shortest that say the same.
fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Decimal::parse(&number.to_string()),
        Value::String(text) => Decimal::parse(text),
        _ => None,
    }
}
