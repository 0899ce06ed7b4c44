//! Leases, locks and fences.

use super::*;

pub(crate) async fn one_holder_at_a_time(two: &Two) {
    let (inside, most, last) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU64::new(0));
    let key = two.key("x");
    let shared = Arc::new((inside, most, last));
    let tasks: Vec<_> = (0..32)
        .map(|n| {
            let (store, shared) = (two.node(n), Arc::clone(&shared));
            tokio::spawn(async move {
                let token = format!("urn:uuid:{n}");
                let (mut rounds, who) = (0, holder("app"));
                while rounds < 5 {
                    let ask = LeaseAsk { track_version: true, ..lease(&token, &who) };
                    match store.acquire(&key, &ask).await.unwrap() {
                        Acquire::Held(view) => {
                            assert!(view.expires_in <= LONG && view.holder.owner == "app");
                            tokio::time::sleep(ms(1)).await;
                        }
                        Acquire::Granted(grant) => {
                            let (inside, most, last) = &*shared;
                            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            assert!(last.swap(grant.fence, Ordering::SeqCst) < grant.fence, "fences rise");
                            tokio::task::yield_now().await;
                            inside.fetch_sub(1, Ordering::SeqCst);
                            let end = WriteEnd::Commit { fence: grant.fence, tag: None };
                            let released = store.release(&key, Space::Write, &token, Some(&end)).await.unwrap();
                            assert!(released.held && released.generation.is_some(), "{released:?}");
                            rounds += 1;
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(shared.1.load(Ordering::SeqCst), 1);
}

pub(crate) async fn shared_goes_with_shared_alone(two: &Two) {
    use LockMode::{Exclusive, Shared};
    let (a, b) = (holder("a"), holder("b"));
    for (n, (first, second, goes)) in
        [(Shared, Shared, true), (Shared, Exclusive, false), (Exclusive, Shared, false), (Exclusive, Exclusive, false)]
            .into_iter()
            .enumerate()
    {
        let key = two.key(&n.to_string());
        let ask = |token, mode, holder| LeaseAsk { space: Space::Lock, mode, ..lease(token, holder) };
        let one = granted(two.a.acquire(&key, &ask("1", first, &a)).await);
        let two_ = two.b.acquire(&key, &ask("2", second, &b)).await;
        if goes {
            let other = granted(two_);
            assert!(other.fence > one.fence);
            let locks = two.a.locks(&key, false).await.unwrap();
            assert_eq!(locks.held.len(), 2);
            assert_eq!(locks.of_token("2").unwrap().holder, b);
            assert!(locks.of_token("3").is_none() && locks.version.is_none());
            assert!(two.a.release(&key, Space::Lock, "1", None).await.unwrap().held);
            assert!(!two.a.release(&key, Space::Lock, "1", None).await.unwrap().held);
            let still = held(two.a.acquire(&key, &ask("3", Exclusive, &a)).await);
            assert_eq!((still.fence, still.mode), (other.fence, Shared));
        } else {
            let view = held(two_);
            assert_eq!((view.mode, view.fence, &view.holder), (first, one.fence, &a));
            assert!(view.id.is_of("1") && view.expires_in <= LONG && view.expires_in > ms(20_000));
        }
    }
    let key = two.key("many");
    for n in 0..MAX_SHARED {
        let token = n.to_string();
        granted(two.a.acquire(&key, &LeaseAsk { mode: Shared, ..lease(&token, &a) }).await);
    }
    held(two.a.acquire(&key, &LeaseAsk { mode: Shared, ..lease("more", &a) }).await);
}

pub(crate) async fn what_runs_out_is_free(two: &Two) {
    let key = two.key("x");
    let short = holder("short");
    let first = granted(two.a.acquire(&key, &LeaseAsk { ttl: ms(1_500), ..lease("1", &short) }).await);
    assert!(first.expires_in <= ms(1_500));
    assert!(held(two.b.acquire(&key, &lease("2", &short)).await).expires_in <= ms(1_500));
    let renewed = two.a.renew(&key, Space::Write, "1", ms(3_500)).await.unwrap().unwrap();
    assert_eq!(renewed.fence, first.fence);
    tokio::time::sleep(ms(1_600)).await;
    held(two.b.acquire(&key, &lease("2", &short)).await);
    tokio::time::sleep(ms(2_000)).await;
    assert_eq!(two.a.renew(&key, Space::Write, "1", LONG).await, Ok(None), "it ran out");
    let second = granted(two.b.acquire(&key, &lease("2", &short)).await);
    assert!(second.fence > first.fence);
    assert_eq!(two.a.renew(&key, Space::Write, "1", LONG).await, Ok(None), "it is another's");
    assert!(!two.a.release(&key, Space::Write, "1", None).await.unwrap().held);
    held(two.a.acquire(&key, &lease("1", &short)).await);
    assert_eq!(two.b.renew(&two.key("other"), Space::Write, "2", LONG).await, Ok(None), "another resource");
    assert!(two.b.renew(&key, Space::Write, "2", LONG).await.unwrap().is_some());
}

pub(crate) async fn fences_rise_strictly(two: &Two) {
    let key = two.key("x");
    let mut last = 0;
    let who = holder("a");
    for n in 0..10_000 {
        let grant = granted(two.node(n).acquire(&key, &lease("1", &who)).await);
        assert!(grant.fence > last, "{} after {last}", grant.fence);
        last = grant.fence;
    }
    assert!(last < 999_999_999_999_999, "an integer of structured fields");
    // It is the same count for leases and for locks: an upstream sees both.
    let lock = granted(two.a.acquire(&key, &LeaseAsk { space: Space::Lock, ..lease("1", &who) }).await);
    assert!(lock.fence > last);
}

pub(crate) async fn leases_and_locks_do_not_see_each_other(two: &Two) {
    let (key, who) = (two.key("x"), holder("a"));
    granted(two.a.acquire(&key, &lease("1", &who)).await);
    granted(two.b.acquire(&key, &LeaseAsk { space: Space::Lock, ..lease("2", &who) }).await);
    assert_eq!(two.a.locks(&key, false).await.unwrap().held.len(), 1);
    assert_eq!(two.a.renew(&key, Space::Lock, "1", LONG).await, Ok(None));
    assert!(!two.a.release(&key, Space::Lock, "1", None).await.unwrap().held);
    assert!(two.a.release(&key, Space::Write, "1", None).await.unwrap().held);
}

pub(crate) async fn a_broken_lock_is_gone(two: &Two) {
    let (key, who) = (two.key("x"), holder("a"));
    let lock = LeaseAsk { space: Space::Lock, ..lease("1", &who) };
    let grant = granted(two.a.acquire(&key, &lock).await);
    let id = two.b.locks(&key, false).await.unwrap().held[0].id;
    assert_eq!(two.b.break_lease(Space::Write, &id).await, Ok(None));
    let broken = two.b.break_lease(Space::Lock, &id.to_string().parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((broken.fence, broken.holder), (grant.fence, who.clone()));
    assert_eq!(two.b.break_lease(Space::Lock, &id).await, Ok(None));
    assert_eq!(two.a.renew(&key, Space::Lock, "1", LONG).await, Ok(None));
    assert!(two.a.locks(&key, false).await.unwrap().held.is_empty());
}
