//! Frames of a WebSocket as they stream past, any bytes and frames of a session: the same messages however they are cut,
//! and those that a reader finds who sees all bytes at once; and what a realtime server says in them to the ledger.

use weir_llm::websocket::{BINARY, CLOSE, CONTINUATION, Frames, Mask, PING, PONG, Seen, Sender, TEXT, close, frame};
use weir_llm::{RealtimeEvent, realtime_event};

use crate::context::{check_tokens, pick};

/// The longest messages that are looked at.
const LIMITS: [usize; 4] = [1 << 20, 0, 5, 126];

/// First byte: who sends, the limit, and whether what follows are frames' bytes (`0x40`) or lines that frames are made of.
/// Second byte: how the bytes are cut.
pub fn check(data: &[u8]) {
    let [options, cut, rest @ ..] = data else { return };
    let sender = if options & 1 == 0 { Sender::Server } else { Sender::Client };
    let most = pick(&LIMITS, options >> 1);
    let made;
    let bytes = if options & 0x40 == 0 {
        made = framed(sender, rest);
        &made
    } else {
        rest
    };
    let whole = run(sender, most, &[bytes]);
    let pieces: Vec<&[u8]> = bytes.chunks(usize::from(*cut) % 61 + 1).collect();
    assert_eq!(whole, run(sender, most, &pieces), "pieces of {}", *cut % 61 + 1);
    let (left, right) = bytes.split_at(usize::from(*cut) * bytes.len() / 256);
    assert_eq!(whole, run(sender, most, &[left, right]), "cut at {}", left.len());
    assert_eq!(whole, at_once(sender, most, bytes));
    for said in &whole.said {
        if let Said::Text(text) = said {
            check_event(text);
        }
    }
}

/// What came to its end in a stream of frames.
#[derive(Debug, PartialEq)]
enum Said {
    Text(Vec<u8>),
    Other,
    Heartbeat,
    Close(Option<u16>),
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    said: Vec<Said>,
    /// Whether a frame came that no peer may send.
    violated: bool,
    /// Whether the next byte begins a frame.
    between: bool,
}

fn run(sender: Sender, most: usize, pieces: &[&[u8]]) -> Outcome {
    let mut frames = Frames::new(sender, most);
    let mut said = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let Ok((used, seen)) = frames.read(rest) else { return Outcome { said, violated: true, between: false } };
            assert!(used > 0, "a reader that reads nothing reads for ever");
            said.extend(seen.map(|seen| match seen {
                Seen::Text(text) => Said::Text(text.to_vec()),
                Seen::Other => Said::Other,
                Seen::Heartbeat => Said::Heartbeat,
                Seen::Close(code) => Said::Close(code),
            }));
            rest = &rest[used..];
        }
    }
    Outcome { said, violated: false, between: frames.is_between() }
}

/// The head of the first frame: its two bytes, how long the payload is, the mask, and how long the head is.
fn head(bytes: &[u8]) -> Option<(u8, u8, u64, [u8; 4], usize)> {
    let [first, second, rest @ ..] = bytes else { return None };
    let (length, mut used) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (u64::from_be_bytes(*rest.first_chunk()?), 10),
        short => (u64::from(short), 2),
    };
    let mut mask = [0; 4];
    if second & 0x80 != 0 {
        mask = *bytes.get(used..)?.first_chunk()?;
        used += 4;
    }
    Some((*first, *second, length, mask, used))
}

/// The same, read with all bytes there (RFC 6455 section 5).
fn at_once(sender: Sender, most: usize, mut bytes: &[u8]) -> Outcome {
    let mut outcome = Outcome { between: true, ..Outcome::default() };
    // The message under way: whether it is text, and all of it so far.
    let mut message: Option<(bool, Vec<u8>)> = None;
    while !bytes.is_empty() {
        outcome.between = false;
        let Some((first, second, length, mask, used)) = head(bytes) else { return outcome };
        let (kind, last, masked) = (first & 0x0f, first & 0x80 != 0, second & 0x80 != 0);
        let control = kind >= CLOSE;
        let known = matches!(kind, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
        let in_order = control || (kind == CONTINUATION) == message.is_some();
        let right_control = !control || (last && length <= 125);
        if first & 0x70 != 0
            || masked != (sender == Sender::Client)
            || length >> 63 != 0
            || !known
            || !in_order
            || !right_control
        {
            outcome.violated = true;
            return outcome;
        }
        let payload = bytes.get(used..).unwrap_or_default();
        let Some(payload) = usize::try_from(length).ok().and_then(|length| payload.get(..length)) else {
            return outcome;
        };
        bytes = &bytes[used + payload.len()..];
        outcome.between = true;
        let plain = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        match kind {
            CLOSE => {
                let code: Vec<u8> = plain.take(2).collect();
                outcome.said.push(Said::Close(code.first_chunk().map(|code| u16::from_be_bytes(*code))));
            }
            PING | PONG => outcome.said.push(Said::Heartbeat),
            _ => {
                let (is_text, mut whole) = message.take().unwrap_or((kind == TEXT, Vec::new()));
                whole.extend(plain);
                if last {
                    let looked_at = is_text && most > 0 && whole.len() <= most;
                    outcome.said.push(if looked_at { Said::Text(whole) } else { Said::Other });
                } else {
                    message = Some((is_text, whole));
                }
            }
        }
    }
    outcome
}

/// A frame for each line: its first byte says of which kind, and the rest is its payload. A byte above 127 leaves the
/// message open. What Weir writes, it reads.
fn framed(sender: Sender, lines: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let Some((kind, payload)) = line.split_first() else { continue };
        let mask: Mask = (sender == Sender::Client).then_some([*kind, 0, 0xff, 0x5a]);
        let mut made = match kind & 0x7f {
            b'c' => close(mask, 1_000 + u16::from(*kind), &String::from_utf8_lossy(payload)),
            b'p' => frame(mask, PING, &payload[..payload.len().min(125)]),
            b'q' => frame(mask, PONG, &payload[..payload.len().min(125)]),
            b'b' => frame(mask, BINARY, payload),
            b'+' => frame(mask, CONTINUATION, payload),
            // Longer than a byte, or than two, can say.
            b'l' => frame(mask, TEXT, &payload[..payload.len().min(50)].repeat(40)),
            b'h' if bytes.len() < 70_000 => frame(mask, TEXT, &payload[..payload.len().min(40)].repeat(2_000)),
            _ => frame(mask, TEXT, payload),
        };
        let mut alone = Frames::new(sender, 1 << 20);
        if kind & 0x7f != b'+' {
            let (used, seen) = alone.read(&made).expect("what Weir writes, it reads");
            assert!(used == made.len() && seen.is_some());
        }
        if *kind > 127 && made[0] & 0x0f < CLOSE {
            made[0] &= 0x7f;
        }
        bytes.extend(made);
    }
    bytes
}

/// What the ledger notes of an event is bounded; the end of a response is never overheard.
fn check_event(text: &[u8]) {
    let named = |name: &str| assert!(name.chars().count() <= 256, "{name}");
    let event = realtime_event(text);
    match &event {
        Some(RealtimeEvent::Session { model, transcription, .. }) => {
            model.iter().chain(transcription).for_each(|name| named(name));
        }
        Some(RealtimeEvent::Began { response }) => named(response),
        Some(RealtimeEvent::Done(done)) => {
            named(&done.response);
            done.model.iter().chain(&done.code).for_each(|name| named(name));
            done.usage.iter().for_each(check_tokens);
        }
        Some(RealtimeEvent::Transcribed { usage }) => usage.iter().for_each(|usage| check_tokens(usage)),
        Some(RealtimeEvent::Untranscribed { code } | RealtimeEvent::Error { code }) => named(code),
        None => {}
    }
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(text) else { return };
    // A member that stands there twice makes no event, and escapes within names no vendor writes.
    let plain = serde_json::to_vec(&value).is_ok_and(|again| again == text.trim_ascii()) && !text.contains(&b'\\');
    if plain && value["type"] == "response.done" {
        assert!(matches!(event, Some(RealtimeEvent::Done(_))), "{value}");
    }
}
