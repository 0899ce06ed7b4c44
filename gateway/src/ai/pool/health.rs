//! What health checks have found.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use weir_domain::snapshot::HealthCheck;
use weir_domain::time;

use super::cells::Idle;
use super::state::LastError;
use crate::counting::clock::Millis;

const UNKNOWN: u8 = 0;
const HEALTHY: u8 = 1;
const UNHEALTHY: u8 = 2;

/// What one check has found so far, over all its rounds. Written by the one task that makes the check.
#[derive(Debug, Default)]
pub(in crate::ai) struct Health {
    stand: AtomicU8,
    /// Results in a row that speak against the stand.
    against: AtomicU32,
    /// When the last round ended; 0 before.
    at: AtomicU64,
    rounds: [AtomicU64; 2],
    error: ArcSwapOption<LastError>,
}

impl Health {
    /// Whether calls should go elsewhere.
    pub(in crate::ai) fn is_unhealthy(&self) -> bool {
        self.stand.load(Ordering::Relaxed) == UNHEALTHY
    }

    /// What is known; `None` before anything is.
    pub(in crate::ai) fn healthy(&self) -> Option<bool> {
        match self.stand.load(Ordering::Relaxed) {
            UNKNOWN => None,
            stand => Some(stand == HEALTHY),
        }
    }

    /// Why the last round failed, if it did.
    pub(in crate::ai) fn error(&self) -> Option<Arc<LastError>> {
        self.error.load_full()
    }

    /// Rounds that were good, and that failed.
    pub(in crate::ai) fn rounds(&self) -> (u64, u64) {
        let [good, failed] = &self.rounds;
        (good.load(Ordering::Relaxed), failed.load(Ordering::Relaxed))
    }

    /// How long ago the last round ended.
    pub(in crate::ai) fn age(&self, now: Millis) -> Option<Duration> {
        let at = self.at.load(Ordering::Relaxed);
        (at != 0).then(|| Duration::from_millis(now.0.saturating_sub(at)))
    }

    /// Notes a round; the new stand, where it is another than before. The first good one settles what was unknown.
    pub(in crate::ai) fn note(&self, found: Result<(), String>, check: &HealthCheck, now: Millis) -> Option<bool> {
        let good = found.is_ok();
        let [goods, failures] = &self.rounds;
        if good { goods } else { failures }.fetch_add(1, Ordering::Relaxed);
        self.at.store(now.0, Ordering::Relaxed);
        self.error.store(found.err().map(|message| Arc::new(LastError { at: time::now(), message })));
        let stand = self.stand.load(Ordering::Relaxed);
        if stand == if good { HEALTHY } else { UNHEALTHY } {
            self.against.store(0, Ordering::Relaxed);
            return None;
        }
        let against = self.against.load(Ordering::Relaxed).saturating_add(1);
        let enough = match (good, stand) {
            (true, UNKNOWN) => true,
            (true, _) => against >= check.healthy_after,
            (false, _) => against >= check.unhealthy_after,
        };
        self.against.store(if enough { 0 } else { against }, Ordering::Relaxed);
        if enough {
            self.stand.store(if good { HEALTHY } else { UNHEALTHY }, Ordering::Relaxed);
        }
        enough.then_some(good)
    }
}

impl Idle for Health {
    fn is_idle(&self, _: Millis) -> bool {
        !self.is_unhealthy()
    }
}

#[cfg(test)]
mod tests {
    use weir_domain::spec::HealthMethod;

    use super::*;

    #[test]
    fn it_takes_several_rounds_in_a_row_to_change_what_is_known() {
        let check = HealthCheck {
            path: "/".into(),
            method: HealthMethod::Get,
            body: String::new(),
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            unhealthy_after: 3,
            healthy_after: 2,
            statuses: Vec::new(),
        };
        let health = Health::default();
        let bad = |at| health.note(Err("no".into()), &check, Millis(at));
        let good = |at| health.note(Ok(()), &check, Millis(at));
        assert_eq!((health.healthy(), health.age(Millis(9))), (None, None));
        assert_eq!((bad(1), bad(2), health.healthy()), (None, None, None), "two are not enough");
        assert_eq!(good(3), Some(true), "the first word is believed");
        assert_eq!((bad(4), bad(5), good(6), bad(7), bad(8)), (None, None, None, None, None), "the row was broken");
        assert!(!health.is_unhealthy());
        assert_eq!(bad(9), Some(false));
        assert!(health.is_unhealthy() && health.error().is_some());
        assert_eq!((bad(10), good(11), bad(12), good(13)), (None, None, None, None));
        assert_eq!(good(14), Some(true));
        assert_eq!((health.healthy(), health.error().is_none()), (Some(true), true));
        assert_eq!((health.rounds(), health.age(Millis(20))), ((5, 9), Some(Duration::from_millis(6))));
    }
}
