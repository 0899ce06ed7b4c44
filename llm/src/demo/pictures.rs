//! Images of the demo provider: a symmetrical pattern in two colours, both drawn from the prompt, as a real PNG. Source:
//! <https://www.w3.org/TR/png-3/>. Written here: one kind of image needs no library, and the checksum is at hand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weir_domain::usage::ImageSize;

use super::request::fingerprint;
use super::vectors::words;
use crate::error::{ErrorKind, WireError};

/// The model that makes them.
pub(super) const MODEL: &str = "demo-image";
/// What is made unless `size` says another.
const SIZE: ImageSize = ImageSize { width: 512, height: 512 };
const SIDES: std::ops::RangeInclusive<u32> = 16..=1_024;
const MOST: u64 = 10;
/// Fields of the pattern along each side.
const FIELDS: u32 = 8;

/// Answers a request for images whose model is [`MODEL`].
///
/// # Errors
/// What the caller is to be told.
pub(super) fn answer(request: &Value) -> Result<Value, WireError> {
    let invalid = |param: &str, message: &str| {
        WireError::gateway(ErrorKind::InvalidRequest, format!("{param}: {message}")).with_param(param)
    };
    let prompt = request.get("prompt").and_then(Value::as_str).filter(|prompt| !prompt.is_empty());
    let prompt = prompt.ok_or_else(|| invalid("prompt", "is missing or empty; send a text"))?;
    if request.get("stream").and_then(Value::as_bool) == Some(true) {
        return Err(invalid("stream", "the demo provider sends images whole; leave it out"));
    }
    let count = match request.get("n").filter(|value| !value.is_null()) {
        None => 1,
        Some(value) => value
            .as_u64()
            .filter(|n| (1..=MOST).contains(n))
            .ok_or_else(|| invalid("n", "send a whole number from 1 to 10"))?,
    };
    let size = match request.get("size").and_then(Value::as_str) {
        None | Some("auto") => SIZE,
        Some(text) => ImageSize::parse(text)
            .filter(|size| SIDES.contains(&size.width) && SIDES.contains(&size.height))
            .ok_or_else(|| invalid("size", "send width x height, such as 512x512, each from 16 to 1024"))?,
    };
    let as_url = request.get("response_format").and_then(Value::as_str) == Some("url");
    let picture = |at: u64| {
        let data = STANDARD.encode(png(size, fingerprint(prompt.as_bytes()).wrapping_add(at)));
        if as_url { json!({"url": format!("data:image/png;base64,{data}")}) } else { json!({"b64_json": data}) }
    };
    let data: Vec<Value> = (0..count).map(picture).collect();
    let input = words(prompt).count().max(1) as u64;
    let output = count * size.pixels().div_ceil(1_024);
    Ok(json!({
        "created": super::render::CREATED, "data": data, "output_format": "png", "size": format!("{}x{}", size.width, size.height),
        "usage": {"input_tokens": input, "output_tokens": output, "total_tokens": input + output,
            "input_tokens_details": {"text_tokens": input, "image_tokens": 0}},
    }))
}

/// A picture of a palette of two colours, a bit per pixel.
fn png(size: ImageSize, seed: u64) -> Vec<u8> {
    let [first, second, third, pattern @ ..] = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let pattern = pattern.iter().fold(seed, |bits, byte| bits.rotate_left(13) ^ u64::from(*byte));
    let mut rows = Vec::new();
    for y in 0..size.height {
        // No filter.
        rows.push(0);
        let across = y * FIELDS / size.height;
        for byte in 0..size.width.div_ceil(8) {
            let bits =
                (byte * 8..byte * 8 + 8).map(|x| x < size.width && is_set(pattern, x * FIELDS / size.width, across));
            rows.push(bits.fold(0, |byte, bit| byte << 1 | u8::from(bit)));
        }
    }
    let mut head = [size.width.to_be_bytes(), size.height.to_be_bytes()].concat();
    // One bit, a palette, deflate, no filter of its own, not interlaced.
    head.extend([1, 3, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, *b"IHDR", &head);
    chunk(&mut file, *b"PLTE", &[245, 245, 245, first / 2, second / 2, third / 2]);
    chunk(&mut file, *b"IDAT", &stored(&rows));
    chunk(&mut file, *b"IEND", &[]);
    file
}

/// Whether a field has the second colour: the right half mirrors the left.
fn is_set(pattern: u64, x: u32, y: u32) -> bool {
    let x = if x < FIELDS / 2 { x } else { FIELDS - 1 - x };
    pattern >> (y * (FIELDS / 2) + x) & 1 == 1
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    file.extend(length.to_be_bytes());
    let from = file.len();
    file.extend(name);
    file.extend_from_slice(data);
    let checksum = crc32fast::hash(file.get(from..).unwrap_or_default());
    file.extend(checksum.to_be_bytes());
}

/// The bytes in a zlib stream of blocks that are only stored (RFC 1950, RFC 1951 section 3.2.4).
fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = data.len().div_ceil(0xffff);
    for (at, block) in data.chunks(0xffff).enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(at + 1 == blocks));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend(adler32(data).to_be_bytes());
    stream
}

fn adler32(data: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in data {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        // The example of RFC 1950's algorithm that everyone quotes, and the last chunk of every PNG.
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        let mut end = Vec::new();
        chunk(&mut end, *b"IEND", &[]);
        assert_eq!(end, [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82]);
    }

    #[test]
    fn a_picture_has_the_size_that_was_asked_for_and_is_its_prompts_own() {
        let image = |request: Value| {
            let answered = answer(&request).unwrap();
            let data = answered["data"][0]["b64_json"].as_str().unwrap().to_owned();
            (STANDARD.decode(data).unwrap(), answered)
        };
        let (first, told) = image(json!({"prompt": "a red fox", "size": "24x16", "n": 2}));
        assert_eq!((&first[..8], &first[16..24]), (&b"\x89PNG\r\n\x1a\n"[..], &[0, 0, 0, 24, 0, 0, 0, 16][..]));
        assert_eq!((told["data"].as_array().unwrap().len(), &told["usage"]["input_tokens"]), (2, &json!(3)));
        assert_ne!(told["data"][0], told["data"][1]);
        assert_eq!(first, image(json!({"prompt": "a red fox", "size": "24x16"})).0);
        assert_ne!(first, image(json!({"prompt": "a blue fox", "size": "24x16"})).0);
        // Three bytes a row and its filter, in one stored block.
        let data = memchr::memmem::find(&first, b"IDAT").unwrap();
        assert_eq!(first[data - 4..data], u32::to_be_bytes(2 + 5 + 16 * 4 + 4));
    }

    #[test]
    fn what_cannot_be_made_is_refused_by_its_field() {
        for (request, param) in [
            (json!({}), "prompt"),
            (json!({"prompt": "x", "n": 0}), "n"),
            (json!({"prompt": "x", "n": 11}), "n"),
            (json!({"prompt": "x", "size": "9999999x9999999"}), "size"),
            (json!({"prompt": "x", "size": "0x0"}), "size"),
            (json!({"prompt": "x", "stream": true}), "stream"),
        ] {
            assert_eq!(answer(&request).unwrap_err().param.as_deref(), Some(param), "{request}");
        }
    }
}
