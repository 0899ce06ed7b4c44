//! One attempt at a target, from its choice to its end: counted while it is under way, and its end told to the target's
//! state. What is not told (the caller left) says nothing of the target.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use weir_domain::time;

use super::cooldown::Cause;
use super::state::LastError;
use super::{KeySlot, Pool, Slot};
use crate::ai::failure::Failure;
use crate::ai::plan::{Blame, Choice};
use crate::counting::clock::Millis;
use crate::retry_after::exhausted;

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
    /// Whether the target's breaker knows how it ended, and the key's.
    told: bool,
    key_told: bool,
    /// Whether its end says nothing to others.
    apart: bool,
}

/// Why something is left alone after a failure.
fn cause(failure: &Failure, blame: Blame) -> Cause {
    Cause { told: failure.retry_after.is_some(), limited: blame == Blame::Limit }
}

impl Trial {
    pub(in crate::ai) fn begin(pool: &Arc<Pool>, choice: Choice, stream: bool, counted: u64) -> Self {
        if let Some(slot) = pool.slot(choice.target) {
            slot.state.begin();
        }
        let (pool, begun, told) = (Arc::clone(pool), Instant::now(), false);
        Self { pool, choice, begun, stream, counted, told, key_told: false, apart: false }
    }

    /// The same for a call that nobody waits for: it counts while it is under way and in what it consumes, as the
    /// provider counts it, and says nothing of target or key that others would be kept from.
    pub(in crate::ai) fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    fn slot(&self) -> Option<&Slot> {
        self.pool.slot(self.choice.target)
    }

    fn key(&self) -> Option<&KeySlot> {
        self.pool.key(self.choice.target, self.choice.key)
    }

    fn now(&self) -> Millis {
        self.pool.millis(Instant::now())
    }

    /// The head of an answer is here: what it says of the key's limits is remembered. A limit that is used up is a hint
    /// (the key comes last until it is renewed), not a refusal.
    pub(in crate::ai) fn head(&self, headers: &HeaderMap) {
        let Some(key) = self.key().filter(|_| !self.apart) else { return };
        if let Some(wait) = exhausted(headers, time::now()) {
            let cause = Cause { told: false, limited: true };
            key.usage.cooldown.cool(wait, cause, self.now());
        }
    }

    /// The first content is here, or the whole answer: target and key work.
    pub(in crate::ai) fn answered(&mut self) {
        if self.apart {
            return;
        }
        let now = self.now();
        if let Some(slot) = self.slot() {
            slot.state.latency(self.stream).observe(self.begun.elapsed(), now);
            slot.state.cooldown.clear();
            slot.state.answered();
        }
        if let Some(key) = self.key() {
            key.state.cooldown.clear();
        }
        self.alive();
        self.key_works();
    }

    /// The target answered, be it with a refusal that is the caller's or the key's fault.
    fn alive(&mut self) {
        self.told = true;
        if let Some(slot) = self.slot() {
            slot.state.breaker.worked(self.now(), &self.pool.route.breaker);
        }
    }

    /// So did the key.
    fn key_works(&mut self) {
        self.key_told = true;
        if let Some(key) = self.key() {
            key.usage.breaker.worked(self.now(), &self.pool.route.breaker);
        }
    }

    /// It failed; what it is blamed on is left alone for a while. `None`: neither target nor key is to blame.
    pub(in crate::ai) fn failed(&mut self, failure: &Failure, blame: Option<Blame>) {
        if self.apart {
            return;
        }
        let Some(blame) = blame else {
            self.alive();
            return self.key_works();
        };
        let now = self.now();
        let message = crate::metering::cut(&failure.error.message, MAX_ERROR).to_owned();
        let seen = Arc::new(LastError { at: time::now(), message });
        let is_targets = blame == Blame::Target && !self.is_keys_own(failure);
        if let Some(slot) = self.slot() {
            slot.state.last_error.store(Some(Arc::clone(&seen)));
            if blame == Blame::Target && failure.is_timeout() {
                slot.state.latency(self.stream).observe(self.begun.elapsed(), now);
            }
        }
        if !is_targets {
            self.key_failed(failure, blame, seen);
            if blame != Blame::Target {
                self.alive();
            }
            return;
        }
        self.told = true;
        if let Some(slot) = self.slot() {
            slot.state.breaker.failed(now, &self.pool.route.breaker);
            slot.state.cooldown.cool(self.rest(failure), cause(failure, blame), now);
        }
    }

    /// Whether an error of the server may be the key's own: there are others, and none of them has met it since the last
    /// answer. An account can be broken where the server works.
    fn is_keys_own(&self, failure: &Failure) -> bool {
        let (Some(slot), Some(key)) = (self.slot(), self.key()) else { return false };
        failure.is_told_by_server() && slot.keys.len() > 1 && !slot.state.failed_with(key.mark)
    }

    /// The key is left alone: for this model, or for all where it is refused as such.
    fn key_failed(&mut self, failure: &Failure, blame: Blame, seen: Arc<LastError>) {
        self.key_told = true;
        let (now, rest, cause) = (self.now(), self.rest(failure), cause(failure, blame));
        let Some(key) = self.key() else {
            // A provider without keys that limits or refuses calls does so to all of them.
            if let Some(slot) = self.slot() {
                slot.state.cooldown.cool(rest, cause, now);
            }
            return;
        };
        key.usage.last_error.store(Some(seen));
        key.usage.breaker.failed(now, &self.pool.route.breaker);
        match blame {
            Blame::Key => key.state.cooldown.cool(rest.max(UNAUTHORISED), cause, now),
            Blame::Permission => key.usage.cooldown.cool(rest.max(UNAUTHORISED), cause, now),
            Blame::Limit | Blame::Target => key.usage.cooldown.cool(rest, cause, now),
        }
    }

    fn rest(&self, failure: &Failure) -> Duration {
        failure.retry_after.unwrap_or(Duration::from_millis(self.pool.route.cooldown_ms))
    }

    /// The answer is at its end, and consumed so many tokens.
    pub(in crate::ai) fn consumed(&self, tokens: u64) {
        let (target, key) = (self.choice.target, self.choice.key);
        let Some(state) = self.key().map(|key| &key.state) else { return };
        let spec = self.pool.route.targets.get(target).and_then(|t| t.provider.keys.get(key?));
        if let Some(spec) = spec {
            state.consumed(spec, tokens.saturating_sub(self.counted), self.now());
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
        if let Some(key) = self.key().filter(|_| self.choice.key_probe && !self.key_told) {
            key.usage.breaker.give_back();
        }
    }
}
