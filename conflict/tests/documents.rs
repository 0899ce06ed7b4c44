//! What OpenAPI documents say of a policy's refusals is what the engine answers: the same types, the same statuses.
#![expect(clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use weir_conflict::problem::Slug;
use weir_domain::catalog::Catalog;
use weir_domain::compile::{Input, route};
use weir_domain::conflict_doc::{Additions, PROBLEM_BASE, problem_schema};
use weir_domain::resource::Resource;
use weir_domain::secret::{ResolveSecret, Secret, SecretRef};
use weir_domain::spec::Method;
use weir_domain::yaml;

struct NoSecrets;

impl ResolveSecret for NoSecrets {
    fn resolve(&self, _: &SecretRef) -> Result<Secret, String> {
        Err("there are none".to_owned())
    }
}

const EVERYTHING: &str = "kind: Upstream
id: u
spec: {targets: [{url: 'https://u.example'}]}
---
kind: Service
id: s
spec: {upstream: u}
---
kind: Route
id: r
spec:
  service: s
  path: /r/{id}
  conflict:
    validators: {}
    conditional_reads: {}
    preconditions: {require: {}}
    lost_update: {}
    serialize: {}
    lock: {required: true}
    coalesce: {}
    idempotency: {required: true, aliases: [Repeatability-Request-ID]}
    concurrency: [{name: a, key: '{consumer}', limit: 1}, {name: b, adaptive: {}}]
    upstream_conflict: {on: [409], normalize: true}
";

/// Problems whose status depends on the policy or on what was found.
const OF_MANY: [&str; 4] =
    ["precondition-failed", "precondition-malformed", "precondition-unverifiable", "upstream-conflict"];

#[test]
fn a_document_names_the_problems_that_the_engine_knows() {
    let documents = yaml::documents(EVERYTHING).unwrap();
    let resources: Vec<_> = documents.iter().map(|d| Resource::from_document(&d.value).unwrap()).collect();
    let catalog = Catalog::built_in().unwrap();
    let input = Input { revision: 1, resources: &resources, secrets: &NoSecrets, catalog: &catalog };
    let route = route(&input, "r").unwrap().unwrap();
    let policy = route.conflict.as_deref().unwrap();
    let mut named = BTreeSet::new();
    for method in Method::ALL {
        for (status, answer) in Additions::of(policy, method).answers {
            for problem in answer.problems {
                let slug = Slug::ALL.iter().find(|slug| slug.as_str() == problem);
                let slug = slug.unwrap_or_else(|| panic!("the engine has no {problem}"));
                assert!(OF_MANY.contains(&problem) || slug.facts().status == status, "{problem}: {status}");
                named.insert(problem);
            }
        }
    }
    // What callers of `/.gw/locks` alone are told belongs to no operation of a route.
    let of_locks =
        ["lock-conflict", "lock-token-matches-request-uri", "lock-not-yours", "lock-not-found", "too-many-locks"];
    for slug in Slug::ALL.iter().filter(|slug| !of_locks.contains(&slug.as_str())) {
        assert!(named.contains(slug.as_str()), "no document names {}", slug.as_str());
    }
}

#[test]
fn the_types_of_a_document_are_those_of_answers() {
    for slug in Slug::ALL {
        let ours = slug.type_uri().starts_with(PROBLEM_BASE);
        assert!(ours || slug.type_uri().starts_with("https://iana.org/assignments/http-problem-types#"));
    }
    let kinds = &problem_schema()["properties"]["conflict"]["properties"]["kind"]["enum"];
    let actions = &problem_schema()["properties"]["resolve"]["properties"]["action"]["enum"];
    for slug in Slug::ALL {
        let facts = slug.facts();
        assert!(kinds.as_array().unwrap().contains(&serde_json::to_value(facts.kind).unwrap()));
        assert!(actions.as_array().unwrap().contains(&serde_json::to_value(facts.action).unwrap()));
    }
}
