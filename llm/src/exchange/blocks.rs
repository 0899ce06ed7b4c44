//! What several writers make of the blocks of a turn.

use super::{At, Block, BlockKind, Turn};
use crate::error::RequestError;
use crate::report::Report;
use crate::wire::Text;

/// Reports the marks of a prompt cache, for a provider that caches by itself.
///
/// # Errors
/// In strict mode, when there is one.
pub(crate) fn report_cache_marks(blocks: &[Block<'_>], report: &mut Report) -> Result<(), RequestError> {
    blocks
        .iter()
        .filter(|block| block.cache.is_some())
        .try_for_each(|block| report.drop(block.at.path("cache_control"), "the provider caches by itself"))
}

/// All texts, joined by new lines; `None` when there is none.
pub(crate) fn join_texts(blocks: Vec<Block<'_>>) -> Option<Text<'_>> {
    let mut texts = blocks.into_iter().filter_map(|block| match block.kind {
        BlockKind::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    });
    let first = texts.next()?;
    Some(match texts.next() {
        None => first,
        Some(second) => {
            let mut joined = first.0.into_owned();
            for text in std::iter::once(second).chain(texts) {
                joined.push('\n');
                joined.push_str(&text);
            }
            joined.into()
        }
    })
}

/// Where a conversation's last turn stands, to be kept until the turns are written.
pub(crate) fn last_place(turns: &[Turn<'_>]) -> At {
    let last = turns.last().and_then(|turn| turn.blocks.first()).map(|block| At { part: None, ..block.at });
    last.unwrap_or_default()
}

/// Judges the end of the messages that were made, for a provider that does not continue a given answer. `conversation`
/// is what the caller calls the list of its turns.
///
/// # Errors
/// There is no message; in strict mode, the last one is an assistant's.
pub(crate) fn check_end(
    last_role: Option<&str>,
    last: At,
    conversation: &'static str,
    report: &mut Report,
) -> Result<(), RequestError> {
    match last_role {
        None => Err(RequestError::field(conversation, "holds nothing but empty text", "say something as user")),
        Some("assistant") => {
            report.drop(last.path(""), "the provider does not continue a given answer; it answers anew")
        }
        Some(_) => Ok(()),
    }
}
