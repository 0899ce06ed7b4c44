//! Lists: pages that neither repeat nor skip, whatever is made or removed meanwhile.

use serde_json::{Value, json};

use super::server::Server;

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_are_stable_while_others_write() {
    for server in Server::on_both().await {
        for n in 0..12 {
            server.create("teams", &format!("t{n:02}"), json!({"name": "Page"})).await;
        }
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = server.get(&format!("/teams?q=page&limit=5{cursor}")).await;
            seen.extend(ids(&page));
            // One before the place and one after: the first must not push items onto the next page.
            let round = seen.len();
            server.create("teams", &format!("a-{round}"), json!({"name": "Page"})).await;
            server.call_with("DELETE", "/teams/t00", &[("if-match", "*")], None).await;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let wanted: Vec<String> = (0..12).map(|n| format!("t{n:02}")).collect();
        assert_eq!(seen, wanted);
    }
}

#[tokio::test]
async fn a_search_takes_its_text_literally_and_ignores_case() {
    for server in Server::on_both().await {
        server.create("teams", "a", json!({"name": "100% Ünal_x"})).await;
        server.create("teams", "b", json!({"name": "100 percent"})).await;
        for (q, found) in
            [("100%25", vec!["a"]), ("UNAL_X", vec![]), ("%C3%9CNAL_X", vec!["a"]), ("n_l", vec![]), ("!", vec![])]
        {
            assert_eq!(ids(&server.get(&format!("/teams?q={q}")).await), found, "{q}");
        }
        assert_eq!(ids(&server.get("/teams?q=percent&team=default").await), ["b"]);
        assert!(ids(&server.get("/teams?q=percent&team=other").await).is_empty());
    }
}

#[tokio::test]
async fn a_made_up_cursor_is_refused() {
    let server = Server::start().await;
    for path in ["/teams", "/tokens", "/audit", "/requests", "/teams/default/history"] {
        let refused = server.call("GET", &format!("{path}?cursor=nonsense"), None).await.expect(400);
        assert!(refused.json()["detail"].as_str().unwrap().starts_with("cursor"), "{path}");
    }
}

#[tokio::test]
async fn history_pages_from_the_newest_down() {
    let server = Server::start().await;
    server.create("teams", "t", json!({"name": "0"})).await;
    for n in 1..5 {
        let body = json!({"spec": {"name": n.to_string()}});
        server.call_with("PUT", "/teams/t", &[("if-match", "*")], Some(body)).await.expect(200);
    }
    let first = server.get("/teams/t/history?limit=3").await;
    let next = first["next_cursor"].as_str().unwrap();
    let second = server.get(&format!("/teams/t/history?limit=3&cursor={next}")).await;
    let names: Vec<&str> = first["items"]
        .as_array()
        .unwrap()
        .iter()
        .chain(second["items"].as_array().unwrap())
        .map(|v| v["spec"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["4", "3", "2", "1", "0"]);
    assert!(second["next_cursor"].is_null());
}

#[tokio::test]
async fn an_outcome_or_traffic_that_there_is_not_is_refused_with_those_that_there_are() {
    let server = Server::start().await;
    for path in ["/requests", "/usage"] {
        let told = server.call("GET", &format!("{path}?outcome=zz"), None).await.expect(400).json();
        assert!(told["detail"].as_str().unwrap().contains("ok, refused, upstream_error"), "{told}");
        let told = server.call("GET", &format!("{path}?traffic=zz"), None).await.expect(400).json();
        assert!(told["detail"].as_str().unwrap().contains("ai, rest"), "{told}");
        server.call("GET", &format!("{path}?outcome=connect_failed&traffic=rest"), None).await.expect(200);
    }
}
