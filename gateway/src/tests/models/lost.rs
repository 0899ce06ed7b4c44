//! Parts of a translated answer that the caller's dialect cannot hold: named in the header and in the ledger.

use super::wire::by_hand;
use super::*;

/// An answer with a body of one kind.
fn answer(kind: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

const CITING: &str = concat!(
    r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":["#,
    r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}},"#,
    r#"{"type":"text","text":"hi","citations":[{"type":"char_location","cited_text":"y"}]}],"#,
    r#""stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}"#
);

const START: &str = concat!(
    "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\"}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"server_tool_use\",\"id\":\"s\"}}\n\n",
);
const TEXT: &str = concat!(
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"citations_delta\",\"citation\":{\"a\":1}}}\n\n",
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":1}}\n\n",
    "data: {\"type\":\"message_stop\"}\n\n",
);
const ERROR: &str = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n";

/// A route to a provider that gives these answers, and then to the one that needs no network.
async fn stage(answers: Vec<String>) -> Stage {
    let (base, _) = by_hand(answers.into_iter().map(|answer| vec![answer]).collect()).await;
    let provider = json!({"protocol": "anthropic", "base_url": base, "allow_private_address": true,
        "keys": [{"id": "main", "secret": "sk-hand"}]});
    let targets = json!([{"provider": "hand", "model": "m", "priority": 0},
        {"provider": "demo", "model": "demo-small", "priority": 1}]);
    let documents = [
        json!({"kind": "Provider", "id": "hand", "spec": provider}),
        json!({"kind": "ModelRoute", "id": "chat", "spec": {"targets": targets}}),
        json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}}),
    ];
    Stage::on(&documents, Vec::new(), |_| {}).await
}

const NAMES: [&str; 2] = ["response.content[].citations", "response.content[].server_tool_use"];

#[tokio::test]
async fn what_a_whole_answer_lost_is_in_its_header_and_in_the_ledger() {
    let stage = stage(vec![answer("application/json", CITING); 2]).await;
    let answered = stage.ask(Vendor::Openai, &json!({"seed": 7})).await;
    let header = answered.header("x-weir-dropped-params").map(str::to_owned);
    assert_eq!((answered.status, header), (200, Some(format!("seed, {}", NAMES.join(", ")))), "{}", answered.text());
    assert!(!answered.text().contains("cited_text"));
    // To a caller of the provider's own dialect nothing is lost.
    let forwarded = stage.ask(Vendor::Anthropic, &json!({})).await;
    assert_eq!((forwarded.header("x-weir-dropped-params"), forwarded.header("x-weir-provider")), (None, Some("hand")));
    assert!(forwarded.text().contains("cited_text"));
    let rows = stage.rows(2).await;
    assert_eq!(rows[0].dropped, ["seed", NAMES[0], NAMES[1]]);
    assert!(rows[1].dropped.is_empty());
}

#[tokio::test]
async fn what_a_stream_lost_is_in_the_ledger() {
    let stage = stage(vec![answer("text/event-stream", &format!("{START}{TEXT}"))]).await;
    let answered = stage.ask(Vendor::Openai, &stream()).await;
    assert_eq!((answered.status, answered.header("x-weir-provider")), (200, Some("hand")), "{}", answered.text());
    // Its head left before.
    assert_eq!(answered.header("x-weir-dropped-params"), None);
    assert_eq!(stage.rows(1).await.remove(0).dropped, NAMES);
}

#[tokio::test]
async fn what_a_failed_attempt_lost_is_not_missing_from_the_answer() {
    let stage = stage(vec![answer("text/event-stream", &format!("{START}{ERROR}"))]).await;
    let answered = stage.ask(Vendor::Openai, &stream()).await;
    assert_eq!((answered.status, answered.header("x-weir-provider")), (200, Some("demo")), "{}", answered.text());
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.attempts.len(), row.dropped), (2, Vec::new()));
}
