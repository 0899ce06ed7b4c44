//! Ids of tool calls that a provider does not take: others in their place.
//!
//! Anthropic's ids are `[A-Za-z0-9_-]+` (<https://docs.anthropic.com/en/api/messages>); other vendors also write
//! `functions.get:0`. A result finds its call by the id, so two ids must never become one.

use std::collections::{HashMap, HashSet};

use crate::exchange::{BlockKind, Turn};
use crate::wire::Text;

/// The longest id that a provider takes which says nothing of it.
pub(crate) const ANY_LENGTH: usize = usize::MAX;

/// Gives every id that does not fit, or has more than `most` bytes, one that does. The same id always becomes the same within a request, and different
/// ones stay different; a conversation that grows keeps what was made before.
pub(crate) fn fit(turns: &mut [Turn<'_>], most: usize) {
    let (mut taken, mut unfit) = (HashSet::new(), false);
    each(turns, &mut |id| {
        if fits(id, most) {
            taken.insert(id.to_string());
        } else {
            unfit = true;
        }
    });
    if !unfit {
        return;
    }
    let mut made: HashMap<String, String> = HashMap::new();
    each(turns, &mut |id| {
        if !fits(id, most) {
            let fitting = made.entry(id.to_string()).or_insert_with(|| free(id, most, &mut taken));
            *id = fitting.clone().into();
        }
    });
}

fn each(turns: &mut [Turn<'_>], visit: &mut dyn FnMut(&mut Text<'_>)) {
    for block in turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        if let BlockKind::ToolUse { id, .. } | BlockKind::ToolResult { id, .. } = &mut block.kind {
            visit(id);
        }
    }
}

/// Bytes of `_` and a number that tells ids apart.
const NUMBER: usize = 21;

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn fits(id: &str, most: usize) -> bool {
    !id.is_empty() && id.len() <= most && id.chars().all(is_plain)
}

/// An id that fits, resembles the one given, and is not taken; it is from now on.
fn free(id: &str, most: usize, taken: &mut HashSet<String>) -> String {
    // Room for a number behind it.
    let most = most.saturating_sub(NUMBER);
    let plain: String = id.chars().map(|c| if is_plain(c) { c } else { '_' }).take(most).collect();
    let base = if plain.is_empty() { "call".to_owned() } else { plain };
    let mut candidate = base.clone();
    // Each turn of the loop tries another name, and only finitely many are taken.
    for number in 2_u64.. {
        if taken.insert(candidate.clone()) {
            break;
        }
        candidate = format!("{base}_{number}");
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_ids_stay_different() {
        let mut taken = HashSet::from(["c_1".to_owned(), "c_1_2".to_owned()]);
        let made = ["c:1", "c.1", "", "\u{e9}"].map(|id| free(id, ANY_LENGTH, &mut taken));
        assert_eq!(made, ["c_1_3", "c_1_4", "call", "_"]);
        assert!(made.iter().all(|id| fits(id, ANY_LENGTH)) && taken.len() == 6);
    }

    #[test]
    fn long_ids_are_shortened_and_stay_different() {
        let mut taken = HashSet::new();
        let made = ["1", "2"].map(|end| free(&format!("{}{end}", "x".repeat(100)), 64, &mut taken));
        assert!(made[0] != made[1] && made.iter().all(|id| fits(id, 64)), "{made:?}");
    }
}
