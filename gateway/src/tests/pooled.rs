//! A pooled connection that the upstream closes at the moment it is used again: repeated only where that is safe.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::raw::Caller;
use super::{World, shop};

/// An upstream that answers the first request of a connection, and closes it in place of an answer to the second.
struct Fickle {
    address: SocketAddr,
    /// Heads that arrived.
    asked: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Fickle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fickle {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    for answered in [true, false] {
                        let mut head = Vec::new();
                        while !head.windows(4).any(|w| w == b"\r\n\r\n") {
                            if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                                return;
                            }
                        }
                        count.fetch_add(1, Ordering::SeqCst);
                        if answered {
                            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
                        }
                    }
                });
            }
        });
        Self { address, asked, task }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_repeated_only_where_that_is_safe() {
    let upstream = Fickle::start().await;
    let world = World::start_with(&shop(&format!("http://{}", upstream.address)), |s| s.threads = 1);
    // Each round: one request warms the pool, the next one meets a connection that is closed under it.
    for (method, fields, status, asked) in [
        ("GET", "", 200, 3),
        ("PUT", "Content-Length: 0\r\n", 200, 3),
        ("POST", "Content-Length: 0\r\n", 502, 2),
        ("PATCH", "Content-Length: 0\r\n", 502, 2),
        ("POST", "Content-Length: 0\r\nIdempotency-Key: \"7\"\r\n", 200, 3),
    ] {
        upstream.asked.store(0, Ordering::SeqCst);
        let mut caller = Caller::connect(world.at.gateway).await;
        let request = format!("{method} /shop/any/x HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        caller.send(&request).await;
        assert_eq!(caller.answer().await.unwrap().status, 200, "{method}");
        caller.send(&request).await;
        assert_eq!(caller.answer().await.unwrap().status, status, "{method} {fields:?}");
        assert_eq!(upstream.asked.load(Ordering::SeqCst), asked, "{method} {fields:?}");
        if status == 200 {
            // The repeated request left a connection in the pool; it goes with this one.
            let mut last = Caller::connect(world.at.gateway).await;
            last.send("POST /shop/any/x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await;
            assert_eq!(last.answer().await.unwrap().status, 502);
        }
    }
    let (_, records) = tokio::task::spawn_blocking(move || world.stop()).await.unwrap();
    let twice: Vec<_> = records.iter().filter(|r| r.attempts.len() == 2).map(|r| r.method.as_str()).collect();
    assert_eq!(twice, ["GET", "PUT", "POST"], "each attempt has its row");
}
