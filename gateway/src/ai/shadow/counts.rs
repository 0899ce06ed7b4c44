//! What became of shadows, for metrics.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use weir_domain::money::NanoUsd;
use weir_domain::routing::Copies;

/// How one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It said the same as the caller was told.
    Same,
    /// It said something else.
    Different,
    /// It answered, but the caller got no whole answer to compare with, or one that is too long.
    Alone,
    /// It failed.
    Failed,
    /// Not asked: as many as may be are under way.
    Busy,
    /// Not asked: it rests after a failure, is unhealthy, or its key has no room.
    Resting,
    /// Not asked: a copy of the request could do more than answer, or the target cannot take it.
    Unfit,
}

const NAMES: [(End, &str); 7] = [
    (End::Same, "same"),
    (End::Different, "different"),
    (End::Alone, "not_compared"),
    (End::Failed, "failed"),
    (End::Busy, "busy"),
    (End::Resting, "resting"),
    (End::Unfit, "unfit"),
];

/// Counts of all ends, and what shadows cost.
#[derive(Debug, Default)]
pub(in crate::ai) struct Counts {
    ends: [AtomicU64; NAMES.len()],
    nanos: AtomicU64,
    unpriced: AtomicU64,
}

/// What became of the copies for one shadow.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) copies: Copies,
    /// Nano-dollars, as far as they are known.
    pub(super) cost: u64,
    /// Copies whose cost is unknown.
    pub(super) unpriced: u64,
}

impl Counts {
    fn of(&self, end: End) -> Option<&AtomicU64> {
        NAMES.iter().zip(&self.ends).find_map(|((one, _), count)| (*one == end).then_some(count))
    }

    pub(super) fn note(&self, end: End) {
        if let Some(count) = self.of(end) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn spent(&self, cost: Option<NanoUsd>) {
        match cost {
            Some(cost) => self.nanos.fetch_add(u64::try_from(cost.0).unwrap_or(0), Ordering::Relaxed),
            None => self.unpriced.fetch_add(1, Ordering::Relaxed),
        };
    }

    pub(super) fn view(&self) -> Tally {
        let of = |end| self.of(end).map_or(0, |count| count.load(Ordering::Relaxed));
        Tally {
            copies: Copies {
                same: of(End::Same),
                different: of(End::Different),
                not_compared: of(End::Alone),
                failed: of(End::Failed),
                busy: of(End::Busy),
                resting: of(End::Resting),
                unfit: of(End::Unfit),
            },
            cost: self.nanos.load(Ordering::Relaxed),
            unpriced: self.unpriced.load(Ordering::Relaxed),
        }
    }

    /// For Prometheus, in its text format.
    pub(in crate::ai) fn metrics(&self, node: &str) -> String {
        let mut text = String::from(
            "# HELP weir_shadows_total Copies of calls for shadow targets, by what became of them.\n\
             # TYPE weir_shadows_total counter\n",
        );
        for ((_, name), count) in NAMES.iter().zip(&self.ends) {
            let count = count.load(Ordering::Relaxed);
            let _ = writeln!(text, "weir_shadows_total{{node=\"{node}\",result=\"{name}\"}} {count}");
        }
        let nanos = self.nanos.load(Ordering::Relaxed);
        let _ = write!(
            text,
            "# HELP weir_shadow_cost_nanodollars_total What they cost, in billionths of a US dollar; charged to nobody.\n\
             # TYPE weir_shadow_cost_nanodollars_total counter\n\
             weir_shadow_cost_nanodollars_total{{node=\"{node}\"}} {nanos}\n"
        );
        text
    }
}
