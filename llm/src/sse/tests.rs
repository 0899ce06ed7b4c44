//! The same events however the bytes are cut, and every liberty that the standard allows.

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// The data of all events, and all raw bytes in order.
fn parse(pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
    let (mut events, mut raw) = (Vec::new(), Vec::new());
    let mut parser = SseParser::default();
    let mut receive = |frame: Frame<'_>| {
        raw.extend_from_slice(frame.raw);
        events.extend(frame.data.map(|data| String::from_utf8_lossy(&data).into_owned()));
        Ok::<(), Infallible>(())
    };
    for piece in pieces {
        parser.push(piece, &mut receive).unwrap();
    }
    parser.finish(&mut receive).unwrap();
    (events, raw)
}

#[test]
fn every_liberty_of_the_standard_is_understood() {
    for (stream, events) in [
        ("data: a\n\ndata: b\n\n", vec!["a", "b"]),
        ("data: a\r\n\r\ndata: b\r\n\r\n", vec!["a", "b"]),
        ("data: a\r\rdata: b\r\r", vec!["a", "b"]),
        ("\u{feff}data: a\n\n", vec!["a"]),
        (": comment\n\nevent: x\nid: 7\nretry: 1\ndata:a\n\n", vec!["a"]),
        ("data: a\ndata: b\n\n", vec!["a\nb"]),
        ("data:  two spaces\n\n", vec![" two spaces"]),
        ("data\n\n", vec![""]),
        ("database: no\n\n", vec![]),
        ("data: [DONE]", vec!["[DONE]"]),
        ("\n\n\ndata: late\n\n", vec!["late"]),
        ("data: \u{1f980}\n\n", vec!["\u{1f980}"]),
        ("", vec![]),
    ] {
        let (seen, raw) = parse(&[stream.as_bytes()]);
        assert_eq!(seen, events, "{stream:?}");
        assert_eq!(raw, stream.as_bytes());
    }
}

#[test]
fn any_cut_gives_the_same_events_and_the_same_bytes() {
    let stream = "\u{feff}: hi\r\n\r\nevent: a\r\ndata: {\"x\":\"\u{e9}\u{1f980}\"}\r\n\r\ndata: 1\ndata: 2\n\ndata: b\r\rdata: [DONE]\n\n";
    let whole = parse(&[stream.as_bytes()]);
    for cut in 0..=stream.len() {
        let (left, right) = stream.as_bytes().split_at(cut);
        assert_eq!(parse(&[left, right]), whole, "cut at {cut}");
    }
    let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
    assert_eq!(parse(&bytes), whole);
}

#[test]
fn a_line_of_sixteen_megabytes_in_small_pieces_is_searched_once() {
    let stream = [b"data: ".as_slice(), &vec![b'x'; 16 << 20], b"\n\n"].concat();
    let pieces: Vec<&[u8]> = stream.chunks(16 << 10).collect();
    let begun = std::time::Instant::now();
    assert_eq!(parse(&pieces).0[0].len(), 16 << 20);
    // Searching from the start for each of 1,024 pieces would take 8 GiB of reading, minutes in a debug build.
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn an_event_without_end_is_bounded() {
    let mut parser = SseParser { limit: 100, ..SseParser::default() };
    let result = parser.push(&[b'x'; 101], |_| Ok::<(), Infallible>(()));
    assert_eq!(result, Err(SseError::TooLarge(100)));
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_is_lost(pieces in prop::collection::vec(prop::collection::vec(
        prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b'd'), any::<u8>()], 0..12), 0..12)) {
        let slices: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let cut = parse(&slices);
        prop_assert_eq!(&cut.1, &pieces.concat());
        prop_assert_eq!(cut, parse(&[&pieces.concat()]));
    }
}
