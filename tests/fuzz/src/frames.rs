//! Bedrock's binary event streams: any bytes, and messages of any kind and payload with their checksums right, damaged or
//! not, cut anywhere.

use crate::context::{DIALECTS, context, pick};
use crate::stream::check_cuts;
use weir_domain::dialect::WireFormat;

/// First byte: the caller's dialect, and whether what follows is the stream itself (`0x40`) or the text that messages are
/// made of, as in the recorded fixtures. Second byte: how the stream is cut. Third byte: which byte of what was made is
/// damaged; none when it is 0.
pub fn check(data: &[u8]) {
    let [options, cut, damage, rest @ ..] = data else { return };
    let context = context(WireFormat::Bedrock, pick(&DIALECTS, *options));
    if options & 0x40 != 0 {
        return check_cuts(&context, rest, usize::from(*cut));
    }
    let mut stream = framed(&String::from_utf8_lossy(rest));
    if *damage > 0 && !stream.is_empty() {
        let at = usize::from(*damage) * stream.len() / 256;
        stream[at] ^= 1 << (damage % 8);
    }
    check_cuts(&context, &stream, usize::from(*cut));
}

/// The binary messages of a stream that is kept as text: a line `event NAME PAYLOAD` or `exception NAME PAYLOAD` each. A
/// line `cut` takes half of the message before it away and ends the stream.
pub(crate) fn framed(text: &str) -> Vec<u8> {
    let (mut bytes, mut last) = (Vec::new(), 0);
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line == "cut" {
            bytes.truncate(bytes.len() - last / 2);
            break;
        }
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (kind, name, payload) = (word(), word(), word());
        let of_kind = format!(":{kind}-type");
        let headers = [(&*of_kind, name), (":content-type", "application/json"), (":message-type", kind)];
        let message = message(&headers, payload.as_bytes());
        last = message.len();
        bytes.extend(message);
    }
    bytes
}

/// One message with headers that are strings. Source:
/// <https://smithy.io/2.0/aws/amazon-eventstream.html>.
fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    for (name, value) in headers {
        let length = |text: &str, most: usize| text.len().min(most);
        let (name, value) = (&name.as_bytes()[..length(name, 255)], &value.as_bytes()[..length(value, 65_535)]);
        written.push(u8::try_from(name.len()).expect("it is short"));
        written.extend_from_slice(name);
        written.push(7);
        written.extend_from_slice(&u16::try_from(value.len()).expect("it is short").to_be_bytes());
        written.extend_from_slice(value);
    }
    let size = |length: usize| u32::try_from(length).expect("inputs are small").to_be_bytes();
    let mut framed = [size(16 + written.len() + payload.len()), size(written.len())].concat();
    framed.extend_from_slice(&crc32fast::hash(&framed).to_be_bytes());
    framed.extend_from_slice(&written);
    framed.extend_from_slice(payload);
    framed.extend_from_slice(&crc32fast::hash(&framed).to_be_bytes());
    framed
}
