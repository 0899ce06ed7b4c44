//! Shadow targets as people see them: for the admin API.

use std::time::Instant;

use weir_domain::routing::ShadowState;
use weir_domain::snapshot::{ModelRoute, ShadowTarget, Snapshot};
use weir_domain::time;

use super::Shadows;
use crate::ai::pool::Pools;

impl Shadows {
    /// How the shadows of a route stand.
    pub(in crate::ai) fn view(&self, pools: &Pools, snapshot: &Snapshot, route: &ModelRoute) -> Vec<ShadowState> {
        route.shadows.iter().filter_map(|shadow| self.one(pools, snapshot, shadow)).collect()
    }

    fn one(&self, pools: &Pools, snapshot: &Snapshot, shadow: &ShadowTarget) -> Option<ShadowState> {
        let left = shadow.route.targets.iter().find_map(|target| self.rests.left(target, Instant::now()));
        let tally = self.each.pin().get(&shadow.route.name).map(|counts| counts.view()).unwrap_or_default();
        Some(ShadowState {
            target: pools.shadow(snapshot, &shadow.route)?,
            percent: shadow.percent,
            rests_until: left
                .map(|left| time::now().saturating_add(i64::try_from(left.as_micros()).unwrap_or(i64::MAX))),
            copies: tally.copies,
            cost: tally.cost,
            unpriced: tally.unpriced,
        })
    }
}
