//! How much a route may repeat: a share of its calls, so that retries never multiply the load of who is in trouble.

use weir_domain::spec::RetryBudget;

use super::clock::Millis;
use super::window::Window;

/// Calls and repetitions of one route.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    calls: Window,
    repeats: Window,
}

impl Budget {
    /// Notes a call.
    pub(crate) fn call(&self, set: &RetryBudget, now: Millis) {
        self.calls.add(1, now, set.window_ms);
    }

    /// Takes one repetition; false when there is none left.
    pub(crate) fn repeat(&self, set: &RetryBudget, now: Millis) -> bool {
        let share = self.calls.sum(now, set.window_ms).saturating_mul(u64::from(set.percent)) / 100;
        self.repeats.take(1, share.saturating_add(u64::from(set.floor)), now, set.window_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_a_share_of_the_calls_beyond_a_floor() {
        let set = RetryBudget { percent: 20, floor: 3, window_ms: 10_000 };
        let (budget, now) = (Budget::default(), Millis(1));
        (0..100).for_each(|_| budget.call(&set, now));
        assert_eq!((0..100).filter(|_| budget.repeat(&set, now)).count(), 23);
        assert!((0..3).all(|_| budget.repeat(&set, Millis(20_000))), "the floor, when the window is empty");
        assert!(!budget.repeat(&set, Millis(20_000)));
    }
}
