//! How a record lies in a journal segment: a marker, the length, a checksum, then the record as JSON.
//!
//! ```text
//! offset 0  4 bytes  marker AB 57 4A 31
//!        4  u32 LE   length of the payload
//!        8  u32 LE   CRC-32 (IEEE) of the length's four bytes and the payload
//!       12  payload  one ledger record, JSON
//! ```
//! A process that is killed while it writes leaves a frame that is short or whose checksum is wrong. The marker lets
//! the reader find the next whole frame behind damage, so that one bad sector never hides the rest of a segment.

use serde::Serialize;
use weir_domain::ledger::Record;

use super::shorten;

/// What a frame begins with. `AB` never occurs in JSON text that is ASCII, and not before `57` in valid UTF-8.
const MARKER: [u8; 4] = [0xAB, b'W', b'J', b'1'];
/// Bytes before the payload.
pub(super) const HEAD: usize = 12;
/// The longest payload that is believed. A record is a few kilobytes; its strings are cut where it is filled.
pub(super) const MAX_PAYLOAD: usize = 4 * 1024 * 1024;

/// Puts one frame into `out` in place of what was there.
///
/// A record that is too large is written shortened, and given back as it is then: it says who pays how much, and must
/// not be lost.
pub(super) fn encode(record: &Record, out: &mut Vec<u8>) -> Result<Option<Record>, serde_json::Error> {
    put_payload(record, out)?;
    let mut short = None;
    if out.len() - HEAD > MAX_PAYLOAD {
        put_payload(short.insert(shorten::shortened(record)), out)?;
    }
    // What was shortened takes less than half of the limit, so the length always fits.
    seal(out);
    Ok(short)
}

/// The same for anything else, which is refused when it is too large.
pub(crate) fn encode_any(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    put_payload(value, out)?;
    if out.len() - HEAD > MAX_PAYLOAD {
        return Err(serde::ser::Error::custom("larger than a frame may be"));
    }
    seal(out);
    Ok(())
}

/// Puts the head before a payload.
fn seal(out: &mut Vec<u8>) {
    let length = u32::try_from(out.len() - HEAD).unwrap_or(u32::MAX).to_le_bytes();
    let sum = checksum(length, out.get(HEAD..).unwrap_or_default());
    out.splice(..HEAD, MARKER.into_iter().chain(length).chain(sum.to_le_bytes()));
}

fn put_payload(record: &impl Serialize, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    out.clear();
    out.extend_from_slice(&[0; HEAD]);
    serde_json::to_writer(&mut *out, record)
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}

/// What stands at the begin of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A whole frame.
    Frame {
        /// Its payload.
        payload: &'a [u8],
        /// Bytes that the frame takes.
        length: usize,
    },
    /// Perhaps the begin of a frame; more bytes are needed to say.
    Incomplete,
    /// No frame. The next one can begin after this many bytes at the earliest (at least one).
    Damaged(usize),
}

/// Reads what stands at the begin of `bytes`.
pub(super) fn next(bytes: &[u8]) -> Next<'_> {
    let Some((head, rest)) = bytes.split_at_checked(HEAD) else {
        let known = bytes.len().min(MARKER.len());
        let begins = bytes.get(..known) == MARKER.get(..known);
        return if begins { Next::Incomplete } else { Next::Damaged(resync(bytes)) };
    };
    let Some((length, sum)) = head.strip_prefix(&MARKER).and_then(|head| head.split_first_chunk::<4>()) else {
        return Next::Damaged(resync(bytes));
    };
    let size = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if size > MAX_PAYLOAD {
        return Next::Damaged(resync(bytes));
    }
    let Some(payload) = rest.get(..size) else { return Next::Incomplete };
    if checksum(*length, payload).to_le_bytes() == sum {
        Next::Frame { payload, length: HEAD + size }
    } else {
        Next::Damaged(resync(bytes))
    }
}

/// How many bytes (at least one) lie before the next place where a frame can begin.
pub(super) fn resync(bytes: &[u8]) -> usize {
    let behind = bytes.get(1..).unwrap_or_default();
    1 + memchr::memmem::find(behind, &MARKER).unwrap_or_else(|| {
        // A marker may begin in the last three bytes.
        let tail = (1..MARKER.len()).rev().find(|&n| behind.ends_with(MARKER.get(..n).unwrap_or_default()));
        behind.len() - tail.unwrap_or(0)
    })
}
