//! Providers over TLS, where HTTP/2 is spoken. Whom the process trusts is fixed at its start, so the gateway runs in a
//! process of its own, started with the test's authority in `SSL_CERT_FILE`.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use weir_harness::tls::Authority;

use super::*;

const UPSTREAM: &str = "WEIR_TEST_TLS_UPSTREAM";
const ITSELF: &str = "tests::models::tls::http2_is_spoken_and_its_connections_are_shared";

const WHOLE: &str = concat!(
    r#"{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":"#,
    r#"{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"#,
    r#""usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#
);
const EVENTS: [&str; 3] = [
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"h\"},\"finish_reason\":null}]}\n\n",
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"i\"},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
];

/// Serves one connection: streams where a stream is asked for.
async fn serve(stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>, calls: Arc<AtomicUsize>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let calls = Arc::clone(&calls);
        tokio::spawn(async move {
            let (head, mut body) = request.into_parts();
            assert!(head.uri.authority().is_some_and(|a| a.as_str().starts_with("localhost:")), "{:?}", head.uri);
            assert_eq!((head.uri.scheme_str(), head.uri.path()), (Some("https"), "/v1/chat/completions"));
            assert!(!head.headers.contains_key("host") && !head.headers.contains_key("connection"));
            assert_eq!(head.headers["authorization"], "Bearer sk-tls");
            let mut bytes = Vec::new();
            while let Some(piece) = body.data().await {
                let piece = piece.unwrap();
                body.flow_control().release_capacity(piece.len()).unwrap();
                bytes.extend_from_slice(&piece);
            }
            let asked: Value = serde_json::from_slice(&bytes).unwrap();
            let streams = asked["stream"] == true;
            let kind = if streams { "text/event-stream" } else { "application/json" };
            let head = http::Response::builder().header("content-type", kind).body(()).unwrap();
            let mut send = respond.send_response(head, false).unwrap();
            let pieces: &[&'static str] = if streams { &EVENTS } else { &[WHOLE] };
            for (n, piece) in pieces.iter().enumerate() {
                tokio::time::sleep(Duration::from_millis(5)).await;
                send.send_data(Bytes::from_static(piece.as_bytes()), n + 1 == pieces.len()).unwrap();
            }
            calls.fetch_add(1, Ordering::SeqCst);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_spoken_and_its_connections_are_shared() {
    if let Ok(port) = std::env::var(UPSTREAM) {
        return the_gateway_calls(&port).await;
    }
    let authority = Authority::new().unwrap();
    let acceptor = TlsAcceptor::from(authority.server(&["localhost"], &["h2"]).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (calls, connections) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let server = tokio::spawn({
        let (calls, connections) = (Arc::clone(&calls), Arc::clone(&connections));
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, calls) = (acceptor.clone(), Arc::clone(&calls));
                tokio::spawn(async move { serve(acceptor.accept(stream).await.unwrap(), calls).await });
            }
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let trusted = directory.path().join("ca.pem");
    std::fs::write(&trusted, authority.pem()).unwrap();
    let child = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args([ITSELF, "--exact", "--nocapture"])
            .env("SSL_CERT_FILE", trusted)
            .env_remove("SSL_CERT_DIR")
            .env(UPSTREAM, port.to_string())
            .output()
            .unwrap()
    });
    let output = tokio::time::timeout(Duration::from_secs(60), child).await.unwrap().unwrap();
    server.abort();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    // Nine calls in turn share one connection; of eight at once some may find it taken and open their own.
    let (calls, connections) = (calls.load(Ordering::SeqCst), connections.load(Ordering::SeqCst));
    assert_eq!(calls, 17, "{said}");
    assert!((1..=8).contains(&connections), "{connections} connections for {calls} calls");
}

async fn the_gateway_calls(port: &str) {
    let provider = json!({"protocol": "openai", "base_url": format!("https://localhost:{port}/v1"),
        "allow_private_address": true, "keys": [{"id": "main", "secret": "sk-tls"}]});
    let documents = [
        json!({"kind": "Provider", "id": "tls", "spec": provider}),
        json!({"kind": "ModelRoute", "id": "chat", "spec": {"targets": [{"provider": "tls", "model": "m"}]}}),
        json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}}),
    ];
    let stage = Stage::on(&documents, Vec::new(), |_| {}).await;
    let fields = [json!({}), stream()];
    for n in 0..9 {
        let answered = stage.ask(Vendor::Openai, &fields[n % 2]).await;
        assert_eq!(answered.heard(Vendor::Openai).unwrap().text, "hi", "{}", answered.text());
    }
    let asked = (0..8).map(|n| stage.ask(Vendor::Openai, &fields[n % 2]));
    for answered in futures::future::join_all(asked).await {
        assert_eq!(answered.heard(Vendor::Openai).unwrap().text, "hi", "{}", answered.text());
        assert_eq!(answered.header("x-weir-attempts"), Some("1"));
    }
}
