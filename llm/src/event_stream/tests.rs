//! Messages: written as AWS writes them, cut at every byte, damaged at every byte.

use super::*;

/// A message with string headers.
pub(crate) fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    for (name, value) in headers {
        written.push(u8::try_from(name.len()).unwrap());
        written.extend_from_slice(name.as_bytes());
        written.push(7);
        written.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        written.extend_from_slice(value.as_bytes());
    }
    framed(&written, payload)
}

/// An event as Bedrock sends it.
pub(crate) fn event(name: &str, payload: &str) -> Vec<u8> {
    let headers = [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
    message(&headers, payload.as_bytes())
}

fn framed(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(PRELUDE + headers.len() + payload.len() + CHECKSUM).unwrap();
    let mut written = [length.to_be_bytes(), u32::try_from(headers.len()).unwrap().to_be_bytes()].concat();
    written.extend_from_slice(&crc32fast::hash(&written).to_be_bytes());
    written.extend_from_slice(headers);
    written.extend_from_slice(payload);
    let checksum = crc32fast::hash(&written);
    written.extend_from_slice(&checksum.to_be_bytes());
    written
}

type Seen = (MessageKind, String, Vec<u8>);

fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Seen>, Result<bool, MessageError<()>>) {
    let (mut parser, mut seen) = (MessageParser::default(), Vec::new());
    for piece in pieces {
        let pushed = parser.push(piece, |message| {
            seen.push((message.kind, message.name.to_owned(), message.payload.to_vec()));
            Ok(())
        });
        if let Err(error) = pushed {
            return (seen, Err(error));
        }
    }
    (seen, Ok(parser.is_between()))
}

#[test]
fn an_empty_message_of_the_standard_is_read() {
    // The smallest message there is: no headers, no payload. Its checksums are those of the standard's test vectors.
    let bytes = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
    // It has no type, which no service sends, but its frame is whole.
    assert_eq!(parse([&bytes[..]]).1, Err(MessageError::Damaged("a message has no known type")));
    assert_eq!(framed(&[], &[]), bytes);
}

#[test]
fn messages_are_the_same_however_they_are_cut() {
    let mut bytes = event("messageStart", r#"{"role":"assistant"}"#);
    bytes.extend(message(&[(":message-type", "exception"), (":exception-type", "throttlingException")], b"{}"));
    bytes.extend(message(&[(":message-type", "error"), (":error-code", "InternalFailure")], b""));
    let whole = parse([bytes.as_slice()]);
    assert_eq!(whole.1, Ok(true));
    assert_eq!(whole.0.len(), 3);
    assert_eq!(whole.0[1], (MessageKind::Exception, "throttlingException".to_owned(), b"{}".to_vec()));
    for cut in 1..bytes.len() {
        let (left, right) = bytes.split_at(cut);
        assert_eq!(parse([left, right]), whole, "cut at {cut}");
    }
    for size in [1, 2, 3, 7] {
        assert_eq!(parse(bytes.chunks(size)), whole, "in pieces of {size}");
    }
    assert_eq!(parse([&bytes[..bytes.len() - 1]]).1, Ok(false), "half a message is no end");
}

#[test]
fn one_damaged_byte_anywhere_is_noticed() {
    let bytes = event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hello"}}"#);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let (seen, result) = parse([damaged.as_slice()]);
            assert!(
                seen.is_empty() && matches!(result, Err(MessageError::Damaged(_))),
                "byte {at}: {seen:?} {result:?}"
            );
        }
    }
}

#[test]
fn headers_of_every_type_are_passed_over() {
    let mut headers = Vec::new();
    let values: [&[u8]; 10] =
        [&[], &[], &[1], &[1; 2], &[1; 4], &[1; 8], &[0, 3, 1, 2, 3], &[0, 1, b'x'], &[1; 8], &[1; 16]];
    for (kind, value) in (0_u8..).zip(values) {
        headers.extend_from_slice(&[2, b'h', b'0' + kind, kind]);
        headers.extend_from_slice(value);
    }
    headers.extend_from_slice(b"\x0d:message-type\x07\x00\x05event\x0b:event-type\x07\x00\x04ping");
    let (seen, result) = parse([framed(&headers, b"p").as_slice()]);
    assert_eq!((seen, result), (vec![(MessageKind::Event, "ping".to_owned(), b"p".to_vec())], Ok(true)));
    for damaged in [&b"\x01h"[..], b"\x01h\x0a", b"\x01h\x07\x00\x09x", b"\x01h\x07\x00\x01\xff", b"\xffh\x00"] {
        let result = parse([framed(damaged, b"").as_slice()]).1;
        assert_eq!(result, Err(MessageError::Damaged("a message's headers are damaged")), "{damaged:?}");
    }
}

/// A length is believed only with its checksum, and even then only within bounds: nothing is held for a lie.
#[test]
fn a_length_beyond_the_bounds_is_refused_before_anything_is_held() {
    let with = |length: u32, headers: u32| {
        let mut prelude = [length.to_be_bytes(), headers.to_be_bytes()].concat();
        prelude.extend_from_slice(&crc32fast::hash(&prelude).to_be_bytes());
        parse([prelude.as_slice()]).1
    };
    assert_eq!(with(u32::MAX, 0), Err(MessageError::TooLarge(MAX_MESSAGE)));
    let damaged = Err(MessageError::Damaged("a message's lengths do not fit together"));
    for (length, headers) in [(15, 0), (0, 0), (100, 85), (100, u32::MAX), (1 << 20, (128 << 10) + 1)] {
        assert_eq!(with(length, headers), damaged, "{length} {headers}");
    }
    assert_eq!(with(1 << 20, 100), Ok(false));
}
