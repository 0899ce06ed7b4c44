//! What an id may look like, and how a new one is made.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid, Variant, Version};

/// The longest id of a resource, in bytes.
pub const MAX_ID: usize = 100;

/// Whether `id` is fit for a resource: lower-case letters, digits, `-`, `_` and `.`, starting and
/// ending with a letter or digit. Ids stand in addresses and log lines, so nothing needs escaping.
#[must_use]
pub fn is_id(id: &str) -> bool {
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = id.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(&first), Some(&last)) => {
            bytes.len() <= MAX_ID
                && edge(first)
                && edge(last)
                && bytes.iter().all(|&b| edge(b) || matches!(b, b'-' | b'_' | b'.'))
        }
        _ => false,
    }
}

/// The sentence that says what [`is_id`] takes.
pub const ID_RULE: &str =
    "use 1 to 100 lower-case letters, digits, '-', '_' or '.', starting and ending with a letter or digit";

/// The longest name of a model, in bytes.
pub const MAX_MODEL: usize = 256;

/// Whether `name` is fit for a model that callers name: it stands in headers, log lines, the ledger and the paths of
/// some providers, where a segment `.` or `..` would lead elsewhere, however it is encoded.
#[must_use]
pub fn is_model(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_MODEL
        && !name.contains(|c: char| c.is_control() || c.is_whitespace())
        && !name.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."))
}

/// The sentence that says what [`is_model`] takes.
pub const MODEL_RULE: &str =
    "must have 1 to 256 bytes, neither whitespace nor control characters, and no '.' or '..' between slashes";

/// A new id that sorts by time (UUID version 7, RFC 9562).
#[must_use]
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// The id that follows from a list of texts: the same at every node and at any time (UUID version 8, RFC 9562, of
/// SHA-256).
#[must_use]
pub fn derived_id(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let digest: [u8; 32] = digest.finalize().into();
    let bytes = std::array::from_fn(|at| digest[at]);
    Builder::from_bytes(bytes).with_variant(Variant::RFC4122).with_version(Version::Custom).into_uuid().to_string()
}

/// Whether an id was made by [`derived_id`]: what has it may have been written before, by another node or long ago.
#[must_use]
pub fn is_derived(id: &str) -> bool {
    id.len() == 36 && id.as_bytes().get(14) == Some(&b'8')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_id_follows_from_its_texts_and_is_told_from_a_new_one() {
        let id = derived_id(&["batch", "openai", "batch_1"]);
        assert_eq!(id, derived_id(&["batch", "openai", "batch_1"]));
        assert_ne!(id, derived_id(&["batch", "openaib", "atch_1"]));
        assert!(is_derived(&id) && !is_derived(&new_id()) && !is_derived("x"));
        assert_eq!((id.len(), id.as_bytes()[14]), (36, b'8'));
    }

    #[test]
    fn a_models_name_is_short_and_one_word() {
        for good in
            ["gpt-4o", "oai/gpt-4o", "org/model:tag@1", "模型", "a/...", "a/.b", "gpt-4..1", &"z".repeat(MAX_MODEL)]
        {
            assert!(is_model(good), "{good}");
        }
        for bad in ["", "a b", "a\nb", "a\u{a0}b", "a\u{7f}", &"z".repeat(MAX_MODEL + 1)] {
            assert!(!is_model(bad), "{bad:?}");
        }
        for climbing in ["..", "a/../b", "fg/../../x?a=b#c", "a/.", "./a", "a\\..\\b"] {
            assert!(!is_model(climbing), "{climbing}: it goes into paths");
        }
    }
}
