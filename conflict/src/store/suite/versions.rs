//! Versions: what is known of a resource, and from when on it does not hold.

use super::*;

fn writing<'a>(token: &'a str, holder: &'a Holder) -> LeaseAsk<'a> {
    LeaseAsk { track_version: true, ..lease(token, holder) }
}

async fn commit(store: &dyn Store, key: &ResourceKey, token: &str, fence: u64, tag: Option<&str>) -> Option<u64> {
    let end = WriteEnd::Commit { fence, tag };
    store.release(key, Space::Write, token, Some(&end)).await.unwrap().generation
}

pub(crate) async fn a_write_is_begun_and_ended(two: &Two) {
    let (key, who) = (two.key("x"), holder("a"));
    let seen = two.a.version(&key).await.unwrap();
    assert!(seen.generation > 0 && !seen.dirty && seen.tags.is_empty() && seen.changed_at.is_none(), "{seen:?}");
    assert_eq!(two.b.version(&key).await.unwrap(), seen, "the number stays");
    assert!(two.b.learn(&key, seen.generation, "\"t1\"").await.unwrap());

    let one = granted(two.a.acquire(&key, &writing("1", &who)).await);
    let begin = one.version.unwrap();
    assert_eq!((begin.generation, begin.dirty_before), (seen.generation, false));
    assert_eq!(begin.tags, ["\"t1\""]);
    assert!(two.b.locks(&key, true).await.unwrap().version.unwrap().dirty);
    let aborted = two.a.release(&key, Space::Write, "1", Some(&WriteEnd::Abort { fence: one.fence })).await.unwrap();
    assert_eq!(aborted, Released { held: true, generation: Some(seen.generation) });
    let version = two.b.version(&key).await.unwrap();
    assert_eq!((version.generation, version.dirty, version.tags), (seen.generation, false, vec!["\"t1\"".to_owned()]));

    let two_ = granted(two.b.acquire(&key, &writing("2", &who)).await);
    let generation = commit(&*two.b, &key, "2", two_.fence, Some("\"t2\"")).await.unwrap();
    assert!(generation > seen.generation);
    let version = two.a.version(&key).await.unwrap();
    assert_eq!((version.generation, version.dirty), (generation, false));
    assert_eq!(version.tags, ["\"t2\""]);
    let changed = weir_domain::time::now() - version.changed_at.unwrap();
    assert!(changed.abs() < 60_000_000, "{changed}");
    assert_eq!(commit(&*two.b, &key, "2", two_.fence, None).await, Some(generation), "said twice, it counts once");
    assert_eq!(two.a.version(&key).await.unwrap().generation, generation);
}

pub(crate) async fn a_writer_that_dies_leaves_the_version_dirty(two: &Two) {
    let (key, who) = (two.key("x"), holder("a"));
    let seen = two.a.version(&key).await.unwrap();
    assert!(two.a.learn(&key, seen.generation, "\"t\"").await.unwrap());
    granted(two.a.acquire(&key, &LeaseAsk { ttl: ms(100), ..writing("1", &who) }).await);
    tokio::time::sleep(ms(150)).await;
    assert!(two.b.version(&key).await.unwrap().dirty, "its lease ran out, and nobody knows what it did");
    let next = granted(two.b.acquire(&key, &writing("2", &who)).await);
    let begin = next.version.unwrap();
    assert!(begin.dirty_before && begin.tags.is_empty() && begin.generation > seen.generation, "{begin:?}");
    // One that does not know how it ended leaves it dirty too.
    let released = two.b.release(&key, Space::Write, "2", Some(&WriteEnd::Unknown)).await.unwrap();
    assert_eq!(released, Released { held: true, generation: None });
    let begin = granted(two.a.acquire(&key, &writing("3", &who)).await).version.unwrap();
    assert!(begin.dirty_before && begin.tags.is_empty(), "{begin:?}");
}

pub(crate) async fn a_late_end_of_a_write_does_not_count(two: &Two) {
    let (key, who) = (two.key("x"), holder("a"));
    let slow = granted(two.a.acquire(&key, &LeaseAsk { ttl: ms(100), ..writing("1", &who) }).await);
    tokio::time::sleep(ms(150)).await;
    let next = granted(two.b.acquire(&key, &writing("2", &who)).await);
    assert_eq!(commit(&*two.a, &key, "1", slow.fence, Some("\"old\"")).await, None);
    let version = two.a.version(&key).await.unwrap();
    assert!(version.dirty && version.tags.is_empty(), "{version:?}");
    assert!(commit(&*two.b, &key, "2", next.fence, None).await.is_some());
    assert_eq!(commit(&*two.a, &key, "1", slow.fence, Some("\"old\"")).await, None);
    // Nobody came between: it counts although the lease ran out.
    let alone = granted(two.a.acquire(&key, &LeaseAsk { ttl: ms(100), ..writing("3", &who) }).await);
    tokio::time::sleep(ms(150)).await;
    let end = WriteEnd::Commit { fence: alone.fence, tag: None };
    let released = two.a.release(&key, Space::Write, "3", Some(&end)).await.unwrap();
    assert!(!released.held && released.generation.is_some(), "{released:?}");
    assert!(!two.b.version(&key).await.unwrap().dirty);
}

pub(crate) async fn a_reader_that_is_late_teaches_nothing(two: &Two) {
    let (key, who) = (two.key("x"), holder("a"));
    let seen = two.a.version(&key).await.unwrap();
    let write = granted(two.b.acquire(&key, &writing("1", &who)).await);
    assert_eq!(two.a.learn(&key, seen.generation, "\"t\"").await, Ok(false), "somebody writes");
    commit(&*two.b, &key, "1", write.fence, None).await.unwrap();
    assert_eq!(two.a.learn(&key, seen.generation, "\"t\"").await, Ok(false), "somebody wrote");
    assert_eq!(two.a.learn(&two.key("unseen"), 1, "\"t\"").await, Ok(false), "nobody asked first");
    assert!(two.a.version(&key).await.unwrap().tags.is_empty());
}

pub(crate) async fn a_version_has_several_tags_but_not_any_number(two: &Two) {
    let key = two.key("x");
    let seen = two.a.version(&key).await.unwrap().generation;
    for _ in 0..2 {
        for tag in ["\"xml\"", "W/\"j|s,o n\"", "\"\u{fc}\""] {
            assert!(two.b.learn(&key, seen, tag).await.unwrap());
        }
    }
    assert_eq!(two.a.version(&key).await.unwrap().tags, ["\"xml\"", "W/\"j|s,o n\"", "\"\u{fc}\""]);
    for n in 0..=MAX_TAGS {
        assert!(two.b.learn(&key, seen, &format!("\"{n}\"")).await.unwrap());
    }
    let tags = two.a.version(&key).await.unwrap().tags;
    assert_eq!((tags.len(), tags.last().map(String::as_str)), (MAX_TAGS, Some("\"32\"")));
}
