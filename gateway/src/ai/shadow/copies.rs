//! Who gets a copy of an answer while it goes to the caller: the cache of answers, and the call's shadows.

use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;
use weir_domain::ledger::Record;

use super::MOST_BYTES;
use crate::ai::answers::Taking;

/// All who get one.
#[derive(Default)]
pub(in crate::ai) struct Copies<'a> {
    /// What keeps it, to give it once more.
    pub(in crate::ai) taking: Option<Taking<'a>>,
    /// What gives it to shadows.
    pub(in crate::ai) mirror: Option<Mirror>,
}

impl Copies<'_> {
    /// Takes a piece of the answer.
    pub(in crate::ai) fn piece(&mut self, piece: &[u8]) {
        if let Some(taking) = &mut self.taking {
            taking.piece(piece);
        }
        if let Some(mirror) = &mut self.mirror {
            mirror.piece(piece);
        }
    }

    /// The answer is whole, and went well.
    pub(in crate::ai) fn keep(self, record: &Record) {
        if let Some(taking) = self.taking {
            taking.keep(record);
        }
        if let Some(mirror) = self.mirror {
            mirror.give();
        }
    }
}

/// An answer that is taken in for shadows to compare with. Dropped before its end, it gives them nothing.
pub(in crate::ai) struct Mirror {
    /// `None` once it is too long.
    bytes: Option<BytesMut>,
    tell: Vec<oneshot::Sender<Bytes>>,
}

impl Mirror {
    pub(super) fn new(tell: Vec<oneshot::Sender<Bytes>>) -> Self {
        Self { bytes: Some(BytesMut::new()), tell }
    }

    fn piece(&mut self, piece: &[u8]) {
        match self.bytes.as_mut().filter(|bytes| bytes.len() + piece.len() <= MOST_BYTES) {
            Some(bytes) => bytes.extend_from_slice(piece),
            None => self.bytes = None,
        }
    }

    fn give(self) {
        let Some(bytes) = self.bytes.map(BytesMut::freeze) else { return };
        for tell in self.tell {
            // A shadow that has failed is not there any more.
            _ = tell.send(bytes.clone());
        }
    }
}
