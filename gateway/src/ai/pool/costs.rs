//! What calls cost at the targets of a route, with the prices of the day looked up once.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use weir_domain::price::Rates;
use weir_domain::snapshot::ModelRoute;
use weir_domain::time::Micros;
use weir_domain::usage::{Tokens, Usage};

const DAY: Micros = 86_400_000_000;

/// The rates in force, renewed each day: prices begin at midnight UTC.
#[derive(Debug, Default)]
pub(super) struct Costs(ArcSwapOption<Priced>);

/// The rates of each target on one day.
#[derive(Debug)]
pub(in crate::ai) struct Priced {
    day: i64,
    rates: Vec<Option<Arc<Rates>>>,
}

impl Costs {
    pub(super) fn at(&self, route: &ModelRoute, at: Micros) -> Arc<Priced> {
        let day = at.div_euclid(DAY);
        if let Some(priced) = self.0.load().as_ref().filter(|priced| priced.day == day) {
            return Arc::clone(priced);
        }
        let rates = route.targets.iter().map(|t| t.provider.price(&t.model, at).map(|row| Arc::clone(&row.rates)));
        let rates = rates.collect();
        let priced = Arc::new(Priced { day, rates });
        self.0.store(Some(Arc::clone(&priced)));
        priced
    }
}

impl Priced {
    /// What so many tokens cost at a target, in nano-dollars; `None` when its price is unknown.
    pub(in crate::ai) fn of(&self, target: usize, tokens: &Tokens) -> Option<i64> {
        let usage = Usage { tokens: *tokens, ..Usage::default() };
        Some(self.rates.get(target)?.as_ref()?.cost_of(&usage)?.0)
    }
}
