//! The order of targets and keys: priority, weight, cooldown, and what follows a failure.

use std::collections::HashMap;
use std::sync::Arc;

use weir_domain::key_secret::KeySecret;
use weir_domain::price::PriceHistory;
use weir_domain::secret::Secret;
use weir_domain::snapshot::{PoolKey, Provider};
use weir_domain::spec::Protocol;

use super::*;
use crate::ai::cooldown::Cause;

fn provider(id: &str, keys: &[(&str, u32, u32)]) -> Arc<Provider> {
    let key = |&(id, priority, weight): &(&str, u32, u32)| PoolKey {
        id: id.into(),
        secret: KeySecret::Header(Secret::new("s".into()).unwrap()),
        weight,
        priority,
    };
    Arc::new(Provider {
        id: id.into(),
        protocol: Protocol::Openai,
        address: None,
        keys: keys.iter().map(key).collect(),
        headers: Vec::new(),
        timeouts: Default::default(),
        stream_options: true,
        disabled: false,
        models: HashMap::new(),
        any_model: PriceHistory::default(),
    })
}

fn route(targets: Vec<(Arc<Provider>, u32, u32)>) -> ModelRoute {
    let target = |(provider, priority, weight)| Target { provider, model: "m".into(), priority, weight };
    ModelRoute {
        name: "r".into(),
        id: "r".into(),
        targets: targets.into_iter().map(target).collect(),
        max_attempts: 3,
        retry_on: Vec::new(),
        cooldown_ms: 1_000,
        strict: false,
        direct: false,
        cache: None,
    }
}

/// Every order that comes out, with how often, when each ticket is drawn equally often.
fn firsts(route: &ModelRoute, draws: u64) -> HashMap<usize, u64> {
    let mut counts = HashMap::new();
    for draw in 0..draws {
        let plan = Plan::new(route, |n| draw % n);
        let choice = plan.next(route, &Cooldowns::default(), Instant::now()).unwrap();
        *counts.entry(choice.target).or_default() += 1;
    }
    counts
}

#[test]
fn targets_of_one_priority_come_first_by_weight() {
    let route = route(vec![(provider("a", &[]), 0, 3), (provider("b", &[]), 0, 1), (provider("c", &[]), 1, 100)]);
    assert_eq!(firsts(&route, 400), HashMap::from([(0, 300), (1, 100)]));
}

#[test]
fn weight_zero_is_last_within_its_priority() {
    let route = route(vec![(provider("a", &[]), 0, 0), (provider("b", &[]), 0, 1), (provider("c", &[]), 1, 1)]);
    let plan = Plan::new(&route, |_| 0);
    assert_eq!(plan.candidates.iter().map(|c| c.target).collect::<Vec<_>>(), [1, 0, 2]);
}

#[test]
fn keys_follow_priority_then_weight() {
    let route = route(vec![(provider("a", &[("spare", 1, 9), ("x", 0, 1), ("y", 0, 1)]), 0, 1)]);
    for ticket in 0..2 {
        let plan = Plan::new(&route, |n| ticket % n);
        let keys: Vec<_> = plan.candidates.iter().map(|c| c.key.unwrap()).collect();
        assert_eq!(keys, if ticket == 0 { [1, 2, 0] } else { [2, 1, 0] });
    }
}

#[test]
fn what_cools_is_passed_over_unless_all_do() {
    let route = route(vec![(provider("a", &[("k", 0, 1)]), 0, 1), (provider("b", &[]), 1, 1)]);
    let (cooldowns, now) = (Cooldowns::default(), Instant::now());
    let plan = Plan::new(&route, |_| 0);
    let next = || plan.next(&route, &cooldowns, now).unwrap().target;
    assert_eq!(next(), 0);
    cooldowns.cool(Spot::Key { provider: "a", key: "k" }, Duration::from_secs(5), Cause::default(), now);
    assert_eq!(next(), 1, "the only key of the first cools");
    cooldowns.cool(spot(&route.targets[1], None, Blame::Target), Duration::from_secs(9), Cause::default(), now);
    assert_eq!(next(), 0, "all cool: the one that is ready soonest");
}

#[test]
fn a_refused_key_gives_way_to_the_next_key_then_to_the_next_target() {
    let route = route(vec![(provider("a", &[("x", 0, 1), ("y", 1, 1)]), 0, 1), (provider("b", &[]), 1, 1)]);
    let (cooldowns, now) = (Cooldowns::default(), Instant::now());
    let mut plan = Plan::new(&route, |_| 0);
    let mut seen = Vec::new();
    for attempt in 1..=3 {
        let choice = plan.next(&route, &cooldowns, now).unwrap();
        seen.push((choice.target, choice.key));
        plan.failed(&route, choice, Blame::Key, None, attempt);
    }
    assert_eq!(seen, [(0, Some(0)), (0, Some(1)), (1, None)]);
    assert_eq!(plan.next(&route, &cooldowns, now), None, "a refused key is not asked again");
}

#[test]
fn a_broken_target_is_left_for_the_next_and_repeated_when_alone() {
    let two = route(vec![(provider("a", &[("x", 0, 1), ("y", 0, 1)]), 0, 1), (provider("b", &[]), 1, 1)]);
    let (cooldowns, now) = (Cooldowns::default(), Instant::now());
    let mut plan = Plan::new(&two, |_| 0);
    let first = plan.next(&two, &cooldowns, now).unwrap();
    plan.failed(&two, first, Blame::Target, None, 1);
    assert_eq!(plan.next(&two, &cooldowns, now).unwrap().target, 1, "its other key would meet the same server");

    let one = route(vec![(provider("a", &[]), 0, 1)]);
    let mut plan = Plan::new(&one, |_| 0);
    for (attempt, wait) in [(1, 100), (2, 200), (3, 400)] {
        let choice = plan.next(&one, &cooldowns, now).unwrap();
        plan.failed(&one, choice, Blame::Target, None, attempt);
        let again = plan.next(&one, &cooldowns, now).unwrap();
        assert_eq!((again.target, again.wait), (0, Duration::from_millis(wait)));
    }
}

#[test]
fn a_limited_key_is_asked_again_only_after_a_short_wait() {
    let route = route(vec![(provider("a", &[]), 0, 1)]);
    let (cooldowns, now) = (Cooldowns::default(), Instant::now());
    for (said, again) in [(Some(1), Some(1)), (Some(30), None), (None, None)] {
        let mut plan = Plan::new(&route, |_| 0);
        let choice = plan.next(&route, &cooldowns, now).unwrap();
        plan.failed(&route, choice, Blame::Limit, said.map(Duration::from_secs), 1);
        assert_eq!(plan.next(&route, &cooldowns, now).map(|c| c.wait), again.map(Duration::from_secs));
    }
}

#[test]
fn disabled_providers_are_never_chosen() {
    let mut off = provider("a", &[]);
    Arc::get_mut(&mut off).unwrap().disabled = true;
    assert!(Plan::new(&route(vec![(off, 0, 1)]), |_| 0).candidates.is_empty());
}

#[test]
fn a_limit_or_a_missing_permission_for_one_model_leaves_the_key_good_for_others() {
    let keyed = provider("a", &[("k", 0, 1)]);
    let mut both = route(vec![(Arc::clone(&keyed), 0, 1), (keyed, 1, 1)]);
    both.targets[1].model = "other".into();
    for (blame, other_is_tried) in [(Blame::Limit, true), (Blame::Permission, true), (Blame::Key, false)] {
        let (cooldowns, now) = (Cooldowns::default(), Instant::now());
        let mut plan = Plan::new(&both, |_| 0);
        let choice = plan.next(&both, &cooldowns, now).unwrap();
        plan.failed(&both, choice, blame, None, 1);
        assert_eq!(plan.next(&both, &cooldowns, now).map(|c| c.target), other_is_tried.then_some(1), "{blame:?}");
        cooldowns.cool(spot(&both.targets[0], Some(0), blame), Duration::from_secs(9), Cause::default(), now);
        let first = Plan::new(&both, |_| 0).next(&both, &cooldowns, now).unwrap();
        assert_eq!(first.target, usize::from(other_is_tried), "{blame:?}: the next request");
    }
}

#[test]
fn a_provider_that_asked_for_a_long_rest_is_not_called_before_it_is_over() {
    let route = route(vec![(provider("a", &[("k", 0, 1)]), 0, 1), (provider("b", &[]), 1, 1)]);
    let (cooldowns, now) = (Cooldowns::default(), Instant::now());
    let plan = Plan::new(&route, |_| 0);
    let told = |limited| Cause { told: true, limited };
    cooldowns.cool(spot(&route.targets[0], Some(0), Blame::Limit), Duration::from_secs(30), told(true), now);
    cooldowns.cool(spot(&route.targets[1], None, Blame::Target), Duration::from_secs(60), told(false), now);
    assert_eq!(plan.next(&route, &cooldowns, now), None);
    let rest = plan.barred(&route, &cooldowns, now).unwrap();
    assert_eq!((rest.left.as_secs_f64().ceil(), rest.cause), (30.0, told(true)));
    let soon = plan.next(&route, &cooldowns, now + Duration::from_secs(29)).unwrap();
    assert_eq!((soon.target, soon.wait.as_secs_f64().ceil()), (0, 1.0), "a short rest is waited for");
    assert_eq!(plan.next(&route, &cooldowns, now + Duration::from_secs(31)).unwrap().wait, Duration::ZERO);
}
