//! Makes the table into a catalogue of ours, and lays it over the one that is there: a price that changes gets a new
//! dated row, and the old one stays.

use std::collections::BTreeMap;

use weir_domain::catalog::{CatalogModel, CatalogPrice};
use weir_domain::price::ImagePrice;

use super::model;
use super::names::{self, Named};
use super::table::{Entry, Table};

/// Models by id, by provider.
pub(super) type Models = BTreeMap<String, BTreeMap<String, CatalogModel>>;

/// Reads every model of the table. `date` is the day from which its prices hold, `label` the source of those that name
/// none.
pub(super) fn read(table: &Table, date: &str, label: &str) -> Models {
    let mut entries: Vec<(Named, &Entry)> = table
        .iter()
        .filter_map(|(name, entry)| {
            names::named(name, entry.text("litellm_provider"), entry.text("mode")).map(|named| (named, entry))
        })
        .collect();
    // Of two entries for one model, the one whose name holds the provider comes later, and stays.
    entries.sort_by(|(a, _), (b, _)| (&a.provider, &a.model, a.qualified).cmp(&(&b.provider, &b.model, b.qualified)));
    let mut models = Models::new();
    let mut rows: BTreeMap<(String, String), Vec<ImagePrice>> = BTreeMap::new();
    for (named, entry) in entries {
        if let Some((size, quality)) = named.images {
            let row = model::image_row(entry, size, quality);
            rows.entry((named.provider, named.model)).or_default().extend(row);
            continue;
        }
        let Some(mut known) = model::read(entry) else { continue };
        known.prices.extend(model::price(&named.provider, known.modality, entry, label));
        models.entry(named.provider).or_default().insert(named.model, known);
    }
    for ((provider, name), rows) in rows {
        add_images(models.entry(provider).or_default().entry(name).or_default(), rows, label);
    }
    for price in models.values_mut().flat_map(BTreeMap::values_mut).flat_map(|known| &mut known.prices) {
        date.clone_into(&mut price.effective_from);
    }
    models
}

fn add_images(known: &mut CatalogModel, mut rows: Vec<ImagePrice>, label: &str) {
    if rows.is_empty() {
        return;
    }
    if known.prices.is_empty() {
        known.modality = weir_domain::catalog::Modality::Image;
        known.prices.push(CatalogPrice { source: label.to_owned(), ..CatalogPrice::default() });
    }
    rows.sort_by(|a, b| (&a.size, a.quality).cmp(&(&b.size, b.quality)));
    rows.dedup();
    for price in &mut known.prices {
        price.per_unit.images.extend(rows.iter().cloned());
    }
}

/// Lays what was read over what is there: facts are replaced, prices get a new row where they differ from the latest.
pub(super) fn merge(before: &Models, read: Models) -> Models {
    let mut after = read;
    for (provider, models) in &mut after {
        for (id, known) in models {
            let Some(old) = before.get(provider).and_then(|models| models.get(id)) else { continue };
            known.prices = history(&old.prices, std::mem::take(&mut known.prices));
        }
    }
    after
}

fn history(old: &[CatalogPrice], new: Vec<CatalogPrice>) -> Vec<CatalogPrice> {
    let mut rows = old.to_vec();
    for price in new {
        match rows.iter().max_by(|a, b| a.effective_from.cmp(&b.effective_from)) {
            Some(latest) if is_same(latest, &price) => {}
            // What was written today was wrong, and never in force on another day.
            Some(latest) if latest.effective_from == price.effective_from => {
                rows.retain(|row| row.effective_from != price.effective_from);
                rows.push(price);
            }
            _ => rows.push(price),
        }
    }
    rows.sort_by(|a, b| a.effective_from.cmp(&b.effective_from));
    rows
}

/// Whether two rows cost the same, whenever and wherever that was read.
pub(super) fn is_same(one: &CatalogPrice, other: &CatalogPrice) -> bool {
    let undated =
        |price: &CatalogPrice| CatalogPrice { effective_from: String::new(), source: String::new(), ..price.clone() };
    undated(one) == undated(other)
}

#[cfg(test)]
mod tests;
