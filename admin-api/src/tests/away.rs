//! A database server that does not answer any more: callers are told so within two seconds.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

use super::database;
use super::server::Server;

/// Passes bytes on until it is frozen; connections stay open then, and nothing goes through.
async fn relay(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, frozen: watch::Receiver<bool>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if *frozen.borrow() {
            return std::future::pending().await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
}

/// An address that leads to `server`, until it is frozen.
async fn gate(server: String) -> (u16, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (freeze, frozen) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok((caller, _)) = listener.accept().await {
            let (from_caller, to_caller) = caller.into_split();
            let (from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
            tokio::spawn(relay(from_caller, to_server, frozen.clone()));
            tokio::spawn(relay(from_server, to_caller, frozen.clone()));
        }
    });
    (port, freeze)
}

#[tokio::test]
async fn callers_are_told_within_two_seconds_that_the_database_is_away() {
    let Some(mut database) = database::both().await.into_iter().find(|d| d.url.is_some()) else { return };
    let mut url = Url::parse(database.url.as_deref().unwrap()).unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let (port, freeze) = gate(server).await;
    url.set_port(Some(port)).unwrap();
    database.url = Some(url.to_string());
    let server = Server::on(database).await;
    server.get("/teams").await;
    freeze.send(true).unwrap();
    for _ in 0..2 {
        let began = Instant::now();
        let refused = server.call("GET", "/teams", None).await.expect(503);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!(refused.problem(), "database-unavailable");
    }
}
