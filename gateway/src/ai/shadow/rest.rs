//! Which shadow targets are left alone after a failure. They rest for themselves: calls that are made for callers know
//! nothing of it, and go to the same target and its keys by what they find there on their own.

use std::time::{Duration, Instant};

use weir_domain::snapshot::Target;

/// Until when each rests, by provider and model. Operators name them, so there are few.
#[derive(Default)]
pub(super) struct Rests(papaya::HashMap<(String, String), Instant>);

fn name(target: &Target) -> (String, String) {
    (target.provider.id.clone(), target.model.clone())
}

impl Rests {
    /// How long a target is still to be left alone; nothing when it is not.
    pub(super) fn left(&self, target: &Target, now: Instant) -> Option<Duration> {
        let left = self.0.pin().get(&name(target))?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Leaves a target alone until then.
    pub(super) fn begin(&self, target: &Target, until: Instant) {
        self.0.pin().insert(name(target), until);
    }

    /// A target has answered.
    pub(super) fn end(&self, target: &Target) {
        self.0.pin().remove(&name(target));
    }
}
