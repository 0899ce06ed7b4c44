//! JSON of one value per line (NDJSON), parsed from bytes that may be cut anywhere. Source:
//! <https://github.com/ndjson/ndjson-spec>.

use memchr::memchr;

use crate::sse::{DEFAULT_LIMIT, Frame, SseError};

/// A push parser. Each line is one [`Frame`]; a blank one has no data.
#[derive(Debug, Default)]
pub(crate) struct LineParser {
    /// The beginning of a line whose end has not come; it holds no line feed.
    pending: Vec<u8>,
}

impl LineParser {
    /// Takes bytes and hands out each line that they complete.
    ///
    /// # Errors
    /// A line is too large, or `receive` failed; the stream is then to be given up.
    pub(crate) fn push<E>(
        &mut self,
        mut input: &[u8],
        mut receive: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), SseError<E>> {
        while let Some(end) = memchr(b'\n', input) {
            let (line, rest) = input.split_at(end + 1);
            input = rest;
            if self.pending.is_empty() {
                receive(frame(line)).map_err(SseError::Receiver)?;
            } else {
                let mut whole = std::mem::take(&mut self.pending);
                whole.extend_from_slice(line);
                receive(frame(&whole)).map_err(SseError::Receiver)?;
            }
        }
        self.pending.extend_from_slice(input);
        if self.pending.len() > DEFAULT_LIMIT { Err(SseError::TooLarge(DEFAULT_LIMIT)) } else { Ok(()) }
    }

    /// Hands out what is left at the end of the stream, as if a line feed followed.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn finish<E>(&mut self, mut receive: impl FnMut(Frame<'_>) -> Result<(), E>) -> Result<(), SseError<E>> {
        let rest = std::mem::take(&mut self.pending);
        if rest.is_empty() {
            return Ok(());
        }
        receive(frame(&rest)).map_err(SseError::Receiver)
    }
}

fn frame(raw: &[u8]) -> Frame<'_> {
    let data = raw.trim_ascii();
    Frame { raw, data: (!data.is_empty()).then_some(data.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Option<String>> {
        let (mut parser, mut seen) = (LineParser::default(), Vec::new());
        let mut note = |frame: Frame<'_>| {
            seen.push(frame.data.map(|data| String::from_utf8_lossy(&data).into_owned()));
            Ok::<(), ()>(())
        };
        for piece in pieces {
            parser.push(piece, &mut note).unwrap();
        }
        parser.finish(&mut note).unwrap();
        seen
    }

    #[test]
    fn any_cut_gives_the_same_lines() {
        let text = "{\"a\":1}\r\n\n  {\"b\":\"é\"}\n{\"c\":3}".as_bytes();
        let whole = lines([text]);
        let some = |line: &str| Some(line.to_owned());
        assert_eq!(whole, [some("{\"a\":1}"), None, some("{\"b\":\"é\"}"), some("{\"c\":3}")]);
        for cut in 0..=text.len() {
            let (left, right) = text.split_at(cut);
            assert_eq!(lines([left, right]), whole, "cut at {cut}");
        }
        assert_eq!(lines(text.chunks(1)), whole);
    }

    #[test]
    fn a_line_without_end_is_not_kept_for_ever() {
        let (mut parser, piece) = (LineParser::default(), vec![b'x'; 1 << 20]);
        let refused = (0..64).find_map(|_| parser.push(&piece, |_| Ok::<(), ()>(())).err());
        assert_eq!(refused, Some(SseError::TooLarge(DEFAULT_LIMIT)));
    }
}
