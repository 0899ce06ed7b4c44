//! Where an answer comes from: a call of this request's own, or one that several requests share.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use pingora_core::{Error, ErrorType};
use pingora_http::ResponseHeader;
use weir_conflict::coalesce::{Head, Reader};

use crate::state::State;
use crate::upstream::owned::Answer;

/// An answer whose head is here.
pub(super) struct Source {
    pub(super) head: Box<ResponseHeader>,
    /// Whether no body follows.
    pub(super) bodiless: bool,
    /// What was taken off its begin already, to be given first.
    pub(super) prefix: std::collections::VecDeque<Bytes>,
    from: From,
}

enum From {
    Own(Box<Answer>),
    Shared(Reader),
}

impl Source {
    /// This request's own.
    pub(super) fn own(mut answer: Answer) -> Result<Self, Box<Error>> {
        let head = std::mem::replace(&mut answer.head, Box::new(ResponseHeader::build(200, Some(0))?));
        let bodiless = answer.bodiless;
        Ok(Self { head, bodiless, prefix: Default::default(), from: From::Own(Box::new(answer)) })
    }

    /// One that others read too.
    pub(super) fn shared(head: &Arc<Head>, reader: Reader) -> Result<Self, Box<Error>> {
        let mut built = ResponseHeader::build(head.status, Some(head.headers.len()))?;
        for (name, value) in &head.headers {
            built.append_header(name, value)?;
        }
        Ok(Self { head: Box::new(built), bodiless: false, prefix: Default::default(), from: From::Shared(reader) })
    }

    /// The next piece; `None` at the end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, Box<Error>> {
        if let Some(piece) = self.prefix.pop_front() {
            return Ok(Some(piece));
        }
        match &mut self.from {
            From::Own(answer) => answer.piece().await,
            From::Shared(reader) => reader
                .next()
                .await
                .map_err(|broken| Error::explain(ErrorType::ConnectionClosed, broken.to_string()).into_up()),
        }
    }

    /// What follows the body.
    pub(super) async fn trailers(&mut self) -> Result<Option<HeaderMap>, Box<Error>> {
        match &mut self.from {
            From::Own(answer) => answer.trailers().await,
            From::Shared(_) => Ok(None),
        }
    }

    /// It has been read to its end.
    pub(super) async fn release(self, state: &State) {
        if let From::Own(answer) = self.from {
            answer.release(state).await;
        }
    }

    /// Nobody wants the rest.
    pub(super) async fn finish(self, state: &State) {
        if let From::Own(answer) = self.from {
            answer.finish(state).await;
        }
    }

    /// The upstream is to stop.
    pub(super) async fn cut(self) {
        if let From::Own(answer) = self.from {
            answer.cut().await;
        }
    }
}
