//! Reasoning that only its own provider can read, on its way through another dialect and back.
//!
//! A Responses provider gives reasoning as an item with `encrypted_content`; a caller of another dialect knows it as
//! the signature of a block of thinking. Anthropic gives signatures; a caller of this dialect knows them as
//! `encrypted_content`. Both are repeated unread, so the mark in front tells whose they are: neither provider takes
//! the other's (rule 21).

use crate::error::RequestError;
use crate::exchange::{Block, BlockKind, Turn};
use crate::report::Report;

/// Stands before `{item id}.{encrypted_content}` in a signature.
pub(crate) const ITEM: &str = "weir-r1.";
/// Stands before what another provider's reasoning came with, in `encrypted_content`.
pub(crate) const FOREIGN: &str = "weir-x1.";

const SIGNED: &str = "weir-x1.s.";
const REDACTED: &str = "weir-x1.d.";
const UNSIGNED: &str = "weir-x1.u.";

/// Why reasoning is left out of a request.
pub(crate) const NOT_SENT: &str = "reasoning of another provider's model is not sent back";

/// What `encrypted_content` made by Weir holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Foreign<'a> {
    /// The signature of the reasoning in the summary.
    Signed(&'a str),
    /// Reasoning that its provider hides altogether.
    Redacted(&'a str),
    /// Reasoning that no provider takes back.
    Unsigned,
}

/// A reasoning item as the signature of a block of thinking.
pub(super) fn seal_item(id: &str, encrypted: &str) -> String {
    format!("{ITEM}{id}.{encrypted}")
}

/// The id and the encrypted content of a reasoning item, from a signature that holds one.
pub(crate) fn open_item(signature: &str) -> Option<(&str, &str)> {
    signature.strip_prefix(ITEM)?.split_once('.')
}

/// A signature as `encrypted_content`; an empty one is marked too, so that the item is known when it comes back.
pub(super) fn seal_signature(signature: &str) -> String {
    if signature.is_empty() { UNSIGNED.to_owned() } else { format!("{SIGNED}{signature}") }
}

/// Hidden reasoning as `encrypted_content`.
pub(super) fn seal_redacted(data: &str) -> String {
    format!("{REDACTED}{data}")
}

/// What Weir put into `encrypted_content`; `None` for a provider's own.
pub(super) fn open_foreign(encrypted: &str) -> Option<Foreign<'_>> {
    if let Some(signature) = encrypted.strip_prefix(SIGNED) {
        return Some(Foreign::Signed(signature));
    }
    if let Some(data) = encrypted.strip_prefix(REDACTED) {
        return Some(Foreign::Redacted(data));
    }
    encrypted.starts_with(FOREIGN).then_some(Foreign::Unsigned)
}

/// Ids of one answer that are looked for at most, and their length.
const MAX_IDS: (usize, usize) = (16, 128);

/// The ids of encrypted reasoning in an answer, as a caller of another dialect gets it.
pub(crate) fn bound_ids(body: &[u8]) -> Vec<String> {
    let id = |at: usize| {
        let rest = body.get(at + 1 + ITEM.len()..)?;
        let rest = rest.get(..MAX_IDS.1.min(rest.len()))?;
        let id = rest.get(..memchr::memchr(b'.', rest)?)?;
        std::str::from_utf8(id).ok().map(str::to_owned)
    };
    memchr::memmem::find_iter(body, b"\"weir-r1.").filter_map(id).take(MAX_IDS.0).collect()
}

/// Takes reasoning of Responses providers out of a conversation for a provider of another dialect, which would refuse
/// what it has not signed.
///
/// # Errors
/// In strict mode, when there is some.
pub(crate) fn without_items(turns: &mut [Turn<'_>], report: &mut Report) -> Result<(), RequestError> {
    let is_item = |block: &Block<'_>| match &block.kind {
        BlockKind::Thinking { signature, .. } => open_item(signature).is_some(),
        _ => false,
    };
    for turn in turns {
        for block in turn.blocks.iter().filter(|block| is_item(block)) {
            report.drop(block.at.path("thinking"), NOT_SENT)?;
        }
        turn.blocks.retain(|block| !is_item(block));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_encrypted_reasoning_are_found_in_an_answer() {
        let sealed = format!(r#"{{"signature":"{}"}}"#, seal_item("rs_3", "gAAA"));
        assert_eq!(bound_ids(sealed.as_bytes()), ["rs_3"]);
        assert_eq!(bound_ids(br#"{"a":"weir-r1."#), Vec::<String>::new());
    }

    #[test]
    fn what_is_sealed_opens_as_what_it_was_and_nothing_else_opens() {
        assert_eq!(open_item(&seal_item("rs_1", "gAAA==")), Some(("rs_1", "gAAA==")));
        assert_eq!(open_item("EqQBCgIYAhIM"), None);
        let opened = |sealed: String| match open_foreign(&sealed) {
            Some(Foreign::Signed(text)) => format!("signed {text}"),
            Some(Foreign::Redacted(text)) => format!("redacted {text}"),
            Some(Foreign::Unsigned) => "unsigned".to_owned(),
            None => "none".to_owned(),
        };
        assert_eq!(opened(seal_signature("Eq.QB==")), "signed Eq.QB==");
        assert_eq!(opened(seal_signature("")), "unsigned");
        assert_eq!(opened(seal_redacted("d")), "redacted d");
        assert_eq!(opened("gAAAAAB".to_owned()), "none");
    }
}
