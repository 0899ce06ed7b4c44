//! What a health check says compiles, or is named field by field.

use super::*;
use crate::compile::tests::compile_yaml;

fn provider(check: &str) -> String {
    format!(
        "kind: Provider\nid: p\nspec: {{protocol: openai, base_url: 'https://x.example/v1', health_check: {check}}}\n\
         ---\nkind: Provider\nid: plain\nspec: {{protocol: openai, base_url: 'https://y.example/v1'}}"
    )
}

#[test]
fn a_provider_is_asked_for_its_models_unless_something_else_is_said() {
    let snapshot = compile_yaml(&provider("{}")).unwrap();
    let check = snapshot.providers["p"].health_check.as_ref().unwrap();
    assert_eq!((check.path.as_str(), check.method, check.body.as_str()), ("/models", HealthMethod::Get, ""));
    assert_eq!((check.interval, check.timeout), (Duration::from_secs(30), Duration::from_secs(5)));
    let good = |status| check.is_good(status);
    assert!([200, 204, 299, 401, 403, 429].into_iter().all(good), "a refused key is no sick server");
    assert!(![301, 404, 500, 503, 529].into_iter().any(good));
    assert!(snapshot.providers["plain"].health_check.is_none(), "nobody is asked unasked");
}

#[test]
fn a_target_may_be_asked_in_a_way_of_its_own_and_else_as_its_provider() {
    let text = provider("{path: /health, method: head, statuses: [204]}")
        + "\n---\nkind: ModelRoute\nid: m\nspec: {targets: [{provider: p, model: a}, {provider: p, model: b, \
           health_check: {method: post, path: /chat/completions, body: {model: b, max_tokens: 1}, interval_ms: 60000}}]}";
    let snapshot = compile_yaml(&text).unwrap();
    let [first, second] = &snapshot.models["m"].targets[..] else { panic!("two targets") };
    let [first, second] = [first, second].map(|target| target.health_check.as_ref().unwrap());
    assert_eq!((first.path.as_str(), first.method), ("/health", HealthMethod::Head));
    assert!(first.is_good(204) && !first.is_good(200) && !first.is_good(401));
    assert_eq!((second.path.as_str(), second.body.as_str()), ("/chat/completions", r#"{"model":"b","max_tokens":1}"#));
}

#[test]
fn what_is_wrong_is_named() {
    for (check, wanted) in [
        ("{interval_ms: 10}", "spec.health_check.interval_ms"),
        ("{timeout_ms: 0}", "spec.health_check.timeout_ms"),
        ("{unhealthy_after: 0}", "spec.health_check.unhealthy_after"),
        ("{path: models}", "spec.health_check.path: \"models\" is not a path"),
        ("{path: '/a b'}", "spec.health_check.path"),
        ("{statuses: [99]}", "spec.health_check.statuses: 99 is no status"),
        ("{method: post, path: /x}", "spec.health_check.body: missing"),
        ("{method: post, body: {}}", "spec.health_check.path: missing; say what a post is sent to"),
        ("{body: {}}", "spec.health_check.body: is only for method: post"),
        ("{method: put}", "spec.health_check.method"),
    ] {
        let faults = compile_yaml(&provider(check)).unwrap_err();
        assert!(faults.iter().any(|fault| fault.contains(wanted)), "{check}: {faults:?}");
    }
    for (spec, wanted) in [
        ("{protocol: bedrock, region: eu-west-1, health_check: {}}", "this vendor lists no models"),
        ("{protocol: demo, health_check: {}}", "the demo provider is inside Weir"),
    ] {
        let faults = compile_yaml(&format!("kind: Provider\nid: p\nspec: {spec}")).unwrap_err();
        assert!(faults.iter().any(|fault| fault.contains(wanted)), "{spec}: {faults:?}");
    }
}
