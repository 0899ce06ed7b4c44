//! What an id may look like, and how a new one is made.

use uuid::Uuid;

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

/// A new id that sorts by time (UUID version 7, RFC 9562).
#[must_use]
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}
