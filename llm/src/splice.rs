//! Replaces ranges of a body in one pass and leaves every other byte as it is.

use std::borrow::Cow;
use std::ops::Range;

use bytes::{BufMut, Bytes};

/// Replacements of ranges that do not overlap.
#[derive(Debug, Default)]
pub(crate) struct Splice<'a> {
    edits: Vec<(Range<usize>, Cow<'a, [u8]>)>,
}

impl<'a> Splice<'a> {
    /// Puts `new` in the place of `range`; an empty range inserts.
    pub(crate) fn replace(&mut self, range: Range<usize>, new: impl Into<Cow<'a, [u8]>>) {
        self.edits.push((range, new.into()));
    }

    /// The body with all replacements; the same storage when there is none.
    pub(crate) fn apply(self, body: &Bytes) -> Bytes {
        if self.edits.is_empty() {
            return body.clone();
        }
        let mut out = Vec::with_capacity(body.len() + self.edits.iter().map(|(_, new)| new.len()).sum::<usize>());
        self.write(body, &mut out);
        out.into()
    }

    /// Appends the body with all replacements.
    pub(crate) fn write(mut self, body: &[u8], out: &mut impl BufMut) {
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut copied = 0;
        for (range, new) in &self.edits {
            out.put_slice(body.get(copied..range.start).unwrap_or_default());
            out.put_slice(new);
            copied = range.end;
        }
        out.put_slice(body.get(copied..).unwrap_or_default());
    }
}

/// Where `part` lies within `whole`; it must be a slice of it, which every borrowed value of a parse is.
pub(crate) fn span(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_given_ranges_change() {
        let body = Bytes::from_static(b"{ \"a\": 1, \"b\" : 2 }");
        let mut splice = Splice::default();
        splice.replace(16..17, b"3".as_slice());
        splice.replace(1..1, b"\"c\":0,".as_slice());
        assert_eq!(splice.apply(&body), "{\"c\":0, \"a\": 1, \"b\" : 3 }");
    }

    #[test]
    fn without_a_change_nothing_is_copied() {
        let body = Bytes::from(b"{}".to_vec());
        assert_eq!(Splice::default().apply(&body).as_ptr(), body.as_ptr());
    }
}
