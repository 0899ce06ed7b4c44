//! Compiles prices: the rows of the catalogue, and the `Price` resources that override them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::{Input, missing};
use crate::catalog::{CatalogModel, CatalogPrice, CatalogProvider, Modality};
use crate::fault::Fault;
use crate::price::{PriceHistory, PriceRow, Rates};
use crate::resource::Kind;
use crate::snapshot::ModelFacts;
use crate::spec::{self, Spec};
use crate::time::{self, Micros};

/// The name that stands for every model of a provider.
const ANY: &str = "*";

/// Rows of `Price` resources by provider and model.
pub(super) type Overrides = HashMap<(String, String), Vec<PriceRow>>;

/// Reads every `Price`. Two that begin at the same moment are a fault: which one bills would be a matter of chance.
pub(super) fn overrides(input: &Input<'_>, faults: &mut Vec<Fault>) -> Overrides {
    let mut overrides = Overrides::new();
    let mut begins: HashMap<(&str, &str, Micros), &str> = HashMap::new();
    for resource in input.resources {
        let Spec::Price(price) = &resource.spec else { continue };
        let mut fault =
            |field: &str, problem: String| faults.push(Fault::new(Kind::Price, &resource.id, field, problem));
        let from = match price.effective_from.as_deref().map(time::parse_date).transpose() {
            Ok(from) => from.unwrap_or(i64::MIN),
            Err(problem) => {
                fault("spec.effective_from", problem);
                continue;
            }
        };
        if price.model.is_empty() {
            fault("spec.model", "missing; give the model's id at the provider, or \"*\"".to_owned());
        }
        match begins.entry((&price.provider, &price.model, from)) {
            Entry::Vacant(free) => drop(free.insert(&resource.id)),
            Entry::Occupied(taken) => {
                let problem = format!(
                    "Price/{} and Price/{} are for the same provider, model and day; remove one, or give it another day",
                    taken.get(),
                    resource.id
                );
                fault("spec.effective_from", problem);
            }
        }
        match Rates::compile(&price.written()) {
            Ok(rates) => {
                let row = PriceRow { id: resource.id.clone(), from, rates: Arc::new(rates) };
                overrides.entry((price.provider.clone(), price.model.clone())).or_default().push(row);
            }
            Err(found) => fault(&format!("spec.{}", found.field), found.problem),
        }
    }
    overrides
}

/// One fault for each `Price` of a provider that is not there.
pub(super) fn check_providers(input: &Input<'_>, known: impl Fn(&str) -> bool, faults: &mut Vec<Fault>) {
    for resource in input.resources {
        if let Spec::Price(price) = &resource.spec
            && !known(&price.provider)
        {
            faults.push(missing(resource, "spec.provider", Kind::Provider, &price.provider));
        }
    }
}

/// Takes the overrides that hold for every model of a provider.
pub(super) fn any_model(provider: &str, overrides: &mut Overrides) -> PriceHistory {
    PriceHistory::new(overrides.remove(&(provider.to_owned(), ANY.to_owned())).unwrap_or_default())
}

/// What is known of a provider's models: the catalogue, the resource's own list, and overrides of the price. Takes
/// the overrides.
pub(super) fn facts(
    provider: &str,
    declared: &[spec::ModelDeclaration],
    entry: Option<(&str, &CatalogProvider)>,
    overrides: &mut Overrides,
) -> HashMap<String, ModelFacts> {
    let mut facts: HashMap<String, ModelFacts> = HashMap::new();
    if let Some((vendor, entry)) = entry {
        facts.extend(entry.models.iter().map(|(id, known)| (id.clone(), catalog_facts(vendor, id, known))));
    }
    for model in declared {
        let fact = facts.entry(model.id.clone()).or_default();
        fact.context = model.context.or(fact.context);
        fact.max_output_tokens = model.max_output_tokens.or(fact.max_output_tokens);
        fact.responses_only |= model.responses_only;
    }
    let own: Vec<(String, String)> = overrides.keys().filter(|(p, m)| p == provider && m != ANY).cloned().collect();
    for key in own {
        if let Some(rows) = overrides.remove(&key) {
            facts.entry(key.1).or_default().overrides = PriceHistory::new(rows);
        }
    }
    facts
}

/// Vendors that take no model in legacy completions which chats, and whose catalogue says which do.
/// Source: <https://platform.openai.com/docs/api-reference/completions>.
const REFUSE_CHAT_MODELS: [&str; 2] = ["openai", "azure"];

fn catalog_facts(vendor: &str, model: &str, known: &CatalogModel) -> ModelFacts {
    let id = |price: &CatalogPrice| format!("catalog/{vendor}/{model}/{}", price.effective_from);
    let rows = known.prices.iter().filter_map(|price| price.row(&id(price)).ok());
    ModelFacts {
        modality: Some(known.modality),
        context: known.context,
        max_output_tokens: known.max_output_tokens,
        responses_only: known.modality == Modality::Responses,
        chat_only: known.modality == Modality::Chat && REFUSE_CHAT_MODELS.contains(&vendor),
        overrides: PriceHistory::default(),
        listed: PriceHistory::new(rows.collect()),
    }
}

#[cfg(test)]
mod tests;
