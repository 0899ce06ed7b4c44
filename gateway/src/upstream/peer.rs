//! How an upstream's target is connected to.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Duration;

use pingora_core::protocols::ALPN;
use pingora_core::protocols::TcpKeepalive;
use pingora_core::upstreams::peer::HttpPeer;
use weir_domain::snapshot::{Upstream, UpstreamTarget};
use weir_domain::spec::WireVersion;

use super::authority::{Authorities, AuthorityError, fingerprint};

/// Streams on one HTTP/2 connection; Pingora's default of 1 would make every request a connection.
const H2_STREAMS: usize = 100;
/// How often an HTTP/2 connection is asked whether it lives.
const H2_PING: Duration = Duration::from_secs(30);

/// What of a request decides how its upstream is connected to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// It wants to become a WebSocket, which HTTP/1.1 alone can.
    pub(super) upgrade: bool,
    /// What is left of the exchange's total time.
    pub(super) left: Option<Duration>,
}

/// The peer of a target whose name was resolved to `socket`.
pub(super) fn peer(
    upstream: &Upstream,
    target: &UpstreamTarget,
    socket: SocketAddr,
    authorities: &Authorities,
    wish: Wish,
) -> Result<HttpPeer, AuthorityError> {
    // Without a name Pingora would not verify the certificate, so one is never empty: the compiler refuses no host.
    let name = upstream.server_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&target.address.host);
    let mut peer = HttpPeer::new(socket, target.address.tls, name.to_owned());
    peer.group_key = group_key(upstream);
    let options = &mut peer.options;
    let timeouts = &upstream.timeouts;
    let within = |ms: u64| {
        let time = Duration::from_millis(ms);
        Some(wish.left.map_or(time, |left| time.min(left)))
    };
    options.connection_timeout = within(timeouts.connect_ms);
    options.total_connection_timeout = within(timeouts.connect_ms);
    options.read_timeout = within(timeouts.read_ms);
    options.write_timeout = within(timeouts.write_ms);
    options.idle_timeout = Some(Duration::from_millis(timeouts.idle_ms));
    options.max_h2_streams = H2_STREAMS;
    options.h2_ping_interval = Some(H2_PING);
    options.tcp_keepalive = Some(keepalive());
    options.alpn = versions(upstream.http, target.address.tls, wish.upgrade);
    if target.address.tls
        && let Some(pem) = &upstream.ca
    {
        options.ca = Some(authorities.parsed(pem)?);
    }
    Ok(peer)
}

fn versions(http: WireVersion, tls: bool, upgrade: bool) -> ALPN {
    match http {
        WireVersion::Http2 => ALPN::H2,
        WireVersion::Auto if tls && !upgrade => ALPN::H2H1,
        WireVersion::Auto | WireVersion::Http1 => ALPN::H1,
    }
}

/// Connections of one upstream are never used for another, nor across a change of its authorities: what Pingora
/// compares itself does not include them.
fn group_key(upstream: &Upstream) -> u64 {
    let mut hasher = DefaultHasher::new();
    upstream.id.hash(&mut hasher);
    upstream.ca.as_ref().map(fingerprint).hash(&mut hasher);
    hasher.finish()
}

fn keepalive() -> TcpKeepalive {
    TcpKeepalive {
        idle: Duration::from_secs(60),
        interval: Duration::from_secs(10),
        count: 3,
        #[cfg(target_os = "linux")]
        user_timeout: Duration::ZERO,
    }
}
