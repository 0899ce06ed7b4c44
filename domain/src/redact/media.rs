//! Media within bodies: bytes in base64 become a digest and a size.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};

/// The shortest text that is taken for bytes in base64 when nothing says that it is.
const SHORTEST: usize = 256;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// What stands in the place of bytes.
pub(super) fn digest(content: &[u8]) -> String {
    format!("[media: {}]", digest_and_size(content))
}

pub(super) fn digest_and_size(content: &[u8]) -> String {
    let digest: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{} bytes, sha256 {digest}", content.len())
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'\n' | b'\r')
}

/// What stands in the place of a text that is bytes in base64, or a `data:` URL; `None` for any other text. Of a URL its
/// head comes first, up to the encoding: it is as the text has it, and may hold anything.
pub(super) fn replaced(text: &str) -> Option<(&str, String)> {
    if let Some((head, data)) = text.split_once(";base64,").filter(|(head, _)| head.starts_with("data:")) {
        return data.bytes().all(is_base64).then(|| (head, of_base64(data)));
    }
    looks_so(text, SHORTEST).then(|| ("", of_base64(text)))
}

/// Whether a text of some length is nothing but base64: long, in one word, with letters of both cases and digits.
pub(super) fn looks_so(text: &str, shortest: usize) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= shortest
        && bytes.iter().copied().all(is_base64)
        && bytes.iter().any(u8::is_ascii_lowercase)
        && bytes.iter().any(u8::is_ascii_uppercase)
        && bytes.iter().any(u8::is_ascii_digit)
}

/// The digest of what base64 stands for; of the text itself where it cannot be read.
pub(super) fn of_base64(text: &str) -> String {
    let compact: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let url = compact.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let alphabet = if url { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    match GeneralPurpose::new(alphabet, LENIENT).decode(&compact) {
        Ok(bytes) => digest(&bytes),
        Err(_) => digest(text.as_bytes()),
    }
}
