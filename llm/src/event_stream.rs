//! `application/vnd.amazon.eventstream`: binary messages, parsed from bytes that may be cut anywhere.
//!
//! Source: <https://smithy.io/2.0/aws/amazon-eventstream.html>. A message is a prelude (its length, the length of its
//! headers, a checksum of both), headers, a payload, and a checksum of everything before. Both checksums are verified:
//! no SSE has any, so what is damaged here is known to be.

/// The largest message that is kept in memory: as [`crate::sse`], though AWS sends at most 24 MB.
const MAX_MESSAGE: usize = 32 << 20;
/// The longest headers, which the standard bounds at 128 KiB.
const MAX_HEADERS: usize = 128 << 10;
/// The prelude with its checksum.
const PRELUDE: usize = 12;
/// The checksum at the end.
const CHECKSUM: usize = 4;

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: MessageKind,
    /// The name of the event, of the exception, or the code of the error.
    pub(crate) name: &'a str,
    /// What an error says; for the others the payload does.
    pub(crate) says: &'a str,
    pub(crate) payload: &'a [u8],
}

/// What a message is: its `:message-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageKind {
    Event,
    /// An error that the service's model names.
    Exception,
    /// Any other error.
    Error,
}

/// Why parsing stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MessageError<E> {
    /// A message is larger than this many bytes.
    TooLarge(usize),
    /// The bytes are no messages.
    Damaged(&'static str),
    /// The receiver of messages refused one.
    Receiver(E),
}

/// A push parser.
#[derive(Debug, Default)]
pub(crate) struct MessageParser {
    /// The beginning of a message whose end has not come.
    pending: Vec<u8>,
}

impl MessageParser {
    /// Takes bytes and hands out each message that they complete.
    ///
    /// # Errors
    /// A message is too large or damaged, or `receive` failed; the stream is then to be given up.
    pub(crate) fn push<E>(
        &mut self,
        input: &[u8],
        mut receive: impl FnMut(Message<'_>) -> Result<(), E>,
    ) -> Result<(), MessageError<E>> {
        if self.pending.is_empty() {
            let used = scan(input, &mut receive)?;
            self.pending.extend_from_slice(input.get(used..).unwrap_or_default());
            return Ok(());
        }
        self.pending.extend_from_slice(input);
        let mut data = std::mem::take(&mut self.pending);
        let used = scan(&data, &mut receive)?;
        data.drain(..used);
        self.pending = data;
        Ok(())
    }

    /// Whether the bytes so far end with a message.
    pub(crate) fn is_between(&self) -> bool {
        self.pending.is_empty()
    }
}

/// Hands out the messages at the beginning of `data`. Returns how much of it they took.
fn scan<E>(data: &[u8], receive: &mut impl FnMut(Message<'_>) -> Result<(), E>) -> Result<usize, MessageError<E>> {
    let mut used = 0;
    while let Some(rest) = data.get(used..).filter(|rest| rest.len() >= PRELUDE) {
        let (length, headers) = prelude(rest).map_err(MessageError::Damaged)?;
        if length > MAX_MESSAGE {
            return Err(MessageError::TooLarge(MAX_MESSAGE));
        }
        let Some(message) = rest.get(..length) else { break };
        receive(read(message, headers).map_err(MessageError::Damaged)?).map_err(MessageError::Receiver)?;
        used += length;
    }
    Ok(used)
}

/// The length of the message and that of its headers. Checked before the rest has come: a length that cannot be
/// trusted must not be waited for.
fn prelude(data: &[u8]) -> Result<(usize, usize), &'static str> {
    let (length, headers) = (number(data, 0), number(data, 4));
    let checksum = data.get(..8).map(crc32fast::hash);
    if checksum.and_then(|sum| usize::try_from(sum).ok()) != number(data, 8) {
        return Err("the checksum of a message's prelude is wrong");
    }
    match (length, headers) {
        (Some(length), Some(headers))
            if headers <= MAX_HEADERS && length.checked_sub(PRELUDE + CHECKSUM).is_some_and(|room| headers <= room) =>
        {
            Ok((length, headers))
        }
        _ => Err("a message's lengths do not fit together"),
    }
}

/// A big-endian number of four bytes.
fn number(data: &[u8], at: usize) -> Option<usize> {
    let bytes = data.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

/// Reads a whole message.
fn read(message: &[u8], headers: usize) -> Result<Message<'_>, &'static str> {
    let end = message.len() - CHECKSUM;
    let checksum = message.get(..end).map(crc32fast::hash);
    if checksum.and_then(|sum| usize::try_from(sum).ok()) != number(message, end) {
        return Err("the checksum of a message is wrong");
    }
    let payload = message.get(PRELUDE + headers..end).unwrap_or_default();
    let mut rest = message.get(PRELUDE..PRELUDE + headers).unwrap_or_default();
    let (mut kind, mut event, mut exception, mut code, mut says) = (None, "", "", "", "");
    while !rest.is_empty() {
        let (name, value, after) = header(rest).ok_or("a message's headers are damaged")?;
        rest = after;
        match (name, value) {
            (b":message-type", Some(value)) => kind = Some(value),
            (b":event-type", Some(value)) => event = value,
            (b":exception-type", Some(value)) => exception = value,
            (b":error-code", Some(value)) => code = value,
            (b":error-message", Some(value)) => says = value,
            _ => {}
        }
    }
    let (kind, name) = match kind {
        Some("event") => (MessageKind::Event, event),
        Some("exception") => (MessageKind::Exception, exception),
        Some("error") => (MessageKind::Error, code),
        _ => return Err("a message has no known type"),
    };
    Ok(Message { kind, name, says, payload })
}

/// The name of the first header, its value if that is a string, and what follows it.
fn header(data: &[u8]) -> Option<(&[u8], Option<&str>, &[u8])> {
    let (length, rest) = data.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let (kind, rest) = rest.split_first()?;
    let size = match kind {
        // true and false have no value beside their type.
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        // A number, or milliseconds since 1970.
        5 | 8 => 8,
        // Bytes and strings, whose length stands before them.
        6 | 7 => 2 + usize::from(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?)),
        // A UUID.
        9 => 16,
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(size)?;
    let text = if *kind == 7 { Some(std::str::from_utf8(value.get(2..)?).ok()?) } else { None };
    Some((name, text, rest))
}

#[cfg(test)]
pub(crate) mod tests;
