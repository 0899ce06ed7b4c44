//! An event that is sent on as it came, but for the cost in its usage object.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use serde_json::value::RawValue;

use crate::pricing::{Cost, splice_cost};
use crate::splice::Splice;
use crate::sse::Frame;

/// Sends an event on with the cost in its usage object.
pub(super) fn with_cost(frame: &Frame<'_>, data: &str, usage: &RawValue, cost: Cost, out: &mut BytesMut) {
    let mut splice = Splice::default();
    splice_cost(&mut splice, data, usage, cost);
    if let Some(Cow::Borrowed(slice)) = frame.data {
        let start = slice.as_ptr().addr().saturating_sub(frame.raw.as_ptr().addr());
        out.put_slice(frame.raw.get(..start).unwrap_or_default());
        splice.write(data.as_bytes(), out);
        out.put_slice(frame.raw.get(start + slice.len()..).unwrap_or_default());
        return;
    }
    // Data of several lines becomes one: a line break between JSON tokens is a space. Other lines stay.
    for line in frame.raw.split(|b| matches!(b, b'\n' | b'\r')) {
        if !line.is_empty() && !line.starts_with(b"data") {
            out.put_slice(line);
            out.put_u8(b'\n');
        }
    }
    let mut joined = Vec::with_capacity(data.len() + 32);
    splice.write(data.as_bytes(), &mut joined);
    out.put_slice(b"data: ");
    out.extend(joined.iter().map(|b| if *b == b'\n' { b' ' } else { *b }));
    out.put_slice(b"\n\n");
}
