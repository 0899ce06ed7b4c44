//! Promises of the router.

use super::*;
use crate::snapshot::{Address, Rewrite, Upstream, UpstreamTarget};
use crate::spec::{Auth, UpstreamTimeouts, WireVersion};

fn route(id: &str, template: &str) -> Arc<Route> {
    let address = Address {
        tls: false,
        host: "127.0.0.1".into(),
        port: 1,
        authority: "127.0.0.1:1".into(),
        path: String::new(),
        allow_private: true,
    };
    let upstream = Upstream {
        id: "u".into(),
        targets: vec![UpstreamTarget { address, weight: 1 }],
        timeouts: UpstreamTimeouts::default(),
        connect_retries: 0,
        http: WireVersion::Auto,
        server_name: None,
        ca: None,
        preserve_host: false,
    };
    Arc::new(Route {
        id: id.into(),
        service: "s".into(),
        team: "default".into(),
        template: template.into(),
        rewrite: Rewrite::Keep,
        auth: Auth::Public,
        max_body_bytes: None,
        conflict: None,
        upstream: Arc::new(upstream),
    })
}

fn found(router: &Router, host: &str, path: &str, method: Method) -> String {
    match router.find(host, path, Some(method)) {
        Match::Found(route, parameters) => format!("{} {}", route.id, parameters.join(",")),
        Match::MethodNotAllowed(methods) => {
            format!("405 {}", methods.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(","))
        }
        Match::NotFound => "404".into(),
    }
}

#[test]
fn literal_goes_before_parameter_goes_before_the_rest() {
    let mut router = Router::default();
    for (id, path) in [
        ("one", "/orders/{id}"),
        ("new", "/orders/new"),
        ("items", "/orders/{order}/items"),
        ("rest", "/orders/{*rest}"),
    ] {
        router.insert(None, &[], &route(id, path)).unwrap();
    }
    assert_eq!(found(&router, "h", "/orders/new", Method::Get), "new ");
    assert_eq!(found(&router, "h", "/orders/7", Method::Get), "one 7");
    assert_eq!(found(&router, "h", "/orders/7/items", Method::Get), "items 7");
    assert_eq!(found(&router, "h", "/orders/7/x/y", Method::Get), "rest 7/x/y");
    assert_eq!(found(&router, "h", "/order", Method::Get), "404");
}

#[test]
fn the_most_specific_host_wins_and_the_others_are_asked_next() {
    let mut router = Router::default();
    router.insert(Some("api.example.com"), &[], &route("exact", "/a")).unwrap();
    router.insert(Some("*.example.com"), &[], &route("wild", "/a")).unwrap();
    router.insert(Some("*.b.example.com"), &[], &route("deep", "/a")).unwrap();
    router.insert(None, &[], &route("any", "/a")).unwrap();
    router.insert(None, &[], &route("only-any", "/b")).unwrap();
    assert_eq!(found(&router, "api.example.com", "/a", Method::Get), "exact ");
    assert_eq!(found(&router, "x.example.com", "/a", Method::Get), "wild ");
    assert_eq!(found(&router, "x.b.example.com", "/a", Method::Get), "deep ");
    assert_eq!(found(&router, "example.com", "/a", Method::Get), "any ");
    assert_eq!(found(&router, "api.example.com", "/b", Method::Get), "only-any ");
}

#[test]
fn a_known_path_with_another_method_names_the_methods() {
    let mut router = Router::default();
    router.insert(None, &[Method::Get, Method::Put], &route("a", "/a/{x}")).unwrap();
    router.insert(None, &[Method::Delete], &route("b", "/a/{y}")).unwrap();
    assert_eq!(found(&router, "h", "/a/1", Method::Post), "405 GET,PUT,DELETE");
    assert_eq!(found(&router, "h", "/a/1", Method::Delete), "b 1");
}

#[test]
fn two_routes_that_answer_the_same_clash() {
    let mut router = Router::default();
    router.insert(None, &[Method::Get], &route("a", "/a/{x}")).unwrap();
    let error = router.insert(None, &[], &route("b", "/a/{y}")).unwrap_err().to_string();
    assert!(error.contains("Route/a") && error.contains("GET /a/{y}"), "{error}");
}

#[test]
fn malformed_templates_are_refused_with_a_reason() {
    for bad in
        ["", "a", "/a//b", "/{", "/{}", "/{a-b}", "/{*rest}/x", "/{a}/{a}", "/a b", "/a?b", "/../a", "/a{b}", "/*"]
    {
        assert!(compile_template(bad).is_err(), "{bad:?}");
    }
    assert_eq!(compile_template("/o/{id}/{*rest}").unwrap().1, ["id", "rest"]);
}
