//! REST APIs: hosts, templates, methods, rewriting, who may call, retries, and what an upstream sees.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weir_harness::config::{Config, Key};
use weir_harness::rest::RestUpstream;
use weir_harness::weir::Weir;

use crate::stand::BINARY;

/// A gateway in front of one upstream.
pub(crate) struct Shop {
    pub(crate) upstream: RestUpstream,
    pub(crate) weir: Weir,
    pub(crate) key: Key,
    pub(crate) client: reqwest::Client,
}

impl Shop {
    /// The service `shop` lies at `/shop`, everything below it is forwarded.
    pub(crate) async fn start(change: impl FnOnce(Config, &RestUpstream) -> Config) -> anyhow::Result<Self> {
        let upstream = RestUpstream::start("shop").await?;
        let key = Key::new(3);
        let config = Config::new().service("shop", "/shop", &upstream).application("app", &key);
        let weir = Weir::start(BINARY, &change(config, &upstream).yaml()).await?;
        Ok(Self { upstream, weir, key, client: weir_harness::client::client() })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.weir.gateway())
    }

    /// What the upstream saw of a GET with the key.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.client.get(self.url(path)).bearer_auth(self.key.whole()).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status == 200, "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    async fn status(&self, method: &str, path: &str) -> anyhow::Result<u16> {
        let method: reqwest::Method = method.parse()?;
        let answer = self.client.request(method, self.url(path)).bearer_auth(self.key.whole()).send().await?;
        Ok(answer.status().as_u16())
    }
}

fn route(fields: &Value) -> Value {
    crate::stand::both(&json!({"service": "shop"}), fields)
}

#[tokio::test]
async fn a_request_is_forwarded_as_it_is() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| config).await?;
    let body = weir_harness::rest::pattern(0, 100_000);
    let answer = shop
        .client
        .put(shop.url("/shop/orders/7?b=2&a=%2Fx&a=1"))
        .bearer_auth(shop.key.whole())
        .header("x-custom", "Grüße")
        .header("if-match", "\"3\"")
        .body(body)
        .send()
        .await?;
    assert_eq!(answer.headers().get("x-upstream").map(reqwest::header::HeaderValue::as_bytes), Some(&b"shop"[..]));
    assert!(answer.headers().contains_key("x-weir-request-id"));
    let seen: Value = answer.json().await?;
    assert_eq!((&seen["method"], &seen["target"]), (&json!("PUT"), &json!("/shop/orders/7?b=2&a=%2Fx&a=1")));
    assert_eq!((&seen["body"]["bytes"], &seen["body"]["is_pattern"]), (&json!(100_000), &json!(true)));
    assert_eq!(seen["authority"], shop.upstream.address().to_string());
    let seen = shop.upstream.seen().remove(0);
    assert_eq!((seen.header("x-custom"), seen.header("if-match")), (Some("Grüße"), Some("\"3\"")));
    Ok(())
}

#[tokio::test]
async fn identity_and_hops_stay_at_the_gateway() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| config).await?;
    let asked =
        shop.client.get(shop.url("/shop/x")).bearer_auth(shop.key.whole()).header("x-api-key", shop.key.whole());
    let asked = asked
        .header("x-forwarded-for", "10.1.2.3")
        .header("x-real-ip", "10.1.2.3")
        .header("forwarded", "for=10.1.2.3")
        .header("x-weir-application", "admin")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("te", "trailers")
        .header("proxy-authorization", "Basic eA==");
    assert_eq!(asked.send().await?.status(), 200);
    let seen = shop.upstream.seen().remove(0);
    let all = format!("{:?}", seen.headers);
    assert!(!all.contains(shop.key.secret_part()), "the caller's key went upstream: {all}");
    assert!(!all.contains("10.1.2.3"), "a claimed origin went upstream: {all}");
    for name in ["x-hop", "proxy-authorization", "x-weir-application"] {
        assert_eq!(seen.header(name), None, "{all}");
    }
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-host"), Some(shop.weir.gateway_address().to_string().as_str()));
    Ok(())
}

#[tokio::test]
async fn templates_rewrite_and_strip() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| {
        config
            .with("Route", "order", &route(&json!({"path": "/orders/{id}", "rewrite": "/v2/order/{id}"})))
            .with(
                "Route",
                "item",
                &route(&json!({"path": "/orders/{id}/items/{item}", "rewrite": "/i/{item}/of/{id}"})),
            )
            .with("Route", "files", &route(&json!({"path": "/files/{*rest}", "strip_prefix": "/shop/files"})))
            .with("Route", "exact", &route(&json!({"path": "/orders/special"})))
    })
    .await?;
    for (asked, forwarded) in [
        ("/shop/orders/7", "/v2/order/7"),
        ("/shop/orders/a%20b?x=1", "/v2/order/a%20b?x=1"),
        ("/shop/orders/7/items/9?q", "/i/9/of/7?q"),
        ("/shop/files/a/b/c.txt", "/a/b/c.txt"),
        ("/shop/orders/special", "/shop/orders/special"),
        ("/shop/other", "/shop/other"),
    ] {
        assert_eq!(shop.get(asked).await?["target"], forwarded, "{asked}");
    }
    Ok(())
}

#[tokio::test]
async fn methods_are_those_of_the_route() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| {
        config.with("Route", "shop-all", &route(&json!({"path": "/orders", "methods": ["GET", "POST"]}))).with(
            "Route",
            "del",
            &route(&json!({"path": "/orders", "methods": ["DELETE"]})),
        )
    })
    .await?;
    for (method, status) in [("GET", 200), ("POST", 200), ("DELETE", 200), ("PATCH", 405), ("OPTIONS", 405)] {
        assert_eq!(shop.status(method, "/shop/orders").await?, status, "{method}");
    }
    let refused = shop.client.patch(shop.url("/shop/orders")).bearer_auth(shop.key.whole()).send().await?;
    let allow = refused.headers().get("allow").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    for method in ["GET", "POST", "DELETE"] {
        assert!(allow.contains(method), "{allow}");
    }
    assert_eq!(shop.status("GET", "/shop/none").await?, 404);
    assert_eq!(shop.status("GET", "/elsewhere").await?, 404);
    let problem: Value = shop.client.get(shop.url("/shop/none")).send().await?.json().await?;
    assert_eq!(problem["status"], 404, "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|d| d.len() > 15), "{problem}");
    Ok(())
}

#[tokio::test]
async fn hosts_choose_the_service() -> anyhow::Result<()> {
    let other = RestUpstream::start("other").await?;
    let shop = Shop::start(|config, shop| {
        let with_host = |id: &str, host: &str| json!({"base_path": "/shop", "upstream": id, "hosts": [host]});
        config
            .service("other", "/shop", &other)
            .service("wild", "/shop", shop)
            .with("Service", "other", &with_host("other", "api.example.com"))
            .with("Service", "wild", &with_host("wild", "*.example.org"))
    })
    .await?;
    for (host, server) in [
        ("api.example.com", "other"),
        ("API.Example.com:8080", "other"),
        ("a.example.org", "shop"),
        ("localhost", "shop"),
    ] {
        let asked = shop.client.get(shop.url("/shop/x")).bearer_auth(shop.key.whole()).header("host", host);
        let seen: Value = asked.send().await?.json().await?;
        assert_eq!(seen["server"], server, "{host}: {seen}");
    }
    Ok(())
}

#[tokio::test]
async fn who_may_call_is_checked() -> anyhow::Result<()> {
    let (none, other) = (Key::new(31), Key::new(32));
    let shop = Shop::start(|config, _| {
        config
            .with("Route", "open", &route(&json!({"path": "/open", "auth": "public"})))
            .with("Application", "poor", &json!({"models": ["*"]}))
            .key("poor", &none, &json!({}))
            .with("Application", "narrow", &json!({"services": ["*"]}))
            .key("narrow", &other, &json!({"services": []}))
    })
    .await?;
    let ask = |path: &str, key: Option<&Key>| {
        let request = shop.client.get(shop.url(path));
        key.map_or(request.try_clone(), |k| request.try_clone().map(|r| r.bearer_auth(k.whole())))
    };
    for (path, key, status) in [
        ("/shop/x", None, 401),
        ("/shop/x", Some(&Key::new(99)), 401),
        ("/shop/x", Some(&none), 403),
        ("/shop/x", Some(&other), 403),
        ("/shop/x", Some(&shop.key), 200),
        ("/shop/open", None, 200),
        ("/shop/open", Some(&none), 200),
    ] {
        let Some(request) = ask(path, key) else { anyhow::bail!("request cannot be repeated") };
        let answer = request.send().await?;
        assert_eq!(answer.status().as_u16(), status, "{path}, {:?}", key.map(Key::public_id));
        if status == 401 {
            assert!(answer.headers().contains_key("www-authenticate"), "RFC 9110 section 11.6.1");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_dead_target_is_passed_over_where_that_is_safe() -> anyhow::Result<()> {
    let dead = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let shop = Shop::start(|config, upstream| {
        let targets = json!([{"url": format!("http://{dead}"), "weight": 1}, {"url": upstream.url(), "weight": 1}]);
        config.with(
            "Upstream",
            "shop",
            &json!({"targets": targets, "allow_private_address": true, "connect_retries": 3}),
        )
    })
    .await?;
    for n in 0..40 {
        assert_eq!(shop.status("GET", &format!("/shop/{n}")).await?, 200);
    }
    let shop = Shop::start(|config, _| {
        let targets = json!([{"url": format!("http://{dead}")}]);
        config.with("Upstream", "shop", &json!({"targets": targets, "allow_private_address": true}))
    })
    .await?;
    let answer = shop.client.get(shop.url("/shop/x")).bearer_auth(shop.key.whole()).send().await?;
    assert_eq!(answer.status(), 502);
    let text = answer.text().await?;
    assert!(!text.contains(&dead.to_string()), "the address is nobody's business: {text}");
    Ok(())
}

#[tokio::test]
async fn weights_share_requests_out() -> anyhow::Result<()> {
    let second = RestUpstream::start("second").await?;
    let shop = Shop::start(|config, first| {
        let targets = json!([
            {"url": first.url(), "weight": 3}, {"url": second.url(), "weight": 1}]);
        config.with("Upstream", "shop", &json!({"targets": targets, "allow_private_address": true}))
    })
    .await?;
    for n in 0..200 {
        shop.get(&format!("/shop/{n}")).await?;
    }
    let first = shop.upstream.seen().len();
    assert_eq!(first + second.seen().len(), 200);
    assert!((119..=181).contains(&first), "{first} of 200");
    Ok(())
}

#[tokio::test]
async fn slow_upstreams_end_in_504() -> anyhow::Result<()> {
    let shop = Shop::start(|config, upstream| {
        let timeouts = json!({"connect_ms": 500, "read_ms": 300, "total_ms": 1500});
        let spec = json!({"targets": [{"url": upstream.url()}], "allow_private_address": true, "timeouts": timeouts});
        config.with("Upstream", "shop", &spec)
    })
    .await?;
    let begun = Instant::now();
    assert_eq!(shop.status("GET", "/shop/x?delay_ms=5000").await?, 504);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(shop.status("GET", "/shop/x?delay_ms=50").await?, 200);
    // Each piece in time, the whole not.
    let begun = Instant::now();
    let drip = shop
        .client
        .get(shop.url("/shop/x?size=1000&chunked=1&pieces=100&gap_ms=100"))
        .bearer_auth(shop.key.whole())
        .send()
        .await?;
    assert!(drip.bytes().await.is_err(), "the total limit must end the answer");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_body_limit_is_a_limit() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| {
        config.with("Route", "small", &route(&json!({"path": "/small", "max_body_bytes": 1000})))
    })
    .await?;
    let send = |bytes: usize, chunked: bool| {
        let body = if chunked {
            reqwest::Body::wrap_stream(futures::stream::iter([Ok::<_, std::io::Error>(vec![b'x'; bytes])]))
        } else {
            reqwest::Body::from(vec![b'x'; bytes])
        };
        shop.client.post(shop.url("/shop/small")).bearer_auth(shop.key.whole()).body(body).send()
    };
    assert_eq!(send(1000, false).await?.status(), 200);
    assert_eq!(send(1001, false).await?.status(), 413);
    assert_eq!(send(1000, true).await?.status(), 200);
    assert_eq!(send(5000, true).await?.status(), 413);
    Ok(())
}

#[tokio::test]
async fn upstream_errors_pass_unchanged() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| config).await?;
    for status in [201, 204, 301, 304, 400, 404, 409, 418, 429, 500, 503] {
        let size = if [204, 304].contains(&status) { "&size=0" } else { "" };
        assert_eq!(shop.status("GET", &format!("/shop/x?status={status}{size}")).await?, status);
    }
    assert_eq!(shop.status("HEAD", "/shop/x?size=500").await?, 200);
    Ok(())
}

#[tokio::test]
async fn rest_requests_are_in_the_ledger() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| config).await?;
    let answer = shop.client.get(shop.url("/shop/orders/7?secret=canary")).bearer_auth(shop.key.whole()).send().await?;
    let id = answer.headers().get("x-weir-request-id").map(|v| v.to_str().map(str::to_owned)).transpose()?;
    let rows = shop.weir.admin()?.requests(1).await?;
    let row = &rows[0];
    assert_eq!(row["id"].as_str(), id.as_deref());
    assert_eq!(
        (&row["traffic"], &row["service"], &row["path"]),
        (&json!("rest"), &json!("shop"), &json!("/shop/orders/7")),
        "{row}"
    );
    assert_eq!(
        (&row["application"], &row["status"], &row["outcome"]),
        (&json!("app"), &json!(200), &json!("ok")),
        "{row}"
    );
    Ok(())
}
