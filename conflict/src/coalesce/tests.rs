//! Flights: one call for all, whole answers or a clear word, whatever becomes of the leader.

mod load;

use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use futures::poll;
use http::{HeaderMap, HeaderValue, StatusCode};
use weir_domain::spec::{Coalesce, Size, Span};

use super::*;

const KEY: [u8; 32] = [3; 32];
const LONG: Duration = Duration::from_secs(20);

fn head(status: u16, lines: &[(&'static str, &'static str)]) -> Head {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_static(value));
    }
    Head { status: StatusCode::from_u16(status).unwrap(), headers }
}

fn patient() -> Coalesce {
    Coalesce { max_wait: Span(LONG), ..Coalesce::default() }
}

fn lead(flights: &Flights, settings: &Coalesce) -> Leader {
    match flights.join(&KEY, settings) {
        Role::Lead(leader) => leader,
        Role::Follow(_) | Role::Alone => panic!("it leads"),
    }
}

fn follow(flights: &Flights, settings: &Coalesce) -> Follower {
    match flights.join(&KEY, settings) {
        Role::Follow(follower) => follower,
        Role::Lead(_) | Role::Alone => panic!("it follows"),
    }
}

async fn whole(mut reader: Reader) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    while let Some(piece) = reader.next().await? {
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

async fn answered(follower: Follower) -> (Arc<Head>, Reader) {
    match follower.followed().await {
        Followed::Answer(head, reader) => (head, reader),
        Followed::Lead(_) => panic!("an answer, not the lead"),
        Followed::Alone(why) => panic!("an answer, not {why:?}"),
    }
}

#[tokio::test]
async fn who_joins_reads_the_same_from_the_beginning() {
    let (flights, settings) = (Flights::new(), patient());
    let (publisher, mut reader) = lead(&flights, &settings).split();
    let early = follow(&flights, &settings);
    let mut body = publisher.head(head(200, &[("x-of", "one")])).unwrap();
    body.piece(Bytes::from_static(b"one ")).await.unwrap();
    let late = follow(&flights, &settings);
    body.piece(Bytes::new()).await.unwrap();
    body.piece(Bytes::from_static(b"two")).await.unwrap();
    body.end();
    // What is whole is no longer under way: who comes now asks for itself.
    assert!(flights.is_empty());
    let next = lead(&flights, &settings);
    assert_eq!(reader.head().await.unwrap().status, 200);
    assert!(reader.leads());
    assert_eq!(whole(reader).await.unwrap(), b"one two");
    for follower in [early, late] {
        let (head, reader) = answered(follower).await;
        assert_eq!((head.status.as_u16(), head.headers["x-of"].as_bytes()), (200, b"one".as_slice()));
        assert_eq!(whole(reader).await.unwrap(), b"one two");
    }
    assert_eq!(flights.counted(), Counted { led: 2, joined: 2, ..Counted::default() });
    drop(next);
    assert!(flights.is_empty());
}

#[tokio::test]
async fn when_the_call_fails_one_follower_leads_and_the_others_follow_it() {
    for by_drop in [false, true] {
        let (flights, settings) = (Flights::new(), patient());
        let (publisher, mut reader) = lead(&flights, &settings).split();
        let followers: Vec<_> = (0..5).map(|_| Box::pin(follow(&flights, &settings).followed())).collect();
        if by_drop {
            drop(publisher);
        } else {
            publisher.fail("connection refused");
        }
        let said = reader.head().await.err().unwrap().to_string();
        assert_eq!(said, if by_drop { "the call was given up" } else { "connection refused" });
        let mut waiting = Vec::new();
        let mut leader = None;
        for mut follower in followers {
            match poll!(&mut follower) {
                std::task::Poll::Ready(Followed::Lead(lead)) => assert!(leader.replace(lead).is_none(), "one leads"),
                std::task::Poll::Ready(_) => panic!("it leads, or waits"),
                std::task::Poll::Pending => waiting.push(follower),
            }
        }
        let (publisher, _reader) = leader.expect("one leads").split();
        let mut body = publisher.head(head(200, &[])).unwrap();
        body.piece(Bytes::from_static(b"again")).await.unwrap();
        body.end();
        assert_eq!(waiting.len(), 4);
        for follower in waiting {
            let Followed::Answer(_, reader) = follower.await else { panic!("an answer") };
            assert_eq!(whole(reader).await.unwrap(), b"again");
        }
        assert_eq!(flights.counted(), Counted { led: 2, joined: 4, promoted: 1, alone: 0 });
    }
}

#[tokio::test]
async fn a_call_lives_as_long_as_somebody_reads() {
    struct Ends(Arc<AtomicBool>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let (flights, settings) = (Flights::new(), patient());
    let ended = Arc::new(AtomicBool::new(false));
    let (ends, go) = (Ends(Arc::clone(&ended)), Arc::new(tokio::sync::Notify::new()));
    let gate = Arc::clone(&go);
    let reader = lead(&flights, &settings).spawn(async move |publisher: Publisher| {
        let _ends = ends;
        gate.notified().await;
        let mut body = publisher.head(head(200, &[])).unwrap();
        body.piece(Bytes::from_static(b"a")).await.unwrap();
        std::future::pending::<()>().await;
    });
    let follower = follow(&flights, &settings);
    // The leader's caller leaves. The call goes on for who follows.
    drop(reader);
    go.notify_one();
    let (_, mut reader) = answered(follower).await;
    assert_eq!(reader.next().await.unwrap().unwrap(), "a");
    assert!(!ended.load(Ordering::SeqCst) && flights.len() == 1);
    drop(reader);
    // A newcomer does not join what is being ended.
    let next = lead(&flights, &settings);
    tokio::time::timeout(LONG, async {
        while !ended.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the call is ended");
    drop(next);
    assert!(flights.is_empty());
}

#[tokio::test]
async fn what_is_not_for_others_releases_them_and_keeps_the_next_apart() {
    let (flights, settings) = (Flights::new(), Coalesce { share_across_consumers: true, ..patient() });
    let (publisher, mut reader) = lead(&flights, &settings).split();
    let followers = [follow(&flights, &settings), follow(&flights, &settings)];
    let mut body = publisher.head(head(200, &[("set-cookie", "session=1")])).unwrap();
    for follower in followers {
        let Followed::Alone(why) = follower.followed().await else { panic!("alone") };
        assert_eq!(why, Why::Unshareable(Unshareable::SetCookie));
    }
    assert!(matches!(flights.join(&KEY, &settings), Role::Alone), "hit for miss");
    assert_eq!(reader.head().await.unwrap().headers["set-cookie"], "session=1");
    let reads = tokio::spawn(whole(reader));
    for _ in 0..100 {
        body.piece(Bytes::from(vec![1; 10_000])).await.unwrap();
    }
    body.end();
    assert_eq!(reads.await.unwrap().unwrap().len(), 1_000_000);
    assert_eq!(flights.counted(), Counted { led: 1, joined: 0, promoted: 0, alone: 3 });
    // After its time it is tried again.
    flights.registry.slots.existing(&KEY, |slot| *slot = Slot::Apart(Instant::now()));
    drop(lead(&flights, &settings));
    assert!(flights.is_empty());
}

#[tokio::test]
async fn a_server_error_is_for_all_or_for_the_first_alone() {
    let (flights, settings) = (Flights::new(), patient());
    let (publisher, _reader) = lead(&flights, &settings).split();
    let follower = follow(&flights, &settings);
    publisher.head(head(503, &[])).unwrap().end();
    assert_eq!(answered(follower).await.0.status, 503);

    let settings = Coalesce { on_error: CoalesceError::Promote, ..settings };
    let (publisher, mut reader) = lead(&flights, &settings).split();
    let follower = follow(&flights, &settings);
    let mut body = publisher.head(head(502, &[])).unwrap();
    let Followed::Lead(second) = follower.followed().await else { panic!("it leads") };
    body.piece(Bytes::from_static(b"bad")).await.unwrap();
    body.end();
    assert_eq!(reader.head().await.unwrap().status, 502);
    assert_eq!(whole(reader).await.unwrap(), b"bad");
    let third = follow(&flights, &settings);
    let (publisher, _reader) = second.split();
    publisher.head(head(200, &[])).unwrap().end();
    assert_eq!(answered(third).await.0.status, 200);
}

#[tokio::test]
async fn who_has_waited_long_enough_asks_for_itself() {
    let (flights, settings) = (Flights::new(), patient());
    let (publisher, _reader) = lead(&flights, &settings).split();
    let short = Coalesce { max_wait: Span::ms(30), ..settings.clone() };
    let (hasty, calm) = (follow(&flights, &short), follow(&flights, &settings));
    let Followed::Alone(why) = hasty.followed().await else { panic!("alone") };
    assert_eq!(why, Why::Waited);
    publisher.head(head(200, &[])).unwrap().end();
    assert_eq!(answered(calm).await.0.status, 200);
}

#[test]
fn a_write_makes_another_key_of_the_resource_s_reads() {
    let flights = Flights::new();
    let before: Vec<u64> = (0..100).map(|doc| flights.generation(("docs", doc))).collect();
    assert_eq!(before, vec![0; 100]);
    flights.wrote(("docs", 7));
    assert_eq!(flights.generation(("docs", 7)), 1);
    let others = (0..100).filter(|doc| flights.generation(("docs", *doc)) == 0).count();
    assert!(others > 90, "{others} others are joined as before");
}

#[tokio::test]
async fn a_broken_answer_never_looks_whole() {
    let (flights, settings) = (Flights::new(), patient());
    for by_drop in [false, true] {
        let (publisher, reader) = lead(&flights, &settings).split();
        let follower = follow(&flights, &settings);
        let mut body = publisher.head(head(200, &[])).unwrap();
        body.piece(Bytes::from_static(b"half")).await.unwrap();
        if by_drop {
            drop(body);
        } else {
            body.fail("reset by peer");
        }
        let (_, mut followed) = answered(follower).await;
        assert_eq!(followed.next().await.unwrap().unwrap(), "half");
        let want = if by_drop { "the answer broke off" } else { "reset by peer" };
        assert_eq!(followed.next().await.err().unwrap().to_string(), want);
        assert!(whole(reader).await.is_err());
    }
    assert!(flights.is_empty());
}

#[tokio::test]
async fn beyond_what_is_kept_newcomers_lead_and_the_call_waits_for_the_slowest() {
    let (flights, settings) = (Flights::new(), Coalesce { max_body: Size(1_000), ..patient() });
    let (publisher, reader) = lead(&flights, &settings).split();
    let follower = follow(&flights, &settings);
    let mut body = publisher.head(head(200, &[])).unwrap();
    for _ in 0..10 {
        body.piece(Bytes::from_static(&[7; 100])).await.unwrap();
    }
    let late = follow(&flights, &settings);
    {
        let mut more = Box::pin(body.piece(Bytes::from_static(&[7; 100])));
        assert!(poll!(&mut more).is_pending(), "1,000 bytes are kept, and nobody has read");
        drop(lead(&flights, &settings));
        let fast = tokio::spawn(whole(reader));
        let (_, second) = answered(follower).await;
        let second = tokio::spawn(whole(second));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(poll!(&mut more).is_pending(), "it waits for the slowest");
        let (_, slow) = answered(late).await;
        let slow = tokio::spawn(whole(slow));
        more.await.unwrap();
        for _ in 0..500 {
            body.piece(Bytes::from_static(&[7; 99])).await.unwrap();
            assert!(body.held() <= 1_000);
        }
        body.piece(Bytes::from_static(&[7; 5_000])).await.unwrap();
        body.end();
        for read in [fast, second, slow] {
            assert_eq!(read.await.unwrap().unwrap().len(), 1_100 + 500 * 99 + 5_000);
        }
    }
}

#[tokio::test]
async fn who_takes_nothing_while_others_wait_is_cut_off_and_says_so() {
    let flights = Flights::with_patience(Duration::from_millis(60));
    let settings = Coalesce { max_body: Size(1_000), ..patient() };
    let (publisher, reader) = lead(&flights, &settings).split();
    let follower = follow(&flights, &settings);
    let mut body = publisher.head(head(200, &[])).unwrap();
    let fast = tokio::spawn(whole(reader));
    let (_, mut stalled) = answered(follower).await;
    for _ in 0..30 {
        body.piece(Bytes::from_static(&[7; 100])).await.unwrap();
    }
    body.end();
    assert_eq!(fast.await.unwrap().unwrap().len(), 3_000);
    assert_eq!(stalled.next().await, Err(Broken::TooSlow));
    // Alone it may take its time: nobody waits for it.
    let (publisher, mut reader) = lead(&flights, &settings).split();
    let mut body = publisher.head(head(200, &[])).unwrap();
    let publishes = tokio::spawn(async move {
        for _ in 0..30 {
            body.piece(Bytes::from_static(&[7; 100])).await.unwrap();
        }
        body.end();
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(reader.next().await.unwrap().unwrap().len(), 100);
    assert_eq!(whole(reader).await.unwrap().len(), 2_900);
    publishes.await.unwrap();
}
