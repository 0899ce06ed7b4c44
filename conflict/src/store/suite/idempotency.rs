//! Idempotency keys.

use super::*;

const ONE: Option<[u8; 32]> = Some([1; 32]);
const OTHER: Option<[u8; 32]> = Some([2; 32]);

fn ask(owner: &str) -> IdemAsk<'_> {
    IdemAsk { fingerprint: ONE, owner, lease: LONG, ttl: LONG, on_lost: OnLost::Unknown, label: "key-1" }
}

fn answer(status: u16, fingerprint: Option<[u8; 32]>) -> Arc<StoredAnswer> {
    Arc::new(StoredAnswer {
        status,
        headers: vec![("location".into(), b"/p/1".to_vec()), ("x-bytes".into(), vec![0xff, b'|'])],
        body: vec![0, 1, 2, 0xff].into(),
        fingerprint,
        at: 1_790_000_000_000_000,
    })
}

#[track_caller]
fn new(begun: Result<Begun, StoreError>) -> u64 {
    match begun {
        Ok(Begun::New { epoch }) => epoch,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn done(begun: Result<Begun, StoreError>) -> Arc<StoredAnswer> {
    match begun {
        Ok(Begun::Done(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_key_is_executed_once(two: &Two) {
    let key = two.key("k");
    let epoch = new(two.a.begin(&key, &ask("r1")).await);
    match two.b.begin(&key, &ask("r2")).await.unwrap() {
        Begun::Busy { remaining, fingerprint } => {
            assert!(remaining <= LONG && remaining > ms(20_000) && fingerprint == ONE, "{remaining:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(two.b.begin(&key, &IdemAsk { fingerprint: OTHER, ..ask("r2") }).await, Ok(Begun::Mismatch));
    let given = answer(201, None);
    assert_eq!(two.b.end(&key, "r2", epoch, &IdemEnd::Done(Arc::clone(&given)), LONG).await, Ok(false));
    assert_eq!(two.a.end(&key, "r1", epoch + 1, &IdemEnd::Done(Arc::clone(&given)), LONG).await, Ok(false));
    assert_eq!(two.a.end(&key, "r1", epoch, &IdemEnd::Done(Arc::clone(&given)), LONG).await, Ok(true));
    let replay = done(two.b.begin(&key, &ask("r3")).await);
    assert_eq!(*replay, StoredAnswer { fingerprint: ONE, ..StoredAnswer::clone(&given) });
    assert_eq!(two.b.begin(&key, &IdemAsk { fingerprint: OTHER, ..ask("r4") }).await, Ok(Begun::Mismatch));

    let key = two.key("large");
    let epoch = new(two.a.begin(&key, &ask("r1")).await);
    let end = IdemEnd::NotStored { status: 201, location: Some("/p/\u{e4}".into()), fingerprint: None };
    assert_eq!(two.a.end(&key, "r1", epoch, &end, LONG).await, Ok(true));
    let told = Begun::NotStored { status: 201, location: Some("/p/\u{e4}".into()), fingerprint: ONE };
    assert_eq!(two.b.begin(&key, &ask("r2")).await, Ok(told));
}

pub(crate) async fn a_key_that_was_released_or_ran_out_is_executed(two: &Two) {
    let key = two.key("k");
    let epoch = new(two.a.begin(&key, &ask("r1")).await);
    assert_eq!(two.a.end(&key, "r1", epoch, &IdemEnd::Released, LONG).await, Ok(true));
    assert_eq!(two.a.end(&key, "r1", epoch, &IdemEnd::Done(answer(200, None)), LONG).await, Ok(false));
    let again = IdemAsk { fingerprint: OTHER, ..ask("r2") };
    let epoch = new(two.b.begin(&key, &again).await);
    assert_eq!(two.b.end(&key, "r2", epoch, &IdemEnd::Done(answer(200, None)), ms(1_500)).await, Ok(true));
    assert_eq!(done(two.a.begin(&key, &again).await).fingerprint, OTHER);
    tokio::time::sleep(ms(1_600)).await;
    new(two.a.begin(&key, &ask("r3")).await);
}

pub(crate) async fn a_lost_request_is_told_or_tried_again(two: &Two) {
    let retry = |owner| IdemAsk { on_lost: OnLost::Retry, ..ask(owner) };
    let key = two.key("k");
    let short = IdemAsk { lease: ms(100), ..ask("r1") };
    let epoch = new(two.a.begin(&key, &short).await);
    assert!(two.a.extend(&key, "r1", epoch, ms(2_000)).await.unwrap());
    assert!(!two.a.extend(&key, "r2", epoch, LONG).await.unwrap());
    tokio::time::sleep(ms(150)).await;
    assert!(matches!(two.b.begin(&key, &ask("r2")).await.unwrap(), Begun::Busy { .. }), "it was extended");
    tokio::time::sleep(ms(2_000)).await;
    assert_eq!(two.b.begin(&key, &ask("r2")).await, Ok(Begun::Unknown { fingerprint: ONE }));
    assert_eq!(two.b.begin(&key, &IdemAsk { fingerprint: OTHER, ..ask("r2") }).await, Ok(Begun::Mismatch));
    let second = new(two.b.begin(&key, &retry("r3")).await);
    assert!(second > epoch);
    let unknown = IdemEnd::Unknown { fingerprint: None };
    assert_eq!(two.b.end(&key, "r3", second, &unknown, LONG).await, Ok(true));
    assert!(!two.b.extend(&key, "r3", second, LONG).await.unwrap(), "it has ended");
    assert_eq!(two.a.begin(&key, &ask("r4")).await, Ok(Begun::Unknown { fingerprint: ONE }));
    // Who did not know may know later.
    assert_eq!(two.b.end(&key, "r3", second, &IdemEnd::Done(answer(200, None)), LONG).await, Ok(true));
    done(two.a.begin(&key, &ask("r5")).await);
}

pub(crate) async fn a_slow_owner_does_not_overwrite_the_next(two: &Two) {
    let retry = |owner| IdemAsk { lease: ms(100), on_lost: OnLost::Retry, ..ask(owner) };
    let key = two.key("k");
    let first = new(two.a.begin(&key, &retry("r1")).await);
    tokio::time::sleep(ms(150)).await;
    let second = new(two.b.begin(&key, &IdemAsk { lease: LONG, ..retry("r2") }).await);
    for end in [IdemEnd::Done(answer(500, None)), IdemEnd::Released, IdemEnd::Unknown { fingerprint: None }] {
        assert_eq!(two.a.end(&key, "r1", first, &end, LONG).await, Ok(false));
    }
    assert_eq!(two.a.extend(&key, "r1", first, LONG).await, Ok(false));
    assert_eq!(two.b.end(&key, "r2", second, &IdemEnd::Done(answer(201, None)), LONG).await, Ok(true));
    assert_eq!(two.a.end(&key, "r1", first, &IdemEnd::Done(answer(500, None)), LONG).await, Ok(false));
    assert_eq!(done(two.a.begin(&key, &ask("r3")).await).status, 201);
}

pub(crate) async fn a_fingerprint_may_come_at_the_end(two: &Two) {
    let streamed = |owner| IdemAsk { fingerprint: None, ..ask(owner) };
    let key = two.key("k");
    let epoch = new(two.a.begin(&key, &streamed("r1")).await);
    let busy = two.b.begin(&key, &IdemAsk { fingerprint: OTHER, ..ask("r2") }).await.unwrap();
    assert!(matches!(busy, Begun::Busy { fingerprint: None, .. }), "nobody can compare yet: {busy:?}");
    assert_eq!(two.a.end(&key, "r1", epoch, &IdemEnd::Done(answer(200, ONE)), LONG).await, Ok(true));
    assert_eq!(done(two.b.begin(&key, &streamed("r3")).await).fingerprint, ONE, "the caller compares");
    done(two.b.begin(&key, &ask("r4")).await);
    assert_eq!(two.b.begin(&key, &IdemAsk { fingerprint: OTHER, ..ask("r5") }).await, Ok(Begun::Mismatch));
    for (name, end, then) in [
        (
            "n",
            IdemEnd::NotStored { status: 200, location: None, fingerprint: ONE },
            Begun::NotStored { status: 200, location: None, fingerprint: ONE },
        ),
        ("u", IdemEnd::Unknown { fingerprint: ONE }, Begun::Unknown { fingerprint: ONE }),
    ] {
        let key = two.key(name);
        let epoch = new(two.a.begin(&key, &streamed("r1")).await);
        assert_eq!(two.a.end(&key, "r1", epoch, &end, LONG).await, Ok(true));
        assert_eq!(two.b.begin(&key, &streamed("r2")).await, Ok(then));
        assert_eq!(two.b.begin(&key, &IdemAsk { fingerprint: OTHER, ..ask("r3") }).await, Ok(Begun::Mismatch));
    }
}

pub(crate) async fn an_answer_comes_back_as_it_was(two: &Two) {
    let body: Vec<u8> = (0..1_048_576_u32).map(|n| n.to_le_bytes()[usize::from(n % 3 == 0)]).collect();
    let large = StoredAnswer {
        status: 207,
        headers: vec![
            ("set-thing".into(), b"1".to_vec()),
            ("set-thing".into(), Vec::new()),
            ("x".into(), (0..=255).collect()),
        ],
        body: body.into(),
        fingerprint: ONE,
        at: -1,
    };
    for (name, given) in [("large", large), ("empty", StoredAnswer { fingerprint: ONE, ..StoredAnswer::default() })] {
        let key = two.key(name);
        let epoch = new(two.a.begin(&key, &ask("r1")).await);
        assert_eq!(two.a.end(&key, "r1", epoch, &IdemEnd::Done(Arc::new(given.clone())), LONG).await, Ok(true));
        assert!(*done(two.b.begin(&key, &ask("r2")).await) == given, "{name}");
    }
}

pub(crate) async fn many_begin_and_one_executes(two: &Two) {
    for round in 0..10 {
        let key = two.key(&format!("k{round}"));
        let tasks: Vec<_> = (0..16)
            .map(|n| {
                let store = two.node(n);
                tokio::spawn(async move { store.begin(&key, &ask(&format!("r{n}"))).await.unwrap() })
            })
            .collect();
        let mut executed = 0;
        for task in tasks {
            match task.await.unwrap() {
                Begun::New { .. } => executed += 1,
                Begun::Busy { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(executed, 1);
    }
}
