//! The upstream of documents itself.

use std::time::Duration;

use serde_json::json;

use super::*;

async fn start() -> anyhow::Result<(Documents, reqwest::Client)> {
    Ok((Documents::start().await?, crate::client::client()))
}

#[tokio::test]
async fn documents_are_stored_without_tags_and_overwritten_unread_ones_are_counted() -> anyhow::Result<()> {
    let (u, client) = start().await?;
    let document = u.document("7");
    let url = format!("{}/any/where/7", u.url());
    assert_eq!(client.get(&url).send().await?.status(), 404);
    assert_eq!(client.put(&url).body("{\"n\":1}").send().await?.status(), 201);
    let read = client.get(&url).send().await?;
    assert_eq!((read.status().as_u16(), read.headers().get("etag")), (200, None));
    assert_eq!(read.text().await?, "{\"n\":1}");
    assert_eq!(client.put(&url).body("{\"n\":2,\"base\":1}").send().await?.status(), 204);
    assert_eq!(document.lost(), 0);
    assert_eq!(client.put(&url).body("{\"n\":2,\"base\":1}").send().await?.status(), 204);
    assert_eq!((document.lost(), document.applied(), document.calls("PUT")), (1, 3, 3));
    assert_eq!(client.patch(&url).body("{\"m\":3}").send().await?.status(), 204);
    assert_eq!(document.json(), Some(json!({"n": 2, "base": 1, "m": 3})));
    assert_eq!(client.delete(&url).send().await?.status(), 204);
    assert_eq!(client.delete(&url).send().await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn turns_come_first_and_conditions_are_kept_where_it_is_told_to() -> anyhow::Result<()> {
    let (u, client) = start().await?;
    let document = u.document("a");
    let url = format!("{}/a", u.url());
    document.set_json(&json!({"n": 1}));
    document.behave(Manner::tagged());
    document.script([Turn::status(409).on("PUT"), Turn::drop(true)]);
    assert_eq!(client.put(&url).body("{}").send().await?.status(), 409);
    assert!(client.put(&url).body("{}").send().await.is_err());
    assert_eq!(document.json(), Some(json!({})));
    let read = client.get(&url).send().await?;
    assert_eq!(read.headers()["etag"], "\"u2\"");
    assert_eq!(client.put(&url).header("if-match", "\"u1\"").body("{}").send().await?.status(), 412);
    assert_eq!(client.put(&url).header("if-match", "\"u2\"").body("{}").send().await?.status(), 204);
    Ok(())
}

#[tokio::test]
async fn those_being_answered_are_counted_until_they_leave() -> anyhow::Result<()> {
    let (u, client) = start().await?;
    let document = u.document("b");
    let url = format!("{}/b", u.url());
    document.set_json(&json!({}));
    document.behave(Manner::slow(Duration::from_millis(400)));
    let all = futures::future::join_all((0..5).map(|_| client.get(&url).timeout(Duration::from_millis(200)).send()));
    assert!(all.await.iter().all(Result::is_err));
    assert_eq!(document.most_in_flight(), 5);
    for _ in 0..100 {
        if document.in_flight() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!((document.in_flight(), document.all_calls()), (0, 5));
    Ok(())
}

#[tokio::test]
async fn executions_are_counted_by_key_and_streams_come_event_by_event() -> anyhow::Result<()> {
    let (u, client) = start().await?;
    let document = u.document("pay");
    let url = format!("{}/pay", u.url());
    document.behave(Manner { events: 3, gap: Duration::from_millis(10), ..Manner::default() });
    let answer = client.post(&url).body("{\"key\":\"k\"}").send().await?;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.text().await?, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    assert_eq!(document.executions().get("k"), Some(&1));
    Ok(())
}
