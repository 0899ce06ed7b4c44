//! What an update of the catalogue changes: models that come and go, limits, prices old and new.

use std::collections::{BTreeMap, BTreeSet};

use weir_domain::catalog::{CatalogModel, CatalogPrice};

use super::import::{Models, is_same};

/// One line for each change, in the order of names.
pub(super) fn lines(before: &Models, after: &Models) -> Vec<String> {
    let none = BTreeMap::new();
    let mut lines = Vec::new();
    // Providers that the table does not know are not its business.
    for (provider, new) in after {
        let old = before.get(provider).unwrap_or(&none);
        let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for id in ids {
            match (old.get(id), new.get(id)) {
                (None, Some(model)) => lines.push(format!("+ {provider}/{id}  {}", brief(model))),
                (Some(_), None) => lines.push(format!("- {provider}/{id}")),
                (Some(old), Some(new)) => {
                    lines.extend(changes(old, new).into_iter().map(|change| format!("~ {provider}/{id}  {change}")));
                }
                (None, None) => {}
            }
        }
    }
    lines
}

fn brief(model: &CatalogModel) -> String {
    model.prices.last().map_or_else(|| "no price known".to_owned(), money)
}

fn changes(old: &CatalogModel, new: &CatalogModel) -> Vec<String> {
    let mut changes = Vec::new();
    let mut field = |name: &str, old: String, new: String| {
        if old != new {
            changes.push(format!("{name}: {old} -> {new}"));
        }
    };
    let number = |n: Option<u64>| n.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
    let text = |t: &Option<String>| t.clone().unwrap_or_else(|| "none".to_owned());
    field("modality", format!("{:?}", old.modality), format!("{:?}", new.modality));
    field("context", number(old.context), number(new.context));
    field("max_output_tokens", number(old.max_output_tokens), number(new.max_output_tokens));
    field("deprecated_on", text(&old.deprecated_on), text(&new.deprecated_on));
    field("abilities", format!("{:?}", old.abilities), format!("{:?}", new.abilities));
    match (old.prices.last(), new.prices.last()) {
        (Some(old), Some(new)) if !is_same(old, new) => {
            changes.push(format!("price: {} -> {} from {}", money(old), money(new), new.effective_from));
        }
        (None, Some(new)) => changes.push(format!("price: unknown -> {}", money(new))),
        _ => {}
    }
    changes
}

/// All that a price says of money, on one line.
fn money(price: &CatalogPrice) -> String {
    let undated = CatalogPrice { effective_from: String::new(), source: String::new(), ..price.clone() };
    let mut value = serde_json::to_value(undated).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("effective_from");
        fields.remove("source");
    }
    value.to_string().replace('"', "")
}
