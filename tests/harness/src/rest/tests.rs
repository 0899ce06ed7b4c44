//! The upstream as a client sees it directly.

use serde_json::Value;

use super::*;
use crate::tls::Authority;

async fn get(client: &reqwest::Client, url: String) -> Value {
    client.get(url).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn one_port_speaks_both_versions() {
    let upstream = RestUpstream::start("a").await.unwrap();
    let seen = get(&crate::client::client(), upstream.url() + "/x?y=1").await;
    assert_eq!((seen["version"].as_str(), seen["target"].as_str()), (Some("HTTP/1.1"), Some("/x?y=1")));
    let h2 = crate::client::builder().http2_prior_knowledge().build().unwrap();
    let answer = h2.post(upstream.url() + "/x").body(pattern(0, 300_000)).send().await.unwrap();
    let seen: Value = answer.json().await.unwrap();
    assert_eq!((seen["version"].as_str(), &seen["body"]["is_pattern"]), (Some("HTTP/2"), &Value::Bool(true)));
    assert_eq!((upstream.connections(), upstream.seen().len()), (2, 2));
}

#[tokio::test]
async fn tls_is_verified_against_the_authority() {
    let authority = Authority::new().unwrap();
    for (alpn, version) in [(&["h2", "http/1.1"][..], "HTTP/2"), (&["http/1.1"], "HTTP/1.1")] {
        let tls = authority.server(&["127.0.0.1"], alpn).unwrap();
        let upstream = RestUpstream::start_tls("a", tls).await.unwrap();
        let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
        let client = crate::client::builder().tls_certs_only([root]).build().unwrap();
        assert_eq!(get(&client, upstream.url() + "/").await["version"], version);
        assert!(crate::client::client().get(upstream.url()).send().await.is_err());
    }
}

#[tokio::test]
async fn the_query_says_how_to_answer() {
    let upstream = RestUpstream::start("a").await.unwrap();
    let client = crate::client::client();
    let answer = client.get(upstream.url() + "/?status=503&size=100000&chunked=1&pieces=3").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.content_length()), (503, None));
    assert_eq!(answer.bytes().await.unwrap(), pattern(0, 100_000));
    let cut = client.get(upstream.url() + "/?size=100000&cut=500").send().await.unwrap();
    assert!(cut.bytes().await.is_err());
}

#[tokio::test]
async fn messages_are_echoed() {
    use futures::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;
    let upstream = RestUpstream::start("a").await.unwrap();
    let stream = TcpStream::connect(upstream.address()).await.unwrap();
    let (mut socket, _) =
        tokio_tungstenite::client_async(format!("ws://{}/ws", upstream.address()), stream).await.unwrap();
    socket.send(Message::text("ping 好")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("ping 好"));
}
