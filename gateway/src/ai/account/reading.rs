//! One call about an account as it streams past: ids are opened on the way there and sealed on the way back, and what a
//! batch consumed is counted.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap};
use http::{Method, StatusCode};
use pingora_http::{RequestHeader, ResponseHeader};
use weir_domain::dialect::Dialect;
use weir_domain::snapshot::Provider;
use weir_domain::time::Micros;
use weir_llm::BatchState;
use weir_llm::held::{Held, Unsealer, seal_answer};

use super::count::{self, Counted, Results};
use super::row::{self, Seen};
use super::{Contents, Sealer, Written};
use crate::metering::Settlement;

/// The longest object that is read. A longer one is none of a file or a batch.
const MAX_OBJECT: usize = 4 << 20;

/// What is read and changed of one call.
pub(crate) struct Reading {
    sealer: Sealer,
    /// In whose layout the provider answers.
    dialect: Dialect,
    /// When the call came.
    at: Micros,
    /// What the path names: in the caller's words, and the vendor's.
    asked: Option<(String, Held)>,
    /// What of it the answer holds.
    contents: Contents,
    /// Whether a batch is made, of which nobody knows yet what it will cost.
    makes_batch: bool,
    written: Arc<Written>,
    request: Option<Unsealer>,
    answer: Answer,
    seen: Option<(String, BatchState)>,
}

/// What the answer is.
enum Answer {
    /// Nothing that is read.
    Other,
    /// An object, of which so much has come.
    Object(BytesMut),
    /// What came of the requests of a batch.
    Results(Box<Results>),
    /// The same, but not whole or not legible.
    Illegible,
}

impl Reading {
    pub(super) fn new(
        sealer: Sealer,
        (dialect, at): (Dialect, Micros),
        asked: Option<(String, Held, Contents)>,
        makes_batch: bool,
        written: Arc<Written>,
    ) -> Self {
        let contents = asked.as_ref().map_or(Contents::Object, |(.., contents)| *contents);
        Self {
            sealer,
            dialect,
            at,
            asked: asked.map(|(id, held, _)| (id, held)),
            contents,
            makes_batch,
            written,
            request: None,
            answer: Answer::Other,
            seen: None,
        }
    }

    /// The vendor's id of the batch whose results the answer holds, and when it was made.
    fn results_of(&self) -> Option<(&str, u64)> {
        let (_, held) = self.asked.as_ref()?;
        let batch = match self.contents {
            Contents::Object => return None,
            Contents::File => &held.results_of,
            Contents::Results => &held.id,
        };
        (!batch.is_empty()).then_some((batch, held.made))
    }

    /// Prepares for the request's body: anew for each attempt.
    pub(crate) fn request_head(&mut self, head: &RequestHeader) {
        let bodiless = matches!(head.method, Method::GET | Method::HEAD | Method::DELETE);
        self.request = (!bodiless && is_plain(&head.headers)).then(Unsealer::default);
    }

    /// Opens the ids in a piece of the request; `last` says that nothing follows.
    pub(crate) fn request_piece(&mut self, body: &mut Option<Bytes>, last: bool) {
        let Self { request: Some(unsealer), sealer, .. } = self else { return };
        let opened = unsealer.push(body.as_deref().unwrap_or_default(), last, &|id| sealer.open_here(id));
        if body.is_some() || !opened.is_empty() {
            *body = Some(opened);
        }
    }

    /// Prepares for the answer's body.
    pub(crate) fn response_head(&mut self, head: &mut ResponseHeader) {
        self.answer = Answer::Other;
        if !head.status.is_success() || head.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0") {
            return;
        }
        if self.contents != Contents::Object {
            if self.results_of().is_some() {
                let legible = head.status == StatusCode::OK && is_plain(&head.headers);
                self.answer = match legible {
                    true => Answer::Results(Box::new(Results::new(self.dialect))),
                    false => Answer::Illegible,
                };
            }
            return;
        }
        if is_json(&head.headers) && is_plain(&head.headers) {
            // The ids of the caller's are longer.
            head.remove_header(&header::CONTENT_LENGTH);
            self.answer = Answer::Object(BytesMut::new());
        }
    }

    /// Reads a piece of the answer and gives what the caller gets in its place.
    pub(crate) fn response_piece(&mut self, body: &mut Option<Bytes>, last: bool, provider: &Provider) {
        let at = self.results_at();
        let piece = body.as_deref().unwrap_or_default();
        match &mut self.answer {
            Answer::Other | Answer::Illegible => {}
            Answer::Results(results) => results.push(piece, provider, at),
            Answer::Object(come) => {
                come.extend_from_slice(piece);
                if come.len() > MAX_OBJECT {
                    *body = Some(come.split().freeze());
                    self.answer = Answer::Other;
                } else {
                    *body = Some(if last { self.rest() } else { Bytes::new() });
                }
            }
        }
    }

    /// What of the answer the caller has not got at its end.
    pub(crate) fn rest(&mut self) -> Bytes {
        let Answer::Object(come) = std::mem::replace(&mut self.answer, Answer::Other) else { return Bytes::new() };
        let (body, seen) = self.sealed(come.freeze());
        self.seen = seen;
        body
    }

    /// An object with the caller's ids, and the batch that it is.
    pub(super) fn sealed(&self, answer: Bytes) -> (Bytes, Option<(String, BatchState)>) {
        let asked = self.asked.as_ref().map(|(asked, held)| (asked.as_str(), held));
        let seal = |made, results_of: &str, id: &str| self.sealer.seal(made, results_of, id);
        match seal_answer(&seal, asked, &answer) {
            Some(answered) => (answered.body.into(), answered.batch),
            None => (answer, None),
        }
    }

    /// Notes the batch that an answer describes.
    pub(super) fn saw(&mut self, batch: Option<(String, BatchState)>) {
        self.seen = batch;
    }

    fn results_at(&self) -> Micros {
        self.made_at(self.results_of().map_or(0, |(_, made)| made))
    }

    /// The moment of a batch: when it was made, or when it was asked after where the provider does not say that.
    fn made_at(&self, made: u64) -> Micros {
        if made == 0 { self.at } else { micros(made) }
    }

    /// Writes down what a batch consumed. Tells whether the cost of the call itself is known, which is nothing: unknown
    /// is what the batch that it made will cost, or results that it gave and could not count.
    pub(crate) fn settle(&mut self, settlement: &Settlement, whole: bool, provider: &Provider) -> bool {
        if let Some((id, state)) = self.seen.take() {
            let at = self.made_at(state.made);
            if let Some(counted) = count::of_object(provider, &state, at) {
                self.write(settlement, provider, &id, at, &[counted]);
            }
        }
        match std::mem::replace(&mut self.answer, Answer::Other) {
            Answer::Results(results) if whole => {
                let at = self.results_at();
                let counted = results.finish(provider, at);
                if let (Some((batch, _)), Some(counted)) = (self.results_of(), &counted) {
                    self.write(settlement, provider, batch, at, counted);
                }
                counted.is_some() || self.is_counted(provider)
            }
            Answer::Results(_) | Answer::Illegible => self.is_counted(provider),
            Answer::Other | Answer::Object(_) => !self.makes_batch,
        }
    }

    /// Whether nothing is left to count.
    fn is_counted(&self, provider: &Provider) -> bool {
        self.results_of().is_none_or(|(batch, _)| row::is_written(&self.written, &provider.id, batch))
    }

    fn write(&self, settlement: &Settlement, provider: &Provider, batch: &str, at: Micros, counted: &[Counted]) {
        let path = match self.dialect {
            Dialect::Anthropic => format!("/v1/messages/batches/{batch}"),
            _ => format!("/v1/batches/{batch}"),
        };
        let seen = Seen { id: batch, at, path };
        row::write(&self.written, settlement, (&self.sealer, provider), &seen, counted);
    }
}

fn micros(seconds: u64) -> Micros {
    Micros::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000)
}

fn is_plain(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity")
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
