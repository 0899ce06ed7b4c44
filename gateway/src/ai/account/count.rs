//! What a batch consumed and cost, by model: from its object, or from the lines of its results.

use std::collections::BTreeMap;

use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::name::MAX_MODEL;
use weir_domain::snapshot::Provider;
use weir_domain::time::Micros;
use weir_domain::usage::{ServiceTier, Usage};
use weir_llm::{BatchLine, BatchLines, BatchState};

use crate::metering::cut;

/// Models that are told apart; what follows goes under no name, and its cost is unknown.
const MAX_MODELS: usize = 64;

/// What was consumed of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// The model, in the provider's words; empty where it is not said.
    pub(super) model: String,
    pub(super) usage: Usage,
    /// `None` when it is unknown, in whole or in part.
    pub(super) cost: Option<NanoUsd>,
    /// The price row that it was computed with; or empty.
    pub(super) price: String,
}

/// What the object of a batch that has ended says it consumed; `None` where it does not say all that the cost depends
/// on: then the results will.
pub(super) fn of_object(provider: &Provider, state: &BatchState, at: Micros) -> Option<Counted> {
    if !state.ended {
        return None;
    }
    let consumed = |usage: &Usage| usage.tokens.buckets().iter().any(|count| *count > 0);
    if state.succeeded == Some(0) && !state.metered.usage.as_ref().is_some_and(consumed) {
        return Some(nothing());
    }
    match (&state.metered.model, state.metered.usage) {
        (Some(model), Some(usage)) => {
            let row = provider.price(model, at);
            let cost = match row {
                None => None,
                Some(row) => row.rates.cost_of_sum(&usage).ok()?,
            };
            let price = row.filter(|_| cost.is_some()).map(|row| row.id.clone()).unwrap_or_default();
            Some(Counted { model: cut(model, MAX_MODEL).to_owned(), usage, cost, price })
        }
        _ => None,
    }
}

/// Nothing succeeded, and so nothing is charged.
fn nothing() -> Counted {
    let usage = Usage { tier: ServiceTier::Batch, ..Usage::default() };
    Counted { usage, cost: Some(NanoUsd::ZERO), ..Counted::default() }
}

/// Counts results as they stream past.
pub(super) struct Results {
    lines: BatchLines,
    sums: Sums,
}

#[derive(Default)]
struct Sums {
    models: BTreeMap<String, Counted>,
    /// Lines that say what became of their request, and others.
    understood: u64,
    others: u64,
}

impl Results {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { lines: BatchLines::new(dialect), sums: Sums::default() }
    }

    pub(super) fn push(&mut self, bytes: &[u8], provider: &Provider, at: Micros) {
        let Self { lines, sums } = self;
        lines.push(bytes, |line| sums.add(line, provider, at));
    }

    /// What all lines consumed, by model and in the order of their names, so that it is the same each time. `None` where
    /// no line was understood: that is unknown, and not nothing.
    pub(super) fn finish(self, provider: &Provider, at: Micros) -> Option<Vec<Counted>> {
        let Self { lines, mut sums } = self;
        lines.finish(|line| sums.add(line, provider, at));
        if sums.understood == 0 {
            return None;
        }
        let mut counted: Vec<Counted> = sums.models.into_values().collect();
        if counted.is_empty() {
            counted.push(nothing());
        }
        if sums.others > 0 {
            // Any of the models may have answered there too.
            counted.iter_mut().for_each(|one| (one.cost, one.price) = (None, String::new()));
        }
        Some(counted)
    }
}

impl Sums {
    fn add(&mut self, line: BatchLine, provider: &Provider, at: Micros) {
        let lines = if line.understood { &mut self.understood } else { &mut self.others };
        *lines += 1;
        if !line.succeeded && line.metered.usage.is_none() {
            return;
        }
        let mut model = line.metered.model.unwrap_or_default();
        model.truncate(cut(&model, MAX_MODEL).len());
        let known = self.models.len() < MAX_MODELS || self.models.contains_key(&model);
        if !known {
            model.clear();
        }
        let row = provider.price(&model, at).filter(|_| !model.is_empty());
        let cost = line.metered.usage.and_then(|usage| row?.rates.cost_of(&usage));
        let price = row.filter(|_| cost.is_some()).map(|row| row.id.clone()).unwrap_or_default();
        let usage = line.metered.usage.unwrap_or(Usage { tier: ServiceTier::Batch, ..Usage::default() });
        match self.models.get_mut(&model) {
            None => {
                self.models.insert(model.clone(), Counted { model, usage, cost, price });
            }
            Some(sum) => {
                sum.usage.add(&usage);
                sum.cost = sum.cost.zip(cost).map(|(sum, cost)| NanoUsd(sum.0.saturating_add(cost.0)));
                if sum.cost.is_none() {
                    sum.price.clear();
                }
            }
        }
    }
}
