//! Accepting connections: listeners, caps, the deadline of a head, and the drain.

pub(crate) mod connection;
pub(crate) mod departure;
pub(crate) mod drain;
pub(crate) mod early;
pub(crate) mod front;
pub(crate) mod guard;
pub(crate) mod head;
pub(crate) mod listener;
pub(crate) mod trust;
