//! Every way in which a policy contradicts itself or cannot be kept, with the field that is named and the reason.

use super::{compile_yaml, with};

/// The faults of a route with this block, each `field: problem`.
fn faults_of(block: &str, more: &str) -> Vec<String> {
    let text = with("", &format!("{more}, conflict: {block}"), STORES);
    let faults = compile_yaml(&text).err().unwrap_or_default();
    faults.iter().map(|fault| fault.strip_prefix("Route/r: spec.conflict.").unwrap_or(fault).to_owned()).collect()
}

const STORES: &str = "kind: ConflictStore\nid: pg\nspec: {type: postgres, urls: ['postgres://p.example/weir']}\n";

/// The block, the field below `spec.conflict` and a part of the sentence.
const FAULTY: &[(&str, &str, &str)] = &[
    // Keys, stores and policies.
    ("{key: '{order}'}", "key", "{order} is not known; there is {api}, {version}"),
    ("{key: '{tenant'}", "key", "brace that is not closed"),
    ("{key: ''}", "key", "is empty; leave it out"),
    ("{key: '{path.order}'}", "key", "no parameter of the route's path, which has {path.id}"),
    ("{key: '{json:order}'}", "key", "is no JSON pointer"),
    ("{key: '{header.}'}", "key", "names no header"),
    ("{store: nowhere}", "store", "there is no ConflictStore \"nowhere\""),
    ("{policy: nowhere}", "policy", "there is no ConflictPolicy \"nowhere\""),
    // Shape.
    ("{lost_updates: {}}", "lost_updates", "unknown field `lost_updates`, expected one of"),
    ("{lost_update: {leas: 1s}}", "lost_update.leas", "unknown field `leas`, expected one of `authority`, `lease`"),
    ("{lost_update: {lease: 10}}", "lost_update.lease", "must be text, not a number"),
    ("{lost_update: {lease: 1w}}", "lost_update.lease", "must be a span of time"),
    ("{validators: {max_body: 1MB}}", "validators.max_body", "must be a size"),
    ("{upstream_conflict: {budget: '20'}}", "upstream_conflict.budget", "must be a share from 0% to 100%"),
    ("{writers: all}", "writers", "unknown value, expected `mixed` or `gateway-only`"),
    ("{validators: {synthesize: md5}}", "validators.synthesize", "unknown value, expected one of `bytes`"),
    ("{serialize: {mode: wait}}", "serialize.mode", "unknown value, expected `queue` or `reject`"),
    ("{serialize: {methods: [PURGE]}}", "serialize.methods[0]", "unknown value, expected one of `GET`"),
    (
        "{preconditions: {require: {any_of: [if-range]}}}",
        "preconditions.require.any_of[0]",
        "expected one of `if-match`",
    ),
    ("{lock: exclusive}", "lock", "must be a mapping of fields, not text"),
    // Validators.
    ("{validators: {ignore: [/ts]}}", "validators.ignore", "is for synthesize: semantic"),
    ("{validators: {synthesize: semantic, ignore: [ts]}}", "validators.ignore[0]", "is no JSON pointer"),
    ("{validators: {synthesize: semantic, ignore: ['/a~']}}", "validators.ignore[0]", "'~' is written ~0"),
    ("{validators: {synthesize: semantic, ignore: ['']}}", "validators.ignore[0]", "points to the whole answer"),
    ("{validators: {max_body: 0B}}", "validators.max_body", "0B is out of range; give 1B to 64MiB"),
    ("{validators: {max_body: 1GiB}}", "validators.max_body", "1GiB is out of range"),
    ("{validators: {max_wait_body: 2m}}", "validators.max_wait_body", "2m is out of range; give 1ms to 1m"),
    ("{validators: {synthesize: version}}", "validators.synthesize", "say writers: gateway-only if nobody does that"),
    (
        "{validators: {synthesize: version}, writers: mixed}",
        "validators.synthesize",
        "stays the same when others write",
    ),
    (
        "{validators: {synthesize: semantic}, preconditions: {require: {}}}",
        "validators.synthesize",
        "If-Match never holds for a weak one",
    ),
    (
        "{validators: {synthesize: semantic}, preconditions: {require: {}, evaluate: gateway}}",
        "validators.synthesize",
        "say bytes or canonical",
    ),
    // Preconditions and lost updates.
    (
        "{preconditions: {mismatch_status: 428}}",
        "preconditions.mismatch_status",
        "428 cannot be answered here; give 412 or 409",
    ),
    ("{preconditions: {malformed_status: 422}}", "preconditions.malformed_status", "give 400 or 412"),
    ("{preconditions: {require: {methods: []}}}", "preconditions.require.methods", "empty; name methods"),
    ("{preconditions: {require: {methods: [GET]}}}", "preconditions.require.methods[0]", "GET changes nothing"),
    ("{preconditions: {require: {methods: [PUT, PUT]}}}", "preconditions.require.methods[1]", "stands twice"),
    ("{preconditions: {require: {any_of: []}}}", "preconditions.require.any_of", "empty; name if-match"),
    (
        "{preconditions: {mismatch_status: 409}}",
        "preconditions.mismatch_status",
        "say evaluate: gateway, or leave it out",
    ),
    (
        "{preconditions: {already_applied: success, evaluate: upstream}}",
        "preconditions.already_applied",
        "is for conditions that the gateway evaluates",
    ),
    ("{lost_update: {authority: gateway}}", "lost_update.authority", "does not see writes that go past it"),
    ("{lost_update: {authority: gateway}, writers: mixed}", "lost_update.authority", "say writers: gateway-only"),
    ("{lost_update: {}, preconditions: {evaluate: upstream}}", "preconditions.evaluate", "only the gateway can do"),
    ("{lost_update: {lease: 500ms}}", "lost_update.lease", "500ms is out of range; give 1s to 10m"),
    ("{lost_update: {lease: 11m}}", "lost_update.lease", "11m is out of range"),
    ("{lost_update: {max_wait: 10m}}", "lost_update.max_wait", "out of range; give 0ms to 5m"),
    ("{lost_update: {fencing_header: 'a b'}}", "lost_update.fencing_header", "is not the name of a header"),
    ("{lost_update: {fencing_header: Authorization}}", "lost_update.fencing_header", "means something else"),
    ("{lost_update: {fencing_header: Connection}}", "lost_update.fencing_header", "choose another header"),
    // One at a time, and locks.
    ("{serialize: {methods: []}}", "serialize.methods", "empty"),
    ("{serialize: {max_queue: 0}}", "serialize.max_queue", "say mode: reject for that"),
    ("{serialize: {max_queue: 20000}}", "serialize.max_queue", "20000 is out of range; give 1 to 10000"),
    ("{serialize: {lease: 0s}}", "serialize.lease", "give 1s to 10m"),
    ("{lock: {enabled: false, required: true}}", "lock.required", "no write would ever pass"),
    ("{lock: {default_ttl: 1s}}", "lock.default_ttl", "1s is out of range; give 5s to 1h"),
    ("{lock: {max_ttl: 2h}}", "lock.max_ttl", "2h is out of range"),
    ("{lock: {default_ttl: 2m, max_ttl: 1m}}", "lock.default_ttl", "2m is longer than max_ttl, 1m"),
    ("{lock: {modes: []}}", "lock.modes", "empty; name exclusive, shared or both"),
    ("{lock: {guard: []}}", "lock.guard", "empty; name write"),
    ("{lock: {fencing_header: Host}}", "lock.fencing_header", "Host means something else"),
    // Coalescing.
    ("{coalesce: {methods: []}}", "coalesce.methods", "empty"),
    ("{coalesce: {methods: [GET, POST]}}", "coalesce.methods[1]", "say body_hash: true"),
    ("{coalesce: {vary_on: ['x y']}}", "coalesce.vary_on[0]", "is not the name of a header"),
    ("{coalesce: {vary_on: [te]}}", "coalesce.vary_on[0]", "belongs to one connection"),
    ("{coalesce: {share_across_consumers: true}}", "coalesce.share_across_consumers", "say ack_public: true"),
    ("{coalesce: {max_wait: 0ms}}", "coalesce.max_wait", "give 1ms to 5m"),
    ("{coalesce: {max_body: 100MiB}}", "coalesce.max_body", "give 1B to 64MiB"),
    // Idempotency.
    ("{idempotency: {ttl: 500ms}}", "idempotency.ttl", "500ms is out of range; give 1s to 30d"),
    ("{idempotency: {ttl: 31d}}", "idempotency.ttl", "31d is out of range"),
    ("{idempotency: {lease: 1h}}", "idempotency.lease", "1h is out of range; give 1s to 10m"),
    ("{idempotency: {first_sent_window: 4m}}", "idempotency.first_sent_window", "4m is out of range; give 5m"),
    ("{idempotency: {methods: []}}", "idempotency.methods", "empty"),
    ("{idempotency: {methods: [GET]}}", "idempotency.methods[0]", "GET changes nothing: it may be sent again"),
    ("{idempotency: {header: ''}}", "idempotency.header", "\"\" is not the name of a header"),
    ("{idempotency: {header: Host}}", "idempotency.header", "Host means something else"),
    ("{idempotency: {aliases: [idempotency-key]}}", "idempotency.aliases[0]", "stands twice among header and aliases"),
    ("{idempotency: {aliases: ['a:b']}}", "idempotency.aliases[0]", "is not the name of a header"),
    ("{idempotency: {no_store_headers: ['a b']}}", "idempotency.no_store_headers[0]", "is not the name of a header"),
    ("{idempotency: {store_5xx: [404]}}", "idempotency.store_5xx[0]", "404 is out of range; give 500 to 599"),
    ("{idempotency: {store_5xx: [500, 500]}}", "idempotency.store_5xx[1]", "500 stands twice"),
    ("{idempotency: {on_lost: retry, forward_key: false}}", "idempotency.on_lost", "say forward_key: true"),
    (
        "{idempotency: {forward_key: false}, upstream_conflict: {strategy: retry}}",
        "upstream_conflict.strategy",
        "forward the key, or say strategy: pass",
    ),
    // Limits.
    ("{concurrency: [{name: a}]}", "concurrency[0].limit", "missing; give a number, or adaptive: {}"),
    ("{concurrency: [{name: a, limit: 1, adaptive: {}}]}", "concurrency[0].adaptive", "not both"),
    ("{concurrency: [{name: a, limit: 0}]}", "concurrency[0].limit", "0 is out of range; give 1 to 1000000"),
    ("{concurrency: [{name: '', limit: 1}]}", "concurrency[0].name", "is not a name"),
    ("{concurrency: [{name: 'a\"b', limit: 1}]}", "concurrency[0].name", "is not a name"),
    ("{concurrency: [{name: a, limit: 1}, {name: a, limit: 2}]}", "concurrency[1].name", "\"a\" stands twice"),
    ("{concurrency: [{limit: 1}]}", "concurrency[0]", "missing field `name`"),
    ("{concurrency: [{name: a, limit: 1, key: '{x}'}]}", "concurrency[0].key", "{x} is not known"),
    ("{concurrency: [{name: a, limit: 1, key: '{path.x}'}]}", "concurrency[0].key", "which has {path.id}"),
    ("{concurrency: [{name: a, limit: 1, reject_status: 409}]}", "concurrency[0].reject_status", "give 429 or 503"),
    ("{concurrency: [{name: a, adaptive: {}, scope: cluster}]}", "concurrency[0].scope", "what one node finds out"),
    ("{concurrency: [{name: a, adaptive: {min: 9, max: 8}}]}", "concurrency[0].adaptive.min", "9 is above max, 8"),
    ("{concurrency: [{name: a, adaptive: {min: 0}}]}", "concurrency[0].adaptive.min", "0 is out of range"),
    ("{concurrency: [{name: a, adaptive: {initial: 2}}]}", "concurrency[0].adaptive.initial", "between min, 4"),
    (
        "{concurrency: [{name: a, adaptive: {tolerance_percent: 90}}]}",
        "concurrency[0].adaptive.tolerance_percent",
        "give 100 to 1000",
    ),
    ("{concurrency: [{name: a, limit: 1, queue: {max: 0}}]}", "concurrency[0].queue.max", "give 1 to 10000"),
    ("{concurrency: [{name: a, limit: 1, queue: {max_wait: 1h}}]}", "concurrency[0].queue.max_wait", "give 1ms to 5m"),
    (
        "{concurrency: [{name: a, limit: 9, priorities: {live: 90%, batch: 20%}}]}",
        "concurrency[0].priorities",
        "the shares add up to 110%",
    ),
    (
        "{concurrency: [{name: a, limit: 9, priorities: {live: 0%}}]}",
        "concurrency[0].priorities.live",
        "lets no request",
    ),
    ("{concurrency: [{name: a, limit: 9, priorities: {'A b': 1%}}]}", "concurrency[0].priorities.A b", "is not a name"),
    // Conflicts of the upstream's.
    ("{upstream_conflict: {on: []}}", "upstream_conflict.on", "empty; name statuses such as 409"),
    ("{upstream_conflict: {on: [200]}}", "upstream_conflict.on[0]", "200 is out of range; give 400 to 599"),
    ("{upstream_conflict: {max_attempts: 0}}", "upstream_conflict.max_attempts", "give 1 to 10"),
    ("{upstream_conflict: {max_attempts: 11}}", "upstream_conflict.max_attempts", "11 is out of range"),
    ("{upstream_conflict: {backoff: {base: 2s}}}", "upstream_conflict.backoff.base", "2s is longer than max, 1s"),
    ("{upstream_conflict: {strategy: retry, budget: 0%}}", "upstream_conflict.budget", "0% lets nothing be sent again"),
    ("{upstream_conflict: {deadline: 1h}}", "upstream_conflict.deadline", "give 1ms to 10m"),
];

#[test]
fn every_faulty_block_is_refused_with_its_field_and_the_reason() {
    for (block, field, reason) in FAULTY {
        let faults = faults_of(block, "");
        let told = faults.iter().find_map(|fault| {
            let (_, rest) = fault.split_once("spec.conflict.").unwrap_or(("", fault));
            rest.strip_prefix(&format!("{field}: "))
        });
        let told = told.unwrap_or_else(|| panic!("{block}: {field} is not named: {faults:#?}"));
        assert!(told.contains(reason), "{block}: {told}");
        assert_eq!(faults.len(), 1, "{block}: told more than once: {faults:#?}");
    }
    assert!(FAULTY.len() >= 60);
}

#[test]
fn what_no_method_of_the_route_gets_to_is_refused_where_the_route_asks_for_it() {
    for (block, field) in [
        ("{preconditions: {require: {}}}", "preconditions.require.methods"),
        ("{serialize: {}}", "serialize.methods"),
        ("{idempotency: {}}", "idempotency.methods"),
        ("{lock: {}, key: '{json:/id}'}", "key"),
    ] {
        let faults = faults_of(block, ", methods: [GET, HEAD]");
        assert!(faults.len() == 1 && faults[0].starts_with(field), "{block}: {faults:#?}");
        assert!(faults_of(block, ", methods: [GET, PUT, POST]").is_empty(), "{block}");
    }
    for (block, field) in [("{conditional_reads: {}}", "conditional_reads"), ("{coalesce: {}}", "coalesce.methods")] {
        let faults = faults_of(block, ", methods: [POST]");
        assert!(faults.len() == 1 && faults[0].starts_with(field), "{block}: {faults:#?}");
    }
}

#[test]
fn a_fault_of_what_is_inherited_is_told_once_where_it_stands_with_a_route_that_it_is_wrong_for() {
    let rest = "kind: ConflictPolicy\nid: default\nspec: {lost_update: {authority: gateway}, key: '{path.no}'}\n---\n\
                kind: Route\nid: z\nspec: {service: s, path: /z}\n---\n\
                kind: ConflictPolicy\nid: other\nspec: {policy: default, store: none, validators: {max_body: 0B}}\n";
    let faults = compile_yaml(&with("", "", rest)).unwrap_err();
    let told = [
        "ConflictPolicy/other: spec.store: there is no ConflictStore \"none\"",
        "ConflictPolicy/other: spec.policy: a policy names no other",
        "ConflictPolicy/other: spec.validators.max_body: 0B is out of range",
        "ConflictPolicy/default: spec.lost_update.authority: for Route/r: the gateway does not see",
        "ConflictPolicy/default: spec.key: for Route/r: {path.no} is no parameter",
    ];
    assert_eq!(faults.len(), told.len(), "{faults:#?}");
    for wanted in told {
        assert!(faults.iter().any(|fault| fault.starts_with(wanted)), "{wanted}: {faults:#?}");
    }
    // Who says that nobody else writes may inherit it.
    let mended =
        rest.replace("other\nspec: {policy: default, store: none, validators: {max_body: 0B}}", "other\nspec: {}");
    let mended = mended.replace("{path.no}", "{path}");
    assert!(compile_yaml(&with(", conflict: {writers: gateway-only}", "", &mended)).is_ok());
}

#[test]
fn a_setting_is_off_or_a_mapping() {
    for setting in ["on", "7", "[]", "'OFF'"] {
        let faults = compile_yaml(&with("", &format!(", conflict: {setting}"), "")).unwrap_err();
        assert!(
            faults.len() == 1
                && faults[0].starts_with("Route/r: spec.conflict: must be the word off, or a mapping of fields"),
            "{setting}: {faults:?}"
        );
    }
}

#[test]
fn stores_are_checked_without_a_word_of_their_addresses() {
    for (spec, field, reason) in [
        ("{type: redis}", "spec.urls", "a store of type redis needs its address, such as redis://host/0"),
        ("{type: redis, urls: [redis://a, redis://b]}", "spec.urls", "2 addresses; give one"),
        ("{type: memory, urls: [redis://canary]}", "spec.urls", "the memory of the nodes has no address"),
        ("{type: redis, urls: ['postgres://canary@h/d']}", "spec.urls[0]", "redis:// or rediss://"),
        ("{type: postgres, urls: ['redis://canary@h']}", "spec.urls[0]", "postgres:// or postgresql://"),
        ("{type: postgres, urls: [canary]}", "spec.urls[0]", "is not an address"),
        ("{type: redis, urls: ['redis:///canary']}", "spec.urls[0]", "has no host"),
        ("{type: redis, urls: ['redis://canary:0']}", "spec.urls[0]", "names the port 0"),
        ("{type: redis, urls: ['env:NOTHING']}", "spec.urls[0]", "the environment variable is not set"),
        ("{type: etcd}", "spec.type", "unknown value, expected one of `memory`, `redis`, `postgres`"),
        ("{type: memory, op_timeout: 1m}", "spec.op_timeout", "1m is out of range; give 1ms to 30s"),
        ("{type: memory, breaker: {errors: 0}}", "spec.breaker.errors", "0 is out of range"),
        ("{type: memory, breaker: {open_for: 1h}}", "spec.breaker.open_for", "1h is out of range; give 100ms to 10m"),
        ("{type: memory, epoch_from: pg}", "spec.epoch_from", "is for a store of type redis"),
        (
            "{type: redis, urls: ['redis://h'], epoch_from: none}",
            "spec.epoch_from",
            "there is no ConflictStore \"none\"",
        ),
        (
            "{type: redis, urls: ['redis://h'], epoch_from: s}",
            "spec.epoch_from",
            "must name a ConflictStore of type postgres",
        ),
    ] {
        let faults = compile_yaml(&format!("kind: ConflictStore\nid: s\nspec: {spec}\n---\n{STORES}")).unwrap_err();
        assert_eq!(faults.len(), 1, "{spec}: {faults:#?}");
        let wanted = format!("ConflictStore/s: {field}: ");
        assert!(faults[0].starts_with(&wanted) && faults[0].contains(reason), "{spec}: {faults:?}");
        assert!(!faults[0].contains("canary"), "{faults:?}");
    }
    let faults = compile_yaml("kind: ConflictStore\nid: memory\nspec: {type: memory}").unwrap_err();
    assert!(faults[0].contains("ConflictStore/memory: id: is the name of each node's own memory"), "{faults:?}");
}

#[test]
fn the_policies_of_the_guide_are_without_fault() {
    let orders = "{key: '{tenant}/orders/{path.id}', store: default, writers: mixed, \
        validators: {synthesize: bytes, head: as_get, max_body: 1MiB, write_response: none, upstream_etag: prefer}, \
        conditional_reads: {enabled: true}, \
        preconditions: {require: {methods: [PUT, PATCH, DELETE], any_of: [if-match, if-unmodified-since, if-none-match]}, \
          evaluate: gateway, mismatch_status: 412, already_applied: reject, verify_with: service, on_error: closed}, \
        lost_update: {authority: upstream, lease: 10s, max_wait: 2s, fencing_header: Fencing-Token}, \
        serialize: {mode: queue, max_queue: 16, max_wait: 2s, scope: cluster, hold_until: response_end, methods: [PUT, PATCH, DELETE]}, \
        lock: {enabled: true, required: false, default_ttl: 60s, max_ttl: 1h, modes: [exclusive, shared], guard: [write], webdav: false}, \
        coalesce: {methods: [GET, HEAD], vary_on: [accept, accept-language], share_across_consumers: false, max_wait: 3s, max_body: 4MiB}, \
        concurrency: [ \
          {name: per-app, key: '{consumer}', limit: 20, reject_status: 429, queue: {max: 10, max_wait: 500ms}, scope: cluster}, \
          {name: upstream, adaptive: {algorithm: gradient2, min: 4, initial: 20, max: 500, sample: ttfb}, reject_status: 503, \
            priorities: {live: 90%, batch: 10%}}], \
        upstream_conflict: {on: [409, 503], strategy: retry, max_attempts: 3, backoff: {base: 50ms, max: 1s}, budget: 20%, normalize: false}}";
    let payments = "{store: pg, idempotency: {required: true, header: Idempotency-Key, aliases: [Repeatability-Request-ID], \
        scope: route, ttl: 24h, lease: 60s, in_progress: reject, on_lost: unknown, store_5xx: [500, 501], max_body: 1MiB, \
        forward_key: true, on_error: closed, on_client_abort: drain}}";
    for block in [orders, payments] {
        assert_eq!(faults_of(block, ""), Vec::<String>::new());
    }
}
