//! Segments that a kill or a bad disk has damaged: every whole record is found, nothing else is.

use super::super::frame::{self, Next};
use super::super::journal::Position;
use super::super::shipper;
use super::*;

const SEGMENT: &str = "0000000000000001.journal";

/// A segment with three records, and the offsets at which they end.
fn three() -> (Vec<u8>, Vec<usize>, Vec<String>) {
    let fixture = Fixture::new();
    let meter = fixture.open();
    let ids: Vec<String> = (0..3).map(|_| settle(&meter)).collect();
    let bytes = std::fs::read(fixture.journal().join(SEGMENT)).unwrap();
    let mut ends = Vec::new();
    let mut at = 0;
    while let Next::Frame { length, .. } = frame::next(&bytes[at..]) {
        at += length;
        ends.push(at);
    }
    assert_eq!((ends.len(), *ends.last().unwrap()), (3, bytes.len()));
    (bytes, ends, ids)
}

/// The records that the shipper reads from such a segment, and the bytes it skips.
fn read(segment: &[u8]) -> (Vec<String>, u64) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(SEGMENT), segment).unwrap();
    let end = Position { segment: 2, offset: 0 };
    let mut at = Position { segment: 1, offset: 0 };
    let (mut ids, mut skipped) = (Vec::new(), 0);
    while at < end {
        let batch = shipper::read::<Record>(directory.path(), at, end).unwrap();
        assert!(batch.next > at, "reading gets on");
        at = batch.next;
        skipped += batch.skipped;
        ids.extend(batch.records.into_iter().map(|record| record.id));
    }
    (ids, skipped)
}

#[test]
fn a_segment_cut_anywhere_gives_every_whole_record() {
    let (bytes, ends, ids) = three();
    for cut in 0..=bytes.len() {
        let whole = ends.iter().filter(|&&end| end <= cut).count();
        let torn = cut - ends.iter().filter(|&&end| end <= cut).max().unwrap_or(&0);
        let (found, skipped) = read(&bytes[..cut]);
        assert_eq!(found, ids[..whole], "cut at {cut}");
        assert_eq!(skipped, u64::try_from(torn).unwrap(), "cut at {cut}");
    }
}

#[test]
fn one_bad_byte_costs_one_record_and_no_other() {
    let (bytes, ends, ids) = three();
    for at in 0..bytes.len() {
        let hit = ends.iter().filter(|&&end| end <= at).count();
        let rest: Vec<_> = ids.iter().enumerate().filter(|(n, _)| *n != hit).map(|(_, id)| id.clone()).collect();
        for flip in [0x01, 0xC0] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            let (found, skipped) = read(&bytes);
            assert_eq!(found, rest, "byte {at} with {flip:#x}");
            assert!(skipped > 0);
        }
    }
}

#[tokio::test]
async fn behind_a_torn_segment_the_next_process_goes_on() {
    let (bytes, ends, ids) = three();
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.journal()).unwrap();
    std::fs::write(fixture.journal().join(SEGMENT), &bytes[..ends[1] + 5]).unwrap();
    let meter = fixture.open();
    let last = settle(&meter);
    let ledger = Arc::<Ledger>::default();
    ship(&meter, &ledger, 3).await;
    let mut rows: Vec<String> = ledger.rows.lock().keys().cloned().collect();
    rows.sort();
    assert_eq!(rows, [ids[0].clone(), ids[1].clone(), last]);
    assert_eq!(fixture.events("Skipped { segment: 1, bytes: 5 }"), 1);
    assert_eq!(segments(&fixture.journal()), ["0000000000000002.journal"]);
}

#[test]
fn noise_is_never_a_frame_and_reading_always_gets_on() {
    let mut noise: Vec<u8> = Vec::new();
    let mut x = 0x9E37_79B9_u32;
    for _ in 0..20_000 {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        // Many bytes of the marker, so that it occurs whole by chance.
        noise.push([0xAB, b'W', b'J', b'1', x.to_le_bytes()[0]][usize::try_from(x >> 8).unwrap() % 5]);
    }
    let mut at = 0;
    while at < noise.len() {
        match frame::next(&noise[at..]) {
            Next::Frame { .. } => panic!("noise has no right checksum"),
            Next::Incomplete => at += frame::resync(&noise[at..]),
            Next::Damaged(skip) => {
                assert!(skip > 0);
                at += skip;
            }
        }
    }
}
