//! Promises of reading what has faults: all of them are told, and what is stood in for says nothing.

use super::*;
use crate::yaml;

fn draft(text: &str) -> Draft {
    Draft::of_document(&yaml::documents(text).unwrap()[0].value)
}

fn told(draft: &Draft) -> Vec<String> {
    draft.faults.iter().map(ToString::to_string).collect()
}

#[test]
fn every_fault_of_the_shape_is_told_at_once() {
    let draft = draft(
        "kind: Provider\nid: Bad Id\nteam: Worse\nextra: 1\nmore: 2\nspec:\n  protocol: telnet\n  nam: x\n  bas_url: y\n  \
         disabled: 'no'\n  keys: [{id: a}, 7, {secret: s, weight: -1}]\n  timeouts: {connect_ms: soon, x: 1}\n",
    );
    let faults = told(&draft).join("\n");
    for wanted in [
        "extra: unknown field",
        "more: unknown field",
        "spec.protocol: unknown value, expected one of `openai`",
        "spec.nam: unknown field",
        "spec.bas_url: unknown field",
        "spec.disabled: must be true or false, not text",
        "spec.keys[0]: missing field `secret`",
        "spec.keys[1]: must be a mapping of fields, not a number",
        "spec.keys[2]: missing field `id`",
        "spec.keys[2].weight: must be a whole number",
        "spec.timeouts.connect_ms: must be",
        "spec.timeouts.x: unknown field",
        "Provider/Bad Id: id: ",
        "Provider/Bad Id: team: ",
    ] {
        assert_eq!(faults.matches(wanted).count(), 1, "{wanted} in\n{faults}");
    }
    assert_eq!(draft.faults.len(), 14, "{faults}");
    assert_eq!(draft.resources.len(), 1);
}

#[test]
fn every_field_that_is_missing_is_named() {
    let draft = draft("kind: Route\nid: r\nspec: {methods: [FETCH, GET, PULL]}");
    let faults = told(&draft);
    assert_eq!(faults.len(), 4, "{faults:#?}");
    for wanted in
        ["spec: missing field `service`", "spec: missing field `path`", "spec.methods[0]: ", "spec.methods[2]: "]
    {
        assert!(faults.iter().any(|fault| fault.contains(wanted)), "{wanted} in {faults:#?}");
    }
}

#[test]
fn a_misplaced_value_is_told_once_and_never_quoted() {
    let routes =
        draft("kind: ModelRoute\nid: m\nspec: {targets: sk-canary, strategy: sk-canary, sticky: {by: sk-canary}}");
    let faults = told(&routes).join("\n");
    assert_eq!(routes.faults.len(), 3, "{faults}");
    assert!(!faults.contains("canary") && !faults.contains("missing"), "{faults}");
    for text in
        ["kind: Team\nid: [sk-canary]", "kind: Team\nid: a\nteam: {sk-canary: 1}", "kind: Team\nid: a\nspec: 77"]
    {
        let faults = told(&draft(text));
        assert!(faults.len() == 1 && !faults[0].contains("canary") && !faults[0].contains("77"), "{faults:?}");
    }
}

#[test]
fn a_document_of_no_kind_or_id_is_told_whole() {
    let both = draft("kind: Team\nspec: {nam: x, request_log: {bodies: sometimes}}");
    assert_eq!(both.faults.len(), 3, "{:#?}", told(&both));
    assert!(both.resources.is_empty());
    let unknown = draft("kind: Modelroute\nid: fast");
    assert_eq!(unknown.faults.len(), 1);
    assert!(unknown.resources.iter().any(|r| r.label() == "ModelRoute/fast"), "{:?}", unknown.resources);
}

#[test]
fn every_kind_can_be_stood_in_for() {
    for kind in Kind::ALL {
        for spec in [serde_json::json!({}), serde_json::json!(7), serde_json::json!({"x": {}})] {
            let mut draft = Draft::default();
            draft.read(kind, "x", "default", &spec);
            assert_eq!(draft.resources.first().map(Resource::kind), Some(kind), "{spec}");
            let fault = Fault::new(kind, "x", "spec.anything", "is wrong");
            assert_eq!(draft.mended.hides(&fault), !spec.is_object(), "{kind} {spec}");
        }
    }
}

#[test]
fn what_follows_from_the_mending_is_not_told_and_everything_else_is() {
    let draft = draft("kind: Provider\nid: p\nspec: {protocol: 7, base_url: x, nam: y, timeouts: {connect_ms: soon}}");
    let hidden =
        |id: &str, field: &str, problem: &str| draft.mended.hides(&Fault::new(Kind::Provider, id, field, problem));
    assert!(hidden("p", "spec.protocol", "missing"));
    assert!(hidden("p", "spec.timeouts", "is wrong"));
    assert!(hidden("p", "spec.api_version", "leave it out, or set protocol: azure"));
    assert!(hidden("q", "spec.x", "longer than Provider/p has"));
    assert!(!hidden("q", "spec.protocol", "missing"));
    assert!(!hidden("q", "spec.x", "longer than Provider/pq has"));
    assert!(!hidden("p", "spec.base_url", "is no address"));
    assert!(!hidden("p", "spec.timeouts.total_ms", "is wrong"));
    assert!(!hidden("p", "team", "there is no Team \"ghost\"; create it, or name one that exists"));
}
