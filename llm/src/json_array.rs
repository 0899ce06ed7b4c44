//! A stream as one JSON list, element by element: what Google's callers get who do not ask for server-sent events.

use bytes::{BufMut, BytesMut};

use crate::sse::{Frame, SseError, SseParser};

/// Turns events, as they are written, into elements.
#[derive(Debug, Default)]
pub(crate) struct JsonArray {
    parser: SseParser,
    begun: bool,
    ended: bool,
}

impl JsonArray {
    /// Takes whole events and appends their data as elements. Events that are larger than any parser takes come to
    /// nothing, which no writer makes.
    pub(crate) fn take(&mut self, events: &[u8], out: &mut BytesMut) {
        let begun = &mut self.begun;
        let taken: Result<(), SseError<()>> = self.parser.push(events, |frame: Frame<'_>| {
            if let Some(data) = frame.data.filter(|data| !data.is_empty()) {
                out.put_slice(if std::mem::replace(begun, true) { b",\r\n" } else { b"[" });
                out.put_slice(&data);
            }
            Ok(())
        });
        debug_assert!(taken.is_ok(), "the writers' events are bounded");
    }

    /// Ends the list.
    pub(crate) fn end(&mut self, out: &mut BytesMut) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        out.put_slice(if self.begun { b"]" } else { b"[]" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_become_elements_of_one_list() {
        let (mut list, mut out) = (JsonArray::default(), BytesMut::new());
        list.take(b"data: {\"a\":1}\n\n: comment\n\n", &mut out);
        list.take(b"data: {\"b\":\ndata: 2}\r\n\r\n", &mut out);
        list.end(&mut out);
        list.end(&mut out);
        assert_eq!(out, b"[{\"a\":1},\r\n{\"b\":\n2}]".as_slice());
        let mut empty = BytesMut::new();
        JsonArray::default().end(&mut empty);
        assert_eq!(empty, b"[]".as_slice());
    }
}
