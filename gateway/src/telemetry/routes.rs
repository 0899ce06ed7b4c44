//! Metric handles of one route or model, resolved once and found by one look-up without locks.

use std::sync::{Arc, OnceLock};

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};
use weir_domain::ledger::Outcome;

use super::{OUTCOMES, STATUS_CLASSES, status_class};

/// The most names that get labels of their own; what comes later is counted as `other`.
pub(super) const MAX_NAMES: usize = 2_000;
pub(super) const OTHER: &str = "other";

/// Handles of every route (or model) of one kind of traffic.
pub(super) struct Routes {
    traffic: &'static str,
    requests: IntCounterVec,
    duration: HistogramVec,
    known: papaya::HashMap<String, Arc<RouteHandles>>,
}

/// Handles of one route.
pub(super) struct RouteHandles {
    traffic: &'static str,
    name: String,
    requests: IntCounterVec,
    counters: [[OnceLock<IntCounter>; STATUS_CLASSES.len()]; OUTCOMES.len()],
    pub(super) duration: Histogram,
}

impl Routes {
    pub(super) fn new(traffic: &'static str, requests: IntCounterVec, duration: HistogramVec) -> Self {
        Self { traffic, requests, duration, known: papaya::HashMap::new() }
    }

    /// Runs `count` with the handles of a name. `may_add` says whether an unknown name may become a label: callers
    /// choose model names, so only one that the configuration or the catalogue knows may.
    pub(super) fn with<R>(&self, name: &str, may_add: bool, count: impl FnOnce(&RouteHandles) -> R) -> R {
        let known = self.known.pin();
        if let Some(handles) = known.get(name) {
            return count(handles);
        }
        let name = if may_add && known.len() < MAX_NAMES { name } else { OTHER };
        count(known.get_or_insert_with(name.to_owned(), || Arc::new(self.handles(name))))
    }

    fn handles(&self, name: &str) -> RouteHandles {
        RouteHandles {
            traffic: self.traffic,
            name: name.to_owned(),
            requests: self.requests.clone(),
            counters: Default::default(),
            duration: self.duration.with_label_values(&[self.traffic, name]),
        }
    }
}

impl RouteHandles {
    pub(super) fn count(&self, status: u16, outcome: Outcome) {
        let class = status_class(status);
        let row = OUTCOMES.iter().position(|&o| o == outcome).unwrap_or(OUTCOMES.len() - 1);
        self.counters[row][class]
            .get_or_init(|| {
                let labels = [self.traffic, &self.name, STATUS_CLASSES[class], OUTCOMES[row].as_str()];
                self.requests.with_label_values(&labels)
            })
            .inc();
    }
}
