//! Each strategy picks as it says, within the priorities.

use std::collections::BTreeMap;

use weir_domain::price::{Multipliers, PerMillion, PerUnit, PriceRow, Rates, Written};
use weir_domain::spec::{Canary, Sticky, StickyBy};

use super::*;

fn with(strategy: Strategy, targets: Vec<Target>) -> Stand {
    Stand::new(ModelRoute { strategy, ..route(targets) })
}

fn names(count: usize) -> Vec<Target> {
    (0..count).map(|at| target(provider(&format!("p{at}"), &[]), 0, 1)).collect()
}

const STRATEGIES: [Strategy; 6] = [
    Strategy::Priority,
    Strategy::Weighted,
    Strategy::LeastLatency,
    Strategy::LeastCost,
    Strategy::LeastBusy,
    Strategy::Sticky,
];

#[test]
fn in_every_strategy_priorities_come_first_and_weight_zero_last() {
    for strategy in STRATEGIES {
        let targets = vec![
            target(provider("spare", &[]), 1, 100),
            target(provider("idle", &[]), 0, 0),
            target(provider("a", &[]), 0, 1),
            target(provider("b", &[]), 0, 1),
        ];
        let sticky = Some(Sticky { by: StickyBy::User, header: None });
        let mut targets = targets;
        targets.sort_by_key(|t| t.priority);
        let stand = Stand::new(ModelRoute { strategy, sticky, ..route(targets) });
        for draw in 0..20 {
            let mut plan = stand.plan(&ask(&HeaderMap::new()), |n| draw % n);
            let mut order = Vec::new();
            for attempt in 1..=4 {
                let choice = plan.next(stand.start).unwrap();
                order.push(choice.target);
                plan.failed(choice, Blame::Target, None, attempt);
            }
            assert!(order[..2] == [1, 2] || order[..2] == [2, 1], "{strategy:?}: {order:?}");
            assert_eq!(order[2..], [0, 3], "{strategy:?}");
        }
    }
}

#[test]
fn weighted_deals_out_in_turn() {
    let targets = vec![target(provider("a", &[]), 0, 3), target(provider("b", &[]), 0, 1)];
    let stand = with(Strategy::Weighted, targets);
    let picks: Vec<usize> = (0..400).map(|_| stand.usual().next(stand.start).unwrap().target).collect();
    for run in picks.windows(40) {
        let second = run.iter().filter(|&&at| at == 1).count();
        assert!((8..=12).contains(&second), "{second} of 40");
    }
}

#[test]
fn least_latency_takes_the_quicker_of_two_and_counts_calls_under_way() {
    let stand = with(Strategy::LeastLatency, names(2));
    let observe = |at: usize, ms| {
        stand.pool.slot(at).unwrap().state.latency(false).observe(Duration::from_millis(ms), stand.millis(0));
    };
    observe(0, 200);
    observe(1, 100);
    assert_eq!(stand.firsts(20), HashMap::from([(1, 20)]));
    let busy = &stand.pool.slot(1).unwrap().state;
    (0..2).for_each(|_| busy.begin());
    assert_eq!(stand.firsts(20), HashMap::from([(0, 20)]), "three calls at 100 ms are slower than one at 200");
    let three = with(Strategy::LeastLatency, names(3));
    for (at, ms) in [(0, 300), (1, 200), (2, 100)] {
        three.pool.slot(at).unwrap().state.latency(false).observe(Duration::from_millis(ms), three.millis(0));
    }
    let mut counts = HashMap::new();
    for first in 0..3 {
        for second in 0..2 {
            let mut draws = [first, second].into_iter();
            let mut plan = three.plan(&ask(&HeaderMap::new()), move |_| draws.next().unwrap_or(0));
            // The first number decides on a canary; there is none.
            *counts.entry(plan.next(three.start).unwrap().target).or_insert(0) += 1;
        }
    }
    assert_eq!(counts, HashMap::from([(1, 2), (2, 4)]), "of every pair the quicker, so never the slowest");
}

#[test]
fn streams_and_whole_answers_are_compared_with_their_like() {
    let stand = with(Strategy::LeastLatency, names(2));
    for (at, stream, ms) in [(0, true, 10), (1, true, 20), (0, false, 900), (1, false, 800)] {
        stand.pool.slot(at).unwrap().state.latency(stream).observe(Duration::from_millis(ms), stand.millis(0));
    }
    let headers = HeaderMap::new();
    for (stream, best) in [(true, 0), (false, 1)] {
        let mut plan = stand.plan(&Ask { stream, ..ask(&headers) }, |_| 0);
        assert_eq!(plan.next(stand.start).unwrap().target, best);
    }
}

#[test]
fn least_busy_goes_by_calls_under_way_for_the_weight() {
    let targets = vec![target(provider("a", &[]), 0, 1), target(provider("b", &[]), 0, 4)];
    let stand = with(Strategy::LeastBusy, targets);
    for busy in [1, 3] {
        let state = &stand.pool.slot(if busy == 1 { 0 } else { 1 }).unwrap().state;
        (0..busy).for_each(|_| state.begin());
    }
    assert_eq!(stand.firsts(10), HashMap::from([(1, 10)]), "three of four is less than one of one");
}

#[test]
fn least_cost_goes_by_the_estimated_tokens_and_an_unknown_price_is_last() {
    let priced = |id: &str, input: &str, output: &str| {
        let (input, output) = (Some(input.to_owned()), Some(output.to_owned()));
        let written = Written {
            per_million: &PerMillion { input, output, ..PerMillion::default() },
            context_tiers: &[],
            service_tiers: &BTreeMap::new(),
            per_unit: &PerUnit::default(),
            multipliers: &Multipliers::default(),
        };
        let row = PriceRow { id: id.into(), from: 0, rates: Arc::new(Rates::compile(&written).unwrap()) };
        Provider { any_model: PriceHistory::new(vec![row]), ..provider(id, &[]) }
    };
    let targets = vec![
        target(provider("unknown", &[]), 0, 1),
        target(priced("cheap-in", "1", "100"), 0, 1),
        target(priced("cheap-out", "10", "1"), 0, 1),
    ];
    let stand = with(Strategy::LeastCost, targets);
    let headers = HeaderMap::new();
    for (input, max_tokens, best) in [(10_000, Some(10), 1), (100, Some(400), 2), (100, None, 2)] {
        let mut plan = stand.plan(&Ask { input, max_tokens, ..ask(&headers) }, |_| 0);
        let first = plan.next(stand.start).unwrap();
        assert_eq!(first.target, best, "{input} in, {max_tokens:?} out");
        plan.failed(first, Blame::Target, None, 1);
        let second = plan.next(stand.start).unwrap();
        plan.failed(second, Blame::Target, None, 2);
        assert_eq!(plan.next(stand.start).unwrap().target, 0, "unknown is not free");
    }
}

fn sticky(count: usize) -> Stand {
    let sticky = Some(Sticky { by: StickyBy::Header, header: Some("x-session".into()) });
    Stand::new(ModelRoute { strategy: Strategy::Sticky, sticky, ..route(names(count)) })
}

fn session(name: usize) -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static("x-session"), name.to_string().parse().unwrap())])
}

#[test]
fn a_session_stays_and_a_lost_target_moves_only_its_own() {
    let stand = sticky(5);
    let first =
        |name: usize, draw: u64| stand.plan(&ask(&session(name)), |n| draw % n).next(stand.start).unwrap().target;
    let before: Vec<usize> = (0..1_000).map(|name| first(name, 0)).collect();
    assert_eq!(before, (0..1_000).map(|name| first(name, 3)).collect::<Vec<_>>(), "chance plays no part");
    for at in 0..5 {
        let share = before.iter().filter(|&&target| target == at).count();
        assert!((140..260).contains(&share), "target {at} has {share} of 1000");
    }
    stand.cool(2, 60, Cause::default());
    for (name, &was) in before.iter().enumerate() {
        let now = first(name, 0);
        assert!(if was == 2 { now != 2 } else { now == was }, "session {name}: {was}, then {now}");
    }
}

#[test]
fn calls_that_belong_together_are_told_by_header_user_or_conversation() {
    let headers = HeaderMap::new();
    let by = |by| Sticky { by, header: Some("x-session".into()) };
    let of = |opening, user: Option<&str>, key| {
        let content = Content { opening, user: user.map(str::to_owned), ..Content::default() };
        Ask { content, key, ..ask(&headers) }
    };
    assert_eq!(ask(&headers).mark(&by(StickyBy::Header)), None, "no header: by weight");
    assert_ne!(ask(&session(1)).mark(&by(StickyBy::Header)), ask(&session(2)).mark(&by(StickyBy::Header)));
    let user = |user, key| of(0, user, key).mark(&by(StickyBy::User));
    assert_eq!(user(Some("u"), "k"), user(Some("u"), "other"));
    assert_ne!(user(None, "k"), user(None, "other"), "nobody is named: by the key");
    let talk = |opening| of(opening, None, "k").mark(&by(StickyBy::Conversation));
    assert_eq!(talk(7), talk(7));
    assert_ne!(talk(7), talk(8));
}

fn on_trial(percent: u32, header: Option<&str>) -> Stand {
    let canary = Some(Canary { percent, header: header.map(str::to_owned) });
    Stand::new(route(vec![Target { canary, ..names(1).remove(0) }, target(provider("b", &[]), 3, 1)]))
}

#[test]
fn a_canary_has_its_share_and_no_more() {
    let stand = on_trial(5, None);
    assert_eq!(stand.firsts(1_000), HashMap::from([(0, 50), (1, 950)]));
    stand.cool(1, 60, Cause::default());
    assert_eq!(stand.firsts(100), HashMap::from([(0, 100)]), "and helps out when no other is left");
    let stand = on_trial(5, None);
    stand.cool(0, 60, Cause::default());
    assert_eq!(stand.firsts(100), HashMap::from([(1, 100)]), "a failing one fails nobody");
}

#[test]
fn a_user_is_either_in_the_share_of_a_canary_or_not() {
    let stand = on_trial(20, Some("x-session"));
    let first = |name, draw: u64| stand.plan(&ask(&session(name)), |n| draw % n).next(stand.start).unwrap().target;
    let inside: Vec<bool> = (0..1_000).map(|name| first(name, 99) == 0).collect();
    let share = inside.iter().filter(|&&inside| inside).count();
    assert!((150..250).contains(&share), "{share} of 1000");
    assert!(inside.iter().enumerate().all(|(name, &inside)| (first(name, 0) == 0) == inside));
}
