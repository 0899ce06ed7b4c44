//! One of several targets of the same priority, as the route's strategy says.

use weir_domain::spec::Strategy;
use weir_domain::time::Micros;
use weir_domain::usage::Tokens;

use super::ask::spread;
use super::bits::Bits;
use crate::ai::pool::Pool;
use crate::counting::clock::Millis;

/// The output that a call without a limit of its own is taken to have, in tokens.
const USUAL_OUTPUT: u64 = 500;

/// What strategies go by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) input: u64,
    pub(super) max_tokens: Option<u64>,
    pub(super) stream: bool,
    pub(super) at: Micros,
    /// The mark of calls that belong together.
    pub(super) mark: Option<u64>,
}

/// Picks one; `None` when there is none.
pub(super) fn pick(
    pool: &Pool,
    set: &Bits,
    facts: &Facts,
    now: Millis,
    roll: &mut impl FnMut(u64) -> u64,
) -> Option<usize> {
    if set.len() < 2 {
        return set.iter().next();
    }
    let weight = |at: usize| pool.slot(at).map_or(0, |slot| slot.weight);
    let at_random = |set: &Bits, roll: &mut dyn FnMut(u64) -> u64| by_weight(set, weight, roll);
    match pool.route.strategy {
        Strategy::Priority => at_random(set, roll),
        Strategy::Weighted => by_weight(set, weight, |total| pool.turn(total)),
        Strategy::LeastLatency => Some(quicker(pool, &weighty(set, weight), facts, now, roll)),
        Strategy::LeastBusy => {
            let weighty = weighty(set, weight);
            let load = |at: usize| pool.slot(at).map_or(f32::MAX, |slot| slot.state.busy() / share(slot.weight));
            at_random(&least(&weighty, load, f32::total_cmp), roll)
        }
        Strategy::LeastCost => {
            let output = facts.max_tokens.map_or(USUAL_OUTPUT, |most| most.min(USUAL_OUTPUT));
            let tokens = Tokens { input_uncached: facts.input, output_text: output, ..Tokens::default() };
            let costs = pool.costs(facts.at);
            let cost = |at: usize| costs.of(at, &tokens).unwrap_or(i64::MAX);
            at_random(&least(&weighty(set, weight), cost, i64::cmp), roll)
        }
        Strategy::Sticky => match facts.mark {
            Some(mark) => rendezvous(pool, &weighty(set, weight), mark),
            None => at_random(set, roll),
        },
    }
}

/// A weight of 0 is "only when the others are down".
fn weighty(set: &Bits, weight: impl Fn(usize) -> u32) -> Bits {
    let some: Bits = set.iter().filter(|&at| weight(at) > 0).collect();
    if some.is_empty() { *set } else { some }
}

#[expect(clippy::cast_precision_loss, reason = "a weight needs no more digits")]
fn share(weight: u32) -> f32 {
    weight.max(1) as f32
}

/// One of a set, as often as its weight says; the first when none has weight. `ticket(n)` gives a number below `n`.
pub(in crate::ai) fn by_weight(
    set: &Bits,
    weight: impl Fn(usize) -> u32,
    mut ticket: impl FnMut(u64) -> u64,
) -> Option<usize> {
    let total: u64 = set.iter().map(|at| u64::from(weight(at))).sum();
    if total == 0 {
        return set.iter().next();
    }
    let mut ticket = ticket(total);
    set.iter().find(|&at| {
        let weight = u64::from(weight(at));
        let hit = ticket < weight;
        ticket = ticket.saturating_sub(weight);
        hit
    })
}

/// Those of the least value.
fn least<V: Copy>(set: &Bits, value: impl Fn(usize) -> V, order: impl Fn(&V, &V) -> std::cmp::Ordering) -> Bits {
    let mut found = Bits::default();
    let mut least: Option<V> = None;
    for at in set.iter() {
        let value = value(at);
        match least.map(|least| order(&value, &least)) {
            Some(std::cmp::Ordering::Greater) => continue,
            Some(std::cmp::Ordering::Equal) => {}
            Some(std::cmp::Ordering::Less) | None => {
                found = Bits::default();
                least = Some(value);
            }
        }
        found.insert(at);
    }
    found
}

/// The better of two drawn at random: the best of all would be flooded by everybody at once.
fn quicker(pool: &Pool, set: &Bits, facts: &Facts, now: Millis, roll: &mut impl FnMut(u64) -> u64) -> usize {
    let count = set.len() as u64;
    if count < 2 {
        return set.iter().next().unwrap_or_default();
    }
    let first = roll(count);
    let second = (first + 1 + roll(count - 1)) % count;
    let nth = |n: u64| set.iter().nth(usize::try_from(n).unwrap_or(0)).unwrap_or_default();
    let cost = |at: usize| {
        pool.slot(at).map_or(f32::MAX, |slot| {
            slot.state.latency(facts.stream).expected(now) * (slot.state.busy() + 1.0) / share(slot.weight)
        })
    };
    let (first, second) = (nth(first), nth(second));
    if cost(second) < cost(first) { second } else { first }
}

/// The target that this mark scores highest, by weighted rendezvous hashing: when one is lost only its marks move.
fn rendezvous(pool: &Pool, set: &Bits, mark: u64) -> Option<usize> {
    let score = |at: usize| {
        pool.slot(at).map_or(f64::MIN, |slot| {
            #[expect(clippy::cast_precision_loss, reason = "53 bits of a hash are enough to rank by")]
            let unit = (spread(mark ^ slot.mark) >> 11) as f64 / (1_u64 << 53) as f64;
            f64::from(slot.weight.max(1)) / -(unit.max(f64::MIN_POSITIVE).ln())
        })
    };
    set.iter().max_by(|&a, &b| score(a).total_cmp(&score(b)))
}
