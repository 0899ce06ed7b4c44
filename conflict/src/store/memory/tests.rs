//! The store in memory alone: the suite, its bounds, and its speed at a million names.

use std::sync::Arc;

use weir_domain::spec::OnLost;

use super::*;
use crate::resource::Names;
use crate::store::suite::{Two, suite};
use crate::store::{Entry, StoredAnswer};

async fn two() -> Two {
    let store = Arc::new(MemoryStore::new());
    Two { a: Arc::clone(&store) as Arc<dyn Store>, b: store, names: Arc::new(Names::new(&rand::random())) }
}

suite!(two());

fn ask(owner: &str, ttl: Duration) -> IdemAsk<'_> {
    IdemAsk { fingerprint: None, owner, lease: ttl, ttl, on_lost: OnLost::Unknown, label: "" }
}

#[tokio::test]
async fn what_ran_out_leaves_memory_bit_by_bit() {
    let store = MemoryStore::new();
    let names = Names::new(&[7; 32]);
    let team = names.team("t");
    let short = Duration::from_millis(1_500);
    for n in 0..2_000 {
        store.begin(&names.key(team, &[&n.to_string()]), &ask("r", short)).await.unwrap();
    }
    assert_eq!(store.entries(), 2_000);
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    for n in 0..2_000 {
        store.give_back(&names.key(team, &[&n.to_string()]), PermitId::new()).await.unwrap();
    }
    assert_eq!(store.entries(), 0, "each part is called as often as it has entries");
}

#[tokio::test]
async fn an_answer_without_room_is_told_and_room_comes_back() {
    let store = MemoryStore::with_room(3, 1_000);
    let names = Names::new(&[7; 32]);
    let key = |name| names.key(names.team("t"), &[name]);
    let answer = Arc::new(StoredAnswer {
        status: 201,
        headers: vec![("Location".into(), b"/1".to_vec())],
        body: vec![0; 600].into(),
        ..StoredAnswer::default()
    });
    let long = Duration::from_secs(9);
    for name in ["1", "2"] {
        let Begun::New { epoch } = store.begin(&key(name), &ask("r", long)).await.unwrap() else { panic!() };
        assert!(store.end(&key(name), "r", epoch, &IdemEnd::Done(Arc::clone(&answer)), long).await.unwrap());
    }
    assert!(matches!(store.begin(&key("1"), &ask("s", long)).await, Ok(Begun::Done(_))));
    let told = Begun::NotStored { status: 201, location: Some("/1".into()), fingerprint: None };
    assert_eq!(store.begin(&key("2"), &ask("s", long)).await, Ok(told));
    assert_eq!(store.answer_bytes(), answer.weight());
    store.begin(&key("3"), &ask("r", long)).await.unwrap();
    assert_eq!(store.begin(&key("4"), &ask("r", long)).await, Err(StoreError::Full));
    assert!(store.purge(&key("1")).await.unwrap());
    assert_eq!(store.answer_bytes(), 0);
    let listed = store.list(Kind::Key, names.team("t"), None, 10).await.unwrap();
    assert!(listed.entries.iter().all(|entry| matches!(entry, Entry::Key { id, .. } if *id != key("1"))));
}

/// Not a benchmark: a bound that a table of linear cost, or a sweep that stops everything, would miss by far.
#[tokio::test]
async fn a_million_limits_cost_no_more_than_few() {
    let store = MemoryStore::new();
    // Names are as good as random, and quicker made so.
    let keys: Vec<ResourceKey> = (0..1_000_000).map(|_| ResourceKey::from_bytes(rand::random())).collect();
    let ask = |n: usize| PermitAsk { limit: 3, id: PermitId(n as u128), lease: Duration::from_secs(60), label: "" };
    for (n, key) in keys.iter().enumerate() {
        store.permit(key, &ask(n)).await.unwrap();
    }
    assert_eq!(store.entries(), 1_000_000);
    let (mut worst, begun) = (Duration::ZERO, Instant::now());
    for (n, key) in keys.iter().enumerate().step_by(10) {
        let one = Instant::now();
        store.permit(key, &ask(n + 1)).await.unwrap();
        store.give_back(key, PermitId(n as u128 + 1)).await.unwrap();
        worst = worst.max(one.elapsed());
    }
    let each = begun.elapsed() / 200_000;
    println!("{each:?} each, {worst:?} at worst");
    assert!(each < Duration::from_micros(50), "{each:?}");
}
