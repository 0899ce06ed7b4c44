//! Going down without losing a request: who is still under way, and when nobody is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

/// Begins a drain from anywhere, such as a signal handler of the binary.
#[derive(Clone)]
pub struct ShutdownHandle(pub(crate) Arc<Drain>);

impl ShutdownHandle {
    /// Begins the drain: not ready any more, keep-alive off, no new connections; requests under way end in peace.
    /// Calling it again does nothing.
    pub fn begin(&self) {
        self.0.begin();
    }

    /// Whether a drain has begun.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.is_draining()
    }
}

/// Counts what a drain waits for.
pub(crate) struct Drain {
    begun: watch::Sender<bool>,
    requests: AtomicUsize,
    connections: AtomicUsize,
    changed: Notify,
}

/// What is counted for as long as it lives.
pub(crate) struct Counted {
    drain: Arc<Drain>,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Request,
    Connection,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            begun: watch::Sender::new(false),
            requests: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }
}

impl Drain {
    pub(crate) fn begin(&self) {
        self.begun.send_replace(true);
        self.changed.notify_waiters();
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.begun.borrow()
    }

    /// Turns true when the drain begins; also what Pingora knows as its shutdown watch.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.begun.subscribe()
    }

    /// Requests whose head has arrived and whose answer is not out.
    pub(crate) fn in_flight(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Open connections.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn request(self: &Arc<Self>) -> Counted {
        self.count(What::Request)
    }

    pub(crate) fn connection(self: &Arc<Self>) -> Counted {
        self.count(What::Connection)
    }

    fn count(self: &Arc<Self>, what: What) -> Counted {
        self.counter(what).fetch_add(1, Ordering::Relaxed);
        Counted { drain: Arc::clone(self), what }
    }

    fn counter(&self, what: What) -> &AtomicUsize {
        match what {
            What::Request => &self.requests,
            What::Connection => &self.connections,
        }
    }

    /// Waits until nothing is open, or no request is under way after `linger`, or `grace` has run out; says whether
    /// every request had ended.
    pub(crate) async fn drained(&self, grace: Duration, linger: Duration) -> bool {
        let begun = Instant::now();
        loop {
            let changed = self.changed.notified();
            let elapsed = begun.elapsed();
            if self.in_flight() == 0 && (self.connections() == 0 || elapsed >= linger) {
                return true;
            }
            if elapsed >= grace {
                return false;
            }
            let next = if elapsed < linger { linger.min(grace) } else { grace };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(next.saturating_sub(elapsed)) => {}
            }
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let before = self.drain.counter(self.what).fetch_sub(1, Ordering::Relaxed);
        // Only a drain listens, and only for the last one; the common way stays free of the lock inside.
        if before == 1 && self.drain.is_draining() {
            self.drain.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drain_ends_with_the_last_request_and_not_before() {
        let drain = Arc::new(Drain::default());
        let (connection, request) = (drain.connection(), drain.request());
        drain.begin();
        let waiting = Arc::clone(&drain);
        let begun = Instant::now();
        let task = tokio::spawn(async move { waiting.drained(Duration::from_secs(20), Duration::ZERO).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!task.is_finished());
        drop(request);
        assert!(task.await.unwrap());
        assert!(begun.elapsed() < Duration::from_secs(5));
        drop(connection);
    }

    #[tokio::test]
    async fn idle_connections_are_waited_for_only_as_long_as_they_may_linger() {
        let drain = Arc::new(Drain::default());
        let _connection = drain.connection();
        drain.begin();
        let begun = Instant::now();
        assert!(drain.drained(Duration::from_secs(20), Duration::from_millis(80)).await);
        assert!(begun.elapsed() >= Duration::from_millis(80) && begun.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn grace_bounds_the_wait() {
        let drain = Arc::new(Drain::default());
        let _request = drain.request();
        drain.begin();
        assert!(!drain.drained(Duration::from_millis(50), Duration::from_millis(10)).await);
    }
}
