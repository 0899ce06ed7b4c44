//! Promises of the compiler: what is right compiles, what is wrong is named field by field.

use super::*;
use crate::router::Match;
use crate::secret::{Secret, SecretForm, SecretRef};
use crate::snapshot::{Piece, Rewrite};
use crate::spec::Method;
use crate::yaml;

struct Plain;

impl ResolveSecret for Plain {
    fn resolve(&self, reference: &SecretRef) -> Result<Secret, String> {
        match reference.form() {
            SecretForm::Plain(text) => Secret::new(text.to_owned()).ok_or_else(|| "the secret is empty".to_owned()),
            _ => Err("the environment variable is not set".to_owned()),
        }
    }
}

pub(crate) fn compile_yaml(text: &str) -> Result<Snapshot, Vec<String>> {
    let mut resources = Vec::new();
    for document in yaml::documents(text).map_err(|e| vec![e.to_string()])? {
        resources.push(Resource::from_document(&document.value).map_err(|f| vec![f.to_string()])?);
    }
    let catalog = Catalog::built_in().unwrap();
    let input = Input { revision: 7, resources: &resources, secrets: &Plain, catalog: &catalog };
    compile(&input).map_err(|faults| faults.0.iter().map(ToString::to_string).collect())
}

const GOOD: &str = r#"
kind: Team
id: shop
spec: {name: Shop}
---
kind: Provider
id: openai
spec:
  protocol: openai
  base_url: https://api.openai.com/v1
  keys: [{id: second, secret: sk-b, priority: 1}, {id: first, secret: sk-a}]
---
kind: Price
id: cheap
spec: {provider: openai, model: "*", per_million: {input: "1", output: "2"}}
---
kind: ModelRoute
id: fast
spec:
  targets: [{provider: demo, model: demo-small, priority: 1}, {provider: openai, model: gpt-4o-mini}]
---
kind: Upstream
id: orders
spec: {targets: [{url: "http://127.0.0.1:9000"}], allow_private_address: true}
---
kind: Service
id: shop
team: shop
spec: {base_path: /shop, upstream: orders, hosts: [api.example.com]}
---
kind: Route
id: order
team: shop
spec: {service: shop, path: "/orders/{id}", methods: [GET], rewrite: "/v2/{id}/order"}
---
kind: Application
id: web
team: shop
spec: {models: [fast, "openai/*"], services: [shop]}
"#;

#[test]
fn a_whole_configuration_compiles() {
    let snapshot = compile_yaml(GOOD).unwrap();
    assert_eq!(snapshot.revision, 7);
    let route = snapshot.resolve_model("fast").unwrap();
    assert_eq!(route.targets.iter().map(|t| t.provider.id.as_str()).collect::<Vec<_>>(), ["openai", "demo"]);
    assert_eq!(route.targets[0].provider.keys[0].id, "first");
    assert_eq!(snapshot.providers["openai"].price("whatever", 0).map(|p| p.id.as_str()), Some("cheap"));
    assert!(snapshot.resolve_model("openai/gpt-4o").is_some_and(|r| r.direct));
    assert!(snapshot.resolve_model("nobody/gpt-4o").is_none());
    for bad in [format!("openai/{}", "z".repeat(2_200_000)), "openai/a b".to_owned(), "openai/a\nb".to_owned()] {
        assert!(snapshot.resolve_model(&bad).is_none(), "{}", bad.len());
    }
    for climbing in ["openai/../../x?a=b#c", "openai/..", "openai/./x"] {
        assert!(snapshot.resolve_model(climbing).is_none(), "{climbing}: it would go into a path");
    }
    let Match::Found(route, parameters) = snapshot.routes.find("api.example.com", "/shop/orders/9", Some(Method::Get))
    else {
        panic!("no route")
    };
    assert_eq!((route.id.as_str(), parameters), ("order", vec!["9"]));
    let pieces = vec![Piece::Literal("/v2/".into()), Piece::Parameter(0), Piece::Literal("/order".into())];
    assert_eq!(route.rewrite, Rewrite::Compose(pieces));
    assert_eq!(snapshot.applications["web"].team, "shop");
}

#[test]
fn the_demo_provider_is_always_there() {
    let snapshot = compile_yaml("").unwrap();
    assert!(snapshot.resolve_model("demo/demo-small").is_some());
    assert!(snapshot.providers["demo"].price("demo-small", time::now()).is_some());
}

#[test]
fn limits_and_prices_are_those_of_the_vendor_and_not_of_an_id() {
    let provider =
        |id: &str, rest: &str| format!("kind: Provider\nid: {id}\nspec: {{protocol: openai, {rest}}}\n---\n");
    let text = [
        provider("my-openai", "base_url: 'https://api.openai.com/v1/'"),
        provider("proxied", "base_url: 'https://proxy.example/v1', catalog: openai"),
        provider("openai", "base_url: 'https://vllm.example/v1'"),
        provider("priced", "base_url: 'https://vllm.example/v1', models: [{id: gpt-4o, max_output_tokens: 77}]"),
        "kind: Price\nid: own\nspec: {provider: priced, model: gpt-4o, per_million: {input: '1', output: '2'}}"
            .to_owned(),
    ];
    let snapshot = compile_yaml(&text.concat()).unwrap();
    let known = |id: &str| {
        let route = snapshot.resolve_model(&format!("{id}/gpt-4o")).unwrap();
        let price = snapshot.providers[id].price("gpt-4o", time::now()).map(|row| row.id.clone());
        (route.targets[0].max_output_tokens(), price)
    };
    for id in ["my-openai", "proxied"] {
        let (limit, price) = known(id);
        assert_eq!(limit, Some(16_384), "{id}");
        assert!(price.is_some_and(|row| row.starts_with("catalog/openai/gpt-4o/")), "{id}");
    }
    assert_eq!(known("openai"), (None, None), "another server takes no vendor's prices by its name");
    assert_eq!(known("priced"), (Some(77), Some("own".to_owned())));
}

/// Each case: a document, and what its fault must say.
const BAD: &[(&str, &[&str])] = &[
    ("[1]", &["mapping"]),
    ("kind: Nonsense\nid: a", &["kind:", "\"Nonsense\" is not a kind", "Provider"]),
    ("kind: Team", &["id: missing"]),
    ("kind: Team\nid: a\nextra: 1", &["extra: unknown field"]),
    ("kind: Team\nid: Upper", &["Team/Upper", "lower-case"]),
    ("kind: Team\nid: a\nspec: {nam: x}", &["Team/a", "spec.nam", "unknown field"]),
    ("kind: Team\nid: a\nteam: ghost", &["team: there is no Team \"ghost\""]),
    ("kind: Team\nid: a\n---\nkind: Team\nid: a", &["stands twice"]),
    ("kind: Provider\nid: p\nspec: {protocol: telnet}", &["spec.protocol", "`openai`"]),
    ("kind: Provider\nid: p\nspec: {protocol: openai}", &["spec.base_url: missing"]),
    ("kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'http://10.0.0.1'}", &["allow_private_address"]),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://x.example', keys: [{id: a, secret: 'env:NOPE'}]}",
        &["spec.keys[0].secret", "not set"],
    ),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://x.example', keys: [{id: a, secret: x}, {id: a, secret: y}]}",
        &["spec.keys[1].id", "twice"],
    ),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://x.example', headers: {Authorization: x}}",
        &["spec.headers.Authorization"],
    ),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://x.example', timeouts: {connect_ms: 0}}",
        &["spec.timeouts.connect_ms", "1 to"],
    ),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://x.example', catalog: nope}",
        &["spec.catalog", "openai"],
    ),
    (
        "kind: Price\nid: p\nspec: {provider: demo, model: m, per_million: {input: '1e3', output: '1'}}",
        &["spec.per_million.input", "decimal"],
    ),
    (
        "kind: Price\nid: p\nspec: {provider: ghost, model: m, per_million: {input: '1', output: '1'}}",
        &["no Provider \"ghost\""],
    ),
    (
        "kind: Price\nid: p\nspec: {provider: demo, model: m, effective_from: soon, per_million: {input: '1', output: '1'}}",
        &["spec.effective_from"],
    ),
    ("kind: ModelRoute\nid: m\nspec: {targets: []}", &["spec.targets: empty"]),
    (
        "kind: ModelRoute\nid: m\nspec: {targets: [{provider: ghost, model: x}]}",
        &["spec.targets[0].provider", "no Provider"],
    ),
    (
        "kind: ModelRoute\nid: m\nspec: {targets: [{provider: demo, model: x}], retry: {max_attempts: 99}}",
        &["spec.retry.max_attempts"],
    ),
    ("kind: Upstream\nid: u\nspec: {targets: []}", &["spec.targets", "weight"]),
    ("kind: Upstream\nid: u\nspec: {targets: [{url: 'https://x.example/path'}]}", &["spec.targets[0].url", "path"]),
    ("kind: Service\nid: s\nspec: {hosts: ['UPPER']}", &["spec.hosts[0]"]),
    ("kind: Service\nid: s\nspec: {base_path: 'shop/'}", &["spec.base_path"]),
    ("kind: Service\nid: s\nspec: {upstream: ghost}", &["no Upstream \"ghost\""]),
    ("kind: Route\nid: r\nspec: {service: ghost, path: /}", &["no Service \"ghost\""]),
    ("kind: Service\nid: s\n---\nkind: Route\nid: r\nspec: {service: s, path: /a}", &["spec.upstream", "neither"]),
    ("kind: Application\nid: a\nspec: {models: [ghost]}", &["spec.models[0]", "ghost"]),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'http://api.example.com/v1'}",
        &["spec.base_url", "in the clear", "allow_plaintext"],
    ),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'http://93.184.216.34/v1', allow_private_address: true}",
        &["spec.base_url", "allow_plaintext"],
    ),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://a.example/v1/chat/completions/'}",
        &["spec.base_url", "ends with /chat/completions", "give the address before it"],
    ),
    ("kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://a.example:0'}", &["spec.base_url", "port 0"]),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://a:b@a.example'}",
        &["spec.base_url", "x-auth-token"],
    ),
    (
        "kind: Provider\nid: p\nspec: {protocol: openai, base_url: 'https://a.example', headers: {x-a: 'env:NONE'}}",
        &["spec.headers.x-a", "not set"],
    ),
    (
        "kind: ModelRoute\nid: r\nspec: {model: a b, targets: [{provider: demo, model: demo-small}]}",
        &["spec.model", "whitespace"],
    ),
    (
        "kind: ModelRoute\nid: r\nspec: {targets: [{provider: demo, model: demo small}]}",
        &["spec.targets[0].model", "whitespace"],
    ),
    ("kind: Application\nid: a\nspec: {services: ['*', ghost]}", &["spec.services[1]", "no Service \"ghost\""]),
    ("kind: Application\nid: a\nspec: {providers: [demo, ghost]}", &["spec.providers[1]", "no Provider \"ghost\""]),
];

#[test]
fn each_fault_names_resource_field_and_remedy() {
    for (text, wanted) in BAD {
        let faults = compile_yaml(text).err().unwrap_or_else(|| panic!("taken: {text}"));
        let all = faults.join("\n");
        for part in *wanted {
            assert!(all.contains(part), "{text}\n  said: {all}\n  wanted: {part}");
        }
    }
}

#[test]
fn routes_that_cannot_be_are_refused() {
    let base = "kind: Upstream\nid: u\nspec: {targets: [{url: 'https://x.example'}]}\n---\nkind: Service\nid: s\nspec: {upstream: u}\n";
    for (spec, wanted) in [
        ("path: /v1/models", "answered by Weir itself"),
        ("path: /-/x", "answered by Weir itself"),
        ("path: /providers/x", "answered by Weir itself"),
        ("path: '/a/{x}', rewrite: '/b/{y}'", "no parameter"),
        ("path: /a/b, strip_prefix: /a/bc", "whole-segment prefix"),
        ("path: /a/bcd, strip_prefix: /a/b", "whole-segment prefix"),
        ("path: /a, strip_prefix: /a, rewrite: /b", "not both"),
        ("path: /a, methods: [FETCH]", "spec.methods[0]"),
    ] {
        let text = format!("{base}---\nkind: Route\nid: r\nspec: {{service: s, {spec}}}");
        let faults = compile_yaml(&text).err().unwrap_or_else(|| panic!("taken: {spec}")).join("\n");
        assert!(faults.contains(wanted), "{spec}: {faults}");
    }
}

#[test]
fn all_faults_are_reported_at_once() {
    let text = "kind: Team\nid: a\nteam: ghost\n---\nkind: ModelRoute\nid: m\nspec: {targets: []}\n---\nkind: Service\nid: s\nspec: {base_path: x}";
    assert_eq!(compile_yaml(text).err().map(|f| f.len()), Some(3));
}

#[test]
fn an_api_key_compiles_one_by_one() {
    let text = format!(
        "kind: ApiKey\nid: abc\nspec: {{application: web, hash: {}, expires_at: 2030-01-01T00:00:00Z, models: [fast]}}",
        "ab".repeat(32)
    );
    let resource = Resource::from_document(&yaml::documents(&text).unwrap()[0].value).unwrap();
    let credential = credential(&resource).unwrap();
    assert!(credential.models.unwrap().permits("fast") && credential.expires_at.is_some());
    let text = "kind: ApiKey\nid: abc\nspec: {application: web, hash: zz}";
    let resource = Resource::from_document(&yaml::documents(text).unwrap()[0].value).unwrap();
    assert!(super::credential(&resource).unwrap_err().to_string().contains("spec.hash"));
}

#[test]
fn plaintext_is_for_private_addresses_unless_the_operator_says_so() {
    for spec in [
        "base_url: 'http://ollama:11434/v1', allow_private_address: true",
        "base_url: 'http://127.0.0.1:11434/v1', allow_private_address: true",
        "base_url: 'http://api.example.com/v1', allow_plaintext: true",
    ] {
        let text = format!("kind: Provider\nid: p\nspec: {{protocol: openai, {spec}}}");
        assert!(compile_yaml(&text).is_ok(), "{spec}");
    }
}
