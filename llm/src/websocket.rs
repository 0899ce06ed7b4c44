//! Frames of a WebSocket, read along in one direction (RFC 6455 section 5): where each ends, and what the messages say.
//! Memory is bounded: a message beyond a limit is passed over, not held.

/// The largest payload of a control frame.
const MAX_CONTROL: usize = 125;
/// The longest head of a frame: two bytes, a length of 64 bits, a mask.
const MAX_HEAD: usize = 14;

/// Who sends the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A client, who masks every frame.
    Client,
    /// A server, who masks none.
    Server,
}

/// What has come to its end in a stream of frames.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    /// A message of text, whole.
    Text(&'a [u8]),
    /// A message that is no text, or too long to be looked at.
    Other,
    /// A ping or a pong.
    Heartbeat,
    /// The wish to end, with its code where one was given.
    Close(Option<u16>),
}

/// What no peer may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Bits that only an extension gives a meaning, and none was agreed on.
    #[error("a frame uses an extension that was not agreed on")]
    Extension,
    /// An operation that is not defined.
    #[error("a frame is of a kind that does not exist")]
    Kind,
    /// A control frame in parts, or too long.
    #[error("a control frame is fragmented or longer than 125 bytes")]
    Control,
    /// A message within a message, or the middle of none.
    #[error("fragments of messages are out of order")]
    Order,
    /// A client that does not mask, or a server that does.
    #[error("a frame is masked where it must not be, or not where it must")]
    Mask,
    /// More bytes than can be.
    #[error("a frame is longer than is possible")]
    Length,
}

/// Reads along with one direction of a WebSocket.
#[derive(Debug)]
pub struct Frames {
    sender: Sender,
    /// The longest message that is looked at, in bytes; 0 looks at none.
    most: usize,
    head: [u8; MAX_HEAD],
    /// Bytes of the head so far.
    have: usize,
    frame: Option<Frame>,
    /// The message under way; empty where it is not looked at.
    message: Vec<u8>,
    under_way: Option<Message>,
    control: Vec<u8>,
}

/// The frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    kind: u8,
    last: bool,
    left: u64,
    mask: [u8; 4],
    /// Bytes of the payload so far, as far as the mask goes by them.
    at: usize,
}

/// What is done with the message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Held,
    PassedOver,
}

// Operations (section 5.2).
/// More of a message.
pub const CONTINUATION: u8 = 0x0;
/// A message of text.
pub const TEXT: u8 = 0x1;
/// A message of anything else.
pub const BINARY: u8 = 0x2;
/// The wish to end.
pub const CLOSE: u8 = 0x8;
/// Whether the other side is there.
pub const PING: u8 = 0x9;
/// It is.
pub const PONG: u8 = 0xa;

impl Frames {
    /// `most` is the longest message that is looked at, in bytes; 0 looks at none.
    #[must_use]
    pub fn new(sender: Sender, most: usize) -> Self {
        let (message, control) = (Vec::new(), Vec::new());
        Self { sender, most, head: [0; MAX_HEAD], have: 0, frame: None, message, under_way: None, control }
    }

    /// Whether the next byte begins a frame, so that one of ours may go between.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.frame.is_none() && self.have == 0
    }

    /// Forgets the frame under way, of which nothing has been passed on.
    pub fn restart(&mut self) {
        (self.have, self.frame) = (0, None);
    }

    /// Reads up to the end of a frame, at most. Gives how many bytes were read, and what has ended with them.
    ///
    /// # Errors
    /// What no peer may send. Nothing behind it can be told apart.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(usize, Option<Seen<'_>>), Violation> {
        let mut used = 0;
        let mut frame = match self.frame.take() {
            Some(frame) => frame,
            None => match self.begin(bytes, &mut used)? {
                Some(frame) => frame,
                None => return Ok((used, None)),
            },
        };
        let rest = bytes.get(used..).unwrap_or_default();
        let take = usize::try_from(frame.left).unwrap_or(usize::MAX).min(rest.len());
        self.take(&mut frame, rest.get(..take).unwrap_or_default());
        used += take;
        if frame.left > 0 {
            self.frame = Some(frame);
            return Ok((used, None));
        }
        Ok((used, self.ended(frame)))
    }

    /// Reads the head of a frame; `None` while it is not whole.
    fn begin(&mut self, bytes: &[u8], used: &mut usize) -> Result<Option<Frame>, Violation> {
        loop {
            let need = head_length(self.head.get(..self.have).unwrap_or_default());
            if self.have == need {
                break;
            }
            let (Some(&byte), Some(slot)) = (bytes.get(*used), self.head.get_mut(self.have)) else { return Ok(None) };
            *slot = byte;
            (self.have, *used) = (self.have + 1, *used + 1);
        }
        let frame = self.frame_of_head()?;
        self.have = 0;
        Ok(Some(frame))
    }

    fn frame_of_head(&mut self) -> Result<Frame, Violation> {
        let [first, second, ..] = self.head;
        let (kind, last, masked) = (first & 0x0f, first & 0x80 != 0, second & 0x80 != 0);
        if first & 0x70 != 0 {
            return Err(Violation::Extension);
        }
        if masked != (self.sender == Sender::Client) {
            return Err(Violation::Mask);
        }
        let rest = self.head.get(2..self.have).unwrap_or_default();
        let (length, mask) = rest.split_at(rest.len() - if masked { 4 } else { 0 });
        let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let left = if length.is_empty() { u64::from(second & 0x7f) } else { number(length) };
        if left >> 63 != 0 {
            return Err(Violation::Length);
        }
        match kind {
            CLOSE | PING | PONG if !last || left > MAX_CONTROL as u64 => return Err(Violation::Control),
            CLOSE | PING | PONG => self.control.clear(),
            CONTINUATION if self.under_way.is_none() => return Err(Violation::Order),
            TEXT | BINARY if self.under_way.is_some() => return Err(Violation::Order),
            TEXT => self.under_way = Some(if self.most > 0 { Message::Held } else { Message::PassedOver }),
            BINARY => self.under_way = Some(Message::PassedOver),
            CONTINUATION => {}
            _ => return Err(Violation::Kind),
        }
        let mask = mask.try_into().unwrap_or_default();
        Ok(Frame { kind, last, left, mask, at: 0 })
    }

    /// Takes in a piece of the payload.
    fn take(&mut self, frame: &mut Frame, piece: &[u8]) {
        let control = frame.kind >= CLOSE;
        let held = !control && self.under_way == Some(Message::Held);
        if held && self.message.len() + piece.len() > self.most {
            self.under_way = Some(Message::PassedOver);
            self.message = Vec::new();
        } else if held || control {
            let into = if control { &mut self.control } else { &mut self.message };
            let from = into.len();
            into.extend_from_slice(piece);
            if frame.mask != [0; 4] {
                let mask = frame.mask.iter().cycle().skip(frame.at % 4);
                into.iter_mut().skip(from).zip(mask).for_each(|(byte, mask)| *byte ^= mask);
            }
        }
        frame.at = (frame.at + piece.len()) % 4;
        frame.left -= piece.len() as u64;
    }

    /// What has ended with a frame.
    fn ended(&mut self, frame: Frame) -> Option<Seen<'_>> {
        match frame.kind {
            PING | PONG => Some(Seen::Heartbeat),
            CLOSE => {
                let code = self.control.first_chunk().map(|code| u16::from_be_bytes(*code));
                Some(Seen::Close(code))
            }
            _ if !frame.last => None,
            _ => match self.under_way.take() {
                Some(Message::Held) => {
                    // What the reader was given last is let go when the next message begins.
                    self.control.clear();
                    std::mem::swap(&mut self.control, &mut self.message);
                    self.message.clear();
                    Some(Seen::Text(&self.control))
                }
                _ => Some(Seen::Other),
            },
        }
    }
}

/// How long the head is that begins so.
fn head_length(head: &[u8]) -> usize {
    let Some(&second) = head.get(1) else { return 2 };
    let length = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    2 + length + if second & 0x80 != 0 { 4 } else { 0 }
}

/// What a client mixes with what it sends; a server has none.
pub type Mask = Option<[u8; 4]>;

/// A whole frame.
#[must_use]
pub fn frame(mask: Mask, kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind];
    let masked = if mask.is_some() { 0x80 } else { 0 };
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short), _) if short < 126 => frame.push(masked | short),
        (_, Ok(length)) => {
            frame.push(masked | 126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            frame.push(masked | 127);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    match mask {
        None => frame.extend_from_slice(payload),
        Some(mask) => {
            frame.extend_from_slice(&mask);
            frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        }
    }
    frame
}

/// The wish to end. The reason is cut to what a control frame holds.
#[must_use]
pub fn close(mask: Mask, code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    let reason = reason.get(..reason.floor_char_boundary(MAX_CONTROL - 2)).unwrap_or_default();
    payload.extend_from_slice(reason.as_bytes());
    frame(mask, CLOSE, &payload)
}

#[cfg(test)]
mod tests;
