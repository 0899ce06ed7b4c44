//! The caller who leaves while it is waited for something else.

use pingora_core::Error;
use pingora_core::protocols::http::ServerSession;

/// Ends when the caller has left. The body has been read whole, so anything but silence is a departure.
pub(crate) async fn departure(caller: &mut ServerSession) -> Box<Error> {
    loop {
        match caller.read_body_or_idle(true).await {
            Err(reason) => return reason,
            // Not promised to happen; yielding keeps it from becoming a busy loop.
            Ok(_) => tokio::task::yield_now().await,
        }
    }
}
