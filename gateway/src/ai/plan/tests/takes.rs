//! Which targets take a request, and which keys: conditions, context, limits, dates.

use std::collections::BTreeMap;

use weir_domain::spec::{TokenRange, When};

use super::*;
use crate::ai::failure::Stop;
use crate::ai::pool::breaker;

fn when(when: When) -> Stand {
    let first = Target { when: Some(Box::new(when)), ..target(provider("a", &[]), 0, 1) };
    Stand::new(route(vec![first, target(provider("b", &[]), 1, 1)]))
}

/// Whether a target with a condition takes a request.
fn takes(condition: &When, ask: &Ask<'_>) -> bool {
    let stand = when(condition.clone());
    stand.plan(ask, |_| 0).next(stand.start).unwrap().target == 0
}

#[test]
fn a_condition_is_met_when_all_of_it_is() {
    let none = HeaderMap::new();
    let mut gold = HeaderMap::new();
    gold.insert("x-tier", "gold".parse().unwrap());
    let usual = || ask(&none);
    let images = Content { images: true, ..Content::default() };
    let tokens = |min, max| When { input_tokens: Some(TokenRange { min, max }), ..When::default() };
    assert!(takes(&tokens(Some(100), Some(100)), &usual()), "both ends are included");
    assert!(!takes(&tokens(Some(101), None), &usual()) && !takes(&tokens(None, Some(99)), &usual()));
    let tools = |tools| When { tools: Some(tools), ..When::default() };
    assert!(takes(&tools(false), &usual()) && !takes(&tools(true), &usual()));
    assert!(takes(&tools(true), &Ask { tools: true, ..usual() }));
    let seeing = When { images: Some(true), ..When::default() };
    assert!(!takes(&seeing, &usual()) && takes(&seeing, &Ask { content: images.clone(), ..usual() }));
    let blind = When { images: Some(false), ..When::default() };
    assert!(takes(&blind, &usual()) && !takes(&blind, &Ask { content: images, ..usual() }));
    let team = When { teams: vec!["red".into(), "blue".into()], ..When::default() };
    assert!(!takes(&team, &usual()) && takes(&team, &Ask { team: "blue", ..usual() }));
    let values = vec!["silver".to_owned(), "gold".to_owned()];
    let tier = When { headers: BTreeMap::from([("x-tier".to_owned(), values)]), ..When::default() };
    assert!(!takes(&tier, &usual()) && takes(&tier, &ask(&gold)));
    let both = When { tools: Some(true), ..tier };
    assert!(!takes(&both, &ask(&gold)) && takes(&both, &Ask { tools: true, ..ask(&gold) }));
}

#[test]
fn a_request_that_no_target_takes_is_known_as_such() {
    let never = When { tools: Some(true), ..When::default() };
    let only = Target { when: Some(Box::new(never)), ..target(provider("a", &[]), 0, 1) };
    let stand = Stand::new(route(vec![only]));
    let mut plan = stand.usual();
    assert_eq!((plan.next(stand.start), plan.is_unmet()), (None, true));
    let off = Provider { disabled: true, ..provider("a", &[]) };
    let stand = Stand::new(route(vec![target(off, 0, 1)]));
    let mut plan = stand.usual();
    assert_eq!((plan.next(stand.start), plan.is_unmet()), (None, false), "switched off is something else");
}

fn sized(sizes: &[Option<u64>]) -> Stand {
    let targets = sizes.iter().enumerate().map(|(at, size)| {
        let models = size.map(|size| ("m".to_owned(), facts(size))).into_iter().collect();
        let id = format!("p{at}");
        target(Provider { models, ..provider(&id, &[]) }, u32::try_from(at).unwrap(), 1)
    });
    Stand::new(route(targets.collect()))
}

#[test]
fn a_target_whose_context_is_too_small_is_passed_over() {
    let stand = sized(&[Some(1_000), Some(8_000), None]);
    let headers = HeaderMap::new();
    for (input, max_tokens, first) in [(500, Some(500), 0), (500, Some(501), 1), (2_000, None, 1), (9_000, Some(1), 2)]
    {
        let ask = Ask { input, max_tokens, ..ask(&headers) };
        assert_eq!(stand.plan(&ask, |_| 0).next(stand.start).unwrap().target, first, "{input} and {max_tokens:?}");
    }
    let stand = sized(&[Some(1_000), Some(8_000)]);
    let mut plan = stand.plan(&Ask { input: 9_000, ..ask(&headers) }, |_| 0);
    assert_eq!(plan.next(stand.start).unwrap().target, 1, "an estimate refuses nobody: the largest is asked");
}

#[test]
fn a_request_that_is_too_long_goes_on_to_a_larger_context_only() {
    let stand = sized(&[Some(4_000), Some(4_000), Some(8_000), None]);
    let mut plan = stand.usual();
    let mut order = Vec::new();
    loop {
        let choice = plan.next(stand.start).unwrap();
        order.push(choice.target);
        if !plan.outgrown(choice) {
            break;
        }
    }
    assert_eq!(order, [0, 2, 3]);
    let state = &stand.pool.slot(0).unwrap().state;
    assert!(state.cooldown.rest(stand.millis(0)).left.is_zero(), "nobody is to blame");
}

#[test]
fn disabled_providers_are_never_chosen() {
    let off = Provider { disabled: true, ..provider("a", &[]) };
    let stand = Stand::new(route(vec![target(off, 0, 1), target(provider("b", &[]), 1, 1)]));
    assert_eq!(stand.firsts(3), HashMap::from([(1, 3)]));
}

#[test]
fn a_key_that_would_exceed_its_limit_is_passed_over_and_the_caller_told_when_none_is_left() {
    let mut keyed = provider("a", &[("x", 0, 1), ("y", 1, 1)]);
    keyed.keys[0].rpm = Some(2);
    keyed.keys[1].tpm = Some(250);
    let stand = Stand::new(route(vec![target(keyed, 0, 1)]));
    let keys: Vec<_> = (0..4).map(|_| stand.usual().next(stand.start).unwrap().key.unwrap()).collect();
    assert_eq!(keys, [0, 0, 1, 1]);
    let mut plan = stand.usual();
    assert_eq!(plan.next(stand.start), None, "two requests, and 200 of 250 tokens");
    let rest = plan.barred(stand.start).unwrap();
    assert!(rest.own && rest.cause == Cause { told: true, limited: true });
    assert!(rest.left > Duration::from_secs(55), "the window tells when there is room, and that is no guess: {rest:?}");
    let soon = stand.start + rest.left - Duration::from_millis(1);
    assert_eq!(stand.usual().next(soon), None, "a call that waits for its key's limit would not count against it");
    assert!(stand.usual().barred(soon).is_some_and(|rest| rest.own && rest.left == Duration::from_millis(1)));
    assert!(stand.usual().next(stand.start + rest.left).is_some(), "then there is room");
}

#[test]
fn an_expired_key_is_not_used_even_when_it_is_the_last() {
    let mut keyed = provider("a", &[("old", 0, 1), ("new", 1, 1)]);
    keyed.keys[0].expires = Some(1_000);
    keyed.keys[1].expires = Some(2_000);
    let stand = Stand::new(route(vec![target(keyed, 0, 1)]));
    let headers = HeaderMap::new();
    let key = |at| stand.plan(&Ask { at, ..ask(&headers) }, |_| 0).next(stand.start).and_then(|choice| choice.key);
    assert_eq!((key(999), key(1_000), key(2_000)), (Some(0), Some(1), None));
}

#[test]
fn what_is_known_of_a_target_outlives_the_configuration() {
    let pools = Pools::default();
    let made = |generation| {
        let mut keyed = provider("a", &[("k", 0, 1)]);
        keyed.keys[0].generation = generation;
        Stand::over(&pools, route(vec![target(keyed, 0, 1), target(provider("b", &[]), 1, 1)]))
    };
    let first = made(1);
    let key = first.pool.key(0, Some(0)).unwrap();
    key.state.cooldown.cool(Duration::from_mins(9), Cause::default(), first.millis(0));
    assert_eq!(made(1).usual().next(first.start).unwrap().target, 1, "reloaded, the key is refused still");
    assert_eq!(made(2).usual().next(first.start).unwrap().target, 0, "another secret is another key");
    first.cool(0, 60, Cause::default());
    assert_eq!(made(3).usual().next(first.start).unwrap().target, 1, "the target cools for every key");
}

#[test]
fn a_key_whose_probe_another_request_has_just_taken_gives_way_to_the_next_and_counts_nothing() {
    let set = Breaker { failures: 1, open_ms: 100, ..Breaker::default() };
    let mut one = provider("a", &[("x", 0, 1), ("y", 0, 2)]);
    one.keys.iter_mut().for_each(|key| key.rpm = Some(10));
    let stand = Stand::new(ModelRoute { breaker: set, ..route(vec![target(one, 0, 1)]) });
    let key = |at| stand.pool.key(0, Some(at)).unwrap();
    key(0).usage.breaker.failed(stand.millis(0), &set);
    let later = stand.start + Duration::from_millis(200);
    // The weights of the keys are drawn for behind the look at their breakers: that is when the other request comes.
    let other = |below: u64| {
        if below == 3 {
            assert!(key(0).usage.breaker.take_probe(stand.millis(200)));
        }
        0
    };
    let choice = stand.plan(&ask(&HeaderMap::new()), other).next(later).unwrap();
    assert_eq!((choice.key, choice.key_probe, choice.wait), (Some(1), false, Duration::ZERO));
    let used = |at: usize| key(at).state.used(&stand.pool.route.targets[0].provider.keys[at], stand.millis(200)).0;
    assert_eq!((used(0), used(1)), (Some(0), Some(1)));
}

#[test]
fn a_key_without_room_gives_the_probes_back_that_were_taken_with_it() {
    let set = Breaker { failures: 1, open_ms: 100, ..Breaker::default() };
    let mut one = provider("a", &[("x", 0, 1), ("y", 1, 1)]);
    one.keys[0].rpm = Some(0);
    let stand = Stand::new(ModelRoute { breaker: set, ..route(vec![target(one, 0, 1)]) });
    stand.pool.slot(0).unwrap().state.breaker.failed(stand.millis(0), &set);
    let choice = stand.usual().next(stand.start + Duration::from_millis(200)).unwrap();
    assert_eq!((choice.key, choice.probe, choice.wait), (Some(1), true, Duration::ZERO));
}

#[test]
fn a_call_that_nobody_waits_for_takes_no_probe_and_its_end_says_nothing_to_others() {
    let set = Breaker { failures: 1, open_ms: 100, ..Breaker::default() };
    let mut one = provider("a", &[("x", 0, 1)]);
    (one.keys[0].rpm, one.keys[0].tpm) = (Some(10), Some(1_000));
    let stand = Stand::new(ModelRoute { breaker: set, ..route(vec![target(one, 0, 1)]) });
    let (slot, key) = (stand.pool.slot(0).unwrap(), stand.pool.key(0, Some(0)).unwrap());
    for (status, blame) in
        [(401, Blame::Key), (402, Blame::Key), (403, Blame::Permission), (429, Blame::Limit), (500, Blame::Target)]
    {
        let error = weir_llm::read_error(weir_domain::dialect::WireFormat::Openai, status, None, b"{}");
        let Stop::Failed(failure) = Stop::provider("a", error, Some(Duration::from_secs(60))) else { panic!() };
        let mut plan = stand.usual();
        let choice = plan.calm(stand.start).unwrap();
        let mut trial = plan.begin_apart(choice);
        assert_eq!(slot.state.in_flight(), 1);
        trial.failed(&failure, Some(blame));
        drop(trial);
        assert!(slot.state.cooldown.rest(stand.millis(0)).left.is_zero(), "{status}");
        assert!(key.state.cooldown.rest(stand.millis(0)).left.is_zero(), "{status}");
        assert!(key.usage.cooldown.rest(stand.millis(0)).left.is_zero(), "{status}");
        assert_eq!(slot.state.breaker.stand(stand.millis(0)), breaker::Stand::Closed, "{status}");
        assert_eq!(key.usage.breaker.stand(stand.millis(0)), breaker::Stand::Closed, "{status}");
    }
    let mut plan = stand.usual();
    let choice = plan.calm(stand.start).unwrap();
    let trial = plan.begin_apart(choice);
    let mut used_up = HeaderMap::new();
    used_up.insert("x-ratelimit-remaining-requests", http::HeaderValue::from_static("0"));
    used_up.insert("x-ratelimit-reset-requests", http::HeaderValue::from_static("60s"));
    assert!(crate::retry_after::exhausted(&used_up, weir_domain::time::now()).is_some());
    trial.head(&used_up);
    assert!(key.usage.cooldown.rest(stand.millis(0)).left.is_zero(), "a hint is not one for others either");
    trial.consumed(120);
    drop(trial);
    let used = key.state.used(&stand.pool.route.targets[0].provider.keys[0], stand.pool.millis(Instant::now()));
    assert_eq!(used, (Some(6), Some(620)), "what the vendor counts is counted");
    slot.state.breaker.failed(stand.millis(0), &set);
    let later = stand.start + Duration::from_millis(200);
    assert_eq!(stand.usual().calm(later), None);
    assert!(stand.usual().next(later).unwrap().probe, "it is a caller's");
}
