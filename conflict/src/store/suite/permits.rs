//! Permits, and nodes that live.

use super::*;

fn permit(limit: u32, id: PermitId) -> PermitAsk<'static> {
    PermitAsk { limit, id, lease: LONG, label: "per-app" }
}

pub(crate) async fn permits_are_exact(two: &Two) {
    let shared = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
    let key = two.key("limit");
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (store, shared) = (two.node(n), Arc::clone(&shared));
            tokio::spawn(async move {
                let mut had = 0;
                while had < 3 {
                    let id = PermitId::new();
                    match store.permit(&key, &permit(5, id)).await.unwrap() {
                        Permit::Full { taken, next_in } => {
                            assert!(taken == 5 && next_in <= LONG);
                            tokio::time::sleep(ms(1)).await;
                        }
                        Permit::Granted { taken } => {
                            assert!((1..=5).contains(&taken), "{taken}");
                            let inside = shared.0.fetch_add(1, Ordering::SeqCst) + 1;
                            shared.1.fetch_max(inside, Ordering::SeqCst);
                            tokio::task::yield_now().await;
                            shared.0.fetch_sub(1, Ordering::SeqCst);
                            store.give_back(&key, id).await.unwrap();
                            had += 1;
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(shared.1.load(Ordering::SeqCst) <= 5);
    assert_eq!(two.b.permit(&key, &permit(5, PermitId::new())).await, Ok(Permit::Granted { taken: 1 }), "all are back");
}

pub(crate) async fn permits_that_leak_come_back(two: &Two) {
    let key = two.key("limit");
    let stays = PermitId::new();
    two.a.permit(&key, &permit(3, stays)).await.unwrap();
    for taken in 2..=3 {
        let leaks = PermitAsk { lease: ms(1_500), ..permit(3, PermitId::new()) };
        assert_eq!(two.b.permit(&key, &leaks).await, Ok(Permit::Granted { taken }));
    }
    match two.a.permit(&key, &permit(3, PermitId::new())).await.unwrap() {
        Permit::Full { taken, next_in } => assert!(taken == 3 && next_in <= ms(1_500), "{taken} {next_in:?}"),
        other => panic!("{other:?}"),
    }
    tokio::time::sleep(ms(1_600)).await;
    assert_eq!(two.a.permit(&key, &permit(3, PermitId::new())).await, Ok(Permit::Granted { taken: 2 }));
    assert_eq!(
        two.a.permit(&key, &permit(2, PermitId::new())).await.map(|p| matches!(p, Permit::Full { taken: 2, .. })),
        Ok(true)
    );
    // The same name is the same permit.
    assert_eq!(two.a.permit(&key, &permit(2, stays)).await, Ok(Permit::Granted { taken: 2 }));
    two.b.give_back(&key, PermitId::new()).await.unwrap();
}

pub(crate) async fn permits_are_kept(two: &Two) {
    let key = two.key("limit");
    let (kept, lost) = (PermitId::new(), PermitId::new());
    for id in [kept, lost] {
        two.a.permit(&key, &PermitAsk { lease: ms(1_500), ..permit(2, id) }).await.unwrap();
    }
    assert_eq!(two.a.keep(&key, &[kept], LONG).await, Ok(vec![]));
    tokio::time::sleep(ms(1_600)).await;
    let never = PermitId::new();
    let gone: HashSet<_> = two.a.keep(&key, &[kept, lost, never], LONG).await.unwrap().into_iter().collect();
    assert_eq!(gone, HashSet::from([lost, never]));
    assert_eq!(two.b.permit(&key, &permit(2, PermitId::new())).await, Ok(Permit::Granted { taken: 2 }));
    let full = two.b.permit(&key, &permit(2, PermitId::new())).await.unwrap();
    assert!(matches!(full, Permit::Full { taken: 2, .. }), "{full:?}");
    assert_eq!(two.a.keep(&two.key("other"), &[kept], LONG).await, Ok(vec![kept]));
}

pub(crate) async fn nodes_are_counted(two: &Two) {
    // Other tests may run on the same store: nodes of theirs count too.
    let (one, other) = (format!("{:x}", rand::random::<u64>()), format!("{:x}", rand::random::<u64>()));
    let alone = two.a.heartbeat(&one, LONG).await.unwrap();
    let both = two.b.heartbeat(&other, ms(1_500)).await.unwrap();
    assert_eq!((alone, both, two.a.heartbeat(&one, LONG).await), (both - 1, both, Ok(both)));
    tokio::time::sleep(ms(1_600)).await;
    assert_eq!(two.a.heartbeat(&one, LONG).await, Ok(alone));
}
