//! What a data-plane process is started with. Everything that people configure at run time is in the snapshot.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::server::trust::Network;

/// Settings of the process, fixed from start to end.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where applications call. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where `/metrics`, `/live` and `/ready` are served. Keep it off the public network. Port 0 takes a free one.
    pub ops_listen: SocketAddr,
    /// TLS towards applications: which certificate is shown, and which protocols are spoken (ALPN `h2` and `http/1.1`).
    /// Without it, connections are plain, and HTTP/2 is spoken by prior knowledge.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Where the usage journal lies.
    pub data_dir: PathBuf,
    /// The name of this node in ledger rows and log lines.
    pub node: String,
    /// Worker threads.
    pub threads: usize,
    /// The largest body of a model call, in bytes; a larger one is answered with 413.
    pub max_ai_body_bytes: usize,
    /// The same for forms with files: recordings and images.
    pub max_form_bytes: usize,
    /// What all request bodies held in memory may take together, in bytes; beyond it 503. One
    /// application takes a quarter of it at most, but always one body; beyond that 429.
    pub body_budget_bytes: usize,
    /// What all kept answers of models may take together, in bytes; the least used go first.
    pub answer_cache_bytes: u64,
    /// How long a request's head may take from its first byte to its blank line.
    pub head_timeout: Duration,
    /// The largest head in bytes; a larger one is answered with 431.
    pub max_head_bytes: usize,
    /// How long a connection may stay open between two requests.
    pub keep_alive: Duration,
    /// How long a caller may take between two reads of an answer, or between two pieces of its body. The body of a model
    /// call as a whole may take this long, but at most 30 s, and a second more for each 16 KiB that have come.
    pub caller_timeout: Duration,
    /// The pace of a REST request's body, in bytes a second: as a whole it may take `caller_timeout`, and a second more for
    /// each of these that have come. Once the upstream answers, it may take its time.
    pub min_body_rate: u64,
    /// How long neither side of a realtime session may say anything, pings aside.
    pub realtime_idle: Duration,
    /// How long a realtime session may last.
    pub realtime_total: Duration,
    /// Connections at once; beyond it new ones are closed.
    pub max_connections: usize,
    /// Connections at once from one address; beyond it new ones are closed.
    pub max_connections_per_ip: usize,
    /// Proxies in front of the gateway: from them alone are `X-Forwarded-For`, `-Proto` and `-Host` believed.
    pub trusted_proxies: Vec<Network>,
    /// Idle upstream connections kept, per worker thread.
    pub upstream_pool: usize,
    /// How long a drain waits for requests under way.
    pub grace: Duration,
    /// How long a drain lets idle connections ask once more before it closes them.
    pub linger: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
            ops_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            tls: None,
            data_dir: PathBuf::from("weir-data"),
            node: "local".to_owned(),
            threads: std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            max_ai_body_bytes: 10 << 20,
            max_form_bytes: 32 << 20,
            body_budget_bytes: 512 << 20,
            answer_cache_bytes: 64 << 20,
            head_timeout: Duration::from_secs(10),
            max_head_bytes: 48 << 10,
            keep_alive: Duration::from_secs(75),
            caller_timeout: Duration::from_secs(60),
            min_body_rate: 240,
            realtime_idle: Duration::from_mins(15),
            realtime_total: Duration::from_hours(2),
            max_connections: 50_000,
            max_connections_per_ip: 10_000,
            trusted_proxies: Vec::new(),
            upstream_pool: 256,
            grace: Duration::from_secs(60),
            linger: Duration::from_secs(1),
        }
    }
}

/// Where the data plane listens, known before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Where applications call.
    pub gateway: SocketAddr,
    /// Where `/metrics`, `/live` and `/ready` are.
    pub ops: SocketAddr,
}
