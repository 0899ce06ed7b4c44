//! Which target of a model route, and which key of its provider, a request tries next.
//!
//! A plan costs nothing before something fails: the first choice is made in one pass over the targets, without
//! allocation and without a lock.

pub(super) mod ask;
pub(super) mod bits;
mod last;
pub(super) mod pick;

use std::sync::Arc;
use std::time::{Duration, Instant};

use weir_domain::snapshot::{PoolKey, Target};

use self::ask::{Ask, spread};
use self::bits::Bits;
use self::pick::{Facts, by_weight, pick};
use super::pool::breaker::{Breaker, Stand};
use super::pool::trial::Trial;
use super::pool::{Pool, Slot};
use crate::counting::clock::Millis;

/// The longest wait that a caller is made to sit through before the same key is asked again.
const SHORT_WAIT: Duration = Duration::from_secs(2);
/// The wait before the first repetition at a target that failed; it doubles.
const BACKOFF: Duration = Duration::from_millis(100);

/// One way to try a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Index into the route's targets.
    pub(super) target: usize,
    /// Index into the keys of the target's provider; `None` for a provider that has none.
    pub(super) key: Option<usize>,
    /// How long to wait first.
    pub(super) wait: Duration,
    /// Whether it finds out for all others if the target works again.
    pub(super) probe: bool,
    /// The same of the key.
    pub(super) key_probe: bool,
}

/// What a failure says something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The target, whichever key is used.
    Target,
    /// The key, whatever the model: it is unknown, or its account is empty.
    Key,
    /// The key may not use this model.
    Permission,
    /// The key was used too often for this model.
    Limit,
}

/// How a way stands within one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Untried,
    /// Failed in this request; may be tried again after this wait when nothing better is left.
    Repeat(Duration),
    /// Not to be tried again in this request.
    Spent,
}

/// What failed in this request, and how that stands since.
#[derive(Debug)]
struct Mark {
    blame: Blame,
    target: usize,
    key: Option<usize>,
    standing: Standing,
}

/// The choices of one request. `R` draws numbers below its argument.
pub(super) struct Plan<R> {
    pool: Arc<Pool>,
    roll: R,
    facts: Facts,
    /// Targets that take the request, as far as this request knows.
    fits: Bits,
    /// Whether there were any at first.
    fitted: bool,
    /// The target on trial whose share this request is in.
    canary: Option<usize>,
    /// The only way that there is, for a request that is bound to what a provider keeps for it.
    bound: Option<(usize, Option<usize>)>,
    /// The way that is tried first, once.
    preferred: Option<(usize, Option<usize>)>,
    marks: Vec<Mark>,
    made: u32,
    /// Whether every target that takes the request is unhealthy: then health decides nothing, since an answer that may
    /// fail is better than none.
    panics: bool,
    /// Whether it may find out for all others if something works again.
    probes: bool,
    shadows: Vec<usize>,
}

impl<R: FnMut(u64) -> u64> Plan<R> {
    /// For one request, which counts as a call from now on.
    pub(super) fn new(pool: Arc<Pool>, ask: &Ask<'_>, mut roll: R, now: Instant) -> Self {
        let mark = pool.route.sticky.as_ref().and_then(|sticky| ask.mark(sticky));
        let facts = Facts { input: ask.input, max_tokens: ask.max_tokens, stream: ask.stream, at: ask.at, mark };
        let fits = ask.fitting(&pool);
        let canary = if pool.canaries.is_empty() { None } else { in_share(&pool, ask, &mut roll) };
        pool.budget.call(&pool.route.budget, pool.millis(now));
        let fitted = !fits.is_empty();
        let shadows = if pool.route.shadows.is_empty() { Vec::new() } else { shadowed(&pool, ask, &mut roll) };
        Self {
            pool,
            roll,
            facts,
            fits,
            fitted,
            canary,
            bound: None,
            preferred: None,
            marks: Vec::new(),
            made: 0,
            panics: false,
            probes: true,
            shadows,
        }
    }

    /// Leaves only one way: a target, and a key of it where that matters.
    pub(super) fn bind(&mut self, target: usize, key: Option<usize>) {
        self.bound = Some((target, key));
        self.fits = self.fits.and(&[target].into_iter().collect());
    }

    /// Tries one way before all others, if nothing speaks against it.
    pub(super) fn prefer(&mut self, target: usize, key: Option<usize>) {
        self.preferred = Some((target, key));
    }

    /// What to try next: of the lowest priority that has any, a target that is untried and does not rest, as the
    /// route's strategy says; else the untried one that is ready soonest; else one that failed and may be repeated.
    /// What the provider wants left alone for longer than a caller can be made to wait is not tried at all.
    pub(super) fn next(&mut self, now: Instant) -> Option<Choice> {
        let now = self.pool.millis(now);
        if let Some(choice) = self.fresh(now) {
            return Some(choice);
        }
        let choice = self.last_resort(now)?;
        // The first attempt, and going on to a healthy target, repeat nothing.
        let repeats = self.made > 0;
        if repeats && !self.pool.budget.repeat(&self.pool.route.budget, now) {
            return None;
        }
        if let Some((slot, key, spec)) = self.keyed(choice.target, choice.key) {
            slot.keys.get(key)?.state.take(spec, self.facts.input, now);
        }
        Some(choice)
    }

    /// The shadows of the route that this request is in the share of, by their index.
    pub(super) fn shadows(&self) -> &[usize] {
        &self.shadows
    }

    /// A way that nothing speaks against, be it that it is to be found out if it works again; for a request that need not
    /// be made.
    pub(super) fn calm(&mut self, now: Instant) -> Option<Choice> {
        let now = self.pool.millis(now);
        self.probes = false;
        self.fresh(now)
    }

    /// Begins the attempt that was chosen for such a request: how it ends is of no concern to others.
    pub(super) fn begin_apart(&mut self, choice: Choice) -> Trial {
        self.begin(choice).apart()
    }

    /// Begins the attempt that was chosen.
    pub(super) fn begin(&mut self, choice: Choice) -> Trial {
        self.made += 1;
        Trial::begin(&self.pool, choice, self.facts.stream, self.facts.input)
    }

    /// A target that nothing speaks against.
    fn fresh(&mut self, now: Millis) -> Option<Choice> {
        self.panics = self.pool.is_checked && self.fits.iter().all(|at| self.is_unhealthy(at));
        if let Some(choice) = self.preferred.take().and_then(|(at, key)| self.exactly(at, key, now)) {
            return Some(choice);
        }
        let pool = Arc::clone(&self.pool);
        let trial = self.canary.filter(|&at| self.fits.contains(at) && self.is_ready(at, now));
        if let Some(choice) = trial.and_then(|at| self.with_key(at, now)) {
            return Some(choice);
        }
        for group in pool.groups.iter().chain([&pool.canaries]) {
            let mut ready: Bits = group.and(&self.fits).iter().filter(|&at| self.is_ready(at, now)).collect();
            while let Some(at) = pick(&pool, &ready, &self.facts, now, &mut self.roll) {
                if let Some(choice) = self.with_key(at, now) {
                    return Some(choice);
                }
                ready.remove(at);
            }
        }
        None
    }

    /// Whether the health checks of a target say that calls should go elsewhere.
    fn is_unhealthy(&self, target: usize) -> bool {
        self.pool.slot(target).is_some_and(Slot::is_unhealthy)
    }

    /// One way, if nothing speaks against it.
    fn exactly(&mut self, at: usize, key: Option<usize>, now: Millis) -> Option<Choice> {
        let pool = Arc::clone(&self.pool);
        let (target, slot) = (pool.route.targets.get(at)?, pool.slot(at)?);
        if !self.fits.contains(at) || !self.is_ready(at, now) {
            return None;
        }
        if let Some(key) = key {
            let spec = target.provider.keys.get(key)?;
            let good = self.is_good(target, slot, at, key, now);
            return good.then(|| self.take(at, (key, spec), now)).flatten();
        }
        self.choose(at, None, now)
    }

    fn is_ready(&self, target: usize, now: Millis) -> bool {
        let failed = self.marks.iter().any(|mark| mark.blame == Blame::Target && mark.target == target);
        let rested =
            |slot: &Slot| slot.state.cooldown.rest(now).left.is_zero() && self.lets_through(&slot.state.breaker, now);
        !failed && (self.panics || !self.is_unhealthy(target)) && self.pool.slot(target).is_some_and(rested)
    }

    /// Whether a breaker lets the request through, as far as can be seen: a probe may have gone to another by then.
    fn lets_through(&self, breaker: &Breaker, now: Millis) -> bool {
        match breaker.stand(now) {
            Stand::Closed => true,
            Stand::HalfOpen => self.probes,
            Stand::Open(_) | Stand::Probing => false,
        }
    }

    /// The target with the best of its keys that is good, rested and within its limits, by priority and weight.
    fn with_key(&mut self, at: usize, now: Millis) -> Option<Choice> {
        let pool = Arc::clone(&self.pool);
        let (target, slot) = (pool.route.targets.get(at)?, pool.slot(at)?);
        let keys = &target.provider.keys;
        if keys.is_empty() {
            let untried = self.standing(at, None) == Standing::Untried;
            return untried.then(|| self.choose(at, None, now)).flatten();
        }
        let mut left: Bits = (0..keys.len()).filter(|&key| self.is_good(target, slot, at, key, now)).collect();
        while let Some(priority) = left.iter().filter_map(|key| keys.get(key)).map(|key| key.priority).min() {
            let same = |key: &usize| keys.get(*key).is_some_and(|key| key.priority == priority);
            let group: Bits = left.iter().filter(same).collect();
            let weight = |key: usize| keys.get(key).map_or(0, |key| key.weight);
            let key = by_weight(&group, weight, &mut self.roll)?;
            if let Some(choice) = self.take(at, (key, keys.get(key)?), now) {
                return Some(choice);
            }
            left.remove(key);
        }
        None
    }

    /// A key, if it has room and nobody else has its probe or the target's: only then it counts against its limits.
    fn take(&self, at: usize, (key, spec): (usize, &PoolKey), now: Millis) -> Option<Choice> {
        let choice = self.choose(at, Some(key), now)?;
        if self.pool.key(at, Some(key))?.state.take(spec, self.facts.input, now) {
            return Some(choice);
        }
        self.unmade(choice);
        None
    }

    /// Whether a key may be used, its limits aside.
    fn is_good(&self, target: &Target, slot: &Slot, at: usize, key: usize, now: Millis) -> bool {
        let (Some(spec), Some(cell)) = (target.provider.keys.get(key), slot.keys.get(key)) else { return false };
        let bound = self.bound.is_none_or(|(_, bound)| bound.is_none_or(|bound| bound == key));
        bound
            && cell.state.cooldown.rest(now).left.is_zero()
            && cell.usage.cooldown.rest(now).left.is_zero()
            && self.lets_through(&cell.usage.breaker, now)
            && self.standing(at, Some(key)) == Standing::Untried
            && cell.state.is_current(&target.provider.id, spec, self.facts.at)
    }

    /// A choice that is tried at once, if it can be had: a target or key that stands half-open takes one probe.
    fn choose(&self, target: usize, key: Option<usize>, now: Millis) -> Option<Choice> {
        let breaker = &self.pool.slot(target)?.state.breaker;
        let target_probe = probe(breaker, now)?;
        let key_probe = match self.pool.key(target, key).map(|key| probe(&key.usage.breaker, now)) {
            Some(None) => {
                if target_probe {
                    breaker.give_back();
                }
                return None;
            }
            Some(Some(is_probe)) => is_probe,
            None => false,
        };
        Some(Choice { target, key, wait: Duration::ZERO, probe: target_probe, key_probe })
    }

    /// Whether no target takes such a request, although there are some that are switched on.
    pub(super) fn is_unmet(&self) -> bool {
        !self.fitted && self.pool.route.targets.iter().any(|target| !target.provider.disabled)
    }

    /// Notes that a choice failed in a way that the route retries. `attempt` counts from 1.
    pub(super) fn failed(&mut self, choice: Choice, blame: Blame, retry_after: Option<Duration>, attempt: u32) {
        let backoff = BACKOFF * 2u32.saturating_pow(attempt.saturating_sub(1).min(3));
        let standing = match (blame, retry_after) {
            (Blame::Target, _) => Standing::Repeat(backoff),
            (Blame::Limit, Some(wait)) if wait <= SHORT_WAIT => Standing::Repeat(wait),
            _ => Standing::Spent,
        };
        self.marks.push(Mark { blame, target: choice.target, key: choice.key, standing });
    }

    /// Notes that a target cannot take this request at all.
    pub(super) fn unfit(&mut self, choice: Choice) {
        self.fits.remove(choice.target);
    }

    /// Gives back what was taken for an attempt that is not made: another request may find out if the target works.
    pub(super) fn unmade(&self, choice: Choice) {
        if let Some(slot) = self.pool.slot(choice.target).filter(|_| choice.probe) {
            slot.state.breaker.give_back();
        }
        if let Some(key) = self.pool.key(choice.target, choice.key).filter(|_| choice.key_probe) {
            key.usage.breaker.give_back();
        }
    }

    /// Notes that the request is too long for a target, and so for every other whose context is not larger; true when
    /// there is one left.
    pub(super) fn outgrown(&mut self, choice: Choice) -> bool {
        let pool = Arc::clone(&self.pool);
        let Some(small) = pool.slot(choice.target) else { return false };
        let too_small = |slot: &Slot| {
            Arc::ptr_eq(&slot.state, &small.state)
                || small.context.is_some_and(|limit| slot.context.is_some_and(|context| context <= limit))
        };
        let these = pool.slots().iter().enumerate().filter(|(_, slot)| too_small(slot)).map(|(at, _)| at);
        self.fits = self.fits.without(&these.collect());
        !self.fits.is_empty()
    }
}

/// Whether a call is the probe of a breaker that stands half-open; `None` when it cannot go.
fn probe(breaker: &Breaker, now: Millis) -> Option<bool> {
    match breaker.stand(now) {
        Stand::HalfOpen if breaker.take_probe(now) => Some(true),
        Stand::HalfOpen | Stand::Probing => None,
        Stand::Closed | Stand::Open(_) => Some(false),
    }
}

/// The target on trial whose share of the calls the request is in.
fn in_share(pool: &Pool, ask: &Ask<'_>, roll: &mut impl FnMut(u64) -> u64) -> Option<usize> {
    let by_chance = roll(100);
    let mut below = 0;
    pool.canaries.iter().find(|&at| {
        let Some(canary) = pool.route.targets.get(at).and_then(|target| target.canary.as_ref()) else { return false };
        let from = below;
        below += u64::from(canary.percent);
        // Spread once more: a route that is sticky by the same header must not give its canary whole targets.
        let fixed = canary.header.as_deref().and_then(|name| ask.header(name)).map(|mark| spread(!mark) % 100);
        (from..below).contains(&fixed.unwrap_or(by_chance))
    })
}

/// The shadows that take the request and whose share it is in.
fn shadowed(pool: &Pool, ask: &Ask<'_>, roll: &mut impl FnMut(u64) -> u64) -> Vec<usize> {
    let shadows = pool.route.shadows.iter().enumerate();
    let takes = shadows.filter(|(_, shadow)| shadow.when.as_ref().is_none_or(|when| ask.meets(when)));
    takes.filter(|(_, shadow)| roll(100) < u64::from(shadow.percent)).map(|(at, _)| at).collect()
}

#[cfg(test)]
pub(super) mod tests;
