//! Bodies in the request log: for teams that want them alone, as they came and as they were translated, and never with
//! what must not be written down.

use weir_domain::bodies::{Bodies, Held};
use weir_harness::script::{Fault, Reply, Script};

use super::super::raw::once;
use super::*;

/// A key of the provider as callers may come to know it.
const LEAKED: &str = "sk-fake";

async fn keeping(vendors: &[Vendor], log: Value) -> Stage {
    Stage::start_with(vendors, json!({"cooldown_ms": 1, "max_attempts": 2}), |documents| {
        documents.push(json!({"kind": "Team", "id": "default", "spec": {"request_log": log}}));
    })
    .await
}

/// Waits until so many are with the store.
async fn kept(stage: &Stage, count: usize) -> Vec<Bodies> {
    for _ in 0..100 {
        let all = stage.world.ledger.1.lock().clone();
        if all.len() >= count {
            assert_eq!(all.len(), count, "{all:?}");
            return all;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("not {count}, but {:?}", stage.world.ledger.1.lock());
}

fn texts(held: &Held) -> [String; 4] {
    held.each().map(|body| body.map(|body| body.text.clone()).unwrap_or_default())
}

/// What was written down of bodies, whole.
fn written(stage: &Stage) -> Vec<u8> {
    let files = std::fs::read_dir(stage.world._data.path().join("bodies")).unwrap();
    files.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap_or_default()).collect()
}

/// What is counted of bodies.
async fn counted(stage: &Stage) -> Vec<String> {
    let answer = once(stage.world.at.ops, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    text.lines().filter(|line| line.starts_with("weir_bodies_")).map(str::to_owned).collect()
}

/// What a stream says, put together from its kept events.
fn said(text: &str) -> String {
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let pieces = events.filter_map(|data| serde_json::from_str::<Value>(data).ok()).filter_map(|event| {
        let text = event["choices"][0]["delta"]["content"].as_str().or_else(|| event["delta"]["text"].as_str());
        text.map(str::to_owned)
    });
    pieces.collect()
}

#[tokio::test]
async fn nothing_is_kept_unless_a_team_says_so() {
    for log in [Value::Null, json!({"bodies": "off"})] {
        let stage = keeping(&[Vendor::Openai], log).await;
        assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
        assert_eq!(stage.ask(Vendor::Openai, &stream()).await.status, 200);
        stage.rows(2).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(stage.world.ledger.1.lock().is_empty());
        assert!(memchr::memmem::find(&written(&stage), b"Hello").is_none());
    }
}

#[tokio::test]
async fn all_four_bodies_are_kept_as_they_came_and_as_they_were_translated() {
    let stage = keeping(&[Vendor::Anthropic], json!({"bodies": "all", "retention_days": 3})).await;
    let answered = stage.ask(Vendor::Openai, &json!({"logit_bias": {"1": 1}})).await;
    let bodies = kept(&stage, 1).await.remove(0);
    let row = stage.rows(1).await.remove(0);
    assert_eq!((bodies.id.as_str(), bodies.team.as_str()), (row.id.as_str(), "default"));
    assert_eq!((bodies.at, bodies.expires_at), (row.at, row.at + 3 * 24 * 3_600_000_000));
    let [request, provider_request, provider_answer, answer] = texts(&bodies.held);
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(read(&request), body(Vendor::Openai, "chat", &json!({"logit_bias": {"1": 1}})));
    assert_eq!(provider_request, String::from_utf8_lossy(&stage.vendors[0].received()[0].body));
    assert_eq!(read(&provider_answer)["type"], "message");
    assert_eq!(read(&answer), answered.json().unwrap());
    assert_eq!((bodies.held.attempt, bodies.held.request.unwrap().bytes), (1, row.request_bytes));
    assert_eq!(counted(&stage).await, ["weir_bodies_kept_total{node=\"local\"} 1"]);
}

/// The provider sends four characters an event, so that everything that is looked for is split.
#[tokio::test]
async fn what_is_redacted_is_not_in_streams_in_whole_answers_in_requests_nor_on_the_disk() {
    for vendor in [Vendor::Openai, Vendor::Anthropic] {
        for fields in [json!({}), stream()] {
            let log = json!({"bodies": "all", "redact": {"members": ["user"], "patterns": ["CUST-\\d+"]}});
            let stage = keeping(&[vendor], log).await;
            let secret = format!("ann@mail.example {LEAKED} {} CUST-4711 end", stage.world.key);
            stage.vendors[0].next(Script::say(Reply::text(&format!("so {secret}"))));
            let mut asked = fields.clone();
            asked["user"] = json!("somebody-4712");
            asked["messages"] = json!([{"role": "user", "content": format!("say {secret}")}]);
            let answered = stage.ask(Vendor::Openai, &asked).await;
            assert_eq!(answered.heard(Vendor::Openai).unwrap().text, format!("so {secret}"), "the caller gets all");
            let bodies = kept(&stage, 1).await.remove(0);
            let hidden = ["mail.example", LEAKED, &stage.world.key[30..], "4711", "4712"];
            let on_disk = written(&stage);
            for text in texts(&bodies.held).iter().map(String::as_bytes).chain([on_disk.as_slice()]) {
                for secret in hidden {
                    assert!(memchr::memmem::find(text, secret.as_bytes()).is_none(), "{secret} of {vendor:?} {fields}");
                }
            }
            assert!(memchr::memmem::find(&on_disk, bodies.id.as_bytes()).is_some(), "nothing was written to look at");
            let [request, provider_request, provider_answer, answer] = texts(&bodies.held);
            let redacted = "[redacted:email] [redacted:secret] [redacted:secret] [redacted:pattern] end";
            assert!(request.contains(&format!("say {redacted}")) && provider_request.contains(redacted), "{request}");
            assert!(request.contains(r#""user":"[redacted:member]""#), "{request}");
            if fields["stream"] == true {
                assert_eq!(
                    (said(&provider_answer), said(&answer)),
                    (format!("so {redacted}"), format!("so {redacted}"))
                );
                assert!(!bodies.held.answer.as_ref().unwrap().truncated);
            } else {
                assert!(provider_answer.contains(redacted) && answer.contains(redacted), "{answer}");
            }
            let counted = &bodies.held.answer.as_ref().unwrap().redacted;
            assert_eq!((counted["email"], counted["secret"], counted["pattern"]), (1, 2, 1), "{counted:?}");
        }
    }
}

#[tokio::test]
async fn only_what_did_not_end_well_is_kept_where_a_team_wants_that() {
    let stage = keeping(&[Vendor::Anthropic, Vendor::Openai], json!({"bodies": "errors"})).await;
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
    for vendor in &stage.vendors {
        vendor.next(Script::refuse(500));
    }
    let refused = stage.ask(Vendor::Openai, &json!({})).await;
    assert!(refused.status >= 500, "{}", refused.text());
    // Weir's own refusal, for which nobody was asked.
    let malformed = stage.caller.request(Vendor::Openai).body(r#"{"model": "chat", "messages": 7"#.to_owned());
    assert_eq!(stage.caller.send(malformed).await.unwrap().status, 400);
    // One that breaks off, with what had come.
    let says = Script::say(Reply::text("some words first"));
    stage.vendors[0].next(Script { fault: Some(Fault::EndAfterEvents { after: 4 }), ..says });
    let cut = stage.ask(Vendor::Openai, &stream()).await;
    assert!(cut.text().contains("error"), "{}", cut.text());
    let all = kept(&stage, 3).await;
    let [_, provider_request, provider_answer, answer] = texts(&all[0].held);
    assert_eq!(all[0].held.attempt, 2, "the last attempt's, which the caller is told of");
    assert_eq!(provider_request, String::from_utf8_lossy(&stage.vendors[1].received()[0].body));
    assert!(provider_answer.contains("error") && answer == refused.text(), "{provider_answer}");
    let [request, provider_request, ..] = texts(&all[1].held);
    assert_eq!((request.as_str(), provider_request.as_str()), (r#"{"model":"chat","messages":7"#, ""));
    assert!(all[1].held.request.as_ref().unwrap().truncated);
    let [.., provider_answer, answer] = texts(&all[2].held);
    assert!(provider_answer.contains("content_block_delta") && answer.contains("error"), "{answer}");
}

#[tokio::test]
async fn a_long_stream_ends_at_the_limit_and_says_how_long_it_was() {
    let stage = keeping(&[Vendor::Openai], json!({"bodies": "all", "max_bytes": 2_000})).await;
    stage.vendors[0].next(Script::say(Reply::text(&"many words ".repeat(400))));
    let answered = stage.ask(Vendor::Openai, &stream()).await;
    let held = kept(&stage, 1).await.remove(0).held;
    for body in [held.provider_answer.unwrap(), held.answer.unwrap()] {
        assert!(body.truncated && body.text.len() <= 2_000 && body.text.len() > 1_500, "{}", body.text.len());
        assert!(body.bytes > 50_000, "{}", body.bytes);
    }
    assert!(answered.text().len() > 50_000);
}

/// Thread: what explains a request must never be in its way.
#[tokio::test]
async fn where_there_is_no_room_the_request_is_served_and_the_loss_is_counted() {
    let stage = Stage::start_with(&[Vendor::Openai], json!({}), |documents| {
        documents.push(json!({"kind": "Team", "id": "default", "spec": {"request_log": {"bodies": "all"}}}));
    });
    let Stage { world, vendors, .. } = stage.await;
    let documents = [
        json!({"kind": "Team", "id": "default", "spec": {"request_log": {"bodies": "all"}}}),
        json!({"kind": "ModelRoute", "id": "chat", "spec": {"targets": [{"provider": "one", "model": "m"}]}}),
        json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}}),
        json!({"kind": "Provider", "id": "one", "spec": weir_harness::config::provider(&vendors[0], KEY)}),
    ];
    drop(world);
    let stage = Stage::on(&documents, vendors, |settings| {
        settings.max_ai_body_bytes = 64 << 10;
        settings.body_budget_bytes = 64 << 10;
    })
    .await;
    let long = json!({"messages": [{"role": "user", "content": "words ".repeat(7_000)}]});
    assert_eq!(stage.ask(Vendor::Openai, &long).await.status, 200);
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
    let one = kept(&stage, 1).await.remove(0);
    assert!(one.held.request.unwrap().bytes < 1_000, "the short one");
    let [kept, lost] = ["kept_total{node=\"local\"} 1", "lost_total{reason=\"memory\",node=\"local\"} 1"];
    assert_eq!(counted(&stage).await, [kept, lost].map(|line| format!("weir_bodies_{line}")));
    assert_eq!(stage.rows(2).await.len(), 2, "the ledger has both");
}

#[tokio::test]
async fn what_waits_when_the_process_ends_is_delivered() {
    let stage = keeping(&[Vendor::Openai], json!({"bodies": "all"})).await;
    for _ in 0..5 {
        assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
    }
    let ledger = Arc::clone(&stage.world.ledger);
    let Stage { world, .. } = stage;
    tokio::task::spawn_blocking(move || world.stop()).await.unwrap();
    assert_eq!(ledger.1.lock().len(), 5);
}

/// What a pointer takes out of the caller's body stands elsewhere in the provider's, and may be written otherwise there.
#[tokio::test]
async fn what_pointers_take_out_is_not_in_the_bodies_of_another_dialect() {
    for (vendor, translated) in [(Vendor::Anthropic, true), (Vendor::Openai, false)] {
        for content in ["of Ann Canary", r#"{"patient":"Ann Canary"}"#] {
            let log = json!({"bodies": "all", "redact": {"pointers": ["/messages/*/content"]}});
            let stage = keeping(&[vendor], log).await;
            let asked = json!({"messages": [{"role": "user", "content": content}]});
            assert_eq!(stage.ask(Vendor::Openai, &asked).await.status, 200);
            let held = kept(&stage, 1).await.remove(0).held;
            for text in texts(&held).iter().map(String::as_bytes).chain([written(&stage).as_slice()]) {
                assert!(memchr::memmem::find(text, b"Canary").is_none(), "{}", String::from_utf8_lossy(text));
            }
            let withheld = translated && content.starts_with('{');
            for body in [held.provider_request.unwrap(), held.provider_answer.unwrap()] {
                assert_eq!(body.redacted.contains_key("withheld"), withheld, "{vendor:?} {content}: {}", body.text);
                assert!(!withheld || body.text.starts_with("[withheld, since ") && body.text.contains("sha256"));
            }
            assert!(held.request.unwrap().text.contains("[redacted:pointer]"));
            assert!(!held.answer.unwrap().redacted.contains_key("withheld"));
        }
    }
}

/// What breaks off before the caller gets anything is in the provider's body alone, where no pointer of the caller's
/// dialect finds it.
#[tokio::test]
async fn what_a_pointer_would_take_out_of_an_answer_that_never_came_is_not_kept() {
    for (pointer, withheld) in [("/choices/*/message/content", true), ("/messages/*/content", false)] {
        let log = json!({"bodies": "errors", "redact": {"pointers": [pointer]}});
        let stage = keeping(&[Vendor::Anthropic], log).await;
        stage.vendors[0].next(Script::refuse(400));
        let answered = stage.ask(Vendor::Openai, &json!({})).await;
        assert!(answered.status >= 400, "{}", answered.text());
        let answer = kept(&stage, 1).await.remove(0).held.provider_answer.unwrap();
        assert_eq!(answer.redacted.contains_key("withheld"), withheld, "{pointer}: {}", answer.text);
    }
}
