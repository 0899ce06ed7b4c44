//! Listening sockets and the loop that accepts from them.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use parking_lot::Mutex;
use pingora_core::apps::ServerApp;
use pingora_core::listeners::tls::Acceptor as TlsAcceptor;
use pingora_core::protocols::l4::stream::Stream as L4Stream;
use pingora_core::protocols::{GetSocketDigest, SocketDigest, Stream};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::connection::{self, Connection};
use super::drain::Drain;
use super::early::Early;
use super::guard::Guarded;
use super::head::HeadReport;

/// Connections that the kernel keeps for us while all workers are busy.
const BACKLOG: u32 = 4096;

/// Listens at an address, with room for as many callers as the gateway expects; port 0 takes a free one. To be called
/// within a tokio runtime; the socket belongs to none.
///
/// # Errors
/// When the address is in use or not ours.
pub fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// How many connections may be open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) connections: usize,
    pub(crate) per_ip: usize,
}

/// Accepts connections and hands each to an application of Pingora.
pub(crate) struct Acceptor<A> {
    pub(crate) app: Arc<A>,
    pub(crate) drain: Arc<Drain>,
    pub(crate) caps: Caps,
    pub(crate) head_timeout: Duration,
    /// Answers heads that no step will see.
    pub(crate) early: Option<Early>,
    /// Without it connections are plain.
    pub(crate) tls: Option<Arc<TlsAcceptor>>,
}

/// Open connections by address. Touched once per connection, never by requests.
type Open = Arc<Mutex<HashMap<IpAddr, usize>>>;

struct Slot {
    open: Open,
    ip: IpAddr,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        if let Some(count) = open.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.ip);
            }
        }
    }
}

impl<A: ServerApp + Send + Sync + 'static> Acceptor<A> {
    /// Accepts until the drain begins, then takes what the kernel has already accepted for us and closes the socket.
    pub(crate) async fn run(self, listener: TcpListener) {
        let open = Open::default();
        let mut draining = self.drain.watch();
        loop {
            let accepted = tokio::select! {
                biased;
                _ = draining.wait_for(|&begun| begun) => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => self.serve(socket, peer, &open),
                Err(error) => refused(&error).await,
            }
        }
        while let Some(Ok((socket, peer))) = listener.accept().now_or_never() {
            self.serve(socket, peer, &open);
        }
    }

    fn serve(&self, socket: TcpStream, peer: SocketAddr, open: &Open) {
        let Some(slot) = self.admit(peer.ip(), open) else {
            tracing::debug!(%peer, "connection refused: too many are open");
            return;
        };
        if let Err(error) = socket.set_nodelay(true) {
            // The other end is gone already.
            tracing::debug!(%peer, %error, "connection refused");
            return;
        }
        let counted = self.drain.connection();
        let digest = SocketDigest::from_raw_fd(socket.as_raw_fd());
        let mut stream = L4Stream::from(socket);
        // Cannot fail: the digest's cell is fresh.
        _ = digest.peer_addr.set(Some(pingora_core::protocols::l4::socket::SocketAddr::Inet(peer)));
        stream.set_socket_digest(digest);
        let connection = Arc::new(Connection { peer, head: HeadReport::default(), early: self.early.clone() });
        let (app, shutdown) = (Arc::clone(&self.app), self.drain.watch());
        let (tls, within) = (self.tls.clone(), self.head_timeout);
        let of_service = Arc::clone(&connection);
        let service = async move {
            let _held = (slot, counted);
            let mut again = match secured(tls.as_deref(), stream, of_service, within).await {
                Some(stream) => app.process_new(stream, &shutdown).await,
                None => None,
            };
            while let Some(stream) = again {
                again = app.process_new(stream, &shutdown).await;
            }
        };
        tokio::spawn(connection::scope(connection, service));
    }

    fn admit(&self, ip: IpAddr, open: &Open) -> Option<Slot> {
        if self.drain.connections() >= self.caps.connections {
            return None;
        }
        let mut counts = open.lock();
        let count = counts.entry(ip).or_insert(0);
        if *count >= self.caps.per_ip {
            return None;
        }
        *count += 1;
        Some(Slot { open: Arc::clone(open), ip })
    }
}

/// The guarded stream of a connection, behind its TLS handshake where there is TLS. A handshake that fails or takes too
/// long ends the connection: whoever it was had no word to say yet.
async fn secured(
    tls: Option<&TlsAcceptor>,
    stream: L4Stream,
    connection: Arc<Connection>,
    within: Duration,
) -> Option<Stream> {
    let Some(tls) = tls else { return Some(Box::new(Guarded::new(stream, connection, within))) };
    let peer = connection.peer;
    match tokio::time::timeout(within, tls.tls_handshake(stream)).await {
        Ok(Ok(stream)) => Some(Box::new(Guarded::new(stream, connection, within))),
        Ok(Err(error)) => {
            tracing::debug!(%peer, error = %error.root_cause(), "no TLS handshake");
            None
        }
        Err(_) => {
            tracing::debug!(%peer, "no TLS handshake in time");
            None
        }
    }
}

/// Out of file descriptors, mostly: `accept` would fail again at once, so it waits a little.
async fn refused(error: &io::Error) {
    tracing::warn!(%error, "no connection could be accepted");
    tokio::time::sleep(Duration::from_millis(50)).await;
}
