//! Server-sent events, parsed from bytes that may be cut anywhere.
//!
//! Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>. Where the
//! standard would discard a last event without its blank line, it is still delivered: several providers end so.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// The largest event that is kept in memory: an answer with an image of 16 MB, twice over.
pub(crate) const DEFAULT_LIMIT: usize = 32 << 20;

/// One event, or a comment, as it stood in the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Every byte of it, the blank line included: what a byte-for-byte relay sends on.
    pub(crate) raw: &'a [u8],
    /// Its `data`, lines joined by `\n`. `None` for comments and blank lines.
    pub(crate) data: Option<Cow<'a, [u8]>>,
}

/// Why parsing stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SseError<E> {
    /// An event is larger than this many bytes.
    TooLarge(usize),
    /// The receiver of events refused one.
    Receiver(E),
}

/// A push parser.
#[derive(Debug)]
pub(crate) struct SseParser {
    /// The beginning of an event whose end has not come.
    pending: Vec<u8>,
    /// Where in `pending` the line begins that is not ended.
    line_start: usize,
    /// Up to where `pending` has been searched for the line's end.
    searched: usize,
    /// Whether the first event has been seen; a byte order mark may stand before it.
    started: bool,
    limit: usize,
}

impl Default for SseParser {
    fn default() -> Self {
        Self { pending: Vec::new(), line_start: 0, searched: 0, started: false, limit: DEFAULT_LIMIT }
    }
}

impl SseParser {
    /// A parser that gives up at events larger than so many bytes.
    pub(crate) fn with_limit(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Takes bytes and hands out each event that they complete.
    ///
    /// # Errors
    /// An event is too large, or `receive` failed; the stream is then to be given up.
    pub(crate) fn push<E>(
        &mut self,
        input: &[u8],
        mut receive: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), SseError<E>> {
        if self.pending.is_empty() {
            let used = self.scan(input, &mut receive)?;
            self.pending.extend_from_slice(input.get(used..).unwrap_or_default());
        } else {
            let mut data = std::mem::take(&mut self.pending);
            data.extend_from_slice(input);
            let used = self.scan(&data, &mut receive)?;
            data.drain(..used);
            self.pending = data;
        }
        if self.pending.len() > self.limit {
            return Err(SseError::TooLarge(self.limit));
        }
        Ok(())
    }

    /// Hands out what is left at the end of the stream, as if a blank line followed.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn finish<E>(&mut self, mut receive: impl FnMut(Frame<'_>) -> Result<(), E>) -> Result<(), SseError<E>> {
        let rest = std::mem::take(&mut self.pending);
        (self.line_start, self.searched) = (0, 0);
        if rest.is_empty() {
            return Ok(());
        }
        let frame = self.frame(&rest);
        receive(frame).map_err(SseError::Receiver)
    }

    /// Finds the events in `data`, which starts with what was pending. Returns how much of it they took.
    fn scan<E>(
        &mut self,
        data: &[u8],
        receive: &mut impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<usize, SseError<E>> {
        let (mut frame_start, mut line_start, mut from) = (0, self.line_start, self.searched);
        let result = loop {
            let Some(found) = data.get(from..).and_then(|rest| memchr2(b'\n', b'\r', rest)) else {
                from = data.len();
                break Ok(());
            };
            let line_end = from + found;
            let mut next = line_end + 1;
            if data.get(line_end) == Some(&b'\r') {
                match data.get(next) {
                    Some(b'\n') => next += 1,
                    Some(_) => {}
                    // The next byte tells whether this was half of a CRLF.
                    None => {
                        from = line_end;
                        break Ok(());
                    }
                }
            }
            let blank = line_end == line_start;
            (line_start, from) = (next, next);
            if blank {
                let frame = self.frame(data.get(frame_start..next).unwrap_or_default());
                frame_start = next;
                if let Err(error) = receive(frame) {
                    break Err(SseError::Receiver(error));
                }
            }
        };
        (self.line_start, self.searched) = (line_start - frame_start, from - frame_start);
        result.map(|()| frame_start)
    }

    fn frame<'a>(&mut self, raw: &'a [u8]) -> Frame<'a> {
        let first = !std::mem::replace(&mut self.started, true);
        let text = if first { raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw) } else { raw };
        Frame { raw, data: read_data(text) }
    }
}

/// The `data` lines of an event, joined. The `event` name is not read: each dialect's JSON says what it is.
fn read_data(mut text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut data: Option<Cow<'_, [u8]>> = None;
    while !text.is_empty() {
        // The common line end is looked for alone first: it is there, and found fastest.
        let end = memchr(b'\n', text).unwrap_or(text.len());
        let (line, rest) = (&text[..end], text.get(end + 1..).unwrap_or_default());
        text = rest;
        for line in line.split(|b| *b == b'\r') {
            let value = match line.strip_prefix(b"data") {
                Some([b':', b' ', value @ ..] | [b':', value @ ..]) => value,
                Some([]) => &[],
                _ => continue,
            };
            data = Some(match data {
                None => Cow::Borrowed(value),
                Some(before) => Cow::Owned([&before, b"\n".as_slice(), value].concat()),
            });
        }
    }
    data
}

#[cfg(test)]
mod tests;
