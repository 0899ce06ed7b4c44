//! Turns: one at a time, in order, fair, and none is lost.

use std::time::Duration;

use weir_domain::spec::Span;
use weir_domain::spec::{Serialise, SerializeMode};

use super::*;

const LONG: Duration = Duration::from_secs(20);
const KEY: Key = [7; 32];

fn queue(max_queue: u32, max_wait: Duration) -> Serialise {
    Serialise { mode: SerializeMode::Queue, max_queue, max_wait: Span(max_wait), ..Serialise::default() }
}

#[tokio::test]
async fn one_at_a_time_per_resource_and_resources_do_not_wait_for_each_other() {
    let turns = Turns::new();
    let first = turns.turn(&KEY, "a", &queue(4, LONG)).await.unwrap();
    let other = turns.turn(&[8; 32], "a", &queue(4, LONG)).await.unwrap();
    let short = turns.turn(&KEY, "a", &queue(4, Duration::from_millis(20))).await.err().unwrap();
    assert_eq!(short.queued, 0);
    assert!(short.waited >= Duration::from_millis(20));
    let reject = Serialise { mode: SerializeMode::Reject, ..queue(4, LONG) };
    assert!(turns.turn(&KEY, "b", &reject).await.is_err());
    assert!(turns.turn(&KEY, "b", &queue(0, LONG)).await.is_err());
    drop(first);
    assert_eq!(turns.turn(&KEY, "b", &reject).await.unwrap().waited(), Duration::ZERO);
    drop(other);
    assert!(turns.is_empty());
}
