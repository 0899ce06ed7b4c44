//! What health checks and the keys' breakers decide.

use weir_domain::snapshot::HealthCheck;
use weir_domain::spec::HealthMethod;

use super::*;

fn check() -> Arc<HealthCheck> {
    Arc::new(HealthCheck {
        path: "/models".into(),
        method: HealthMethod::Get,
        body: String::new(),
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        unhealthy_after: 1,
        healthy_after: 1,
        statuses: Vec::new(),
    })
}

/// Targets `a`, `b`, … of falling priority, each with a check of its own.
fn checked(names: &[&str]) -> Stand {
    let one = |(at, name): (usize, &&str)| {
        let priority = u32::try_from(at).unwrap();
        Target { health_check: Some(check()), ..target(provider(name, &[]), priority, 1) }
    };
    Stand::new(route(names.iter().enumerate().map(one).collect()))
}

impl Stand {
    fn found(&self, target: usize, good: bool) {
        let found = if good { Ok(()) } else { Err("no".to_owned()) };
        self.pool.slot(target).unwrap().health.as_ref().unwrap().note(found, &check(), self.millis(0));
    }

    fn first(&self) -> usize {
        self.usual().next(self.start).unwrap().target
    }
}

#[test]
fn an_unhealthy_target_is_passed_over_while_another_is_left() {
    let stand = checked(&["a", "b", "c"]);
    assert_eq!(stand.first(), 0, "what nobody has looked at is as good as healthy");
    stand.found(0, false);
    assert_eq!(stand.first(), 1);
    stand.cool(1, 9, Cause::default());
    stand.cool(2, 5, Cause::default());
    assert_eq!(stand.first(), 2, "one that failed a moment ago may be well; the one that is ready soonest");
    let mut plan = stand.usual();
    let mut order = Vec::new();
    for attempt in 1..=3 {
        let choice = plan.next(stand.start).unwrap();
        order.push(choice.target);
        plan.failed(choice, Blame::Target, None, attempt);
    }
    assert_eq!(order, [2, 1, 0], "but it is asked before another is asked twice");
    stand.found(0, true);
    assert_eq!(stand.first(), 0);
}

#[test]
fn when_all_are_unhealthy_they_are_asked_as_if_nothing_had_been_found() {
    let stand = checked(&["a", "b"]);
    stand.found(0, false);
    stand.found(1, false);
    let mut plan = stand.usual();
    let first = plan.next(stand.start).unwrap();
    plan.failed(first, Blame::Target, None, 1);
    let second = plan.next(stand.start).unwrap();
    assert_eq!((first.target, second.target), (0, 1));
    assert!(first.wait.is_zero() && second.wait.is_zero());
}

#[test]
fn a_key_whose_breaker_is_open_gives_way_to_the_others_until_its_probe() {
    let keys = [("x", 0, 1), ("y", 1, 1)];
    let set = Breaker { failures: 2, open_ms: 1_000, ..Breaker::default() };
    let stand = Stand::new(ModelRoute { breaker: set, ..route(vec![target(provider("a", &keys), 0, 1)]) });
    let breaker = |key| &stand.pool.key(0, Some(key)).unwrap().usage.breaker;
    for _ in 0..2 {
        breaker(0).failed(stand.millis(0), &set);
    }
    let first = |after| stand.usual().next(stand.start + Duration::from_millis(after)).unwrap();
    assert_eq!((first(0).key, first(0).key_probe), (Some(1), false));
    let probe = first(1_001);
    assert_eq!((probe.key, probe.key_probe, probe.probe), (Some(0), true, false));
    assert_eq!(first(1_002).key, Some(1), "one probe at a time");
    stand.usual().unmade(probe);
    assert!(first(1_003).key_probe, "given back");
    for _ in 0..2 {
        breaker(1).failed(stand.millis(0), &set);
    }
    let alone = Stand { pool: Arc::clone(&stand.pool), start: stand.start };
    assert!(alone.usual().next(stand.start).is_some(), "an answer that may fail is better than none");
}
