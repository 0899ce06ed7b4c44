//! The store in Redis: the suite on a real server, and what happens when that forgets, stops or goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use weir_harness::redis::Redis;

use super::*;
use crate::store::suite::{Two, suite};
use crate::store::{Guarded, HealthState, Holder};

/// Long enough for a machine that builds beside.
const PATIENT: Duration = Duration::from_secs(20);

fn server() -> &'static Redis {
    static SERVER: OnceLock<Redis> = OnceLock::new();
    SERVER.get_or_init(|| Redis::start().unwrap().expect("redis-server is installed: .ci/install redis"))
}

fn store(url: &str, op_timeout: Duration, names: &Arc<Names>, epochs: Option<Arc<dyn Epochs>>) -> RedisStore {
    let url = Secret::new(url.to_owned()).unwrap();
    RedisStore::new(&url, op_timeout, Arc::clone(names), epochs.map(|epochs| ("main".to_owned(), epochs))).unwrap()
}

async fn two() -> Two {
    let url = tokio::task::spawn_blocking(|| server().url()).await.unwrap();
    let names = Arc::new(Names::new(&rand::random()));
    Two { a: Arc::new(store(&url, PATIENT, &names, None)), b: Arc::new(store(&url, PATIENT, &names, None)), names }
}

suite!(two());

/// Counts as PostgreSQL would.
struct Counting(AtomicU64);

#[async_trait]
impl Epochs for Counting {
    async fn next_epoch(&self, store: &str) -> Result<u64, StoreError> {
        assert_eq!(store, "main");
        Ok(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

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

async fn own_server() -> Redis {
    tokio::task::spawn_blocking(|| Redis::start().unwrap().expect("redis-server is installed")).await.unwrap()
}

async fn fences_rise_over_losses(epochs: Option<Arc<dyn Epochs>>) {
    let mut server = own_server().await;
    let names = Arc::new(Names::new(&[3; 32]));
    let (a, b) = (store(&server.url(), PATIENT, &names, epochs.clone()), store(&server.url(), PATIENT, &names, epochs));
    let keys: Vec<ResourceKey> = (0..8).map(|n| names.key(names.team("t"), &[&n.to_string()])).collect();
    let mut last = vec![0; keys.len()];
    for round in 0..12 {
        for (key, last) in keys.iter().zip(&mut last) {
            for node in [&a, &b] {
                // A connection that died is told by the first call on it.
                let mut now = fence(node, key).await;
                for _ in 0..100 {
                    if now.is_ok() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    now = fence(node, key).await;
                }
                let now = now.unwrap();
                assert!(now > *last, "{now} after {last} in round {round}");
                *last = now;
            }
        }
        match round % 3 {
            0 => assert!(server.command("FLUSHALL").unwrap().starts_with("+OK")),
            1 => assert!(server.command("SCRIPT FLUSH").unwrap().starts_with("+OK")),
            _ => {
                server = tokio::task::spawn_blocking(move || {
                    server.stop();
                    server.resume().unwrap();
                    server
                })
                .await
                .unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fences_rise_over_flushall_and_restarts_by_the_clock() {
    fences_rise_over_losses(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fences_rise_over_flushall_and_restarts_by_epochs() {
    // Epochs far ahead of the clock: what decides is the epoch.
    let epochs = Arc::new(Counting(AtomicU64::new(600)));
    fences_rise_over_losses(Some(Arc::clone(&epochs) as Arc<dyn Epochs>)).await;
    let counted = epochs.0.load(Ordering::SeqCst) - 600;
    assert!((8..=20).contains(&counted), "one for each loss, nearly: {counted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_is_left_alone_and_found_again() {
    let server = own_server().await;
    let names = Arc::new(Names::new(&[3; 32]));
    let key = names.key(names.team("t"), &["x"]);
    let op_timeout = Duration::from_millis(300);
    let breaker = weir_domain::spec::StoreBreaker { errors: 3, open_for: weir_domain::spec::Span::ms(200) };
    let redis = Arc::new(store(&server.url(), op_timeout, &names, None));
    let guarded = Guarded::new(weir_domain::spec::StoreType::Redis, redis, breaker);
    fence(&guarded, &key).await.unwrap();
    server.signal("STOP").unwrap();
    for _ in 0..3 {
        let begun = std::time::Instant::now();
        assert_eq!(fence(&guarded, &key).await, Err(StoreError::Timeout(op_timeout)));
        assert!(begun.elapsed() < op_timeout * 3, "{:?}", begun.elapsed());
    }
    assert!(matches!(fence(&guarded, &key).await, Err(StoreError::Open { .. })));
    assert_eq!(guarded.health().state, HealthState::Open);
    server.signal("CONT").unwrap();
    let begun = std::time::Instant::now();
    while let Err(error) = fence(&guarded, &key).await {
        assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(guarded.health().state, HealthState::Closed);
    let tally = guarded.tally(crate::store::Operation::Acquire);
    assert!(tally.timed_out >= 3 && tally.refused >= 1 && tally.answered >= 2, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_the_callers_stands_in_the_server_in_the_clear() {
    let server = own_server().await;
    let names = Arc::new(Names::new(&[3; 32]));
    let node = store(&server.url(), PATIENT, &names, None);
    let key = names.key(names.team("canary-team"), &["canary-name"]);
    let holder = Holder {
        owner: "canary-owner".into(),
        team: "canary-team".into(),
        label: "canary-label".into(),
        note: "canary-note".into(),
    };
    let ask = LeaseAsk {
        space: Space::Write,
        mode: LockMode::Exclusive,
        token: "canary-token",
        holder: &holder,
        ttl: PATIENT,
        track_version: true,
    };
    let Acquire::Granted(grant) = node.acquire(&key, &ask).await.unwrap() else { panic!("it is free") };
    let end = WriteEnd::Commit { fence: grant.fence, tag: Some("\"canary-tag\"") };
    node.release(&key, Space::Write, "canary-token", Some(&end)).await.unwrap();
    node.acquire(&key, &LeaseAsk { space: Space::Lock, ..ask }).await.unwrap();
    let ask = IdemAsk {
        fingerprint: None,
        owner: "r1",
        lease: PATIENT,
        ttl: PATIENT,
        on_lost: OnLost::Unknown,
        label: "canary-key",
    };
    let Begun::New { epoch } = node.begin(&key, &ask).await.unwrap() else { panic!("it is new") };
    let answer = crate::store::StoredAnswer {
        status: 200,
        headers: vec![("x".into(), b"canary-header".to_vec())],
        body: "canary-body".into(),
        ..Default::default()
    };
    assert!(node.end(&key, "r1", epoch, &IdemEnd::Done(Arc::new(answer)), PATIENT).await.unwrap());
    let permit = PermitAsk { limit: 1, id: PermitId::new(), lease: PATIENT, label: "canary-limit" };
    node.permit(&key, &permit).await.unwrap();

    let client = Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<Vec<u8>> = ::redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    assert!(keys.len() > 6, "{}", keys.len());
    let mut slots = std::collections::HashSet::new();
    for key in &keys {
        slots.insert(hash_tag(key).to_owned());
    }
    assert_eq!(slots.len(), 1, "all lie in one slot of a cluster");
    for key in keys {
        let dump: Vec<u8> = ::redis::cmd("DUMP").arg(&key).query_async(&mut connection).await.unwrap();
        let ttl: i64 = ::redis::cmd("PTTL").arg(&key).query_async(&mut connection).await.unwrap();
        let name = String::from_utf8_lossy(&key).into_owned();
        assert!(ttl > 0 || name.ends_with(":fence"), "{name} stays for ever");
        assert!(!dump.windows(6).any(|six| six == b"canary") && !name.contains("canary"), "{name}");
    }
}

/// What a cluster decides by where a key lies. <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>
fn hash_tag(key: &[u8]) -> &str {
    let key = std::str::from_utf8(key).unwrap();
    key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag).expect("a hash tag")
}
