//! One attempt at a target, from its choice to its end: counted while it is under way, and its end told to the target's
//! state. What is not told (the caller left) says nothing of the target.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use weir_domain::time;

use super::cooldown::Cause;
use super::state::LastError;
use super::{Pool, Slot};
use crate::ai::failure::Failure;
use crate::ai::plan::{Blame, Choice};
use crate::ai::retry_after::exhausted;

/// How long a key is left alone that the provider does not know, or that may not do this: nothing changes by waiting,
/// somebody must act, and a new secret is another key.
const UNAUTHORISED: Duration = Duration::from_mins(30);
/// The longest text kept of an error, in bytes.
const MAX_ERROR: usize = 300;

/// An attempt under way.
pub(in crate::ai) struct Trial {
    pool: Arc<Pool>,
    choice: Choice,
    begun: Instant,
    stream: bool,
    /// Tokens counted against the key's limit so far.
    counted: u64,
    told: bool,
}

impl Trial {
    pub(in crate::ai) fn begin(pool: &Arc<Pool>, choice: Choice, stream: bool, counted: u64) -> Self {
        if let Some(slot) = pool.slot(choice.target) {
            slot.state.begin();
        }
        Self { pool: Arc::clone(pool), choice, begun: Instant::now(), stream, counted, told: false }
    }

    fn slot(&self) -> Option<&Slot> {
        self.pool.slot(self.choice.target)
    }

    /// The head of an answer is here: what it says of the key's limits is remembered. A limit that is used up is a hint
    /// (the key comes last until it is renewed), not a refusal.
    pub(in crate::ai) fn head(&self, headers: &HeaderMap) {
        let Some(key) = self.pool.key(self.choice.target, self.choice.key) else { return };
        if let Some(wait) = exhausted(headers, time::now()) {
            let cause = Cause { told: false, limited: true };
            key.usage.cool(wait, cause, self.pool.millis(Instant::now()));
        }
    }

    /// The first content is here, or the whole answer: target and key work.
    pub(in crate::ai) fn answered(&mut self) {
        let time = self.begun.elapsed();
        let now = self.pool.millis(Instant::now());
        if let Some(slot) = self.slot() {
            slot.state.latency(self.stream).observe(time, now);
            slot.state.cooldown.clear();
        }
        if let Some(key) = self.pool.key(self.choice.target, self.choice.key) {
            key.state.cooldown.clear();
        }
        self.alive();
    }

    /// The target answered, be it with a refusal that is the caller's or the key's fault.
    fn alive(&mut self) {
        self.told = true;
        let now = self.pool.millis(Instant::now());
        if let Some(slot) = self.slot() {
            slot.state.breaker.worked(now, &self.pool.route.breaker);
        }
    }

    /// It failed; what it is blamed on is left alone for a while. `None`: neither target nor key is to blame.
    pub(in crate::ai) fn failed(&mut self, failure: &Failure, blame: Option<Blame>) {
        let now = self.pool.millis(Instant::now());
        let (begun, stream) = (self.begun, self.stream);
        let Some(blame) = blame else { return self.alive() };
        let rest = failure.retry_after.unwrap_or(Duration::from_millis(self.pool.route.cooldown_ms));
        let cause = Cause { told: failure.retry_after.is_some(), limited: blame == Blame::Limit };
        if let Some(slot) = self.slot() {
            let message = crate::metering::cut(&failure.error.message, MAX_ERROR).to_owned();
            slot.state.last_error.store(Some(Arc::new(LastError { at: time::now(), message })));
            if blame == Blame::Target {
                slot.state.breaker.failed(now, &self.pool.route.breaker);
                if failure.is_timeout() {
                    slot.state.latency(stream).observe(begun.elapsed(), now);
                }
            }
            match (blame, self.pool.key(self.choice.target, self.choice.key)) {
                (Blame::Target, _) | (_, None) => slot.state.cooldown.cool(rest, cause, now),
                (Blame::Key, Some(key)) => key.state.cooldown.cool(rest.max(UNAUTHORISED), cause, now),
                (Blame::Permission, Some(key)) => key.usage.cool(rest.max(UNAUTHORISED), cause, now),
                (Blame::Limit, Some(key)) => key.usage.cool(rest, cause, now),
            }
        }
        if blame == Blame::Target {
            self.told = true;
        } else {
            self.alive();
        }
    }

    /// The answer is at its end, and consumed so many tokens.
    pub(in crate::ai) fn consumed(&self, tokens: u64) {
        let (target, key) = (self.choice.target, self.choice.key);
        let Some(state) = self.pool.key(target, key).map(|key| &key.state) else { return };
        let spec = self.pool.route.targets.get(target).and_then(|t| t.provider.keys.get(key?));
        if let Some(spec) = spec {
            state.consumed(spec, tokens.saturating_sub(self.counted), self.pool.millis(Instant::now()));
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let Some(slot) = self.pool.slot(self.choice.target) else { return };
        slot.state.end();
        if self.choice.probe && !self.told {
            slot.state.breaker.give_back();
        }
    }
}
