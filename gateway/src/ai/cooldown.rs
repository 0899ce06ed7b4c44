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
}

/// Expired entries are swept when there are this many, and then not again for a second.
const SWEEP: (usize, u64) = (1_024, 1_000);
/// No more than this many are kept: callers who address models directly choose names.
const MOST: usize = 16_384;

/// Shared by all workers, read without a lock.
pub(super) struct Cooldowns {
    /// Until when, in milliseconds since `epoch`, by the spot's hash.
    until: papaya::HashMap<u64, u64>,
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
    pub(super) fn left(&self, spot: Spot<'_>, now: Instant) -> Duration {
        let now = self.millis(now);
        if now >= self.latest.load(Ordering::Relaxed) {
            return Duration::ZERO;
        }
        let until = self.until.pin().get(&self.hasher.hash_one(spot)).copied().unwrap_or(0);
        Duration::from_millis(until.saturating_sub(now))
    }

    /// Leaves the spot alone for a while; never shortens what was said before.
    pub(super) fn cool(&self, spot: Spot<'_>, time: Duration, now: Instant) {
        let now = self.millis(now);
        let until = now.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let map = self.until.pin();
        if map.len() >= SWEEP.0 && now >= self.next_sweep.load(Ordering::Relaxed) {
            self.next_sweep.store(now + SWEEP.1, Ordering::Relaxed);
            map.retain(|_, until| *until > now);
        }
        if map.len() < MOST {
            map.update_or_insert(self.hasher.hash_one(spot), |old| until.max(*old), until);
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
        assert!(cooldowns.left(SPOT, now).is_zero());
        cooldowns.cool(SPOT, Duration::from_secs(10), now);
        let left = cooldowns.left(SPOT, now + Duration::from_secs(4));
        assert!(left > Duration::from_millis(5_900) && left <= Duration::from_secs(6), "{left:?}");
        assert!(cooldowns.left(SPOT, now + Duration::from_secs(11)).is_zero());
        assert!(cooldowns.left(Spot::Key { provider: "p", key: "m" }, now).is_zero(), "a key is not a target");
    }

    #[test]
    fn the_longer_word_holds_until_it_is_taken_back() {
        let (cooldowns, now) = (Cooldowns::default(), Instant::now());
        cooldowns.cool(SPOT, Duration::from_secs(60), now);
        cooldowns.cool(SPOT, Duration::from_secs(1), now);
        assert!(cooldowns.left(SPOT, now) > Duration::from_secs(50));
        cooldowns.clear(SPOT, now);
        assert!(cooldowns.left(SPOT, now).is_zero());
    }

    #[test]
    fn names_that_callers_make_up_cannot_fill_the_memory() {
        let (cooldowns, now) = (Cooldowns::default(), Instant::now());
        for n in 0..2 * MOST {
            let model = n.to_string();
            cooldowns.cool(Spot::Target { provider: "p", model: &model }, Duration::from_secs(60), now);
        }
        assert!(cooldowns.until.pin().len() <= MOST);
        cooldowns.cool(SPOT, Duration::from_secs(60), now + Duration::from_secs(61));
        assert_eq!(cooldowns.until.pin().len(), 1, "what has expired is swept");
    }
}
