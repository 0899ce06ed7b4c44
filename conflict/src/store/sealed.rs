//! What leaves the process for a store, as bytes: sealed, and bound to the name that it is kept under.

use std::sync::Arc;

use bytes::Bytes;

use super::{Holder, StoreError, StoredAnswer};
use crate::resource::{Names, ResourceKey};

/// Seals and opens what is kept under a name.
#[derive(Clone, Debug)]
pub(super) struct Sealed(pub(super) Arc<Names>);

/// Lengths before texts: four bytes, the most significant first.
struct Writer(Vec<u8>);

impl Writer {
    fn text(&mut self, bytes: &[u8]) {
        // Nothing that is kept is as long as 4 GiB: bodies are bounded by `max_body`, heads by the server.
        self.0.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.extend(bytes);
    }
}

struct Reader(Bytes);

impl Reader {
    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        (self.0.len() >= N).then(|| self.0.split_to(N))?.as_ref().try_into().ok()
    }

    fn text(&mut self) -> Option<Bytes> {
        let length = usize::try_from(u32::from_be_bytes(self.fixed()?)).ok()?;
        (self.0.len() >= length).then(|| self.0.split_to(length))
    }

    fn string(&mut self) -> Option<String> {
        String::from_utf8(self.text()?.to_vec()).ok()
    }
}

impl Sealed {
    pub(super) fn holder(&self, key: &ResourceKey, holder: &Holder) -> Vec<u8> {
        let mut writer = Writer(Vec::new());
        for text in [&holder.owner, &holder.team, &holder.label, &holder.note] {
            writer.text(text.as_bytes());
        }
        self.0.seal(key, "holder", &writer.0)
    }

    pub(super) fn open_holder(&self, key: &ResourceKey, sealed: &[u8]) -> Result<Holder, StoreError> {
        let opened = self.0.open(key, "holder", sealed).ok_or(StoreError::Malformed("a holder"))?;
        let mut reader = Reader(opened.into());
        let mut text = || reader.string();
        let holder = (|| Some(Holder { owner: text()?, team: text()?, label: text()?, note: text()? }))();
        holder.ok_or(StoreError::Malformed("a holder"))
    }

    pub(super) fn text(&self, key: &ResourceKey, purpose: &str, text: &str) -> Vec<u8> {
        self.0.seal(key, purpose, text.as_bytes())
    }

    pub(super) fn open_text(
        &self,
        key: &ResourceKey,
        purpose: &'static str,
        sealed: &[u8],
    ) -> Result<String, StoreError> {
        let opened = self.0.open(key, purpose, sealed).ok_or(StoreError::Malformed(purpose))?;
        String::from_utf8(opened).map_err(|_| StoreError::Malformed(purpose))
    }

    /// An answer but for its fingerprint, which stands beside it.
    pub(super) fn answer(&self, key: &ResourceKey, answer: &StoredAnswer) -> Vec<u8> {
        let mut writer = Writer(Vec::with_capacity(answer.weight()));
        writer.0.extend(answer.status.to_be_bytes());
        writer.0.extend(answer.at.to_be_bytes());
        writer.0.extend(u32::try_from(answer.headers.len()).unwrap_or(u32::MAX).to_be_bytes());
        for (name, value) in &answer.headers {
            writer.text(name.as_bytes());
            writer.text(value);
        }
        writer.0.extend(&answer.body);
        self.0.seal(key, "answer", &writer.0)
    }

    pub(super) fn open_answer(
        &self,
        key: &ResourceKey,
        sealed: &[u8],
        fingerprint: Option<[u8; 32]>,
    ) -> Result<StoredAnswer, StoreError> {
        let opened = self.0.open(key, "answer", sealed).ok_or(StoreError::Malformed("an answer"))?;
        read_answer(opened.into(), fingerprint).ok_or(StoreError::Malformed("an answer"))
    }
}

fn read_answer(opened: Bytes, fingerprint: Option<[u8; 32]>) -> Option<StoredAnswer> {
    let mut reader = Reader(opened);
    let status = u16::from_be_bytes(reader.fixed()?);
    let at = i64::from_be_bytes(reader.fixed()?);
    let mut headers = Vec::new();
    for _ in 0..u32::from_be_bytes(reader.fixed()?) {
        headers.push((reader.string()?, reader.text()?.to_vec()));
    }
    Some(StoredAnswer { status, headers, body: reader.0, fingerprint, at })
}
