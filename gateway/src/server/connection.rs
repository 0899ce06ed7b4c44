//! What the steps of a request may ask about the connection it came on.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pingora_core::protocols::http::ServerSession;

use super::early::Early;
use super::head::HeadReport;
use crate::settings::Settings;

/// How long Pingora reads what is left of a request body so that the connection can be kept.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// One accepted connection.
pub(crate) struct Connection {
    /// Its other end.
    pub(crate) peer: SocketAddr,
    /// The head under way, for HTTP/1.
    pub(crate) head: HeadReport,
    /// Answers heads that no step will see; `None` at the operators' listener.
    pub(crate) early: Option<Early>,
}

tokio::task_local! {
    /// Set in the task that serves an HTTP/1 connection. The streams of an HTTP/2 connection run in tasks of their
    /// own and see none: their heads were parsed whole by `h2`.
    static CONNECTION: Arc<Connection>;
}

/// Runs the service of a connection so that [`current`] finds it.
pub(crate) fn scope<F: Future>(connection: Arc<Connection>, service: F) -> impl Future<Output = F::Output> {
    CONNECTION.scope(connection, service)
}

/// Reads something off the connection of this task, if it is an HTTP/1 one.
pub(crate) fn current<R>(read: impl FnOnce(&Connection) -> R) -> Option<R> {
    CONNECTION.try_with(|connection| read(connection)).ok()
}

/// The caller's address, from the socket.
pub(crate) fn peer(session: &ServerSession) -> Option<IpAddr> {
    current(|connection| connection.peer.ip())
        .or_else(|| session.client_addr().and_then(|address| address.as_inet()).map(SocketAddr::ip))
}

/// Bounds what a session may do from here on, its head having arrived.
pub(crate) fn bound(session: &mut ServerSession, settings: &Settings, draining: bool) {
    session.set_read_timeout(Some(settings.caller_timeout));
    session.set_write_timeout(Some(settings.caller_timeout));
    session.set_total_drain_timeout(Some(DRAIN_TIME));
    // Where keep-alive is off already (`Connection: close`, HTTP/1.0, doubtful framing) it stays off.
    if draining {
        session.set_keepalive(None);
    } else if session.get_keepalive().is_some() {
        session.set_keepalive(Some(settings.keep_alive.as_secs().max(1)));
    }
}
