//! Prices by what is counted and by date, and the exact cost of a usage.

pub mod buckets;
mod rates;
mod units;
mod written;

use std::sync::Arc;

pub use self::rates::{DependsOnSizes, PriceFault, Rates};
pub use self::written::{ContextTier, ImagePrice, Multipliers, PerMillion, PerUnit, TierPrice, VideoPrice, Written};
use crate::time::Micros;

/// One price in force from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// The id of the `Price` resource or catalogue row, stamped on each ledger row.
    pub id: String,
    /// The first moment at which it holds.
    pub from: Micros,
    /// What it costs.
    pub rates: Arc<Rates>,
}

/// The prices of one model, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceHistory {
    rows: Vec<PriceRow>,
}

impl PriceHistory {
    /// Orders rows by date.
    #[must_use]
    pub fn new(mut rows: Vec<PriceRow>) -> Self {
        rows.sort_by(|a, b| b.from.cmp(&a.from).then_with(|| a.id.cmp(&b.id)));
        Self { rows }
    }

    /// The price in force at a moment; `None` means unknown, which is never the same as free.
    #[must_use]
    pub fn at(&self, now: Micros) -> Option<&PriceRow> {
        self.rows.iter().find(|row| row.from <= now)
    }
}

#[cfg(test)]
mod tests;
