//! Percent-encoding as RFC 3986 section 6.2.2 normalises it, so that two spellings of one address are one.

use std::borrow::Cow;

/// The same text with the octets decoded that need no encoding, the digits of the others in upper case, and octets encoded
/// that must not stand for themselves (RFC 3987 section 3.1). Case is kept, and so is a `%` that no digits follow.
#[must_use]
pub fn normalised(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b != b'%' && b.is_ascii_graphic()) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() + 8);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let octet = (byte == b'%').then(|| octet(bytes.get(at), bytes.get(at + 1))).flatten();
        match octet {
            Some(octet) => {
                at += 2;
                if is_unreserved(octet) { out.push(char::from(octet)) } else { push_octet(&mut out, octet) }
            }
            None if byte.is_ascii_graphic() => out.push(char::from(byte)),
            None => push_octet(&mut out, byte),
        }
    }
    Cow::Owned(out)
}

fn octet(high: Option<&u8>, low: Option<&u8>) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high?)? << 4 | digit(low?)?)
}

fn push_octet(out: &mut String, octet: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(octet >> 4)]));
    out.push(char::from(DIGITS[usize::from(octet & 15)]));
}

/// RFC 3986 section 2.3.
fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~".contains(&octet)
}
