//! What is taken along of one request while it is served: references to what is in memory anyway, and the begin of
//! streams.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::ledger::Record;
use weir_domain::request_log::RequestLog;
use weir_domain::snapshot::Snapshot;

use super::keeper::{Keeper, Lost};
use crate::ai::Share;

/// How much of a stream is looked at beyond what is kept of it, in bytes: what begins before the end of what is kept
/// must be seen whole to be taken out.
const BEYOND: usize = 16 * 1024;

/// A body that goes to or comes from somebody.
#[derive(Default)]
pub(super) enum Taken {
    /// There was none.
    #[default]
    Nothing,
    /// A whole one.
    Whole(Bytes),
    /// One that came in pieces.
    Pieces {
        /// Its begin.
        begin: BytesMut,
        /// How many bytes it had in all.
        bytes: usize,
    },
}

/// What one request and its answer hold.
pub(crate) struct Capture {
    keeper: Arc<Keeper>,
    pub(super) log: Arc<RequestLog>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) inbound: WireFormat,
    /// Whether the request is a form with files.
    pub(super) form: bool,
    pub(super) request: Taken,
    pub(super) attempt: u32,
    pub(super) format: Option<WireFormat>,
    pub(super) provider_request: Taken,
    pub(super) provider_answer: Taken,
    pub(super) answer: Taken,
    shares: [Share; 2],
    held: usize,
    lost: bool,
}

impl Capture {
    pub(super) fn new(keeper: Arc<Keeper>, log: Arc<RequestLog>, snapshot: Arc<Snapshot>, inbound: Dialect) -> Self {
        Self {
            keeper,
            log,
            snapshot,
            inbound: inbound.format(),
            form: false,
            request: Taken::Nothing,
            attempt: 0,
            format: None,
            provider_request: Taken::Nothing,
            provider_answer: Taken::Nothing,
            answer: Taken::Nothing,
            shares: [Share::default(), Share::default()],
            held: 0,
            lost: false,
        }
    }

    /// What the caller sent.
    pub(crate) fn request(&mut self, body: &Bytes, form: bool) {
        self.form = form;
        self.request = self.whole(body);
    }

    /// What is sent to a provider from now on, in its format. What an earlier attempt brought is forgotten.
    pub(crate) fn sending(&mut self, format: WireFormat, body: &Bytes) {
        self.attempt += 1;
        self.format = Some(format);
        self.provider_answer = Taken::Nothing;
        self.provider_request = self.whole(body);
    }

    /// What the provider answered.
    pub(crate) fn answered(&mut self, body: &Bytes) {
        self.provider_answer = self.whole(body);
    }

    /// A piece of that.
    pub(crate) fn answered_piece(&mut self, piece: &[u8]) {
        let before = std::mem::take(&mut self.provider_answer);
        self.provider_answer = self.pieced(before, piece);
    }

    /// What the caller gets.
    pub(crate) fn given(&mut self, body: &Bytes) {
        self.answer = self.whole(body);
    }

    /// A piece of that.
    pub(crate) fn given_piece(&mut self, piece: &[u8]) {
        let before = std::mem::take(&mut self.answer);
        self.answer = self.pieced(before, piece);
    }

    /// The request has ended: hands over what is to be kept.
    pub(crate) fn settled(self: Box<Self>, record: &Record) {
        let keeper = Arc::clone(&self.keeper);
        match (self.log.keeps(record), self.lost) {
            (false, _) => {}
            (true, true) => keeper.lost(Lost::Memory),
            (true, false) => keeper.take(self, record),
        }
    }

    fn whole(&mut self, body: &Bytes) -> Taken {
        if self.holds(body.len()) { Taken::Whole(body.clone()) } else { Taken::Nothing }
    }

    fn pieced(&mut self, before: Taken, piece: &[u8]) -> Taken {
        let (mut begin, bytes) = match before {
            Taken::Pieces { begin, bytes } => (begin, bytes),
            Taken::Nothing | Taken::Whole(_) => (BytesMut::new(), 0),
        };
        let room = (self.log.max_bytes + BEYOND).saturating_sub(begin.len());
        let piece_begin = piece.get(..room.min(piece.len())).unwrap_or_default();
        if self.holds(piece_begin.len()) {
            begin.extend_from_slice(piece_begin);
        }
        Taken::Pieces { begin, bytes: bytes + piece.len() }
    }

    /// Whether there is room for so many bytes more. Where there is none, everything is let go: half of an exchange
    /// explains nothing, and whoever is served needs the memory.
    fn holds(&mut self, more: usize) -> bool {
        if self.lost {
            return false;
        }
        self.held += more;
        let [part, all] = &mut self.shares;
        if part.grow(&self.keeper.part, self.held) && all.grow(&self.keeper.budget, self.held) {
            return true;
        }
        self.lost = true;
        for taken in [&mut self.request, &mut self.provider_request, &mut self.provider_answer, &mut self.answer] {
            *taken = Taken::Nothing;
        }
        self.shares = [Share::default(), Share::default()];
        false
    }
}
