//! Listings, and what an operator does with what is on them.

use super::*;

async fn everything(store: &dyn Store, kind: Kind, team: TeamTag, limit: usize) -> Vec<Entry> {
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..1_000 {
        let page = store.list(kind, team, cursor.as_deref(), limit).await.unwrap();
        all.extend(page.entries);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
    panic!("the listing has no end");
}

pub(crate) async fn pages_have_everything_once(two: &Two) {
    let (ours, theirs) = (two.names.team("one"), two.names.team("two"));
    let who = holder("a");
    for n in 0..25 {
        let key = two.names.key(ours, &[&n.to_string()]);
        let token = n.to_string();
        granted(two.a.acquire(&key, &LeaseAsk { space: Space::Lock, ..lease(&token, &who) }).await);
        two.a.permit(&key, &PermitAsk { limit: 7, id: PermitId::new(), lease: LONG, label: &token }).await.unwrap();
        let ask =
            IdemAsk { fingerprint: None, owner: "r", lease: LONG, ttl: LONG, on_lost: OnLost::Unknown, label: &token };
        two.a.begin(&key, &ask).await.unwrap();
    }
    let foreign = two.names.key(theirs, &["0"]);
    granted(two.a.acquire(&foreign, &LeaseAsk { space: Space::Lock, ..lease("0", &who) }).await);
    let short = two.names.key(ours, &["short"]);
    granted(two.a.acquire(&short, &LeaseAsk { space: Space::Lock, ttl: ms(60), ..lease("0", &who) }).await);
    tokio::time::sleep(ms(100)).await;

    let locks = everything(&*two.b, Kind::Held(Space::Lock), ours, 4).await;
    let ids: HashSet<_> = locks
        .iter()
        .map(|entry| match entry {
            Entry::Held(view) if view.holder == who && view.id.resource.team() == ours => view.id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((locks.len(), ids.len()), (25, 25));
    assert_eq!(everything(&*two.b, Kind::Held(Space::Lock), theirs, 4).await.len(), 1);
    assert!(everything(&*two.b, Kind::Held(Space::Write), ours, 4).await.is_empty());

    let labels = |entries: Vec<Entry>| -> HashSet<String> {
        let label = |entry| match entry {
            Entry::Key { state: KeyState::Pending, status: None, lease_remaining: Some(_), label, .. } => label,
            Entry::Limit { taken: 1, limit: 7, label, .. } => label,
            other => panic!("{other:?}"),
        };
        entries.into_iter().map(label).collect()
    };
    let wanted: HashSet<String> = (0..25).map(|n| n.to_string()).collect();
    assert_eq!(labels(everything(&*two.b, Kind::Key, ours, 4).await), wanted);
    assert_eq!(labels(everything(&*two.b, Kind::Limit, ours, 4).await), wanted);
    for name in ["0", "7"] {
        let key = two.names.key(ours, &[name]);
        for kind in [Kind::Key, Kind::Limit, Kind::Held(Space::Lock)] {
            let seen = two.b.look(kind, &key).await.unwrap();
            assert!(
                match &seen[..] {
                    [Entry::Held(view)] => view.id.resource == key,
                    [Entry::Key { id, fingerprint: None, .. } | Entry::Limit { id, .. }] => *id == key,
                    _ => false,
                },
                "{kind:?}: {seen:?}"
            );
        }
        assert_eq!(two.b.look(Kind::Held(Space::Write), &key).await, Ok(Vec::new()));
    }
    assert_eq!(two.b.look(Kind::Key, &two.names.key(ours, &["nothing"])).await, Ok(Vec::new()));
    for cursor in ["", "x", "300:1", "\u{e4}"] {
        assert_eq!(two.b.list(Kind::Key, ours, Some(cursor), 4).await, Err(StoreError::BadCursor), "{cursor}");
    }
}

pub(crate) async fn a_purged_key_is_executed(two: &Two) {
    let key = two.key("k");
    let ask =
        |owner| IdemAsk { fingerprint: None, owner, lease: LONG, ttl: LONG, on_lost: OnLost::Unknown, label: "k" };
    assert_eq!(two.a.purge(&key).await, Ok(false));
    let Begun::New { epoch } = two.a.begin(&key, &ask("r1")).await.unwrap() else { panic!("it is new") };
    let end = IdemEnd::NotStored { status: 201, location: None, fingerprint: None };
    assert!(two.a.end(&key, "r1", epoch, &end, LONG).await.unwrap());
    let listed = everything(&*two.b, Kind::Key, two.names.team("one"), 10).await;
    assert!(
        matches!(&listed[..], [Entry::Key { id, state: KeyState::NotStored, status: Some(201), .. }] if *id == key),
        "{listed:?}"
    );
    assert_eq!(two.b.purge(&key).await, Ok(true));
    assert!(everything(&*two.b, Kind::Key, two.names.team("one"), 10).await.is_empty());
    assert!(matches!(two.a.begin(&key, &ask("r2")).await, Ok(Begun::New { .. })));
    assert_eq!(two.a.end(&key, "r1", epoch, &IdemEnd::Released, LONG).await, Ok(false));
}
