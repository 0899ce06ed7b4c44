//! The state of one target and of one key.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use weir_domain::snapshot::PoolKey;
use weir_domain::time::Micros;

use super::breaker::{Breaker, Stand};
use super::cells::Idle;
use super::cooldown::Cooldown;
use super::latency::Latency;
use crate::counting::clock::Millis;
use crate::counting::window::Window;

const MINUTE_MS: u64 = 60_000;
/// How long before its end an expiring key is told of, in microseconds.
const WARN: Micros = 7 * 86_400_000_000;

/// A model at a provider.
#[derive(Debug, Default)]
pub(in crate::ai) struct TargetState {
    pub(in crate::ai) cooldown: Cooldown,
    pub(in crate::ai) breaker: Breaker,
    /// Time to the first content: of whole answers, and of streams.
    latency: [Latency; 2],
    busy: AtomicU32,
    picks: AtomicU64,
    pub(in crate::ai) last_error: ArcSwapOption<LastError>,
    /// The key whose call failed last; 0 when a call has been answered since.
    suspect: AtomicU64,
}

/// What went wrong last.
#[derive(Debug)]
pub(in crate::ai) struct LastError {
    pub(in crate::ai) at: Micros,
    /// A sentence, free of secrets.
    pub(in crate::ai) message: String,
}

impl TargetState {
    /// Calls under way.
    #[expect(clippy::cast_precision_loss, reason = "calls under way are far fewer than 2^24")]
    pub(in crate::ai) fn busy(&self) -> f32 {
        self.busy.load(Ordering::Relaxed) as f32
    }

    /// Calls under way, as a count.
    pub(in crate::ai) fn in_flight(&self) -> u32 {
        self.busy.load(Ordering::Relaxed)
    }

    pub(in crate::ai) fn begin(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
        self.picks.fetch_add(1, Ordering::Relaxed);
    }

    pub(in crate::ai) fn end(&self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }

    /// How often it was asked.
    pub(in crate::ai) fn picks(&self) -> u64 {
        self.picks.load(Ordering::Relaxed)
    }

    /// Notes that the server failed with a key, by its mark; true when a call with another key failed too since the
    /// last answer: then it is not the key.
    pub(in crate::ai) fn failed_with(&self, key: u64) -> bool {
        let before = self.suspect.swap(key, Ordering::Relaxed);
        before != 0 && before != key
    }

    /// Notes that a call was answered.
    pub(in crate::ai) fn answered(&self) {
        // Written only where there is something to take back: every good answer comes by here.
        if self.suspect.load(Ordering::Relaxed) != 0 {
            self.suspect.store(0, Ordering::Relaxed);
        }
    }

    pub(in crate::ai) fn latency(&self, stream: bool) -> &Latency {
        let [whole, streamed] = &self.latency;
        if stream { streamed } else { whole }
    }
}

impl Idle for TargetState {
    fn is_idle(&self, now: Millis) -> bool {
        self.cooldown.is_idle(now) && self.breaker.stand(now) == Stand::Closed
    }
}

impl Idle for Cooldown {
    fn is_idle(&self, now: Millis) -> bool {
        self.rest(now).left.is_zero()
    }
}

impl Idle for KeyState {
    fn is_idle(&self, now: Millis) -> bool {
        self.cooldown.is_idle(now) && self.requests.sum(now, MINUTE_MS) == 0 && self.tokens.sum(now, MINUTE_MS) == 0
    }
}

/// A key with one model.
#[derive(Debug, Default)]
pub(in crate::ai) struct KeyUse {
    pub(in crate::ai) cooldown: Cooldown,
    /// Counts what is the key's own: that it is refused, limited, or fails where others work.
    pub(in crate::ai) breaker: Breaker,
    pub(in crate::ai) last_error: ArcSwapOption<LastError>,
}

impl Idle for KeyUse {
    fn is_idle(&self, now: Millis) -> bool {
        self.cooldown.is_idle(now) && self.breaker.stand(now) == Stand::Closed
    }
}

/// A key of a provider's pool.
#[derive(Debug, Default)]
pub(in crate::ai) struct KeyState {
    pub(in crate::ai) cooldown: Cooldown,
    requests: Window,
    tokens: Window,
    /// Whether it was told that it expires soon, and that it has.
    told: [AtomicBool; 2],
}

impl KeyState {
    /// Counts a call with so many tokens against the key's limits, unless it would exceed one of them.
    pub(in crate::ai) fn take(&self, key: &PoolKey, tokens: u64, now: Millis) -> bool {
        // The tokens of a call that the limit of requests refuses are never counted.
        if !self.has_room(key, tokens, now) {
            return false;
        }
        if key.rpm.is_some_and(|rpm| !self.requests.take(1, u64::from(rpm), now, MINUTE_MS)) {
            return false;
        }
        // Counted and compared in one: of calls at the same moment each has seen the room that is left for one.
        let fits = key.tpm.is_none_or(|tpm| self.tokens.take_or_alone(tokens, tpm, now, MINUTE_MS));
        if !fits && key.rpm.is_some() {
            self.requests.take_back(1, now, MINUTE_MS);
        }
        fits
    }

    /// Whether a call with so many tokens is within the limits. One that is larger than the limit by itself is let
    /// through when nothing else counts against it: it could never go otherwise.
    pub(in crate::ai) fn has_room(&self, key: &PoolKey, tokens: u64, now: Millis) -> bool {
        let requests = || self.requests.sum(now, MINUTE_MS);
        let room = |tpm: u64| match self.tokens.sum(now, MINUTE_MS) {
            0 => true,
            used => used.saturating_add(tokens) <= tpm,
        };
        key.rpm.is_none_or(|rpm| requests() < u64::from(rpm)) && key.tpm.is_none_or(room)
    }

    /// How long a call with so many tokens has to wait until it is within the limits; zero when it is.
    pub(in crate::ai) fn room_in(&self, key: &PoolKey, tokens: u64, now: Millis) -> Duration {
        let requests = key.rpm.map(|rpm| match u64::from(rpm).checked_sub(1) {
            Some(most) => self.requests.falls_to(most, now, MINUTE_MS),
            None => MINUTE_MS,
        });
        let used = key.tpm.map(|tpm| self.tokens.falls_to(tpm.saturating_sub(tokens), now, MINUTE_MS));
        Duration::from_millis(requests.max(used).unwrap_or_default())
    }

    /// Requests and tokens within the last minute, where there is a limit of them.
    pub(in crate::ai) fn used(&self, key: &PoolKey, now: Millis) -> (Option<u64>, Option<u64>) {
        let requests = key.rpm.map(|_| self.requests.sum(now, MINUTE_MS));
        (requests, key.tpm.map(|_| self.tokens.sum(now, MINUTE_MS)))
    }

    /// Counts tokens beyond those that [`Self::take`] was told of.
    pub(in crate::ai) fn consumed(&self, key: &PoolKey, tokens: u64, now: Millis) {
        if key.tpm.is_some() {
            self.tokens.add(tokens, now, MINUTE_MS);
        }
    }

    /// Whether the key may still be used, as far as its date says; tells of its end in the log, once, a week before.
    pub(in crate::ai) fn is_current(&self, provider: &str, key: &PoolKey, at: Micros) -> bool {
        let Some(expires) = key.expires else { return true };
        let [soon, over] = &self.told;
        let when = || weir_domain::time::to_rfc3339(expires);
        if at >= expires {
            if !over.swap(true, Ordering::Relaxed) {
                tracing::error!(provider, key = key.id, expired = when(), "a provider's key has expired: not used");
            }
        } else if at >= expires - WARN && !soon.swap(true, Ordering::Relaxed) {
            tracing::warn!(provider, key = key.id, expires = when(), "a provider's key expires within a week");
        }
        at < expires
    }
}

#[cfg(test)]
mod tests {
    use weir_domain::key_secret::KeySecret;
    use weir_domain::secret::Secret;

    use super::*;

    fn key(rpm: Option<u32>, tpm: Option<u64>, expires: Option<Micros>) -> PoolKey {
        let secret = KeySecret::Header(Secret::new("s".into()).unwrap());
        PoolKey { id: "k".into(), secret, generation: 0, weight: 1, priority: 0, rpm, tpm, expires }
    }

    #[test]
    fn a_key_takes_no_more_than_it_declares() {
        let (state, at) = (KeyState::default(), Millis);
        let both = key(Some(3), Some(1_000), None);
        assert!(state.take(&both, 600, at(1)));
        assert!(!state.take(&both, 600, at(2)), "too many tokens");
        assert!(state.take(&both, 300, at(3)));
        state.consumed(&both, 100, at(4));
        assert!(!state.take(&both, 1, at(5)), "the answer counts too");
        assert!(state.take(&both, 1, at(80_000)) && state.take(&both, 1, at(80_001)));
        assert!(state.take(&both, 1, at(80_002)) && !state.take(&both, 1, at(80_003)), "too many requests");
        let small = KeyState::default();
        assert!(small.take(&both, 5_000, at(1)), "what never fits goes when the key is idle");
        assert!(!small.take(&both, 1, at(2)));
    }

    #[test]
    fn calls_at_the_same_moment_do_not_pass_a_limit_of_tokens_together() {
        let limited = key(Some(1_000), Some(1_000), None);
        for round in 0..300 {
            let (state, start) = (KeyState::default(), std::sync::Barrier::new(8));
            let taken: usize = std::thread::scope(|scope| {
                let call = || {
                    start.wait();
                    usize::from(state.take(&limited, 600, Millis(1)))
                };
                let calls: Vec<_> = (0..8).map(|_| scope.spawn(call)).collect();
                calls.into_iter().map(|call| call.join().unwrap()).sum()
            });
            let used = state.used(&limited, Millis(1));
            assert!(taken <= 1, "round {round}: {taken} calls of 600 tokens within 1,000");
            assert_eq!(used, (Some(taken as u64), Some(600 * taken as u64)), "what was refused is not counted");
        }
    }

    #[test]
    fn an_expired_key_is_not_current() {
        let state = KeyState::default();
        assert!(state.is_current("p", &key(None, None, None), i64::MAX));
        let dated = key(None, None, Some(1_000));
        assert!(state.is_current("p", &dated, 999) && !state.is_current("p", &dated, 1_000));
    }
}
