//! What is read and changed of a call about something that lies in an account, on its way there and back.

use bytes::Bytes;
use pingora_http::{RequestHeader, ResponseHeader};
use weir_domain::snapshot::Provider;

use super::super::account::Reading;
use super::super::stored::Retelling;
use crate::metering::Settlement;

/// What lies there.
pub(in crate::ai) enum Told {
    /// Files, uploads, batches.
    Object(Box<Reading>),
    /// A response that is kept.
    Response(Retelling),
}

impl Told {
    pub(super) fn request_head(&mut self, head: &RequestHeader) {
        match self {
            Self::Object(reading) => reading.request_head(head),
            Self::Response(_) => {}
        }
    }

    pub(super) fn request_piece(&mut self, body: &mut Option<Bytes>, last: bool) {
        match self {
            Self::Object(reading) => reading.request_piece(body, last),
            Self::Response(_) => {}
        }
    }

    pub(super) fn response_head(&mut self, head: &mut ResponseHeader) {
        match self {
            Self::Object(reading) => reading.response_head(head),
            Self::Response(retelling) => retelling.response_head(head),
        }
    }

    pub(super) fn response_piece(&mut self, body: &mut Option<Bytes>, last: bool, provider: &Provider) {
        match self {
            Self::Object(reading) => reading.response_piece(body, last, provider),
            Self::Response(retelling) => retelling.response_piece(body, last),
        }
    }

    pub(super) fn rest(&mut self) -> Bytes {
        match self {
            Self::Object(reading) => reading.rest(),
            Self::Response(retelling) => retelling.rest(),
        }
    }

    /// Whether the cost of the call is known, which is nothing.
    pub(super) fn settle(&mut self, settlement: &Settlement, whole: bool, provider: &Provider) -> bool {
        match self {
            Self::Object(reading) => reading.settle(settlement, whole, provider),
            Self::Response(_) => true,
        }
    }
}
