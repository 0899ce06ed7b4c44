//! The body of a request that the data plane owns: read from the caller once, sent as often as the upstream is asked.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use pingora_core::Result;
use pingora_proxy::Session;
use tokio::sync::Semaphore;

use super::{Forward, Pace};
use crate::ai::Share;
use crate::metering::Settlement;

/// What is kept of a body in any case: it costs no more than a buffer, and a pooled connection may be dead.
pub(crate) const KEPT: usize = 64 << 10;

/// A body on its way. What is kept of it can be sent again.
pub(crate) struct Upload {
    kept: Vec<Bytes>,
    read: usize,
    most: usize,
    /// Whether something went on its way that was not kept.
    passed: bool,
    /// Whether it has been read to its end.
    whole: bool,
    taster: Option<Taster>,
    budget: Arc<Semaphore>,
    share: Share,
}

/// Who sees each piece of a body once, as it comes.
type Taster = Box<dyn FnMut(&[u8]) + Send + Sync>;

/// How far one sending of a body is.
#[derive(Default)]
pub(crate) struct Cursor(usize);

impl Upload {
    /// No body at all.
    pub(crate) fn none(budget: &Arc<Semaphore>) -> Self {
        Self { whole: true, ..Self::new(0, budget) }
    }

    /// A body that is here.
    pub(crate) fn held(body: Bytes, budget: &Arc<Semaphore>) -> Self {
        Self { read: body.len(), kept: vec![body], whole: true, ..Self::new(usize::MAX, budget) }
    }

    /// From here on so many bytes are kept, if that is more than before.
    pub(crate) fn keep(&mut self, most: usize) {
        self.most = self.most.max(most);
    }

    /// The body that the caller sends, of which up to `most` bytes are kept.
    pub(crate) fn new(most: usize, budget: &Arc<Semaphore>) -> Self {
        Self {
            kept: Vec::new(),
            read: 0,
            most,
            passed: false,
            whole: false,
            taster: None,
            budget: Arc::clone(budget),
            share: Share::default(),
        }
    }

    /// Shows each piece to `taster`, those that are kept already first.
    pub(crate) fn taste(&mut self, mut taster: impl FnMut(&[u8]) + Send + Sync + 'static) {
        self.kept.iter().for_each(|piece| taster(piece));
        self.taster = Some(Box::new(taster));
    }

    /// Whether it can be sent again from its begin.
    pub(crate) fn is_repeatable(&self) -> bool {
        !self.passed
    }

    /// Whether it has been read to its end.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// All of it, where all of it is kept.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        (self.whole && !self.passed).then(|| match self.kept.as_slice() {
            [] => Bytes::new(),
            [one] => one.clone(),
            many => many.iter().fold(BytesMut::with_capacity(self.read), joined).freeze(),
        })
    }

    /// Reads it to its end, or until more has come than is kept. Says whether it is whole.
    ///
    /// # Errors
    /// The caller left, sends too slowly, or more than the route takes.
    pub(crate) async fn hold(&mut self, talk: &mut Talk<'_>) -> Result<bool> {
        while !self.whole && self.read <= self.most {
            if let Some(piece) = self.read(talk).await? {
                self.kept.push(piece);
            }
        }
        Ok(self.whole)
    }

    /// Reads what is left and keeps none of it. Says how much there was in all.
    ///
    /// # Errors
    /// As [`Self::hold`].
    pub(crate) async fn discard(&mut self, talk: &mut Talk<'_>) -> Result<usize> {
        while !self.whole {
            self.passed |= self.read(talk).await?.is_some();
        }
        Ok(self.read)
    }

    /// The next piece for one sending; `None` at the end.
    ///
    /// # Errors
    /// As [`Self::hold`].
    pub(super) async fn next(&mut self, cursor: &mut Cursor, talk: &mut Talk<'_>) -> Result<Option<Bytes>> {
        if let Some(piece) = self.kept.get(cursor.0) {
            cursor.0 += 1;
            return Ok(Some(piece.clone()));
        }
        if self.whole {
            return Ok(None);
        }
        let Some(piece) = self.read(talk).await? else { return Ok(None) };
        if !self.passed && self.read <= self.most && self.grows() {
            self.kept.push(piece.clone());
            cursor.0 += 1;
        } else {
            self.passed = true;
            self.kept = Vec::new();
            cursor.0 = 0;
        }
        Ok(Some(piece))
    }

    /// What is small is not counted: it lives no longer than a request's head does.
    fn grows(&mut self) -> bool {
        self.read <= KEPT || self.share.grow(&self.budget, self.read)
    }

    async fn read(&mut self, talk: &mut Talk<'_>) -> Result<Option<Bytes>> {
        let piece = match talk.session.as_deref_mut() {
            Some(session) => session.as_downstream_mut().read_request_body().await.map_err(|e| e.into_down())?,
            None => None,
        };
        let Some(piece) = piece else {
            self.whole = true;
            return Ok(None);
        };
        self.read += piece.len();
        if let Some(taster) = &mut self.taster {
            taster(&piece);
        }
        talk.forward.request_piece(talk.settlement, &piece)?;
        talk.forward.check_pace(talk.settlement, talk.pace)?;
        Ok(Some(piece))
    }
}

fn joined(mut all: BytesMut, piece: &Bytes) -> BytesMut {
    all.extend_from_slice(piece);
    all
}

/// One request, its caller, and what is noted of both.
pub(crate) struct Talk<'a> {
    /// Who sends the body; nobody where Weir itself asks.
    pub(crate) session: Option<&'a mut Session>,
    pub(crate) forward: &'a mut Forward,
    pub(crate) settlement: &'a mut Settlement,
    pub(crate) pace: Pace,
    /// Whether what may have reached the upstream is never sent again, whatever its method: the end of the first is what
    /// others wait to know.
    pub(crate) once: bool,
}
