//! A REST upstream: tells what arrived, as JSON, over HTTP/1.1, HTTP/2 (prior knowledge or ALPN) and
//! TLS, and echoes WebSocket messages.
//!
//! The query of a request says how to answer: see [`reply::Wish`].

mod h1;
mod h2;
mod reply;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use reply::{Digest, pattern};

/// A free port of the loopback interface.
const LOOPBACK: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// A request as it arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// Name of the server that it reached.
    pub server: String,
    /// Number of the connection it came on, counted from 1.
    pub connection: u64,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub version: &'static str,
    /// Whether it came through TLS.
    pub tls: bool,
    /// Its method.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// `Host`, or `:authority`.
    pub authority: String,
    /// Headers in the order sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Digest,
}

impl Seen {
    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

#[derive(Debug)]
struct Shared {
    name: String,
    tls: Option<Arc<rustls::ServerConfig>>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicU64,
}

/// A running upstream; it ends when dropped.
#[derive(Debug)]
pub struct RestUpstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for RestUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl RestUpstream {
    /// Starts in the clear on a loopback port of its own.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(name: &str) -> anyhow::Result<Self> {
        Self::start_with(name, None, LOOPBACK).await
    }

    /// Starts in the clear on the given address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_at(name: &str, address: SocketAddr) -> anyhow::Result<Self> {
        Self::start_with(name, None, address).await
    }

    /// Starts with TLS.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start_tls(name: &str, tls: Arc<rustls::ServerConfig>) -> anyhow::Result<Self> {
        Self::start_with(name, Some(tls), LOOPBACK).await
    }

    async fn start_with(
        name: &str,
        tls: Option<Arc<rustls::ServerConfig>>,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| format!("bind {address}"))?;
        let address = listener.local_addr()?;
        let shared =
            Arc::new(Shared { name: name.to_owned(), tls, seen: Mutex::default(), connections: AtomicU64::new(0) });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a configuration names as `url`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The requests so far, in the order in which their bodies ended.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn record(&self, seen: &Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen.clone());
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A peer that leaves early, or does not trust the certificate, is what some tests do.
            let _ = serve(stream, number, shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, number: u64, shared: Arc<Shared>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    match &shared.tls {
        None if speaks_h2(&stream).await? => h2::serve(stream, number, shared).await,
        None => h1::serve(stream, number, &shared).await,
        Some(config) => {
            let stream = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
            let negotiated = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            if negotiated { h2::serve(stream, number, shared).await } else { h1::serve(stream, number, &shared).await }
        }
    }
}

/// Whether a connection in the clear begins with HTTP/2's preface (RFC 9113 section 3.4).
async fn speaks_h2(stream: &TcpStream) -> anyhow::Result<bool> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0";
    let mut start = [0; 14];
    loop {
        let read = stream.peek(&mut start).await?;
        if read == PREFACE.len() || !PREFACE.starts_with(&start[..read]) || read == 0 {
            return Ok(&start[..read] == PREFACE);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What both versions of HTTP run on.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Wire for T {}
