//! What becomes of events that are written: they go out as they are, as one JSON list, or with the caller's ids.

use bytes::{BufMut, BytesMut};
use weir_domain::dialect::Dialect;

use crate::answer::AnswerContext;
use crate::ids::IdRewriter;
use crate::json_array::JsonArray;

/// The form that the caller wants.
pub(super) enum Shape {
    Events,
    List(JsonArray),
    /// The provider's own events, in which the caller knows its ids under other names.
    Named(Box<IdRewriter>),
}

impl Shape {
    /// `forwards`: the events are the provider's own.
    pub(super) fn new(context: &AnswerContext, forwards: bool) -> Self {
        let named = forwards && context.inbound == Dialect::Responses;
        match context.wanted.ids.rewriter(true).filter(|_| named) {
            Some(rewriter) => Self::Named(Box::new(rewriter)),
            None if context.json_array => Self::List(JsonArray::default()),
            None => Self::Events,
        }
    }

    /// Puts events into the form; `ended` says that they are the last.
    pub(super) fn take(&mut self, events: &[u8], ended: bool, out: &mut BytesMut) {
        match self {
            Self::Events => out.put_slice(events),
            Self::Named(rewriter) => rewriter.push(events, out),
            Self::List(array) => {
                array.take(events, out);
                if ended {
                    array.end(out);
                }
            }
        }
    }
}
