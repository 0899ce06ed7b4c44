//! Which targets and keys are left alone for a while, because they failed.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What can be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spot<'a> {
    /// A model at a provider.
    Target {
        /// The provider's id.
        provider: &'a str,
        /// The model's id there.
        model: &'a str,
    },
    /// A key of a provider's pool, whatever the model.
    Key {
        /// The provider's id.
        provider: &'a str,
        /// The key's name within the pool.
        key: &'a str,
    },
    /// A model through one key: limits of rate and permissions hold for both together.
    Use {
        /// The provider's id.
        provider: &'a str,
        /// The key's name within the pool.
        key: &'a str,
        /// The model's id there.
        model: &'a str,
    },
}

/// Why something is left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cause {
    /// The provider itself said for how long (`Retry-After`); else it is this gateway's guess.
    pub(super) told: bool,
    /// It was asked too often.
    pub(super) limited: bool,
}

/// For how much longer something is left alone, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    /// Zero when it is ready.
    pub(super) left: Duration,
    pub(super) cause: Cause,
}

/// Expired entries are swept when there are this many, and then not again for a second.
const SWEEP: (usize, u64) = (1_024, 1_000);
/// No more than this many are kept: callers who address models directly choose names.
const MOST: usize = 16_384;

/// Shared by all workers, read without a lock.
pub(super) struct Cooldowns {
    /// Until when, in milliseconds since `epoch`, by the spot's hash; and why.
    until: papaya::HashMap<u64, (u64, Cause)>,
    hasher: RandomState,
    /// The last moment at which anything cools; behind it there is nothing to look up.
    latest: AtomicU64,
    /// Before this moment nothing is swept.
    next_sweep: AtomicU64,
    epoch: Instant,
}

impl Default for Cooldowns {
    fn default() -> Self {
        Self {
            until: papaya::HashMap::new(),
            hasher: RandomState::new(),
            latest: AtomicU64::new(0),
            next_sweep: AtomicU64::new(0),
            epoch: Instant::now(),
        }
    }
}

impl Cooldowns {
    /// How long the spot is still to be left alone at `now`; zero when it is not.
    pub(super) fn rest(&self, spot: Spot<'_>, now: Instant) -> Rest {
        let now = self.millis(now);
        if now >= self.latest.load(Ordering::Relaxed) {
            return Rest::default();
        }
        let (until, cause) = self.until.pin().get(&self.hasher.hash_one(spot)).copied().unwrap_or_default();
        Rest { left: Duration::from_millis(until.saturating_sub(now)), cause }
    }

    /// Leaves the spot alone for a while; never shortens what was said before.
    pub(super) fn cool(&self, spot: Spot<'_>, time: Duration, cause: Cause, now: Instant) {
        let now = self.millis(now);
        let until = now.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let map = self.until.pin();
        if map.len() >= SWEEP.0 && now >= self.next_sweep.load(Ordering::Relaxed) {
            self.next_sweep.store(now + SWEEP.1, Ordering::Relaxed);
            map.retain(|_, (until, _)| *until > now);
        }
        if map.len() < MOST {
            let longer = |old: &(u64, Cause)| if old.0 > until { *old } else { (until, cause) };
            map.update_or_insert(self.hasher.hash_one(spot), longer, (until, cause));
            self.latest.fetch_max(until, Ordering::Relaxed);
        }
    }

    /// The spot works again.
    pub(super) fn clear(&self, spot: Spot<'_>, now: Instant) {
        if self.millis(now) < self.latest.load(Ordering::Relaxed) {
            self.until.pin().remove(&self.hasher.hash_one(spot));
        }
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.epoch).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOT: Spot<'_> = Spot::Target { provider: "p", model: "m" };

    #[test]
    fn a_spot_cools_and_is_ready_again() {
        let (cooldowns, now) = (Cooldowns::default(), Instant::now());
        assert!(cooldowns.rest(SPOT, now).left.is_zero());
        cooldowns.cool(SPOT, Duration::from_secs(10), Cause::default(), now);
        let left = cooldowns.rest(SPOT, now + Duration::from_secs(4)).left;
        assert!(left > Duration::from_millis(5_900) && left <= Duration::from_secs(6), "{left:?}");
        assert!(cooldowns.rest(SPOT, now + Duration::from_secs(11)).left.is_zero());
        assert!(cooldowns.rest(Spot::Key { provider: "p", key: "m" }, now).left.is_zero(), "a key is not a target");
    }

    #[test]
    fn the_longer_word_holds_until_it_is_taken_back() {
        let (cooldowns, now) = (Cooldowns::default(), Instant::now());
        cooldowns.cool(SPOT, Duration::from_secs(60), Cause::default(), now);
        cooldowns.cool(SPOT, Duration::from_secs(1), Cause::default(), now);
        assert!(cooldowns.rest(SPOT, now).left > Duration::from_secs(50));
        cooldowns.clear(SPOT, now);
        assert!(cooldowns.rest(SPOT, now).left.is_zero());
    }

    #[test]
    fn why_a_spot_cools_is_known_as_long_as_it_does() {
        let (cooldowns, now) = (Cooldowns::default(), Instant::now());
        let told = Cause { told: true, limited: true };
        cooldowns.cool(SPOT, Duration::from_secs(60), told, now);
        cooldowns.cool(SPOT, Duration::from_secs(1), Cause::default(), now);
        assert_eq!(cooldowns.rest(SPOT, now).cause, told);
    }

    #[test]
    fn names_that_callers_make_up_cannot_fill_the_memory() {
        let (cooldowns, now) = (Cooldowns::default(), Instant::now());
        for n in 0..2 * MOST {
            let model = n.to_string();
            cooldowns.cool(
                Spot::Target { provider: "p", model: &model },
                Duration::from_secs(60),
                Cause::default(),
                now,
            );
        }
        assert!(cooldowns.until.pin().len() <= MOST);
        cooldowns.cool(SPOT, Duration::from_secs(60), Cause::default(), now + Duration::from_secs(61));
        assert_eq!(cooldowns.until.pin().len(), 1, "what has expired is swept");
    }
}
