//! The store in PostgreSQL: the suite on a real server, and what happens when that stands still or goes.

use std::sync::{Arc, OnceLock};

use sqlx::{Connection, PgConnection};
use weir_domain::spec::{Span, StoreBreaker, StoreType};
use weir_harness::postgres::Postgres;

use super::*;
use crate::store::suite::{Two, suite};
use crate::store::{Guarded, HealthState, Holder};

/// Long enough for a machine that builds beside.
const PATIENT: Duration = Duration::from_secs(20);

fn database() -> String {
    static SERVER: OnceLock<(Postgres, String)> = OnceLock::new();
    let start = || {
        let server = Postgres::start().unwrap().expect("PostgreSQL is installed: .ci/install postgres");
        let database = server.database().unwrap();
        (server, database)
    };
    SERVER.get_or_init(start).1.clone()
}

fn store(url: &str, op_timeout: Duration, names: &Arc<Names>) -> PostgresStore {
    PostgresStore::new(&Secret::new(url.to_owned()).unwrap(), op_timeout, Arc::clone(names)).unwrap()
}

async fn two() -> Two {
    let url = tokio::task::spawn_blocking(database).await.unwrap();
    let names = Arc::new(Names::new(&rand::random()));
    Two { a: Arc::new(store(&url, PATIENT, &names)), b: Arc::new(store(&url, PATIENT, &names)), names }
}

suite!(two());

async fn fence(store: &dyn Store, key: &ResourceKey) -> Result<u64, StoreError> {
    let holder = Holder::default();
    let ask = LeaseAsk {
        space: Space::Write,
        mode: LockMode::Exclusive,
        token: "t",
        holder: &holder,
        ttl: PATIENT,
        track_version: false,
    };
    match store.acquire(key, &ask).await? {
        Acquire::Granted(grant) => Ok(grant.fence),
        Acquire::Held(view) => panic!("{view:?}"),
    }
}

async fn found_again(store: &dyn Store, key: &ResourceKey) -> u64 {
    let begun = std::time::Instant::now();
    loop {
        match fence(store, key).await {
            Ok(fence) => return fence,
            Err(error) => assert!(begun.elapsed() < PATIENT, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_or_goes_is_left_alone_and_loses_nothing() {
    let mut server = tokio::task::spawn_blocking(|| Postgres::start().unwrap().expect("PostgreSQL")).await.unwrap();
    let url = server.database().unwrap();
    let names = Arc::new(Names::new(&[3; 32]));
    let key = names.key(names.team("t"), &["x"]);
    let op_timeout = Duration::from_millis(800);
    let breaker = StoreBreaker { errors: 3, open_for: Span::ms(200) };
    let guarded = Guarded::new(StoreType::Postgres, Arc::new(store(&url, op_timeout, &names)), breaker);
    let first = found_again(&guarded, &key).await;

    let mut stall = PgConnection::connect(&url).await.unwrap();
    let mut stalled = stall.begin().await.unwrap();
    query("LOCK TABLE weir_conflict.held IN ACCESS EXCLUSIVE MODE").execute(&mut *stalled).await.unwrap();
    for _ in 0..3 {
        let begun = std::time::Instant::now();
        assert_eq!(fence(&guarded, &key).await, Err(StoreError::Timeout(op_timeout)));
        assert!(begun.elapsed() < op_timeout * 2, "{:?}", begun.elapsed());
    }
    assert!(matches!(fence(&guarded, &key).await, Err(StoreError::Open { .. })));
    stalled.rollback().await.unwrap();
    let second = found_again(&guarded, &key).await;
    assert!(second > first);
    assert_eq!(guarded.health().state, HealthState::Closed);

    let ask = |owner| IdemAsk {
        fingerprint: None,
        owner,
        lease: PATIENT,
        ttl: PATIENT * 9,
        on_lost: OnLost::Unknown,
        label: "k",
    };
    assert!(matches!(guarded.begin(&key, &ask("r1")).await, Ok(Begun::New { .. })));
    let server = tokio::task::spawn_blocking(move || {
        server.stop();
        server.resume().unwrap();
        server
    })
    .await
    .unwrap();
    assert!(found_again(&guarded, &key).await > second, "the fence is not lost");
    let again = guarded.begin(&key, &ask("r2")).await;
    assert!(matches!(again, Ok(Begun::Busy { .. })), "nor the key: {again:?}");
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_nodes_open_the_same_database_at_once() {
    let server = tokio::task::spawn_blocking(|| Postgres::start().unwrap().expect("PostgreSQL")).await.unwrap();
    let url = server.database().unwrap();
    let names = Arc::new(Names::new(&[3; 32]));
    let key = names.key(names.team("t"), &["x"]);
    let nodes: Vec<_> = (0..6)
        .map(|_| {
            let node = store(&url, PATIENT, &names);
            tokio::spawn(async move { fence(&node, &key).await })
        })
        .collect();
    let mut fences = Vec::new();
    for node in nodes {
        fences.push(node.await.unwrap().unwrap());
    }
    fences.sort_unstable();
    fences.dedup();
    assert_eq!(fences.len(), 6);

    let node = store(&url, PATIENT, &names);
    let (one, two) = (node.next_epoch("a").await.unwrap(), node.next_epoch("a").await.unwrap());
    assert!(two == one + 1 && one << 40 > fences[5], "an epoch is above all that the clock makes");
    assert_eq!(node.next_epoch("b").await, Ok(one), "each store has its own");

    // What ran out is dropped, what did not stays.
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let soon = Duration::from_millis(1);
    for n in 0..50 {
        let name = names.key(names.team("t"), &[&n.to_string()]);
        node.permit(&name, &PermitAsk { limit: 9, id: PermitId::new(), lease: soon, label: "" }).await.unwrap();
    }
    query("UPDATE weir_conflict.permits SET expires = expires - interval '1 minute'")
        .execute(&mut connection)
        .await
        .unwrap();
    let sweep = "SELECT weir_conflict.sweep(30)";
    let dropped: Vec<i64> = vec![
        sqlx::query_scalar(sweep).fetch_one(&mut connection).await.unwrap(),
        sqlx::query_scalar(sweep).fetch_one(&mut connection).await.unwrap(),
        sqlx::query_scalar(sweep).fetch_one(&mut connection).await.unwrap(),
    ];
    assert_eq!(dropped, [30, 20, 0]);
    let held: i64 =
        sqlx::query_scalar("SELECT count(*) FROM weir_conflict.held").fetch_one(&mut connection).await.unwrap();
    assert_eq!(held, 1);
}
