//! What is on the wire of a session: order, fragments, sizes, and readers that take their time.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_big_message_in_fragments_with_pings_between_arrives_whole_and_is_charged() {
    let stage = stage(1, |_| {}).await;
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.ask("in parts", "audio", "parts 7").await;
    let done = client.hear("response.done").await;
    assert_eq!(done["response"]["output"][0]["content"].as_str().unwrap().len(), 300_000);
    let rows = stage.rows(1).await;
    assert_eq!((rows[0].usage.tokens, rows[0].cost), (counted(&done), Some(cost(&counted(&done)))));
    client.close().await;
    stage.rows(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_beyond_what_is_looked_at_passes_and_its_cost_is_unknown() {
    let stage = stage(1, |_| {}).await;
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.ask("huge", "text", "huge 3").await;
    let done = client.hear("response.done").await;
    assert_eq!(done["response"]["output"][0]["content"].as_str().unwrap().len(), 2 << 20);
    // The next response is read again.
    client.ask("small", "text", "").await;
    let small = client.hear("response.done").await;
    assert_eq!(stage.rows(1).await[0].usage.tokens, counted(&small));
    client.close().await;
    let rows = stage.rows(3).await;
    let lost = rows.iter().find(|row| row.error == "message_too_long").unwrap();
    assert_eq!((lost.outcome, lost.cost, lost.usage.source), (Outcome::Cut, None, UsageSource::None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_reads_slowly_holds_up_the_vendor_and_can_still_speak() {
    let stage = stage(1, |_| {}).await;
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    // 64 MB of sound that nobody reads: sockets hold a part of it, the gateway one piece.
    client.ask("flood", "audio", "flood 1000").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(stage.world.ledger.0.lock().is_empty(), "the vendor cannot have come to the end of it");
    // What the caller says goes its own way meanwhile: more than the sockets on the way to the gateway hold.
    let sound = "A".repeat(100_000);
    for _ in 0..80 {
        let append = json!({"type": "input_audio_buffer.append", "audio": sound});
        let sent = tokio::time::timeout(Duration::from_secs(2), client.say(append)).await;
        if sent.is_err() {
            break;
        }
    }
    let done = client.hear("response.done").await;
    assert_eq!(stage.rows(1).await[0].usage.tokens, counted(&done));
    client.close().await;
    let session = stage.rows(2).await.remove(1);
    assert_eq!(session.outcome, Outcome::Ok);
    assert!(session.response_bytes > 60_000_000, "{}", session.response_bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_no_peer_may_send_ends_the_session_and_nothing_behind_it_passes() {
    let stage = stage(1, |_| {}).await;
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.ask("bad", "text", "bad-frame").await;
    let end = loop {
        if let Err(end) = client.next().await {
            break end;
        }
    };
    assert_eq!(u16::from(end.unwrap().code), 1011);
    drop(client);
    let rows = stage.rows(2).await;
    assert_eq!((rows[0].outcome, rows[0].error.as_str()), (Outcome::UpstreamError, "invalid_upstream_answer"));
    assert_eq!(rows[0].cost, None, "a response had begun");
    // The caller's fault.
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.hear("session.created").await;
    let raw = client.socket.get_mut();
    tokio::io::AsyncWriteExt::write_all(raw, b"\x81\x01x").await.unwrap();
    let Err(Some(end)) = client.next().await else { panic!("no close") };
    assert_eq!(u16::from(end.code), 1002);
    drop(client);
    assert_eq!(stage.rows(3).await[2].error, "invalid_frame");
}
