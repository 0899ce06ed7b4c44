//! What is under way at one key of one limit, who waits, and who is next. It knows no clock but what it is told.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use weir_domain::snapshot::Bound;
use weir_domain::spec::{Percent, QueueOrder};

use super::gradient::Gradient;
use super::{Full, LimitSettings};
use crate::keyed::{Rest, Resting};
use crate::line::{Called, Pace, Waiter, withdraw};

/// How long what an adaptive limit has learnt is kept while nothing is under way.
const LEARNT_FOR: Duration = Duration::from_secs(600);
/// How long a priority that was refused within its share keeps others from borrowing of it.
const PRESSURE_FOR: Duration = Duration::from_secs(1);

/// One key of one limit. Small, as there may be a million of them.
pub(super) struct Entry {
    /// The route and the limit's name, with a zero byte in between.
    label: Box<str>,
    pub(super) rejected: u32,
    pub(super) in_flight: u32,
    bound: Bound,
    learnt: Option<Box<Learnt>>,
    order: QueueOrder,
    next_number: u64,
    pace: Pace,
    /// One of each priority that was ever asked for here, or one without a name. Permits know theirs by its index, so none
    /// is taken out or moved. Empty while there are no priorities and nobody has waited: all permits are of the first.
    lanes: Vec<Lane>,
}

struct Learnt {
    gradient: Gradient,
    /// When something last began or ended.
    touched: Instant,
}

/// A part of the limit.
struct Lane {
    name: Box<str>,
    percent: u8,
    in_flight: u32,
    waiting: VecDeque<Waiter>,
    refused: Option<Instant>,
}

/// What becomes of a request.
pub(super) enum Admission {
    /// It goes on, in this lane.
    In(u64),
    /// It waits, with this lane and number.
    Wait(u64, u64, oneshot::Receiver<()>),
    /// It does not.
    Out(Full),
}

impl Entry {
    pub(super) fn new(settings: &LimitSettings<'_>) -> Self {
        Self {
            label: [settings.route, "\0", settings.name].concat().into(),
            rejected: 0,
            in_flight: 0,
            bound: settings.bound,
            learnt: None,
            order: QueueOrder::default(),
            next_number: 0,
            pace: Pace::default(),
            lanes: Vec::new(),
        }
    }

    /// The route, and the limit's name.
    pub(super) fn label(&self) -> (&str, &str) {
        self.label.split_once('\0').unwrap_or((&self.label, ""))
    }

    /// How many may be under way now.
    pub(super) fn limit(&self) -> u32 {
        match (&self.bound, &self.learnt) {
            (Bound::Fixed(limit), _) => *limit,
            (Bound::Adaptive(settings), Some(learnt)) => learnt.gradient.limit(settings),
            (Bound::Adaptive(settings), None) => settings.initial.clamp(settings.min, settings.max.max(settings.min)),
        }
    }

    pub(super) fn adaptive(&self) -> bool {
        matches!(self.bound, Bound::Adaptive(_))
    }

    pub(super) fn queued(&self) -> u32 {
        let waiting: usize = self.lanes.iter().map(|lane| lane.waiting.len()).sum();
        u32::try_from(waiting).unwrap_or(u32::MAX)
    }

    /// Asks for room. Others may be called by it: settings that give more room count at once.
    pub(super) fn enter(
        &mut self,
        now: Instant,
        settings: &LimitSettings<'_>,
        priority: Option<&str>,
    ) -> (Admission, Called) {
        self.touch(now);
        self.bound = settings.bound;
        let lane = self.configure(settings, priority);
        let called = self.call();
        let queue = settings.queue.filter(|queue| queue.max > 0);
        self.order = queue.map_or(self.order, |queue| queue.order);
        let free = self.in_flight < self.limit() && (queue.is_some() || !self.wanted_by_others(lane, now));
        if free {
            self.take(lane);
            return (Admission::In(index_of(lane)), called);
        }
        self.name_lanes();
        let room = queue.map_or(0, |queue| portion(queue.max, self.lanes[lane].percent));
        if self.lanes[lane].waiting.len() < room as usize {
            let (call, receiver) = oneshot::channel();
            let number = self.next_number;
            self.next_number += 1;
            self.lanes[lane].waiting.push_back(Waiter { number, call });
            return (Admission::Wait(index_of(lane), number, receiver), called);
        }
        self.lanes[lane].refused = Some(now);
        (Admission::Out(self.refuse(Duration::ZERO)), called)
    }

    /// The lane of a priority, with the shares of the settings. Without a name that is known it is the first, which has
    /// the largest share.
    fn configure(&mut self, settings: &LimitSettings<'_>, priority: Option<&str>) -> usize {
        let Some((first, _)) = settings.priorities.first() else {
            return if self.lanes.is_empty() { 0 } else { self.lane("", 100) };
        };
        if self.in_flight > 0 {
            self.name_lanes();
        }
        for lane in &mut self.lanes {
            let percent =
                settings.priorities.iter().find(|(name, _)| **name == *lane.name).map(|(_, percent)| percent.0);
            lane.percent = percent.unwrap_or(0);
        }
        // All of them, so that a share counts before its first request.
        for (name, Percent(percent)) in settings.priorities {
            self.lane(name, *percent);
        }
        let known = |name: &&str| settings.priorities.iter().any(|(known, _)| known == name);
        let name = priority.filter(known).unwrap_or(first);
        self.lanes.iter().position(|lane| *lane.name == *name).unwrap_or(0)
    }

    /// Makes the lane that all permits are of, if they are of none yet.
    fn name_lanes(&mut self) {
        if self.lanes.is_empty() {
            let lane = self.lane("", 100);
            self.lanes[lane].in_flight = self.in_flight;
        }
    }

    fn lane(&mut self, name: &str, percent: u8) -> usize {
        if let Some(at) = self.lanes.iter().position(|lane| *lane.name == *name) {
            self.lanes[at].percent = percent;
            return at;
        }
        self.lanes.push(Lane { name: name.into(), percent, in_flight: 0, waiting: VecDeque::new(), refused: None });
        self.lanes.len() - 1
    }

    /// Whether what is free belongs to priorities that were refused just now although they were within their share. Only
    /// where nobody waits: those who wait within their share are next anyway.
    fn wanted_by_others(&self, lane: usize, now: Instant) -> bool {
        if self.lanes.len() < 2 {
            return false;
        }
        let (limit, mine) = (self.limit(), &self.lanes[lane]);
        if mine.in_flight < portion(limit, mine.percent) {
            return false;
        }
        let wanted = self
            .lanes
            .iter()
            .filter(|other| other.refused.is_some_and(|when| now.saturating_duration_since(when) < PRESSURE_FOR));
        let wanted: u32 = wanted.map(|other| portion(limit, other.percent).saturating_sub(other.in_flight)).sum();
        self.in_flight.saturating_add(wanted) >= limit
    }

    fn take(&mut self, lane: usize) {
        self.in_flight += 1;
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.in_flight += 1;
        }
    }

    /// Gives room to those who wait, as long as there is some: first to the lane that has the least of its share.
    fn call(&mut self) -> Called {
        let mut called = Called::default();
        if self.lanes.is_empty() {
            return called;
        }
        let limit = self.limit();
        while self.in_flight < limit {
            let waiting = self.lanes.iter().enumerate().filter(|(_, lane)| !lane.waiting.is_empty());
            let used = |lane: &Lane| f64::from(lane.in_flight) / f64::from(portion(limit, lane.percent)).max(1e-3);
            let next = waiting.min_by(|(_, a), (_, b)| used(a).total_cmp(&used(b))).map(|(at, _)| at);
            let Some(next) = next else { break };
            let waiting = &mut self.lanes[next].waiting;
            let waiter = if self.order == QueueOrder::Lifo { waiting.pop_back() } else { waiting.pop_front() };
            let Some(waiter) = waiter else { break };
            self.take(next);
            called.0.push(waiter.call);
        }
        called
    }

    /// Takes a waiter out. `false` if its turn has come.
    pub(super) fn leave(&mut self, lane: u64, number: u64) -> bool {
        self.at(lane).is_some_and(|lane| withdraw(&mut lane.waiting, number))
    }

    /// Takes room back.
    pub(super) fn give_back(&mut self, lane: u64, held: Option<Duration>, now: Instant) -> Called {
        self.touch(now);
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(lane) = self.at(lane) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
        }
        if let Some(held) = held {
            self.pace.note(held);
        }
        self.call()
    }

    /// An answer's first byte has come after this time; `None` for an answer that counts as dropped.
    pub(super) fn sample(&mut self, now: Instant, time: Option<Duration>) -> Called {
        let Bound::Adaptive(settings) = &self.bound else { return Called::default() };
        let learnt = || Box::new(Learnt { gradient: Gradient::new(settings), touched: now });
        let gradient = &mut self.learnt.get_or_insert_with(learnt).gradient;
        match time {
            Some(time) => gradient.sample(now, time, self.in_flight, settings),
            None => gradient.dropped(now, self.in_flight, settings),
        }
        self.call()
    }

    /// A refusal, counted.
    pub(super) fn refuse(&mut self, waited: Duration) -> Full {
        self.rejected = self.rejected.saturating_add(1);
        let (limit, queued) = (self.limit(), self.queued());
        let retry_after = self.pace.wait(queued, limit);
        Full { limit, in_flight: self.in_flight, queued, waited, retry_after }
    }

    fn touch(&mut self, now: Instant) {
        if let Some(learnt) = &mut self.learnt {
            learnt.touched = now;
        }
    }

    fn at(&mut self, lane: u64) -> Option<&mut Lane> {
        usize::try_from(lane).ok().and_then(|lane| self.lanes.get_mut(lane))
    }
}

impl Resting for Entry {
    fn rest(&self) -> Rest {
        if self.in_flight > 0 || self.lanes.iter().any(|lane| !lane.waiting.is_empty()) {
            return Rest::Busy;
        }
        match &self.learnt {
            Some(learnt) if self.adaptive() => Rest::Until(learnt.touched + LEARNT_FOR),
            _ => Rest::Idle,
        }
    }
}

/// A share of a whole: at least one where it is a share at all.
fn portion(whole: u32, percent: u8) -> u32 {
    let part = u64::from(whole) * u64::from(percent) / 100;
    u32::try_from(part).unwrap_or(whole).max(u32::from(percent > 0)).min(whole)
}

fn index_of(lane: usize) -> u64 {
    lane as u64
}
