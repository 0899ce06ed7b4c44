//! What is left to a request when every way has something against it: which is asked all the same, and when.

use std::time::{Duration, Instant};

use super::{BACKOFF, Blame, Choice, Plan, SHORT_WAIT, Standing};
use crate::ai::pool::Slot;
use crate::ai::pool::breaker::{Breaker, Stand};
use crate::ai::pool::cooldown::{Cause, Rest};
use crate::counting::clock::Millis;

/// Whether a way is left out as long as it rests.
fn is_barred(told: &Rest) -> bool {
    told.left > SHORT_WAIT || told.own
}

impl<R: FnMut(u64) -> u64> Plan<R> {
    pub(super) fn last_resort(&self, now: Millis) -> Option<Choice> {
        let mut soonest: Option<(_, Choice)> = None;
        let mut repeat: Option<(_, Choice)> = None;
        for (target, key) in self.ways() {
            let (left, told) = self.cooling(target, key, now);
            if is_barred(&told) {
                continue;
            }
            let (best, order, wait) = match self.standing(target, key) {
                Standing::Spent => continue,
                Standing::Untried => (&mut soonest, (self.is_unhealthy(target), left), told.left),
                // With another key, where there is one that has not failed.
                Standing::Repeat(wait) => (&mut repeat, (self.is_unhealthy(target), wait + left), wait),
            };
            if best.is_none_or(|(least, _)| order < least) {
                *best = Some((order, Choice { target, key, wait, probe: false, key_probe: false }));
            }
        }
        soonest.or(repeat).map(|(_, choice)| choice)
    }

    /// When the first of those that [`Self::next`] leaves out on their providers' word may be tried.
    pub(in crate::ai) fn barred(&self, now: Instant) -> Option<Rest> {
        let now = self.pool.millis(now);
        let usable = self.ways().filter(|&(target, key)| self.standing(target, key) != Standing::Spent);
        let told = usable.map(|(target, key)| self.cooling(target, key, now).1);
        told.filter(is_barred).min_by_key(|rest| rest.left)
    }

    /// Every target that takes the request with every key of its that is in use, priorities first.
    fn ways(&self) -> impl Iterator<Item = (usize, Option<usize>)> {
        let order = self.pool.groups.iter().chain([&self.pool.canaries]);
        order.flat_map(|group| group.and(&self.fits).iter()).flat_map(move |at| {
            let target = self.pool.route.targets.get(at);
            let keys = target.map(|target| target.provider.keys.as_slice()).unwrap_or_default();
            let current = move |key: &usize| {
                let bound = self.bound.is_none_or(|(_, bound)| bound.is_none_or(|bound| bound == *key));
                bound && keys.get(*key).is_some_and(|key| key.expires.is_none_or(|end| self.facts.at < end))
            };
            let keyed = (0..keys.len()).filter(current).map(Some);
            keyed.chain(keys.is_empty().then_some(None)).map(move |key| (at, key))
        })
    }

    /// For how long a way is to be left alone: for whatever reason, and on its provider's word.
    fn cooling(&self, target: usize, key: Option<usize>, now: Millis) -> (Duration, Rest) {
        let Some(slot) = self.pool.slot(target) else { return Default::default() };
        let shut = |breaker: &Breaker| match breaker.stand(now) {
            Stand::Open(left) => left,
            Stand::Probing => SHORT_WAIT,
            Stand::Closed | Stand::HalfOpen => Duration::ZERO,
        };
        let breaker = shut(&slot.state.breaker);
        let refused = self.pool.route.breaker.refuse_when_open && !breaker.is_zero();
        let breaker = Rest {
            left: if refused { breaker.max(SHORT_WAIT + BACKOFF) } else { breaker },
            cause: Cause { told: refused, limited: false },
            own: false,
        };
        let mut rests = [Rest::default(); 6];
        (rests[0], rests[1]) = (slot.state.cooldown.rest(now), breaker);
        if let Some(key) = key.and_then(|key| slot.keys.get(key)) {
            rests[2] = key.state.cooldown.rest(now);
            rests[3] = key.usage.cooldown.rest(now);
            rests[5].left = shut(&key.usage.breaker);
        }
        if let Some((slot, key, spec)) = self.keyed(target, key) {
            let key = slot.keys.get(key).map(|key| key.state.room_in(spec, self.facts.input, now));
            rests[4] = key.filter(|left| !left.is_zero()).map(Rest::of_own_limit).unwrap_or_default();
        }
        let left = rests.iter().map(|rest| rest.left).max().unwrap_or_default();
        let told = rests.into_iter().filter(|rest| rest.cause.told).max_by_key(|rest| rest.left).unwrap_or_default();
        // However short: a call that waits for its own key's limit would not count against it.
        let own = told.own || told.left <= SHORT_WAIT && rests[4].own;
        (left, Rest { own, ..told })
    }

    pub(super) fn keyed(
        &self,
        target: usize,
        key: Option<usize>,
    ) -> Option<(&Slot, usize, &weir_domain::snapshot::PoolKey)> {
        let key = key?;
        let spec = self.pool.route.targets.get(target)?.provider.keys.get(key)?;
        Some((self.pool.slot(target)?, key, spec))
    }

    pub(super) fn standing(&self, target: usize, key: Option<usize>) -> Standing {
        let mut standing = Standing::Untried;
        for mark in &self.marks {
            let same_target = mark.target == target;
            let concerns = match mark.blame {
                Blame::Target => same_target,
                Blame::Key => mark.key == key && self.same_provider(mark.target, target),
                Blame::Permission | Blame::Limit => same_target && mark.key == key,
            };
            match mark.standing {
                Standing::Spent if concerns => return Standing::Spent,
                repeat if concerns => standing = repeat,
                _ => {}
            }
        }
        standing
    }

    fn same_provider(&self, one: usize, other: usize) -> bool {
        let provider = |at: usize| self.pool.route.targets.get(at).map(|target| target.provider.id.as_str());
        provider(one) == provider(other)
    }
}
