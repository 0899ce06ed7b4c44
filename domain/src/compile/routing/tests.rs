//! What a route says of choosing compiles, or is named field by field.

use super::*;
use crate::compile::tests::compile_yaml;
use crate::spec::{Breaker, RetryBudget};

fn route(spec: &str) -> String {
    let provider = "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://x.example', \
                    keys: [{id: a, secret: x, rpm: 60, tpm: 90000, expires: '2027-01-31'}]}";
    format!("{provider}\n---\nkind: Team\nid: red\n---\nkind: ModelRoute\nid: m\nspec: {spec}")
}

#[test]
fn everything_that_a_route_may_say_compiles() {
    let text = route(
        "{strategy: sticky, sticky: {by: header, header: X-Session}, timeouts: {first_byte_ms: 900}, \
          breaker: {failures: 3}, retry: {budget: {percent: 10, floor: 2}}, targets: [ \
          {provider: p, model: a, when: {input_tokens: {max: 8000}, images: false, tools: true, \
           headers: {X-Tier: [gold]}, teams: [red, default]}}, \
          {provider: p, model: b, canary: {percent: 5, header: x-user}}]}",
    );
    let snapshot = compile_yaml(&text).unwrap();
    let route = &snapshot.models["m"];
    assert_eq!(route.strategy, Strategy::Sticky);
    assert_eq!(route.breaker, Breaker { failures: 3, ..Breaker::default() });
    assert_eq!(route.budget, RetryBudget { percent: 10, floor: 2, ..RetryBudget::default() });
    let [first, second] = &route.targets[..] else { panic!("two targets") };
    assert_eq!((first.timeouts.first_byte_ms, first.timeouts.idle_ms), (900, 60_000));
    let when = first.when.as_ref().unwrap();
    assert!(when.headers.contains_key("x-tier"), "as on the wire: {:?}", when.headers);
    assert!(second.when.is_none());
    assert_eq!(second.canary.as_ref().map(|c| c.percent), Some(5));
    let key = &first.provider.keys[0];
    assert_eq!((key.rpm, key.tpm, key.expires), (Some(60), Some(90_000), time::parse_date("2027-01-31").ok()));
}

#[test]
fn a_shadow_is_no_target_that_answers() {
    let text = route(
        "{strict: true, targets: [{provider: p, model: a}, \
          {provider: p, model: b, shadow: {percent: 25}, when: {tools: true}}]}",
    );
    let snapshot = compile_yaml(&text).unwrap();
    let route = &snapshot.models["m"];
    assert_eq!(route.targets.iter().map(|t| t.model.as_str()).collect::<Vec<_>>(), ["a"]);
    let [shadow] = &route.shadows[..] else { panic!("one shadow") };
    assert_eq!((shadow.percent, shadow.when.as_ref().and_then(|when| when.tools)), (25, Some(true)));
    assert_eq!(
        (shadow.route.targets[0].model.as_str(), shadow.route.max_attempts, shadow.route.strict),
        ("b", 1, true)
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (spec, wanted) in [
        ("{targets: [{provider: p, model: a, shadow: {percent: 5}}]}", "spec.targets: every target is a shadow"),
        (
            "{targets: [{provider: p, model: a}, {provider: p, model: b, shadow: {percent: 101}}]}",
            "spec.targets[1].shadow.percent: 101 is out of range",
        ),
        (
            "{targets: [{provider: p, model: a}, {provider: p, model: b, shadow: {percent: 1}, canary: {percent: 1}}]}",
            "spec.targets[1].shadow: stands beside canary",
        ),
        ("{strategy: fastest, targets: [{provider: p, model: a}]}", "spec.strategy: unknown value"),
        ("{strategy: sticky, targets: [{provider: p, model: a}]}", "spec.sticky: missing"),
        ("{strategy: sticky, sticky: {by: header}, targets: [{provider: p, model: a}]}", "spec.sticky.header: missing"),
        (
            "{strategy: sticky, sticky: {by: user, header: x}, targets: [{provider: p, model: a}]}",
            "spec.sticky.header: is only for by: header",
        ),
        ("{sticky: {by: user}, targets: [{provider: p, model: a}]}", "spec.sticky: is only for strategy: sticky"),
        (
            "{targets: [{provider: p, model: a, when: {input_tokens: {min: 9, max: 8}}}]}",
            "spec.targets[0].when.input_tokens: min 9 is above max 8",
        ),
        ("{targets: [{provider: p, model: a, when: {input_tokens: {}}}]}", "spec.targets[0].when.input_tokens: empty"),
        ("{targets: [{provider: p, model: a, when: {headers: {x: []}}}]}", "spec.targets[0].when.headers.x: empty"),
        ("{targets: [{provider: p, model: a, when: {headers: {'a b': [c]}}}]}", "is not a header name"),
        (
            "{targets: [{provider: p, model: a, when: {teams: [blue]}}]}",
            "spec.targets[0].when.teams[0]: there is no Team",
        ),
        ("{targets: [{provider: p, model: a, canary: {percent: 101}}]}", "spec.targets[0].canary.percent: 101"),
        ("{targets: [{provider: p, model: a, canary: {percent: 1}}]}", "spec.targets: every target is a canary"),
        ("{breaker: {open_ms: 1}, targets: [{provider: p, model: a}]}", "spec.breaker.open_ms: 1 is out of range"),
        ("{retry: {budget: {window_ms: 1}}, targets: [{provider: p, model: a}]}", "spec.retry.budget.window_ms: 1"),
        ("{timeouts: {idle_ms: 0}, targets: [{provider: p, model: a}]}", "spec.timeouts.idle_ms: 0 is out of range"),
        ("{timeouts: {connect_ms: 9000}, targets: [{provider: p, model: a}]}", "spec.timeouts.connect_ms: longer than"),
    ] {
        let faults = compile_yaml(&route(spec)).unwrap_err().join("\n");
        assert!(faults.contains(wanted), "{spec}: {faults}");
    }
    let many = vec!["{provider: p, model: a}"; 257].join(", ");
    let faults = compile_yaml(&route(&format!("{{targets: [{many}]}}"))).unwrap_err().join("\n");
    assert!(faults.contains("spec.targets: 257 targets; give 256 at most"), "{faults}");
}

#[test]
fn a_key_says_until_when_it_is_good() {
    let text = |expires: &str| {
        format!(
            "kind: Provider\nid: p\nspec: {{protocol: openai, base_url: 'https://x.example', \
             keys: [{{id: a, secret: x, {expires}}}]}}"
        )
    };
    let faults = compile_yaml(&text("expires: soon")).unwrap_err().join("\n");
    assert!(faults.contains("spec.keys[0].expires: \"soon\" is neither a date"), "{faults}");
    let faults = compile_yaml(&text("rpm: 0")).unwrap_err().join("\n");
    assert!(faults.contains("spec.keys[0].rpm: 0 is out of range"), "{faults}");
    assert!(compile_yaml(&text("expires: '2026-05-01T12:00:00Z'")).is_ok());
}
