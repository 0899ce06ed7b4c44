//! Promises of documents: what a policy adds is there and nothing else, and what is read back is what was written.

use std::sync::Arc;

use super::*;
use crate::compile::tests::compile_yaml;
use crate::router::Match;
use crate::spec::{ConflictSetting, Off};

fn policy(block: &str) -> Arc<ConflictPolicy> {
    let text = format!(
        "kind: Upstream\nid: u\nspec: {{targets: [{{url: 'https://u.example'}}]}}\n---\n\
         kind: Service\nid: s\nspec: {{upstream: u}}\n---\n\
         kind: Route\nid: r\nspec: {{service: s, path: /r, conflict: {block}}}\n"
    );
    let snapshot = compile_yaml(&text).unwrap();
    match snapshot.routes.find("h", "/r", Some(Method::Get)) {
        Match::Found(route, _) => route.conflict.clone().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn statuses(additions: &Additions) -> Vec<u16> {
    additions.answers.keys().copied().collect()
}

fn headers(additions: &Additions) -> Vec<(&str, bool)> {
    additions.request_headers.iter().map(|header| (header.name.as_str(), header.required)).collect()
}

#[test]
fn each_part_adds_its_own_answers_to_its_own_methods() {
    for (block, method, wanted) in [
        ("{conditional_reads: {}}", Method::Get, &[304, 400, 412][..]),
        ("{conditional_reads: {}}", Method::Post, &[]),
        ("{preconditions: {require: {}}}", Method::Put, &[428]),
        ("{preconditions: {require: {}}}", Method::Post, &[]),
        ("{preconditions: {require: {}, evaluate: gateway}}", Method::Put, &[400, 412, 428, 503]),
        ("{preconditions: {evaluate: gateway, mismatch_status: 409, on_error: open}}", Method::Put, &[400, 409, 412]),
        ("{lost_update: {}}", Method::Delete, &[400, 409, 412, 503]),
        ("{lost_update: {}}", Method::Get, &[]),
        ("{serialize: {}}", Method::Put, &[409, 503]),
        ("{serialize: {}}", Method::Post, &[]),
        ("{lock: {}}", Method::Put, &[400, 412, 423, 503]),
        ("{lock: {}}", Method::Get, &[]),
        ("{lock: {guard: [write, read]}}", Method::Get, &[400, 412, 423, 503]),
        ("{coalesce: {}}", Method::Get, &[]),
        ("{idempotency: {}}", Method::Post, &[400, 409, 422, 503]),
        ("{idempotency: {on_error: open}}", Method::Post, &[400, 409, 422]),
        ("{idempotency: {aliases: [Repeatability-Request-ID]}}", Method::Post, &[400, 409, 412, 422, 503]),
        ("{idempotency: {}}", Method::Put, &[]),
        ("{concurrency: [{name: a, key: '{consumer}', limit: 1}]}", Method::Get, &[429]),
        ("{concurrency: [{name: a, limit: 1}]}", Method::Get, &[503]),
        ("{upstream_conflict: {normalize: true, on: [409, 423]}}", Method::Put, &[409, 423]),
        ("{upstream_conflict: {strategy: retry}}", Method::Put, &[]),
    ] {
        assert_eq!(statuses(&Additions::of(&policy(block), method)), wanted, "{block} {method:?}");
    }
}

#[test]
fn headers_are_required_only_where_nothing_else_will_do() {
    for (block, method, wanted) in [
        ("{preconditions: {require: {}}}", Method::Put, &[("If-Match", true)][..]),
        (
            "{preconditions: {require: {any_of: [if-match, if-none-match]}}}",
            Method::Put,
            &[("If-Match", false), ("If-None-Match", false)],
        ),
        ("{idempotency: {required: true}}", Method::Post, &[("Idempotency-Key", true)]),
        (
            "{idempotency: {required: true, aliases: [X-Key]}}",
            Method::Post,
            &[("Idempotency-Key", false), ("X-Key", false)],
        ),
        ("{lock: {}}", Method::Put, &[("Lock-Token", false), ("If", false)]),
        (
            "{conditional_reads: {}}",
            Method::Head,
            &[("If-None-Match", false), ("If-Modified-Since", false), ("If-Match", false)],
        ),
    ] {
        assert_eq!(headers(&Additions::of(&policy(block), method)), wanted, "{block}");
    }
    let limits = policy("{concurrency: [{name: a, limit: 9, priorities: {live: 60%, batch: 40%}}]}");
    let additions = Additions::of(&limits, Method::Get);
    assert_eq!(additions.request_headers[0].values, ["batch", "live"]);
}

#[test]
fn an_operation_keeps_what_it_says_and_gains_the_rest() {
    let policy = policy("{validators: {}, conditional_reads: {}, preconditions: {require: {}}, lost_update: {}}");
    let mut put = json!({
        "summary": "Changes it",
        "parameters": [{"name": "if-match", "in": "header", "description": "ours"}, {"name": "id", "in": "path"}],
        "responses": {
            "200": {"description": "Changed", "headers": {"Location": {}}},
            "409": {"description": "Sold out", "content": {"application/json": {}}},
            "412": {"$ref": "#/components/responses/Stale"},
        },
    });
    let operation = put.as_object_mut().unwrap();
    Additions::of(&policy, Method::Put).add_to(operation);
    let once = put.clone();
    Additions::of(&policy, Method::Put).add_to(put.as_object_mut().unwrap());
    assert_eq!(put, once, "adding twice is adding once");
    assert_eq!(
        put["parameters"][0],
        json!({"name": "if-match", "in": "header", "description": "ours", "required": true})
    );
    assert_eq!(put["parameters"].as_array().unwrap().len(), 4);
    assert_eq!(put["responses"]["412"], json!({"$ref": "#/components/responses/Stale"}));
    let conflict = &put["responses"]["409"];
    assert!(conflict["description"].as_str().unwrap().starts_with("Sold out Another request changes"), "{conflict}");
    assert!(conflict["content"]["application/json"].is_object());
    let schema = &conflict["content"]["application/problem+json"]["schema"];
    assert_eq!(schema["properties"]["type"]["enum"], json!([format!("{PROBLEM_BASE}concurrent-modification")]));
    let changed = &put["responses"]["200"]["headers"];
    assert!(changed["Location"].is_object() && changed["Conflict-Status"].is_object() && changed.get("ETag").is_none());
    let mut get = Map::new();
    get.insert("responses".to_owned(), json!({"200": {"description": "It"}}));
    Additions::of(&policy, Method::Get).add_to(&mut get);
    assert!(get["responses"]["200"]["headers"]["ETag"].is_object());
    assert!(get["responses"]["304"].get("content").is_none());
}

#[test]
fn an_extension_is_the_same_block_with_the_same_faults() {
    let block = json!({"validators": {"max_body": "2MiB"}, "store": "anywhere"});
    let Ok(ConflictSetting::On(read)) = setting(&block, EXTENSION) else { panic!("refused") };
    assert_eq!(read.validators.as_ref().unwrap().max_body.to_string(), "2MiB");
    assert_eq!(setting(&json!("off"), EXTENSION), Ok(ConflictSetting::Off(Off::Off)));
    let wrong = json!({"lockk": {}, "lost_update": {"lease": "1w", "max_wait": "1h"}, "serialize": {"max_queue": 0}});
    let faults = setting(&wrong, "paths./a.put.x-conflict").unwrap_err();
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    for wanted in [
        "paths./a.put.x-conflict.lockk: unknown field",
        "paths./a.put.x-conflict.lost_update.lease: must be a span of time",
        "paths./a.put.x-conflict.lost_update.max_wait: 1h is out of range",
        "paths./a.put.x-conflict.serialize.max_queue: 0 lets nobody wait",
    ] {
        assert!(told.iter().any(|told| told.starts_with(wanted)), "{wanted}: {told:#?}");
    }
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(setting(&json!(true), EXTENSION).is_err());
}

#[test]
fn a_declared_condition_becomes_a_required_one() {
    let operation = |value: Value| value.as_object().unwrap().clone();
    let declared = operation(json!({"parameters": [{"name": "IF-MATCH", "in": "header", "required": true}]}));
    let Ok(Some(ConflictSetting::On(block))) = of_operation(&declared, Method::Put, "put") else { panic!("nothing") };
    let require = block.preconditions.unwrap().require.unwrap();
    assert_eq!((require.methods, require.any_of), (vec![Method::Put], vec![ConditionHeader::IfMatch]));
    assert_eq!(of_operation(&declared, Method::Get, "get"), Ok(None));
    let optional = operation(json!({"parameters": [{"name": "If-Match", "in": "header"}]}));
    assert_eq!(of_operation(&optional, Method::Put, "put"), Ok(None));
    let mut off = declared.clone();
    off.insert(EXTENSION.to_owned(), json!("off"));
    assert_eq!(of_operation(&off, Method::Put, "put"), Ok(Some(ConflictSetting::Off(Off::Off))));
    let mut own = declared;
    own.insert(EXTENSION.to_owned(), json!({"preconditions": {"require": {"methods": ["PATCH"]}}, "lock": {}}));
    let Ok(Some(ConflictSetting::On(block))) = of_operation(&own, Method::Put, "put") else { panic!("nothing") };
    assert_eq!(block.preconditions.unwrap().require.unwrap().methods, [Method::Patch]);
    assert!(block.lock.is_some());
}

#[test]
fn the_document_of_a_route_has_its_methods_its_parameters_and_what_its_policy_adds() {
    let text = "kind: Upstream\nid: u\nspec: {targets: [{url: 'https://u.example'}]}\n---\n\
                kind: Service\nid: s\nspec: {upstream: u, base_path: /shop, hosts: [api.example.com, '*.x.example']}\n---\n\
                kind: Route\nid: r\nspec: {service: s, path: '/o/{id}/{*rest}', methods: [GET, PUT], conflict: {preconditions: {require: {}}}}\n";
    let snapshot = compile_yaml(text).unwrap();
    let Match::Found(route, _) = snapshot.routes.find("api.example.com", "/shop/o/1/a/b", Some(Method::Get)) else {
        panic!("no route")
    };
    let hosts = ["api.example.com".to_owned(), "*.x.example".to_owned()];
    let document = document(route, &[Method::Get, Method::Put], &hosts);
    let path = &document["paths"]["/shop/o/{id}/{rest}"];
    assert_eq!(path["parameters"].as_array().unwrap().len(), 2, "{document}");
    assert_eq!(path["put"]["parameters"][0]["name"], "If-Match");
    assert!(path["put"]["responses"]["428"].is_object() && path["put"]["responses"]["default"].is_object());
    assert!(path["get"].get("parameters").is_none() && path.get("post").is_none());
    assert!(document["components"]["schemas"][PROBLEM].is_object());
    assert_eq!(document["servers"], json!([{"url": "//api.example.com"}]));
    assert_eq!(document["security"], json!([{"bearer": []}, {"key": []}]));
}
