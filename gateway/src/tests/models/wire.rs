//! The owned path on the wire: bodies in, heads out, connections kept or replaced.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_harness::script::{Fault, Script, Wire};

use super::*;

/// A provider by hand: each connection answers its requests with these bytes in turn, then closes.
pub(super) async fn by_hand<A: AsRef<str> + Send + Sync + 'static>(
    connections: Vec<Vec<A>>,
) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let mut heads = Vec::new();
        for answers in connections {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in answers {
                heads.push(request(&mut stream).await);
                stream.write_all(answer.as_ref().as_bytes()).await.unwrap();
            }
        }
        heads
    });
    (base, task)
}

/// Reads one request with a `content-length` and returns its head.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap();
            if body.len() >= length {
                return head.to_owned();
            }
        }
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "cut inside {text}");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

const ANSWER: &str = concat!(
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 224\r\n\r\n",
    r#"{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"#,
    r#""finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}  "#
);

fn by_hand_spec(base: &str) -> Value {
    json!({"protocol": "openai", "base_url": base, "allow_private_address": true,
        "headers": {"x-project": "p1"}, "keys": [{"id": "main", "secret": "sk-hand"}]})
}

async fn stage_by_hand(base: &str, change: impl FnOnce(&mut Settings) + Send) -> Stage {
    let documents = [
        json!({"kind": "Provider", "id": "hand", "spec": by_hand_spec(base)}),
        json!({"kind": "ModelRoute", "id": "chat", "spec": {"targets": [{"provider": "hand", "model": "m"}]}}),
        json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}}),
    ];
    Stage::on(&documents, Vec::new(), change).await
}

#[test]
fn the_answer_by_hand_has_the_length_it_says() {
    let (head, body) = ANSWER.split_once("\r\n\r\n").unwrap();
    assert!(head.ends_with(&format!("content-length: {}", body.len())), "{}", body.len());
}

#[tokio::test]
async fn a_pooled_connection_that_died_is_replaced_in_silence() {
    // The first connection closes behind its answer without a word; the second serves the next call.
    let (base, server) = by_hand(vec![vec![ANSWER], vec![ANSWER]]).await;
    let stage = stage_by_hand(&base, |_| {}).await;
    for _ in 0..2 {
        let answered = stage.ask(Vendor::Openai, &json!({})).await;
        assert_eq!((answered.status, answered.header("x-weir-attempts")), (200, Some("1")), "{}", answered.text());
    }
    server.await.unwrap();
    assert!(stage.rows(2).await.iter().all(|row| row.attempts.len() == 1));
}

#[tokio::test]
async fn head_and_body_leave_in_one_packet_on_a_new_connection_and_on_a_kept_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = Vec::new();
        for _ in 0..2 {
            let mut buffer = vec![0; 1 << 16];
            let read = stream.read(&mut buffer).await.unwrap();
            first.push(String::from_utf8_lossy(&buffer[..read]).into_owned());
            stream.write_all(ANSWER.as_bytes()).await.unwrap();
        }
        first
    });
    let stage = stage_by_hand(&base, |_| {}).await;
    for _ in 0..2 {
        assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
    }
    for first in server.await.unwrap() {
        let (_, body) = first.split_once("\r\n\r\n").expect("the whole head");
        assert!(serde_json::from_str::<Value>(body).is_ok(), "the first packet ends with {body:?}");
    }
}

#[tokio::test]
async fn a_request_that_a_provider_may_have_read_is_sent_again_only_as_an_attempt() {
    // The first connection serves one call, reads the next one whole, and closes without a word.
    let (base, server) = by_hand(vec![vec![ANSWER, ""], vec![ANSWER, ""]]).await;
    let stage = stage_by_hand(&base, |_| {}).await;
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
    let again = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!((again.status, again.header("x-weir-attempts")), (200, Some("2")), "{}", again.text());
    let once = json!({"targets": [{"provider": "hand", "model": "m"}], "retry": {"max_attempts": 1}});
    let documents = [
        json!({"kind": "Provider", "id": "hand", "spec": by_hand_spec(&base)}),
        json!({"kind": "ModelRoute", "id": "chat", "spec": once}),
        json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}}),
    ];
    stage.world.install(&documents.map(|document| document.to_string()).join("\n---\n"));
    let cut = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!((cut.status, cut.header("x-weir-attempts")), (502, Some("1")), "{}", cut.text());
    assert_eq!(server.await.unwrap().len(), 4, "each request that arrived is one attempt");
    let rows = stage.rows(3).await;
    let outcomes: Vec<Vec<Outcome>> =
        rows.iter().map(|row| row.attempts.iter().map(|attempt| attempt.outcome).collect()).collect();
    assert_eq!(outcomes, [vec![Outcome::Ok], vec![Outcome::Cut, Outcome::Ok], vec![Outcome::Cut]]);
    // Whether the provider bills what it read and never answered is not known; the caller pays nothing for it.
    assert_eq!((rows[1].attempts[0].cost, rows[2].cost), (None, Some(NanoUsd::ZERO)));
}

#[tokio::test]
async fn a_stream_that_only_keeps_itself_alive_is_given_up_for_the_next_target() {
    let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    for (protocol, noise) in [("openai", ": keep-alive\n\n"), ("anthropic", ping)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").await.unwrap();
            for sent in 0..100 {
                if stream.write_all(noise.as_bytes()).await.is_err() {
                    return sent;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            100
        });
        let provider = json!({"protocol": protocol, "base_url": base, "allow_private_address": true,
            "keys": [{"id": "main", "secret": "sk-hand"}], "timeouts": {"first_byte_ms": 600, "idle_ms": 600}});
        let targets = json!([{"provider": "hand", "model": "m", "priority": 0},
            {"provider": "demo", "model": "demo-small", "priority": 1}]);
        let documents = [
            json!({"kind": "Provider", "id": "hand", "spec": provider}),
            json!({"kind": "ModelRoute", "id": "chat", "spec": {"targets": targets}}),
            json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}}),
        ];
        let stage = Stage::on(&documents, Vec::new(), |_| {}).await;
        let begun = std::time::Instant::now();
        let answered = stage.ask(Vendor::Openai, &stream()).await;
        assert!(!answered.heard(Vendor::Openai).unwrap().text.is_empty());
        assert_eq!((answered.header("x-weir-provider"), answered.header("x-weir-attempts")), (Some("demo"), Some("2")));
        assert!(begun.elapsed() < Duration::from_secs(5), "{protocol}: {:?}", begun.elapsed());
        let row = stage.rows(1).await.remove(0);
        assert_eq!((row.attempts[0].outcome, row.attempts[0].status), (Outcome::Timeout, 200));
        assert!(server.await.unwrap() < 50, "{protocol}: the connection was left open");
    }
}

#[tokio::test]
async fn interim_answers_are_skipped_and_the_head_upstream_is_weirs_own() {
    const INTERIM: &str = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let answer: &'static str = Box::leak(format!("{INTERIM}{ANSWER}").into_boxed_str());
    let (base, server) = by_hand(vec![vec![answer]]).await;
    let stage = stage_by_hand(&base, |_| {}).await;
    let asked = stage
        .caller
        .request(Vendor::Openai)
        .header("x-forwarded-host", "evil")
        .header("accept-encoding", "gzip")
        .header("cookie", "a=b")
        .header("openai-organization", "org-mine")
        .body(body(Vendor::Openai, "chat", &json!({})).to_string());
    let answered = stage.caller.send(asked).await.unwrap();
    assert_eq!(answered.heard(Vendor::Openai).unwrap().text, "hi");
    let head = server.await.unwrap().remove(0);
    let mut lines: Vec<&str> = head.lines().collect();
    lines.sort_unstable();
    let mut wanted = vec![
        "accept-encoding: identity".to_owned(),
        "authorization: bearer sk-hand".to_owned(),
        "content-length: ".to_owned(),
        "content-type: application/json".to_owned(),
        format!("host: {}", base.trim_start_matches("http://").trim_end_matches("/v1")),
        "post /v1/chat/completions http/1.1".to_owned(),
        "user-agent: weir/".to_owned(),
        "x-project: p1".to_owned(),
    ];
    wanted.sort_unstable();
    assert_eq!(lines.len(), wanted.len(), "{head}");
    assert!(lines.iter().zip(&wanted).all(|(line, wanted)| line.starts_with(wanted.as_str())), "{head}");
}

#[tokio::test]
async fn an_early_refusal_with_an_unread_body_is_still_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut some = [0; 1024];
        assert!(stream.read(&mut some).await.unwrap() > 0);
        let answer = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    });
    let stage = stage_by_hand(&base, |_| {}).await;
    let big = json!({"messages": [{"role": "user", "content": "x".repeat(4 << 20)}]});
    let answered = stage.ask(Vendor::Openai, &big).await;
    assert_eq!(answered.status, 413, "{}", answered.text());
    server.await.unwrap();
}

/// Sends bytes and reads until the answer is there or the gateway closes.
async fn raw(stage: &Stage, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(stage.world.at.gateway).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(Ok(read)) = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut buffer)).await {
        if read == 0 {
            break;
        }
        all.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn a_body_is_bounded_whichever_way_it_comes() {
    let stage = stage_by_hand("http://127.0.0.1:9/v1", |settings| settings.max_ai_body_bytes = 100).await;
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-api-key: {}\r\n",
        stage.world.key
    );
    let said = raw(&stage, format!("{head}content-length: 101\r\n\r\n").as_bytes()).await;
    assert!(said.starts_with("HTTP/1.1 413") && said.contains("request_too_large"), "{said}");
    let expecting = raw(&stage, format!("{head}expect: 100-continue\r\ncontent-length: 101\r\n\r\n").as_bytes()).await;
    assert!(expecting.starts_with("HTTP/1.1 413"), "no 100 before a refusal: {expecting}");
    let chunk = format!("40\r\n{}\r\n", "x".repeat(64)).repeat(3);
    let chunked = raw(&stage, format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n").as_bytes()).await;
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    let packed = raw(&stage, format!("{head}content-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd").as_bytes()).await;
    assert!(packed.starts_with("HTTP/1.1 415"), "{packed}");
}

#[tokio::test]
async fn a_caller_that_waits_for_100_gets_it_once_admitted() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    let body = body(Vendor::Openai, "chat", &json!({})).to_string();
    let mut stream = TcpStream::connect(stage.world.at.gateway).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        stage.world.key,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn bodies_share_one_budget() {
    let stage = stage_by_hand("http://127.0.0.1:9/v1", |settings| settings.body_budget_bytes = 2_048).await;
    let big = json!({"messages": [{"role": "user", "content": "x".repeat(4_000)}]});
    let answered = stage.ask(Vendor::Openai, &big).await;
    assert_eq!((answered.status, answered.header("retry-after")), (503, Some("1")), "{}", answered.text());
    assert_eq!(answered.json().unwrap()["error"]["code"], "body_budget_exhausted");
    let small = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!(small.status, 502, "the share was given back: {}", small.text());
}

/// A call whose body is announced to be so long; nothing of it is sent yet.
async fn announce(stage: &Stage, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(stage.world.at.gateway).await.unwrap();
    let key = &stage.world.key;
    let head = format!("POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_body_that_is_only_announced_takes_nothing_from_others() {
    let stage = stage_by_hand("http://127.0.0.1:9/v1", |settings| {
        (settings.max_ai_body_bytes, settings.body_budget_bytes) = (1 << 20, 2 << 20);
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(announce(&stage, 1_000_000).await);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let answered = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!(answered.status, 502, "it got as far as the provider: {}", answered.text());
}

#[tokio::test]
async fn an_application_that_sends_too_much_at_once_is_told_so_and_others_are_not() {
    let stage = stage_by_hand("http://127.0.0.1:9/v1", |settings| {
        (settings.max_ai_body_bytes, settings.body_budget_bytes) = (1 << 20, 4 << 20);
    })
    .await;
    let mut held = announce(&stage, 900_000).await;
    held.write_all(&vec![b' '; 800_000]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let big = json!({"messages": [{"role": "user", "content": "x".repeat(400_000)}]});
    let answered = stage.ask(Vendor::Openai, &big).await;
    assert_eq!((answered.status, answered.header("retry-after")), (429, Some("1")), "{}", answered.text());
    assert_eq!(answered.json().unwrap()["error"]["code"], "body_share_exhausted");
    drop(held);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stage.ask(Vendor::Openai, &big).await.status, 502, "what was held is given back");
}

#[tokio::test]
async fn a_body_that_drips_is_not_waited_for() {
    let stage = stage_by_hand("http://127.0.0.1:9/v1", |settings| {
        settings.caller_timeout = Duration::from_millis(600);
    })
    .await;
    let mut stream = announce(&stage, 10_000).await;
    for _ in 0..12 {
        // Each byte comes well within the timeout of one piece.
        _ = stream.write_all(b" ").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut answer = [0; 2048];
    let read = stream.read(&mut answer).await.unwrap();
    let said = String::from_utf8_lossy(&answer[..read]);
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("timeout_error"), "{said}");
    assert_eq!(stage.rows(1).await[0].error, "body_timeout");
}

#[tokio::test]
async fn malformed_chunks_are_the_callers_fault_and_told_in_its_dialect() {
    let stage = stage_by_hand("http://127.0.0.1:9/v1", |_| {}).await;
    let head = format!("POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\n", stage.world.key);
    let said = raw(&stage, format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n").as_bytes()).await;
    assert!(said.starts_with("HTTP/1.1 400") && said.contains(r#""type":"invalid_request_error""#), "{said}");
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.outcome, row.error.as_str()), (Outcome::Refused, "malformed_message"));
}

#[tokio::test]
async fn a_page_in_place_of_an_answer_is_named_for_what_it_is() {
    const PAGE: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: 15\r\n\r\n<html>no</html>";
    let (base, _server) = by_hand(vec![vec![PAGE], vec![PAGE], vec![PAGE]]).await;
    let stage = stage_by_hand(&base, |_| {}).await;
    let answered = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!(answered.status, 502);
    assert!(answered.text().contains("it answered 200 with text/html, which is not JSON"), "{}", answered.text());
}

#[tokio::test]
async fn events_pass_one_by_one_and_the_record_is_written_before_the_last() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    let paced = Wire { event_delay_ms: 40, ..Wire::default() };
    stage.vendors[0].next(Script::default().on_wire(paced));
    let asked = stage.caller.request(Vendor::Openai).body(body(Vendor::Openai, "chat", &stream()).to_string());
    let mut answer = asked.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream; charset=utf-8");
    let id = answer.headers()["x-weir-request-id"].to_str().unwrap().to_owned();
    let mut pieces = 0;
    while let Some(piece) = answer.chunk().await.unwrap() {
        pieces += 1;
        if piece.ends_with(b"data: [DONE]\n\n") {
            let journal = std::fs::read_dir(stage.world._data.path().join("journal")).unwrap();
            let files = journal.map(|entry| std::fs::read(entry.unwrap().path()).unwrap_or_default());
            let written = files.into_iter().any(|bytes| memchr::memmem::find(&bytes, id.as_bytes()).is_some());
            assert!(written || stage.world.ledger.0.lock().iter().any(|row| row.id == id));
        }
    }
    assert!(pieces > 4, "{pieces} pieces");
}

#[tokio::test]
async fn an_error_inside_a_stream_leaves_the_connection_good() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    let body = body(Vendor::Openai, "chat", &stream()).to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n\
         content-length: {}\r\n\r\n{body}",
        stage.world.key,
        body.len()
    );
    stage.vendors[0].next(Script::fail(Fault::ErrorEvent { after: 4 }));
    let mut connection = TcpStream::connect(stage.world.at.gateway).await.unwrap();
    for wanted in ["\"error\":", "[DONE]"] {
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut said = String::new();
        let mut buffer = [0; 4096];
        while !said.ends_with("\r\n0\r\n\r\n") {
            let read = connection.read(&mut buffer).await.unwrap();
            assert!(read > 0, "closed behind {said}");
            said.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        assert!(said.starts_with("HTTP/1.1 200") && said.contains(wanted), "{said}");
    }
}

#[tokio::test]
async fn beta_features_are_passed_reported_or_refused() {
    for strict in [false, true] {
        let stage = Stage::start_with(&[Vendor::Anthropic], json!({}), |documents| {
            documents[0]["spec"]["strict"] = json!(strict);
        })
        .await;
        for (betas, dropped) in [
            ("context-1m-2025-08-07", None),
            ("files-api-2025-04-14,context-1m-2025-08-07", Some("anthropic-beta.files-api-2025-04-14")),
        ] {
            let asked = stage.caller.request(Vendor::Anthropic).header("anthropic-beta", betas);
            let answered =
                stage.caller.send(asked.body(body(Vendor::Anthropic, "chat", &json!({})).to_string())).await.unwrap();
            if strict && let Some(name) = dropped {
                assert_eq!(answered.status, 400);
                assert!(answered.error(Vendor::Anthropic).unwrap().1.contains(name), "{}", answered.text());
                continue;
            }
            assert_eq!((answered.status, answered.header("x-weir-dropped-params")), (200, dropped));
            let head = stage.vendors[0].received().pop().unwrap().head;
            assert_eq!(head.header("anthropic-beta"), Some("context-1m-2025-08-07"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_at_once_lose_and_mix_nothing() {
    // Callers, gateway and vendor share what the machine has, so nothing is said about time.
    let patient = |documents: &mut Vec<Value>| documents[2]["spec"]["timeouts"] = json!({});
    let stage = Stage::start_with(&[Vendor::Openai], json!({}), patient).await;
    let paced = Wire { event_delay_ms: 20, ..Wire::default() };
    stage.vendors[0].always(Script::default().on_wire(paced));
    let asked = (0..300).map(|n| {
        let dialect = if n % 2 == 0 { Vendor::Openai } else { Vendor::Anthropic };
        let fields = json!({"stream": true, "messages": [{"role": "user", "content": format!("number {n}")}]});
        let caller = stage.caller.clone();
        tokio::spawn(async move {
            let answered = caller.ask(dialect, &body(dialect, "chat", &fields)).await.unwrap();
            let heard = answered.heard(dialect).unwrap();
            assert_eq!(heard.text, format!("You said “number {n}” — 好的 🌍."), "{}", answered.text());
        })
    });
    for task in asked.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let rows = stage.rows(300).await;
    assert!(rows.iter().all(|row| row.status == 200 && row.attempts.len() == 1 && row.error.is_empty()));
}
