//! The REST way: a route's request is streamed to one of its upstream's targets, and the answer back.

pub(crate) mod admission;
pub(crate) mod attempt;
pub(crate) mod authority;
mod choice;
pub(crate) mod failure;
mod forward;
mod headers;
pub(crate) mod owned;
mod peer;
pub(crate) mod repeat;
pub(crate) mod rewrite;
pub(crate) mod tunnel;
pub(crate) mod upload;

pub(crate) use forward::{Forward, Pace};
