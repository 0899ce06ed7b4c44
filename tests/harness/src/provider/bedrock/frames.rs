//! Messages of `application/vnd.amazon.eventstream`, with their checksums.
//! Source: <https://smithy.io/2.0/aws/amazon-eventstream.html>.

use serde_json::Value;

/// An event of a stream.
pub(super) fn event(name: &str, payload: &Value) -> Vec<u8> {
    let headers = [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
    message(&headers, payload.to_string().as_bytes())
}

/// An error that the service's model names.
pub(super) fn exception(name: &str, payload: &Value) -> Vec<u8> {
    let headers = [(":exception-type", name), (":content-type", "application/json"), (":message-type", "exception")];
    message(&headers, payload.to_string().as_bytes())
}

fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        block.extend_from_slice(name.as_bytes());
        // 7: a string, whose length stands before it.
        block.push(7);
        block.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        block.extend_from_slice(value.as_bytes());
    }
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut whole = number(12 + block.len() + payload.len() + 4).to_vec();
    whole.extend_from_slice(&number(block.len()));
    whole.extend_from_slice(&crc32fast::hash(&whole).to_be_bytes());
    whole.extend_from_slice(&block);
    whole.extend_from_slice(payload);
    whole.extend_from_slice(&crc32fast::hash(&whole).to_be_bytes());
    whole
}

/// Reads a whole stream: the type of each message and its payload. `None` when a length or a checksum is wrong.
#[must_use]
pub fn parse(mut bytes: &[u8]) -> Option<Vec<(String, Value)>> {
    let number = |bytes: &[u8], at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let length = usize::try_from(number(bytes, 0)?).ok()?;
        let headers = usize::try_from(number(bytes, 4)?).ok()?;
        let (message, rest) = bytes.split_at_checked(length)?;
        let end = length.checked_sub(4)?;
        if crc32fast::hash(message.get(..8)?) != number(message, 8)?
            || crc32fast::hash(message.get(..end)?) != number(message, end)?
        {
            return None;
        }
        let name = kind(message.get(12..12 + headers)?)?;
        messages.push((name, serde_json::from_slice(message.get(12 + headers..end)?).ok()?));
        bytes = rest;
    }
    Some(messages)
}

/// The value of `:event-type` or `:exception-type`.
fn kind(mut headers: &[u8]) -> Option<String> {
    while let Some((length, rest)) = headers.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let value = usize::from(u16::from_be_bytes(rest.get(1..3)?.try_into().ok()?));
        let (value, rest) = rest.get(3..)?.split_at_checked(value)?;
        if name == b":event-type" || name == b":exception-type" {
            return String::from_utf8(value.to_vec()).ok();
        }
        headers = rest;
    }
    None
}
