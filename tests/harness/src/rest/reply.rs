//! What the upstream answers, whichever version of HTTP asks.

use std::sync::OnceLock;
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Seen;

/// Bodies up to this size are hashed; larger ones are compared with [`pattern`] only, which is fast.
const HASHED: u64 = 1 << 20;

/// Length of the block that [`pattern`] repeats: a prime, so that shifted content never matches.
const BLOCK: usize = 65_521;

fn block() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        std::iter::repeat_with(next).take(BLOCK).collect()
    })
}

/// What is told about a body.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Digest {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 in hexadecimal, of bodies up to 1 MiB.
    pub sha256: Option<String>,
    /// Whether it is the known pattern.
    pub is_pattern: bool,
}

/// Makes a [`Digest`] piece by piece.
#[derive(Debug)]
pub(super) struct Digesting {
    bytes: u64,
    is_pattern: bool,
    hash: Sha256,
}

impl Digesting {
    pub(super) fn new() -> Self {
        Self { bytes: 0, is_pattern: true, hash: Sha256::new() }
    }

    pub(super) fn add(&mut self, piece: &[u8]) {
        let mut rest = piece;
        let mut at = usize::try_from(self.bytes % BLOCK as u64).unwrap_or_default();
        while !rest.is_empty() && self.is_pattern {
            let (part, after) = rest.split_at(rest.len().min(BLOCK - at));
            self.is_pattern = part == &block()[at..at + part.len()];
            (rest, at) = (after, 0);
        }
        self.bytes += piece.len() as u64;
        if self.bytes <= HASHED {
            self.hash.update(piece);
        }
    }

    pub(super) fn finish(self) -> Digest {
        let hex = |hash: Sha256| hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        let sha256 = (self.bytes <= HASHED).then(|| hex(self.hash));
        Digest { bytes: self.bytes, sha256, is_pattern: self.is_pattern && self.bytes > 0 }
    }
}

/// What the query asks for; the default is status 200 and the request as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// `status=503`.
    pub(super) status: Option<u16>,
    /// `delay_ms=100`: wait before the head.
    pub(super) delay: Duration,
    /// `size=1000`: answer with that much of the pattern.
    pub(super) size: Option<u64>,
    /// `chunked=1`: without a length (HTTP/1.1 only).
    pub(super) chunked: bool,
    /// `pieces=5`: the body in that many writes...
    pub(super) pieces: u64,
    /// ... and `gap_ms=10`: so far apart.
    pub(super) gap: Duration,
    /// `cut=100`: drop the connection after so many bytes of the body.
    pub(super) cut: Option<u64>,
}

impl Wish {
    pub(super) fn of(target: &str) -> Self {
        let query = target.split_once('?').map_or("", |(_, q)| q);
        let get = |name: &str| {
            let pairs = query.split('&').filter_map(|p| p.split_once('='));
            pairs.into_iter().find(|(n, _)| *n == name).and_then(|(_, v)| v.parse::<u64>().ok())
        };
        Self {
            status: get("status").and_then(|s| u16::try_from(s).ok()),
            delay: Duration::from_millis(get("delay_ms").unwrap_or_default()),
            size: get("size"),
            chunked: get("chunked").is_some(),
            pieces: get("pieces").unwrap_or(1).max(1),
            gap: Duration::from_millis(get("gap_ms").unwrap_or_default()),
            cut: get("cut"),
        }
    }
}

/// The body of an answer, made as it is sent so that its size does not matter.
#[derive(Debug)]
pub(super) struct BodyMaker {
    whole: Option<Vec<u8>>,
    pub(super) length: u64,
    sent: u64,
    piece: u64,
}

impl BodyMaker {
    pub(super) fn new(wish: &Wish, seen: &Seen) -> Self {
        let whole = match wish.size {
            Some(_) => None,
            None => Some(serde_json::to_vec(seen).unwrap_or_default()),
        };
        let length = wish.size.unwrap_or_else(|| whole.as_ref().map_or(0, |w| w.len() as u64));
        let piece = if wish.pieces > 1 { length.div_ceil(wish.pieces) } else { 64 << 10 };
        Self { whole, length, sent: 0, piece: piece.max(1) }
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.piece.min(self.length - self.sent)).unwrap_or_default();
        if length == 0 {
            return None;
        }
        let at = usize::try_from(self.sent).unwrap_or_default();
        let piece = match &self.whole {
            Some(whole) => whole[at..at + length].to_vec(),
            None => pattern(self.sent, length),
        };
        self.sent += length as u64;
        Some(piece)
    }
}

/// `length` bytes of the known pattern, beginning at byte `offset` of it.
///
/// Blocks are copied: a debug build goes through an iterator byte by byte.
#[must_use]
pub fn pattern(offset: u64, length: usize) -> Vec<u8> {
    let mut at = usize::try_from(offset % BLOCK as u64).unwrap_or_default();
    let mut made = Vec::with_capacity(length);
    while made.len() < length {
        let part = (BLOCK - at).min(length - made.len());
        made.extend_from_slice(&block()[at..at + part]);
        at = 0;
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_or_changed_pattern_is_noticed() {
        let digest = |bytes: &[u8]| {
            let mut digesting = Digesting::new();
            bytes.chunks(10_007).for_each(|piece| digesting.add(piece));
            digesting.finish().is_pattern
        };
        let good = pattern(0, 200_000);
        assert_eq!(good[1_000..150_000], pattern(1_000, 149_000));
        assert!(digest(&good));
        assert!(!digest(&good[1..]));
        let mut changed = good;
        changed[150_000] ^= 1;
        assert!(!digest(&changed));
    }
}
