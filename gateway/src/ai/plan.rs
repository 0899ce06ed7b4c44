//! In which order the targets of a model route and the keys of their providers are tried for one request.

use std::time::{Duration, Instant};

use weir_domain::snapshot::{ModelRoute, Target};
use weir_domain::spec::RetryOn;

use super::cooldown::{Cooldowns, Spot};

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Untried,
    /// Failed in this request; may be tried again after this wait when nothing better is left.
    Repeat(Duration),
    /// Not to be tried again in this request.
    Spent,
}

#[derive(Debug)]
struct Candidate {
    target: usize,
    key: Option<usize>,
    standing: Standing,
}

/// The candidates of one request, best first.
#[derive(Debug)]
pub(super) struct Plan {
    candidates: Vec<Candidate>,
}

impl Plan {
    /// Orders targets and keys by priority and, within one, at random by weight. `roll(n)` gives a number below `n`.
    pub(super) fn new(route: &ModelRoute, mut roll: impl FnMut(u64) -> u64) -> Self {
        let mut candidates = Vec::with_capacity(route.targets.len());
        let usable = (0..route.targets.len()).filter(|&t| route.targets.get(t).is_some_and(|t| !t.provider.disabled));
        let rank = |t: &usize| route.targets.get(*t).map_or((0, 0), |t| (t.priority, t.weight));
        for target in shuffle(usable.collect(), rank, &mut roll) {
            let keys = route.targets.get(target).map(|t| t.provider.keys.as_slice()).unwrap_or_default();
            let rank = |k: &usize| keys.get(*k).map_or((0, 0), |k| (k.priority, k.weight));
            let order = shuffle((0..keys.len()).collect(), rank, &mut roll);
            let order = order.into_iter().map(Some).chain(keys.is_empty().then_some(None));
            candidates.extend(order.map(|key| Candidate { target, key, standing: Standing::Untried }));
        }
        Self { candidates }
    }

    /// What to try next: the first that is untried and does not cool; else the untried one that is ready soonest;
    /// else one that failed and may be repeated.
    pub(super) fn next(&self, route: &ModelRoute, cooldowns: &Cooldowns, now: Instant) -> Option<Choice> {
        let mut soonest: Option<(Duration, &Candidate)> = None;
        for candidate in self.candidates.iter().filter(|c| c.standing == Standing::Untried) {
            let left = cooling(route, candidate, cooldowns, now);
            if left.is_zero() {
                return Some(candidate.choice(Duration::ZERO));
            }
            if soonest.is_none_or(|(best, _)| left < best) {
                soonest = Some((left, candidate));
            }
        }
        let repeat = || {
            let waits = self.candidates.iter().filter_map(|c| match c.standing {
                Standing::Repeat(wait) => Some((wait, c)),
                Standing::Untried | Standing::Spent => None,
            });
            waits.min_by_key(|(wait, _)| *wait).map(|(wait, c)| c.choice(wait))
        };
        soonest.map(|(_, candidate)| candidate.choice(Duration::ZERO)).or_else(repeat)
    }

    /// Notes that a choice failed in a way that the route retries. `attempt` counts from 1.
    pub(super) fn failed(
        &mut self,
        route: &ModelRoute,
        choice: Choice,
        why: RetryOn,
        retry_after: Option<Duration>,
        attempt: u32,
    ) {
        let backoff = BACKOFF * 2u32.saturating_pow(attempt.saturating_sub(1).min(3));
        let provider = |target: usize| route.targets.get(target).map(|t| t.provider.id.as_str());
        for candidate in &mut self.candidates {
            let same_target = candidate.target == choice.target;
            let same_key = candidate.key == choice.key && provider(candidate.target) == provider(choice.target);
            candidate.standing = match why {
                RetryOn::ServerError | RetryOn::Connect | RetryOn::Timeout if same_target => Standing::Repeat(backoff),
                // The limit is the key's, and holds for this model.
                RetryOn::RateLimit if same_target && same_key => match retry_after {
                    Some(wait) if wait <= SHORT_WAIT => Standing::Repeat(wait),
                    _ => Standing::Spent,
                },
                RetryOn::Unauthorized if same_key => Standing::Spent,
                _ => candidate.standing,
            };
        }
    }

    /// Notes that a target cannot take this request at all.
    pub(super) fn unfit(&mut self, choice: Choice) {
        for candidate in self.candidates.iter_mut().filter(|c| c.target == choice.target) {
            candidate.standing = Standing::Spent;
        }
    }
}

impl Candidate {
    fn choice(&self, wait: Duration) -> Choice {
        Choice { target: self.target, key: self.key, wait }
    }
}

fn cooling(route: &ModelRoute, candidate: &Candidate, cooldowns: &Cooldowns, now: Instant) -> Duration {
    let Some(target) = route.targets.get(candidate.target) else { return Duration::ZERO };
    let at_target = cooldowns.left(target_spot(target), now);
    candidate.key.and_then(|key| key_spot(target, key)).map_or(at_target, |key| cooldowns.left(key, now).max(at_target))
}

/// The target, for cooldowns.
pub(super) fn target_spot(target: &Target) -> Spot<'_> {
    Spot::Target { provider: &target.provider.id, model: &target.model }
}

/// A key of the target's provider, for cooldowns.
pub(super) fn key_spot(target: &Target, key: usize) -> Option<Spot<'_>> {
    let key = target.provider.keys.get(key)?;
    Some(Spot::Key { provider: &target.provider.id, key: &key.id })
}

/// Orders `items` by priority, and those of one priority at random so that each comes first as often as its weight
/// says. Weight 0 comes last.
fn shuffle(
    mut items: Vec<usize>,
    rank: impl Fn(&usize) -> (u32, u32),
    roll: &mut impl FnMut(u64) -> u64,
) -> Vec<usize> {
    if items.len() < 2 {
        return items;
    }
    items.sort_by_key(|item| rank(item).0);
    for at in 0..items.len() {
        let Some(priority) = items.get(at).map(|item| rank(item).0) else { break };
        let group = items.iter().skip(at).take_while(|item| rank(item).0 == priority);
        let total: u64 = group.map(|item| u64::from(rank(item).1)).sum();
        if total == 0 {
            continue;
        }
        let mut ticket = roll(total);
        let chosen = items.iter().skip(at).position(|item| {
            let weight = u64::from(rank(item).1);
            let hit = ticket < weight;
            ticket = ticket.saturating_sub(weight);
            hit
        });
        // A rotation keeps the order of those that were not chosen.
        if let Some(part) = chosen.and_then(|chosen| items.get_mut(at..=at + chosen)) {
            part.rotate_right(1);
        }
    }
    items
}

#[cfg(test)]
mod tests;
