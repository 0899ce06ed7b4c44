//! Who has the turn at one resource, and who waits for it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use weir_domain::spec::{Serialise, SerializeMode};

use super::Busy;
use crate::keyed::{Rest, Resting};
use crate::line::{Called, Pace, Waiter, withdraw};

/// One resource.
pub(super) struct Entry {
    /// Since when somebody has the turn.
    taken: Option<Instant>,
    /// Who had it last, or has it.
    last: u64,
    /// Consumers that wait, who is next first; none without a waiter.
    lines: VecDeque<Line>,
    /// Those who were sent away and have not noticed.
    displaced: Vec<u64>,
    next_number: u64,
    pace: Pace,
    began: Instant,
}

struct Line {
    consumer: u64,
    waiting: VecDeque<Waiter>,
}

/// What becomes of a write.
pub(super) enum Answer {
    /// It is its turn.
    Turn,
    /// It waits.
    Wait {
        /// Its number.
        number: u64,
        /// Where it is called.
        called: oneshot::Receiver<()>,
        /// Who was sent away for it; to be dropped when the lock is no longer held.
        displaced: Option<Waiter>,
    },
    /// It is refused.
    Busy(Busy),
}

impl Entry {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            taken: None,
            last: 0,
            lines: VecDeque::new(),
            displaced: Vec::new(),
            next_number: 0,
            pace: Pace::default(),
            began: now,
        }
    }

    pub(super) fn queued(&self) -> u32 {
        let waiting: usize = self.lines.iter().map(|line| line.waiting.len()).sum();
        u32::try_from(waiting).unwrap_or(u32::MAX)
    }

    pub(super) fn ask(&mut self, now: Instant, consumer: u64, settings: &Serialise) -> Answer {
        if self.taken.is_none() {
            self.taken = Some(now);
            self.last = consumer;
            return Answer::Turn;
        }
        let mut displaced = None;
        if settings.mode == SerializeMode::Reject || settings.max_queue == 0 {
            return Answer::Busy(self.busy(now, Duration::ZERO));
        }
        if self.queued() >= settings.max_queue {
            displaced = self.displace_for(consumer);
            if displaced.is_none() {
                return Answer::Busy(self.busy(now, Duration::ZERO));
            }
        }
        let (call, called) = oneshot::channel();
        let number = self.next_number;
        self.next_number += 1;
        let waiter = Waiter { number, call };
        match self.lines.iter_mut().find(|line| line.consumer == consumer) {
            Some(line) => line.waiting.push_back(waiter),
            None => self.lines.push_back(Line { consumer, waiting: VecDeque::from([waiter]) }),
        }
        Answer::Wait { number, called, displaced }
    }

    /// Makes room for a consumer that has nobody waiting, if another has more than one.
    fn displace_for(&mut self, consumer: u64) -> Option<Waiter> {
        if self.lines.iter().any(|line| line.consumer == consumer) {
            return None;
        }
        let longest = self.lines.iter_mut().max_by_key(|line| line.waiting.len())?;
        if longest.waiting.len() < 2 {
            return None;
        }
        let waiter = longest.waiting.pop_back()?;
        self.displaced.push(waiter.number);
        Some(waiter)
    }

    /// Takes a waiter out. `false` if its turn has come.
    pub(super) fn leave(&mut self, consumer: u64, number: u64) -> bool {
        if let Some(at) = self.displaced.iter().position(|displaced| *displaced == number) {
            self.displaced.swap_remove(at);
            return true;
        }
        let Some(at) = self.lines.iter().position(|line| line.consumer == consumer) else { return false };
        let left = withdraw(&mut self.lines[at].waiting, number);
        if self.lines[at].waiting.is_empty() {
            self.lines.remove(at);
        }
        left
    }

    /// Ends the turn, and gives it to who is next: of the first consumer that has not just had it.
    pub(super) fn give_back(&mut self, now: Instant, held: Option<Duration>) -> Called {
        if let Some(held) = held {
            self.pace.note(held);
        }
        self.taken = None;
        let other = self.lines.iter().position(|line| line.consumer != self.last).unwrap_or(0);
        let Some(mut line) = self.lines.remove(other) else { return Called::default() };
        let next = line.waiting.pop_front();
        self.last = line.consumer;
        if !line.waiting.is_empty() {
            self.lines.push_back(line);
        }
        let Some(next) = next else { return Called::default() };
        self.taken = Some(now);
        Called(vec![next.call])
    }

    pub(super) fn busy(&self, now: Instant, waited: Duration) -> Busy {
        let queued = self.queued();
        // The first turn here has no average yet: it lasts at least as long as it has until now.
        let mut pace = self.pace;
        if pace.unknown() && now > self.began {
            pace.note(now - self.began);
        }
        Busy { queued, waited, retry_after: pace.wait(queued, 1) }
    }
}

impl Resting for Entry {
    fn rest(&self) -> Rest {
        let busy = self.taken.is_some() || !self.lines.is_empty() || !self.displaced.is_empty();
        if busy { Rest::Busy } else { Rest::Idle }
    }
}
