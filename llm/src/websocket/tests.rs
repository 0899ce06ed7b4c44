//! Frames however they are cut, and what no peer may send.

use super::*;

/// A client masks with four bytes, a server with none.
fn mask(sender: Sender) -> Mask {
    (sender == Sender::Client).then_some([0x3a, 0x00, 0xff, 0x81])
}

fn frame(sender: Sender, kind: u8, payload: &[u8]) -> Vec<u8> {
    super::frame(mask(sender), kind, payload)
}

/// What a reader keeps of what it has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    Text(Vec<u8>),
    Other,
    Heartbeat,
    Close(Option<u16>),
}

impl From<Seen<'_>> for Kept {
    fn from(seen: Seen<'_>) -> Self {
        match seen {
            Seen::Text(text) => Self::Text(text.to_vec()),
            Seen::Other => Self::Other,
            Seen::Heartbeat => Self::Heartbeat,
            Seen::Close(code) => Self::Close(code),
        }
    }
}

fn read(frames: &mut Frames, pieces: &[&[u8]]) -> Result<Vec<Kept>, Violation> {
    let mut all = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (used, seen) = frames.read(rest)?;
            assert!(used > 0, "a reader that reads nothing reads for ever");
            all.extend(seen.map(Kept::from));
            rest = &rest[used..];
        }
    }
    Ok(all)
}

fn part(sender: Sender, kind: u8, last: bool, payload: &[u8]) -> Vec<u8> {
    let mut whole = frame(sender, kind, payload);
    if !last {
        whole[0] &= 0x7f;
    }
    whole
}

/// A text in three fragments with a ping between, an empty text, something binary, a long text, a close.
fn conversation(sender: Sender) -> (Vec<u8>, Vec<Kept>) {
    let long = "x".repeat(70_000);
    let middle = "y".repeat(300);
    let bytes = [
        part(sender, TEXT, false, b"one "),
        frame(sender, PING, b"are you there"),
        part(sender, CONTINUATION, false, middle.as_bytes()),
        part(sender, CONTINUATION, true, b" three"),
        frame(sender, TEXT, b""),
        frame(sender, BINARY, &[0, 1, 2]),
        frame(sender, PONG, b""),
        frame(sender, TEXT, long.as_bytes()),
        close(mask(sender), 1000, "bye"),
    ]
    .concat();
    let seen = vec![
        Kept::Heartbeat,
        Kept::Text(format!("one {middle} three").into_bytes()),
        Kept::Text(Vec::new()),
        Kept::Other,
        Kept::Heartbeat,
        Kept::Text(long.into_bytes()),
        Kept::Close(Some(1000)),
    ];
    (bytes, seen)
}

#[test]
fn messages_are_the_same_however_their_bytes_are_cut() {
    for sender in [Sender::Client, Sender::Server] {
        let (bytes, expected) = conversation(sender);
        let whole = |pieces: &[&[u8]]| read(&mut Frames::new(sender, 1 << 20), pieces).unwrap();
        assert_eq!(whole(&[&bytes]), expected);
        for at in (0..800).chain(bytes.len() - 100..bytes.len()) {
            assert_eq!(whole(&[&bytes[..at], &bytes[at..]]), expected, "cut at {at}");
        }
        assert_eq!(whole(&bytes.chunks(1).collect::<Vec<_>>()), expected);
    }
}

#[test]
fn a_frame_of_ours_goes_only_between_two() {
    let bytes = [frame(Sender::Server, TEXT, b"abc"), frame(Sender::Server, TEXT, &[b'z'; 200])].concat();
    let mut frames = Frames::new(Sender::Server, 1 << 20);
    let mut between = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        if frames.is_between() {
            between.push(at);
        }
        frames.read(&[*byte]).unwrap();
    }
    assert!(frames.is_between());
    assert_eq!(between, [0, 5]);
}

#[test]
fn a_message_beyond_the_limit_is_passed_over_and_the_next_one_is_not() {
    let bytes = [
        part(Sender::Server, TEXT, false, &[b'a'; 600]),
        part(Sender::Server, CONTINUATION, false, &[b'a'; 600]),
        part(Sender::Server, CONTINUATION, true, b"a"),
        frame(Sender::Server, TEXT, b"next"),
    ]
    .concat();
    let mut frames = Frames::new(Sender::Server, 1_000);
    assert_eq!(read(&mut frames, &[&bytes]).unwrap(), [Kept::Other, Kept::Text(b"next".to_vec())]);
    // A length that no memory holds is only counted.
    let mut huge = vec![0x81, 127];
    huge.extend_from_slice(&(1_u64 << 62).to_be_bytes());
    huge.extend_from_slice(&[b'x'; 4_000]);
    let mut frames = Frames::new(Sender::Server, 1_000);
    assert_eq!(read(&mut frames, &[&huge]).unwrap(), []);
    assert!(frames.message.capacity() <= 1_000 && !frames.is_between());
    let unread = frame(Sender::Client, TEXT, b"not looked at");
    assert_eq!(read(&mut Frames::new(Sender::Client, 0), &[&unread]).unwrap(), [Kept::Other]);
}

#[test]
fn what_no_peer_may_send_is_found() {
    let server = |bytes: &[u8]| read(&mut Frames::new(Sender::Server, 100), &[bytes]).unwrap_err();
    assert_eq!(server(&[0xc1, 0]), Violation::Extension);
    assert_eq!(server(&[0x83, 0]), Violation::Kind);
    assert_eq!(server(&[0x8b, 0]), Violation::Kind);
    assert_eq!(server(&[0x09, 0]), Violation::Control);
    assert_eq!(server(&[0x88, 126, 0, 126]), Violation::Control);
    assert_eq!(server(&[0x80, 0]), Violation::Order);
    assert_eq!(server(&[0x01, 0, 0x81, 0]), Violation::Order);
    assert_eq!(server(&[0x81, 0x80, 1, 2, 3, 4]), Violation::Mask);
    assert_eq!(server(&[0x81, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]), Violation::Length);
    let unmasked = read(&mut Frames::new(Sender::Client, 100), &[&[0x81, 1, b'x']]);
    assert_eq!(unmasked, Err(Violation::Mask));
}

#[test]
fn a_reason_is_cut_to_what_a_control_frame_holds() {
    let bytes = close(None, 1008, &"é".repeat(200));
    assert!(bytes.len() <= 127);
    let seen = read(&mut Frames::new(Sender::Server, 10), &[&bytes]).unwrap();
    assert_eq!(seen, [Kept::Close(Some(1008))]);
    let bare = frame(Sender::Server, CLOSE, b"");
    assert_eq!(read(&mut Frames::new(Sender::Server, 10), &[&bare]).unwrap(), [Kept::Close(None)]);
}
