//! How many input tokens a request may be, at a guess, from one pass over its bytes.

use memchr::{memchr, memchr2};

use crate::usage::estimate;

/// What a base64 payload (an image, a page) costs at least, whatever its bytes.
const PAYLOAD_TOKENS: u64 = 1_000;
/// A run of base64 shorter than this is counted as text.
const PAYLOAD_BYTES: usize = 1_024;

/// Members whose strings the model does not read: they say what something is, not what it says.
const LABELS: [&[u8]; 17] = [
    b"model",
    b"role",
    b"type",
    b"id",
    b"tool_call_id",
    b"tool_use_id",
    b"media_type",
    b"url",
    b"format",
    b"detail",
    b"signature",
    b"user",
    b"service_tier",
    b"encoding_format",
    b"input_type",
    b"taskType",
    b"task_type",
];

/// Four bytes of text per token, and a flat amount for each base64 payload. Text is what stands in strings; names of
/// members and the rest of JSON's syntax are not. Works on any bytes, JSON or not.
pub(crate) fn estimate_input(body: &[u8]) -> u64 {
    let (mut text_bytes, mut payloads) = (0, 0);
    let mut label = false;
    let mut at = 0;
    while let Some(open) = memchr(b'"', body.get(at..).unwrap_or_default()) {
        let start = at + open + 1;
        let end = string_end(body, start);
        let string = body.get(start..end).unwrap_or_default();
        at = end + 1;
        let behind = body.get(at..).unwrap_or_default().trim_ascii_start();
        if behind.first() == Some(&b':') {
            label = LABELS.contains(&string);
        } else if is_payload(string) {
            payloads += 1;
        } else if !label {
            text_bytes += string.len() as u64;
        }
    }
    estimate(text_bytes) + payloads * PAYLOAD_TOKENS
}

/// Where the string that begins at `start` ends: at its closing quote, or with the bytes.
fn string_end(body: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = memchr2(b'"', b'\\', body.get(at..).unwrap_or_default()) {
        if body.get(at + found) == Some(&b'"') {
            return at + found;
        }
        at += found + 2;
    }
    body.len()
}

/// Whether a string is base64 rather than text: Anthropic writes it bare, OpenAI as a data URL.
fn is_payload(string: &[u8]) -> bool {
    if string.len() < PAYLOAD_BYTES {
        return false;
    }
    let head = string.get(..128).unwrap_or_default();
    let from = memchr::memmem::find(head, b";base64,").map_or(0, |found| found + b";base64,".len());
    let run = string.get(from..from + PAYLOAD_BYTES.min(string.len() - from)).unwrap_or_default();
    run.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=-_\\".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_is_not_counted_as_text() {
        assert_eq!(estimate_input(br#"{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}"#), 1);
        let text = "four".repeat(100);
        let body = format!(r#"{{"messages":[{{"content":[{{"type":"text","text":"{text}"}}]}}],"system":"{text}"}}"#);
        assert_eq!(estimate_input(body.as_bytes()), 200);
    }

    #[test]
    fn what_tools_say_of_themselves_is_text_too() {
        let body = br#"{"tools":[{"type":"function","function":{"name":"look","description":"eightbyt"}}]}"#;
        assert_eq!(estimate_input(body), 3);
    }

    #[test]
    fn a_document_of_plain_text_is_text_and_an_image_is_not() {
        let body =
            br#"{"source":{"type":"text","media_type":"text/plain","data":"plain text of sixteen bytes, and more"}}"#;
        assert_eq!(estimate_input(body), 10);
        let image = "iVBORw0KGgo".repeat(1_000);
        assert_eq!(estimate_input(format!(r#"{{"source":{{"type":"base64","data":"{image}"}}}}"#).as_bytes()), 1_000);
    }

    #[test]
    fn a_quote_inside_a_string_does_not_end_it() {
        assert_eq!(estimate_input(br#"{"content":"a\"b: \\","id":"ignored"}"#), 2);
    }

    #[test]
    fn damaged_bytes_are_counted_without_a_fault() {
        for body in [&b"\""[..], b"\"\\", b"", b"{\"a\":\"b", b"\"\\\"", b"\xff\"\xff"] {
            assert!(estimate_input(body) <= 1);
        }
    }
}
