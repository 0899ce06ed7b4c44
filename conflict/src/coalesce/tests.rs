//! Flights: one call for all, whole answers or a clear word, whatever becomes of the leader.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use weir_domain::spec::Coalesce;

use super::*;

const KEY: [u8; 32] = [3; 32];

fn ok() -> Head {
    Head { status: StatusCode::OK, headers: HeaderMap::new() }
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

#[tokio::test]
async fn who_joins_reads_the_same_from_the_beginning() {
    let (flights, settings) = (Flights::new(), Coalesce::default());
    let (publisher, mut reader) = lead(&flights, &settings).split();
    let early = follow(&flights, &settings);
    let mut body = publisher.head(ok()).unwrap();
    body.piece(Bytes::from_static(b"one ")).await.unwrap();
    let late = follow(&flights, &settings);
    body.piece(Bytes::from_static(b"two")).await.unwrap();
    body.end();
    assert_eq!(reader.head().await.unwrap().status, StatusCode::OK);
    assert_eq!(whole(reader).await.unwrap(), b"one two");
    for follower in [early, late] {
        let Followed::Answer(head, reader) = follower.followed().await else { panic!("an answer") };
        assert_eq!(head.status, StatusCode::OK);
        assert_eq!(whole(reader).await.unwrap(), b"one two");
    }
    assert_eq!(flights.counted(), Counted { led: 1, joined: 2, ..Counted::default() });
    assert!(flights.is_empty());
}
