//! Promises of compiled conflict policies: what is inherited, what is filled in, and what is refused.

mod docs;
mod faulty;

use std::collections::HashMap;
use std::sync::Arc;

use crate::compile::tests::compile_yaml;
use crate::conflict_key::Piece;
use crate::router::Match;
use crate::snapshot::{Bound, ConflictPolicy, Snapshot};
use crate::spec::{Authority, Evaluate, Method, Span, StoreType, Writers};

/// A service with one route, and whatever else there is.
fn with(service: &str, route: &str, rest: &str) -> String {
    format!(
        "kind: Upstream\nid: u\nspec: {{targets: [{{url: 'https://u.example'}}]}}\n---\n\
         kind: Service\nid: s\nspec: {{upstream: u{service}}}\n---\n\
         kind: Route\nid: r\nspec: {{service: s, path: '/orders/{{id}}'{route}}}\n---\n{rest}"
    )
}

fn compiled(service: &str, route: &str, rest: &str) -> Snapshot {
    let text = with(service, route, rest);
    compile_yaml(&text).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
}

fn policy(service: &str, route: &str, rest: &str) -> Option<Arc<ConflictPolicy>> {
    let snapshot = compiled(service, route, rest);
    match snapshot.routes.find("any.example", "/orders/1", Some(Method::Get)) {
        Match::Found(route, _) => route.conflict.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_route_without_a_policy_pays_nothing() {
    assert!(policy("", "", "").is_none());
    for nothing in [
        "{}",
        "{key: '{path}', writers: mixed, store: memory}",
        "{lock: {enabled: false}, conditional_reads: {enabled: false}}",
        "{upstream_conflict: {}}",
        "{preconditions: {}}",
    ] {
        assert!(policy("", &format!(", conflict: {nothing}"), "").is_none(), "{nothing}");
    }
}

#[test]
fn parts_are_inherited_one_by_one_and_off_ends_it() {
    let rest = "kind: ConflictPolicy\nid: default\nspec: {writers: gateway-only, serialize: {max_queue: 1}, lock: {}}\n---\n\
                kind: ConflictPolicy\nid: money\nspec: {idempotency: {required: true}, serialize: {max_queue: 3}}\n";
    let inherited = policy("", "", rest).unwrap();
    assert_eq!(inherited.serialize.as_ref().map(|part| part.max_queue), Some(1));
    assert_eq!((inherited.writers, inherited.lock.is_some()), (Writers::GatewayOnly, true));
    let own =
        policy(", conflict: {serialize: {max_queue: 2}, lock: {enabled: false}}", ", conflict: {writers: mixed}", rest)
            .unwrap();
    assert_eq!(own.serialize.as_ref().map(|part| part.max_queue), Some(2));
    assert_eq!((own.writers, own.lock.is_some()), (Writers::Mixed, false));
    assert!(policy(", conflict: off", "", rest).is_none());
    assert!(policy(", conflict: {lock: {}}", ", conflict: off", rest).is_none());
    let alone = policy(", conflict: off", ", conflict: {conditional_reads: {}}", rest).unwrap();
    assert!(alone.conditional_reads && alone.serialize.is_none() && alone.lock.is_none());
    // A named policy goes before what is inherited, and behind the block that names it.
    let named = policy("", ", conflict: {policy: money, idempotency: {}}", rest).unwrap();
    assert_eq!(named.serialize.as_ref().map(|part| part.max_queue), Some(3));
    assert_eq!(named.idempotency.as_ref().map(|part| part.required), Some(false));
    assert!(named.lock.is_some());
}

#[test]
fn defaults_are_filled_in() {
    let plain = policy("", ", conflict: {validators: {}}", "").unwrap();
    let conditions = plain.preconditions.as_ref().unwrap();
    assert_eq!((conditions.evaluate, conditions.required.len()), (Evaluate::Gateway, 0));
    assert_eq!((conditions.mismatch_status, conditions.malformed_status), (412, 400));
    assert_eq!(
        plain.key.pieces(),
        [
            Piece::Tenant,
            Piece::Literal("/".to_owned()),
            Piece::Api,
            Piece::Literal("/".to_owned()),
            Piece::Version,
            Piece::Path
        ]
    );
    assert_eq!((plain.store.as_str(), plain.status_header), ("memory", true));
    let upstream = policy("", ", conflict: {preconditions: {require: {}}}", "").unwrap();
    let conditions = upstream.preconditions.as_ref().unwrap();
    assert_eq!(conditions.evaluate, Evaluate::Upstream);
    assert_eq!(conditions.required, [Method::Put, Method::Patch, Method::Delete]);
    let guarded = policy("", ", conflict: {lost_update: {}}", "").unwrap();
    assert_eq!(guarded.preconditions.as_ref().map(|part| part.evaluate), Some(Evaluate::Gateway));
    assert_eq!(guarded.lost_update.as_ref().map(|part| part.authority), Some(Authority::Upstream));
}

#[test]
fn limits_refuse_callers_with_429_and_everybody_with_503() {
    let limits = "[{name: a, key: '{consumer}', limit: 5}, {name: b, adaptive: {}}, {name: c, key: '{path.id}', limit: 1}, \
                  {name: d, key: '{header.X-Org}', limit: 1, reject_status: 503, priorities: {low: 10%, high: 90%}}]";
    let policy = policy("", &format!(", conflict: {{concurrency: {limits}}}"), "").unwrap();
    let statuses: Vec<_> = policy.concurrency.iter().map(|limit| (limit.name.as_str(), limit.reject_status)).collect();
    assert_eq!(statuses, [("a", 429), ("b", 503), ("c", 503), ("d", 503)]);
    assert_eq!(policy.concurrency[0].bound, Bound::Fixed(5));
    assert!(matches!(policy.concurrency[1].bound, Bound::Adaptive(_)));
    assert_eq!(policy.concurrency[2].key.as_ref().unwrap().pieces(), [Piece::Parameter(0)]);
    assert_eq!(policy.concurrency[3].priorities[0].0, "high");
}

#[test]
fn a_store_is_named_or_the_default_or_memory() {
    let stores = "kind: ConflictStore\nid: default\nspec: {type: redis, urls: ['redis://user:canary@r.example:6379/1'], epoch_from: pg}\n\
                  ---\nkind: ConflictStore\nid: pg\nspec: {type: postgres, urls: ['postgres://p.example/weir']}\n";
    let store = |block: &str| policy("", &format!(", conflict: {{lock: {{}}{block}}}"), stores).unwrap().store.clone();
    assert_eq!(
        (store("").as_str(), store(", store: pg").as_str(), store(", store: memory").as_str()),
        ("default", "pg", "memory")
    );
    let snapshot = compiled("", "", stores);
    let redis = &snapshot.conflict_stores["default"];
    assert_eq!(
        (redis.kind, redis.op_timeout, redis.epoch_from.as_deref()),
        (StoreType::Redis, Span::ms(50).0, Some("pg"))
    );
    assert_eq!(snapshot.conflict_stores["pg"].op_timeout, Span::ms(500).0);
    assert!(!format!("{redis:?}").contains("canary"));
    let generations = |text: &str| -> HashMap<String, u64> {
        let stores = compiled("", "", text).conflict_stores;
        stores.iter().map(|(id, store)| (id.clone(), store.generation)).collect()
    };
    assert_eq!(generations(stores), generations(stores));
    for other in [stores.replace("canary", "other"), stores.replace("epoch_from: pg", "op_timeout: 60ms")] {
        assert_ne!(generations(stores)["default"], generations(&other)["default"], "{other}");
        assert_eq!(generations(stores)["pg"], generations(&other)["pg"]);
    }
}

#[test]
fn tags_are_salted_with_what_changes_answers_and_nothing_else() {
    let salt =
        |route: &str| policy("", &format!("{route}, conflict: {{validators: {{}}, lock: {{}}}}"), "").unwrap().salt;
    assert_eq!(salt(""), salt(""));
    assert_eq!(salt(""), salt(", max_body_bytes: 7"));
    assert_ne!(salt(""), salt(", rewrite: '/v2/{id}'"));
    let ignoring = policy("", ", conflict: {validators: {synthesize: semantic, ignore: [/ts]}}", "").unwrap();
    assert_ne!(ignoring.salt, salt(""));
}

#[test]
fn what_cannot_apply_to_a_route_is_not_inherited() {
    let service = ", conflict: {serialize: {}, idempotency: {}, coalesce: {}}";
    let reads = policy(service, ", methods: [GET]", "").unwrap();
    assert!(reads.serialize.is_none() && reads.idempotency.is_none() && reads.coalesce.is_some());
}

#[test]
fn a_model_route_has_keys_and_limits_and_nothing_else() {
    let model = |conflict: &str, rest: &str| {
        let text = format!(
            "kind: ModelRoute\nid: fast\nspec: {{targets: [{{provider: demo, model: demo-small}}], conflict: {conflict}}}\n---\n{rest}"
        );
        compile_yaml(&text).map(|snapshot| snapshot.resolve_model("fast").unwrap().conflict.clone())
    };
    let rest = "kind: ConflictPolicy\nid: default\nspec: {lock: {}, serialize: {}}\n---\n\
                kind: ConflictPolicy\nid: calls\nspec: {idempotency: {required: true}}\n";
    let policy = model("{policy: calls, concurrency: [{name: n, adaptive: {}}]}", rest).unwrap().unwrap();
    assert!(policy.idempotency.as_ref().unwrap().required && policy.concurrency.len() == 1);
    assert!(policy.coalesce.is_none() && policy.lock.is_none() && policy.serialize.is_none());
    assert!(model("{}", rest).unwrap().is_none() && model("off", rest).unwrap().is_none());
    let faults = model("{policy: default, key: '{path}', validators: {}, coalesce: {}}", rest).unwrap_err();
    for wanted in [
        "ModelRoute/fast: spec.conflict.key: is not for model routes",
        "ModelRoute/fast: spec.conflict.validators: is not for model routes",
        "ModelRoute/fast: spec.conflict.policy: ConflictPolicy/default has lock, which is not for model routes",
        "ModelRoute/fast: spec.conflict.coalesce: is not for model routes",
    ] {
        assert!(faults.iter().any(|fault| fault.starts_with(wanted)), "{wanted}: {faults:#?}");
    }
}
