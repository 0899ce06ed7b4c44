//! In which order the targets of a model route and the keys of their providers are tried for one request.

use std::time::{Duration, Instant};

use weir_domain::snapshot::{ModelRoute, Target};

use super::cooldown::{Cooldowns, Rest, Spot};

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
    /// else one that failed and may be repeated. What the provider wants left alone for longer than a caller can be
    /// made to wait is not tried at all.
    pub(super) fn next(&self, route: &ModelRoute, cooldowns: &Cooldowns, now: Instant) -> Option<Choice> {
        let mut soonest: Option<(Duration, Choice)> = None;
        let mut repeat: Option<(Duration, Choice)> = None;
        for candidate in self.candidates.iter().filter(|c| c.standing != Standing::Spent) {
            let cooling = Cooling::of(route, candidate, cooldowns, now);
            if cooling.told.left > SHORT_WAIT {
                continue;
            }
            let (best, order, wait) = match candidate.standing {
                Standing::Untried if cooling.left.is_zero() => return Some(candidate.choice(Duration::ZERO)),
                Standing::Repeat(wait) => (&mut repeat, wait, wait),
                Standing::Untried | Standing::Spent => (&mut soonest, cooling.left, cooling.told.left),
            };
            if best.is_none_or(|(least, _)| order < least) {
                *best = Some((order, candidate.choice(wait)));
            }
        }
        soonest.or(repeat).map(|(_, choice)| choice)
    }

    /// When the first of those that [`Self::next`] leaves out on their providers' word may be tried.
    pub(super) fn barred(&self, route: &ModelRoute, cooldowns: &Cooldowns, now: Instant) -> Option<Rest> {
        let usable = self.candidates.iter().filter(|c| c.standing != Standing::Spent);
        let told = usable.map(|candidate| Cooling::of(route, candidate, cooldowns, now).told);
        told.filter(|rest| rest.left > SHORT_WAIT).min_by_key(|rest| rest.left)
    }

    /// Notes that a choice failed in a way that the route retries. `attempt` counts from 1.
    pub(super) fn failed(
        &mut self,
        route: &ModelRoute,
        choice: Choice,
        blame: Blame,
        retry_after: Option<Duration>,
        attempt: u32,
    ) {
        let backoff = BACKOFF * 2u32.saturating_pow(attempt.saturating_sub(1).min(3));
        let provider = |target: usize| route.targets.get(target).map(|t| t.provider.id.as_str());
        for candidate in &mut self.candidates {
            let same_target = candidate.target == choice.target;
            let same_key = candidate.key == choice.key && provider(candidate.target) == provider(choice.target);
            candidate.standing = match blame {
                Blame::Target if same_target => Standing::Repeat(backoff),
                Blame::Limit if same_target && same_key => match retry_after {
                    Some(wait) if wait <= SHORT_WAIT => Standing::Repeat(wait),
                    _ => Standing::Spent,
                },
                Blame::Permission if same_target && same_key => Standing::Spent,
                Blame::Key if same_key => Standing::Spent,
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

/// For how long a candidate is to be left alone.
struct Cooling {
    /// For whatever reason.
    left: Duration,
    /// On its provider's word.
    told: Rest,
}

impl Cooling {
    fn of(route: &ModelRoute, candidate: &Candidate, cooldowns: &Cooldowns, now: Instant) -> Self {
        let mut cooling = Self { left: Duration::ZERO, told: Rest::default() };
        let Some(target) = route.targets.get(candidate.target) else { return cooling };
        for spot in spots(target, candidate.key) {
            let rest = cooldowns.rest(spot, now);
            cooling.left = cooling.left.max(rest.left);
            if rest.cause.told && rest.left > cooling.told.left {
                cooling.told = rest;
            }
        }
        cooling
    }
}

/// Everything on account of which a target, called with a key, may cool.
pub(super) fn spots(target: &Target, key: Option<usize>) -> impl Iterator<Item = Spot<'_>> {
    let blames = [Blame::Target, Blame::Key, Blame::Limit];
    let used = if key.is_some() { blames.len() } else { 1 };
    blames.into_iter().take(used).map(move |blame| spot(target, key, blame))
}

/// What cools when a failure is blamed on it: the target itself where its provider has no keys.
pub(super) fn spot(target: &Target, key: Option<usize>, blame: Blame) -> Spot<'_> {
    let (provider, model) = (target.provider.id.as_str(), target.model.as_str());
    match (blame, key.and_then(|key| target.provider.keys.get(key))) {
        (Blame::Target, _) | (_, None) => Spot::Target { provider, model },
        (Blame::Key, Some(key)) => Spot::Key { provider, key: &key.id },
        (Blame::Permission | Blame::Limit, Some(key)) => Spot::Use { provider, key: &key.id, model },
    }
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
