//! Where a request came from, and the proxies in front of the gateway whose word about that is believed.

use std::net::IpAddr;

use pingora_core::protocols::http::ServerSession;
pub use weir_domain::network::Network;
use weir_domain::network::is_trusted;

use super::connection;

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// The other end of the connection.
    pub(crate) peer: Option<IpAddr>,
    /// Whether it is a proxy that may speak for its callers.
    pub(crate) trusted: bool,
    /// Whether the connection is TLS.
    pub(crate) secure: bool,
}

impl Origin {
    /// The origin of a session's requests.
    pub(crate) fn of(session: &ServerSession, proxies: &[Network]) -> Self {
        let peer = connection::peer(session);
        let trusted = peer.is_some_and(|ip| is_trusted(ip, proxies));
        let secure = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        Self { peer, trusted, secure }
    }
}
