//! When a store is left alone: after so many failures in a row, for a while, and then one call tries it.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::StoreError;

/// The breaker of one store.
pub(super) struct Breaker {
    errors: u32,
    open_for: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_a_row: u32,
    /// When it is tried again, while it is left alone.
    open_until: Option<Instant>,
    probing: bool,
    opened: u64,
    last_error: Option<StoreError>,
}

/// How a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether it is asked.
    pub state: HealthState,
    /// Failures since the last success.
    pub errors_in_a_row: u32,
    /// How often it was left alone since the start.
    pub opened: u64,
    /// The last failure, also when it is over.
    pub last_error: Option<StoreError>,
}

/// Whether a store is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// It is.
    Closed,
    /// It is left alone.
    Open,
    /// One call tries whether it works again.
    Probing,
}

/// A call that was let through. If it ends without a word, because its caller left, another may try.
pub(super) struct Admitted<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub(super) fn new(errors: u32, open_for: Duration) -> Self {
        Self { errors: errors.max(1), open_for, state: Mutex::default() }
    }

    /// Lets a call through, or says when it may come again.
    pub(super) fn admit(&self) -> Result<Admitted<'_>, StoreError> {
        let mut state = self.state.lock();
        let Some(until) = state.open_until else { return Ok(Admitted { breaker: self, probe: false }) };
        let left = until.saturating_duration_since(Instant::now());
        if !left.is_zero() || state.probing {
            return Err(StoreError::Open { retry_in: left.max(Duration::from_millis(10)) });
        }
        state.probing = true;
        Ok(Admitted { breaker: self, probe: true })
    }

    pub(super) fn health(&self) -> Health {
        let state = self.state.lock();
        Health {
            state: match (state.open_until, state.probing) {
                (None, _) => HealthState::Closed,
                (Some(_), true) => HealthState::Probing,
                (Some(_), false) => HealthState::Open,
            },
            errors_in_a_row: state.in_a_row,
            opened: state.opened,
            last_error: state.last_error.clone(),
        }
    }
}

impl Admitted<'_> {
    /// Says how the call ended: `None` for well.
    pub(super) fn ended(mut self, failure: Option<&StoreError>) {
        let mut state = self.breaker.state.lock();
        match failure {
            None if self.probe || state.open_until.is_none() => {
                state.in_a_row = 0;
                state.open_until = None;
            }
            // A call from before it was left alone says nothing of now.
            None => {}
            Some(error) => {
                state.in_a_row = state.in_a_row.saturating_add(1);
                state.last_error = Some(error.clone());
                let opens = state.open_until.is_none() && state.in_a_row >= self.breaker.errors;
                if opens {
                    state.opened += 1;
                }
                if opens || self.probe {
                    state.open_until = Some(Instant::now() + self.breaker.open_for);
                }
            }
        }
        if self.probe {
            state.probing = false;
            self.probe = false;
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.state.lock().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWN: StoreError = StoreError::Malformed("x");

    #[tokio::test]
    async fn it_opens_after_failures_in_a_row_and_one_call_tries() {
        let breaker = Breaker::new(2, Duration::from_millis(80));
        breaker.admit().unwrap().ended(Some(&DOWN));
        breaker.admit().unwrap().ended(None);
        breaker.admit().unwrap().ended(Some(&DOWN));
        assert_eq!(breaker.health().state, HealthState::Closed, "they were not in a row");
        let slow = breaker.admit().unwrap();
        breaker.admit().unwrap().ended(Some(&DOWN));
        assert!(matches!(breaker.admit().err(), Some(StoreError::Open { retry_in }) if retry_in.as_millis() <= 80));
        slow.ended(None);
        assert_eq!(breaker.health().state, HealthState::Open, "that call began before");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let probe = breaker.admit().unwrap();
        assert_eq!(breaker.health().state, HealthState::Probing);
        assert!(breaker.admit().is_err(), "one tries");
        drop(probe);
        breaker.admit().unwrap().ended(Some(&DOWN));
        assert!(breaker.admit().is_err(), "it failed again");
        tokio::time::sleep(Duration::from_millis(100)).await;
        breaker.admit().unwrap().ended(None);
        let health = breaker.health();
        assert_eq!((health.state, health.errors_in_a_row, health.opened), (HealthState::Closed, 0, 1));
        assert_eq!(health.last_error, Some(DOWN));
    }
}
