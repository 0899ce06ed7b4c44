//! Leaving something alone for a while, because it failed or asked for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::counting::clock::Millis;

/// Why something is left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ai) struct Cause {
    /// The provider itself said for how long (`Retry-After`); else it is this gateway's guess.
    pub(in crate::ai) told: bool,
    /// It was asked too often.
    pub(in crate::ai) limited: bool,
}

/// For how much longer something is left alone, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ai) struct Rest {
    /// Zero when it is ready.
    pub(in crate::ai) left: Duration,
    pub(in crate::ai) cause: Cause,
    /// It is the gateway's own limit of a key (`rpm`, `tpm`) that is used up; nobody was refused yet.
    pub(in crate::ai) own: bool,
}

impl Rest {
    /// Until a key is within its own limits again.
    pub(in crate::ai) fn of_own_limit(left: Duration) -> Self {
        Self { left, cause: Cause { told: true, limited: true }, own: true }
    }
}

/// Until when, and why, in one word: read and written without a lock.
#[derive(Debug, Default)]
pub(in crate::ai) struct Cooldown(AtomicU64);

const TOLD: u64 = 1;
const LIMITED: u64 = 2;

impl Cooldown {
    /// How long it is still to be left alone; zero when it is not.
    pub(in crate::ai) fn rest(&self, now: Millis) -> Rest {
        let word = self.0.load(Ordering::Relaxed);
        let left = (word >> 2).saturating_sub(now.0);
        if left == 0 {
            return Rest::default();
        }
        let cause = Cause { told: word & TOLD != 0, limited: word & LIMITED != 0 };
        Rest { left: Duration::from_millis(left), cause, own: false }
    }

    /// Leaves it alone for a while; never shortens what was said before.
    pub(in crate::ai) fn cool(&self, time: Duration, cause: Cause, now: Millis) {
        let until = now.after(time).0.min(u64::MAX >> 2);
        let why = if cause.told { TOLD } else { 0 } | if cause.limited { LIMITED } else { 0 };
        self.0.fetch_max(until << 2 | why, Ordering::Relaxed);
    }

    /// It works again.
    pub(in crate::ai) fn clear(&self) {
        // Written only where there is something to take back: every good answer comes by here.
        if self.0.load(Ordering::Relaxed) != 0 {
            self.0.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cools_is_ready_again_and_the_longer_word_holds() {
        let (cooldown, at) = (Cooldown::default(), Millis);
        assert!(cooldown.rest(at(0)).left.is_zero());
        let told = Cause { told: true, limited: true };
        cooldown.cool(Duration::from_secs(60), told, at(1_000));
        cooldown.cool(Duration::from_secs(1), Cause::default(), at(1_000));
        assert_eq!(cooldown.rest(at(11_000)), Rest { left: Duration::from_secs(50), cause: told, own: false });
        assert_eq!(cooldown.rest(at(61_000)), Rest::default());
        cooldown.cool(Duration::from_secs(1), Cause::default(), at(62_000));
        assert_eq!(cooldown.rest(at(62_000)).cause, Cause::default());
        cooldown.clear();
        assert_eq!(cooldown.rest(at(62_000)), Rest::default());
        cooldown.cool(Duration::MAX, Cause::default(), at(1));
        assert!(cooldown.rest(at(1)).left > Duration::from_hours(24));
    }
}
