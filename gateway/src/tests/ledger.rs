//! One row for each routed request, whichever way it ended.

use std::time::Duration;

use weir_domain::ledger::{Outcome, Record, Traffic};
use weir_harness::rest::RestUpstream;

use super::raw::{Caller, once};
use super::{World, shop};

fn find<'r>(records: &'r [Record], path: &str) -> &'r Record {
    let mut found = records.iter().filter(|r| r.path == path);
    let record = found.next().unwrap_or_else(|| panic!("no row for {path} in {records:?}"));
    assert!(found.next().is_none(), "two rows for {path}");
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_out_leaves_one_row() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let (gateway, key) = (world.at.gateway, world.key.clone());
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\nx-api-key: {key}\r\n\r\n");
    let with_key = once(gateway, get("/shop/orders/1?size=100")).await.unwrap();
    once(gateway, get("/shop/orders/2?status=503")).await.unwrap();
    once(gateway, "GET /shop/orders/3 HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    once(gateway, get("/shop/orders/4").replace("GET", "HEAD")).await;
    let mut cut = Caller::connect(gateway).await;
    cut.send(get("/shop/orders/5?size=1000&cut=10")).await;
    cut.closed().await;
    let mut leaving = Caller::connect(gateway).await;
    leaving.send(get("/shop/orders/6?delay_ms=1500")).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(leaving);
    once(gateway, get("/nowhere")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (_, records) = tokio::task::spawn_blocking(move || world.stop()).await.unwrap();

    // None for the path that nobody serves, and none for the stranger without a key.
    assert_eq!(records.len(), 5, "{records:?}");
    let ok = find(&records, "/shop/orders/1");
    assert_eq!(Some(ok.id.as_str()), with_key.header("x-weir-request-id"));
    assert_eq!((ok.traffic, ok.status, ok.outcome), (Traffic::Rest, 200, Outcome::Ok));
    assert_eq!((ok.team.as_str(), ok.application.as_str()), ("default", "web"));
    assert_eq!((ok.service.as_str(), ok.route.as_str(), ok.response_bytes), ("shop", "orders", 100));
    assert_eq!((ok.attempts.len(), ok.attempts[0].provider.as_str()), (1, "origin"));
    assert!(ok.duration_us >= ok.upstream_us && ok.upstream_us > 0);
    let expected = [
        ("/shop/orders/2", 503, Outcome::UpstreamError, "upstream_status"),
        ("/shop/orders/4", 200, Outcome::Ok, ""),
        ("/shop/orders/5", 200, Outcome::Cut, "upstream_cut"),
        ("/shop/orders/6", 0, Outcome::Aborted, "caller_left"),
    ];
    for (path, status, outcome, error) in expected {
        let row = find(&records, path);
        assert_eq!((row.status, row.outcome, row.error.as_str()), (status, outcome, error), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_is_in_the_journal_before_the_answer_is_whole() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    for query in ["?size=10", "?size=10&chunked=1", "?size=0", "?size=200000&chunked=1"] {
        let before = journal_bytes(&world);
        let message = format!("GET /shop/any/x{query} HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(once(world.at.gateway, message).await.unwrap().status, 200);
        // Delivered segments may be gone; what is delivered was journaled.
        assert!(journal_bytes(&world) > before || !world.ledger.0.lock().is_empty(), "{query}");
    }
}

fn journal_bytes(world: &World) -> u64 {
    let entries = std::fs::read_dir(world._data.path().join("journal")).unwrap();
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum()
}
