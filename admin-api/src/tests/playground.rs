//! The playground: streams through the data plane with a key that lives for one request.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::response::Response;
use futures::StreamExt;
use parking_lot::Mutex;
use serde_json::json;
use weir_domain::credential::{KeyHash, public_id};

use super::database;
use super::server::{Recorder, Server, settings};

/// Stands where the data plane listens: notes the key, and streams two pieces a while apart.
async fn gateway(seen: Arc<Mutex<Vec<String>>>) -> String {
    let answer = move |headers: HeaderMap, body: Bytes| {
        let key = headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned();
        seen.lock().push(key);
        async move {
            let pieces = futures::stream::iter([Bytes::from("data: 1\n\n"), body]).then(|piece| async move {
                tokio::time::sleep(Duration::from_millis(200)).await;
                Ok::<_, std::io::Error>(piece)
            });
            let response = Response::builder().header("content-type", "text/event-stream").header("x-weir-cost", "0.1");
            response.header("set-cookie", "no=1").body(Body::from_stream(pieces)).unwrap()
        }
    };
    let router = axum::Router::new().route("/v1/chat/completions", axum::routing::post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_chat_streams_with_a_key_that_is_gone_afterwards() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut settings = settings(dir.path(), &database::sqlite());
    settings.gateway_url = gateway(Arc::clone(&seen)).await;
    let server = Server::with(settings, database::sqlite(), dir).await;
    let chat = json!({"model": "demo/demo-small", "messages": []});
    let recorder = Arc::new(Recorder::default());
    server.plane.attach(recorder.clone()).await.unwrap();
    let asked = {
        let (recorder, seen) = (Arc::clone(&recorder), Arc::clone(&seen));
        tokio::spawn(async move {
            while seen.lock().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let key = seen.lock()[0].clone();
            let known = recorder.credentials.lock().get(public_id(&key).unwrap()).cloned();
            (key, known)
        })
    };
    let answer = server.call("POST", "/playground/chat", Some(chat.clone())).await.expect(200);
    assert_eq!(answer.text, format!("data: 1\n\n{chat}"));
    assert_eq!(
        (answer.header("content-type").as_str(), answer.header("x-weir-cost").as_str()),
        ("text/event-stream", "0.1")
    );
    assert_eq!(answer.header("set-cookie"), "");
    let (key, known) = asked.await.unwrap();
    let known = known.expect("the data plane knew the key while the answer flowed");
    assert!(known.hash.matches(&KeyHash::of(&key)) && known.application == "playground" && known.expires_at.is_some());
    assert!(recorder.credentials.lock().is_empty(), "the key outlived its request");
}

#[tokio::test]
async fn a_control_plane_alone_calls_with_a_stored_key_that_expires() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut settings = settings(dir.path(), &database::sqlite());
    settings.gateway_url = gateway(Arc::clone(&seen)).await;
    let server = Server::with(settings, database::sqlite(), dir).await;
    let chat = json!({"model": "demo/demo-small", "messages": []});
    for _ in 0..2 {
        server.call("POST", "/playground/chat", Some(chat.clone())).await.expect(200);
    }
    let keys = server.get("/api-keys?application=playground").await["items"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 1, "the second chat took the first one's key");
    let used = seen.lock().clone();
    assert_eq!((used[0].as_str(), keys[0]["id"].as_str()), (used[1].as_str(), public_id(&used[1])));
    let expires = weir_domain::time::parse_rfc3339(keys[0]["spec"]["expires_at"].as_str().unwrap()).unwrap();
    assert!(expires < weir_domain::time::now() + 3_600_000_000);
}

#[tokio::test]
async fn a_data_plane_that_is_not_there_is_told() {
    let server = Server::start().await;
    let refused = server.call("POST", "/playground/chat", Some(json!({}))).await.expect(502);
    assert_eq!(refused.problem(), "gateway-unreachable");
}
