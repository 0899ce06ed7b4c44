//! What a usage costs, and how the cost is written on the wire.

use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;

/// Knows the price of the model that answers. The gateway implements it over the snapshot's price rows.
pub trait Pricing: Send + Sync {
    /// The cost of `usage`, or `None` when no price is known, which is not the same as nothing.
    fn cost(&self, usage: &Usage) -> Option<NanoUsd>;
}

impl<F: Fn(&Usage) -> Option<NanoUsd> + Send + Sync> Pricing for F {
    fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        self(usage)
    }
}
