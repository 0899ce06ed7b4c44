//! Priorities, weights, rests and repetitions.

use super::*;
use crate::ai::pool::breaker;

#[test]
fn targets_of_one_priority_come_first_by_weight() {
    let stand = Stand::new(route(vec![
        target(provider("a", &[]), 0, 3),
        target(provider("b", &[]), 0, 1),
        target(provider("c", &[]), 1, 100),
    ]));
    assert_eq!(stand.firsts(400), HashMap::from([(0, 300), (1, 100)]));
}

#[test]
fn weight_zero_is_last_within_its_priority() {
    let stand = Stand::new(route(vec![
        target(provider("a", &[]), 0, 0),
        target(provider("b", &[]), 0, 1),
        target(provider("c", &[]), 1, 1),
    ]));
    let mut plan = stand.usual();
    let mut order = Vec::new();
    for attempt in 1..=3 {
        let choice = plan.next(stand.start).unwrap();
        order.push(choice.target);
        plan.failed(choice, Blame::Target, None, attempt);
    }
    assert_eq!(order, [1, 0, 2]);
}

#[test]
fn keys_follow_priority_then_weight() {
    let keys = [("spare", 1, 9), ("x", 0, 1), ("y", 0, 1)];
    let stand = Stand::new(route(vec![target(provider("a", &keys), 0, 1)]));
    for ticket in 0..2 {
        let mut plan = stand.plan(&ask(&HeaderMap::new()), |n| ticket % n);
        let mut order = Vec::new();
        for attempt in 1..=3 {
            let choice = plan.next(stand.start).unwrap();
            order.push(choice.key.unwrap());
            plan.failed(choice, Blame::Key, None, attempt);
        }
        assert_eq!(order, if ticket == 0 { [1, 2, 0] } else { [2, 1, 0] });
        assert_eq!(plan.next(stand.start), None, "a refused key is not asked again");
    }
}

#[test]
fn what_cools_is_passed_over_unless_all_do() {
    let stand = Stand::new(route(vec![target(provider("a", &[("k", 0, 1)]), 0, 1), target(provider("b", &[]), 1, 1)]));
    let next = || stand.usual().next(stand.start).unwrap().target;
    assert_eq!(next(), 0);
    let key = stand.pool.key(0, Some(0)).unwrap();
    key.state.cooldown.cool(Duration::from_secs(5), Cause::default(), stand.millis(0));
    assert_eq!(next(), 1, "the only key of the first cools");
    stand.cool(1, 9, Cause::default());
    assert_eq!(next(), 0, "all cool: the one that is ready soonest");
}

#[test]
fn a_refused_key_gives_way_to_the_next_key_then_to_the_next_target() {
    let keys = [("x", 0, 1), ("y", 1, 1)];
    let stand = Stand::new(route(vec![target(provider("a", &keys), 0, 1), target(provider("b", &[]), 1, 1)]));
    let mut plan = stand.usual();
    let mut seen = Vec::new();
    for attempt in 1..=3 {
        let choice = plan.next(stand.start).unwrap();
        seen.push((choice.target, choice.key));
        plan.failed(choice, Blame::Key, None, attempt);
    }
    assert_eq!(seen, [(0, Some(0)), (0, Some(1)), (1, None)]);
    assert_eq!(plan.next(stand.start), None);
}

#[test]
fn a_broken_target_is_left_for_the_next_and_repeated_when_alone() {
    let keys = [("x", 0, 1), ("y", 0, 1)];
    let two = Stand::new(route(vec![target(provider("a", &keys), 0, 1), target(provider("b", &[]), 1, 1)]));
    let mut plan = two.usual();
    let first = plan.next(two.start).unwrap();
    plan.failed(first, Blame::Target, None, 1);
    assert_eq!(plan.next(two.start).unwrap().target, 1, "its other key would meet the same server");

    let one = Stand::new(route(vec![target(provider("a", &[]), 0, 1)]));
    let mut plan = one.usual();
    for (attempt, wait) in [(1, 100), (2, 200), (3, 400)] {
        let choice = plan.next(one.start).unwrap();
        plan.failed(choice, Blame::Target, None, attempt);
        let again = plan.next(one.start).unwrap();
        assert_eq!((again.target, again.wait), (0, Duration::from_millis(wait)));
    }
}

#[test]
fn a_limited_key_is_asked_again_only_after_a_short_wait() {
    let stand = Stand::new(route(vec![target(provider("a", &[]), 0, 1)]));
    for (said, again) in [(Some(1), Some(1)), (Some(30), None), (None, None)] {
        let mut plan = stand.usual();
        let choice = plan.next(stand.start).unwrap();
        plan.failed(choice, Blame::Limit, said.map(Duration::from_secs), 1);
        assert_eq!(plan.next(stand.start).map(|c| c.wait), again.map(Duration::from_secs));
    }
}

#[test]
fn a_limit_or_a_missing_permission_for_one_model_leaves_the_key_good_for_others() {
    for (blame, other_is_tried) in [(Blame::Limit, true), (Blame::Permission, true), (Blame::Key, false)] {
        let keyed = Arc::new(provider("a", &[("k", 0, 1)]));
        let other = Target { priority: 1, ..Target::new(&keyed, "other") };
        let stand = Stand::new(route(vec![Target::new(&keyed, "m"), other]));
        let mut plan = stand.usual();
        let choice = plan.next(stand.start).unwrap();
        plan.failed(choice, blame, None, 1);
        assert_eq!(plan.next(stand.start).map(|c| c.target), other_is_tried.then_some(1), "{blame:?}");
        let key = stand.pool.key(0, Some(0)).unwrap();
        let cell = if blame == Blame::Key { &key.state.cooldown } else { &key.usage.cooldown };
        cell.cool(Duration::from_secs(9), Cause::default(), stand.millis(0));
        let first = stand.usual().next(stand.start).unwrap();
        assert_eq!(first.target, usize::from(other_is_tried), "{blame:?}: the next request");
    }
}

#[test]
fn a_provider_that_asked_for_a_long_rest_is_not_called_before_it_is_over() {
    let stand = Stand::new(route(vec![target(provider("a", &[("k", 0, 1)]), 0, 1), target(provider("b", &[]), 1, 1)]));
    let told = |limited| Cause { told: true, limited };
    let key = stand.pool.key(0, Some(0)).unwrap();
    key.usage.cooldown.cool(Duration::from_secs(30), told(true), stand.millis(0));
    stand.cool(1, 60, told(false));
    let mut plan = stand.usual();
    assert_eq!(plan.next(stand.start), None);
    let rest = plan.barred(stand.start).unwrap();
    assert_eq!((rest.left, rest.cause), (Duration::from_secs(30), told(true)));
    let soon = plan.next(stand.start + Duration::from_secs(29)).unwrap();
    assert_eq!((soon.target, soon.wait), (0, Duration::from_secs(1)), "a short rest is waited for");
    assert_eq!(plan.next(stand.start + Duration::from_secs(31)).unwrap().wait, Duration::ZERO);
}

#[test]
fn a_route_repeats_no_more_than_its_budget_but_always_goes_on_to_a_healthy_target() {
    let targets = vec![target(provider("a", &[]), 0, 1), target(provider("b", &[]), 1, 1)];
    let budget = RetryBudget { percent: 0, floor: 2, window_ms: 10_000 };
    let stand = Stand::new(ModelRoute { budget, ..route(targets) });
    let mut seconds = 0;
    let mut thirds = 0;
    for _ in 0..10 {
        let mut plan = stand.usual();
        for attempt in 1..=3 {
            let Some(choice) = plan.next(stand.start) else { break };
            drop(plan.begin(choice));
            plan.failed(choice, Blame::Target, None, attempt);
            seconds += u32::from(attempt == 2);
            thirds += u32::from(attempt == 3);
        }
    }
    assert_eq!((seconds, thirds), (10, 2));
}

#[test]
fn a_bound_request_has_one_way_only() {
    let keys = [("x", 0, 1), ("y", 0, 1)];
    let stand = Stand::new(route(vec![target(provider("a", &[]), 0, 1), target(provider("b", &keys), 1, 1)]));
    let mut plan = stand.usual();
    plan.bind(1, Some(1));
    let choice = plan.next(stand.start).unwrap();
    assert_eq!((choice.target, choice.key), (1, Some(1)));
    plan.failed(choice, Blame::Key, None, 1);
    assert_eq!(plan.next(stand.start), None);
}

#[test]
fn an_open_target_gets_one_probe_and_is_asked_again_when_that_went_well() {
    let targets = vec![target(provider("a", &[]), 0, 1), target(provider("b", &[]), 1, 1)];
    let breaker = Breaker { failures: 2, open_ms: 5_000, ..Breaker::default() };
    let stand = Stand::new(ModelRoute { breaker, ..route(targets) });
    let state = &stand.pool.slot(0).unwrap().state;
    for _ in 0..2 {
        state.breaker.failed(stand.millis(0), &breaker);
    }
    let next = |at| stand.usual().next(stand.start + Duration::from_millis(at)).unwrap();
    assert_eq!(next(4_000).target, 1, "open");
    let probe = next(5_001);
    assert_eq!((probe.target, probe.probe), (0, true));
    assert_eq!(next(5_002).target, 1, "one probe at a time");
    state.breaker.worked(stand.millis(5_003), &breaker);
    assert_eq!((next(5_004).target, next(5_004).probe), (0, false));
}

#[test]
fn a_probe_whose_caller_leaves_is_given_back() {
    let breaker = Breaker { failures: 1, open_ms: 100, ..Breaker::default() };
    let stand = Stand::new(ModelRoute { breaker, ..route(vec![target(provider("a", &[]), 0, 1)]) });
    let state = Arc::clone(&stand.pool.slot(0).unwrap().state);
    state.breaker.failed(stand.millis(0), &breaker);
    let later = stand.start + Duration::from_millis(200);
    let mut plan = stand.usual();
    let probe = plan.next(later).unwrap();
    assert!(probe.probe);
    let trial = plan.begin(probe);
    assert_eq!((state.breaker.stand(stand.millis(200)), state.in_flight()), (breaker::Stand::Probing, 1));
    drop(trial);
    assert_eq!((state.breaker.stand(stand.millis(200)), state.in_flight()), (breaker::Stand::HalfOpen, 0));
}

#[test]
fn when_every_target_is_open_one_is_asked_all_the_same_unless_the_route_refuses() {
    for refuse_when_open in [false, true] {
        let breaker = Breaker { failures: 1, refuse_when_open, ..Breaker::default() };
        let stand = Stand::new(ModelRoute { breaker, ..route(vec![target(provider("a", &[]), 0, 1)]) });
        stand.pool.slot(0).unwrap().state.breaker.failed(stand.millis(0), &breaker);
        let mut plan = stand.usual();
        assert_eq!(plan.next(stand.start).is_none(), refuse_when_open);
        let left = plan.barred(stand.start).map(|rest| (rest.left, rest.cause.limited));
        assert_eq!(left, refuse_when_open.then_some((Duration::from_secs(30), false)));
    }
}
