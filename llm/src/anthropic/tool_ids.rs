//! Ids of tool calls that Anthropic does not take: others in their place.
//!
//! Its ids are `[A-Za-z0-9_-]+` (<https://docs.anthropic.com/en/api/messages>); other vendors also write
//! `functions.get:0`. A result finds its call by the id, so two ids must never become one.

use std::collections::{HashMap, HashSet};

use crate::exchange::{BlockKind, Turn};
use crate::wire::Text;

/// Gives every id that does not fit one that does. The same id always becomes the same within a request, and different
/// ones stay different; a conversation that grows keeps what was made before.
pub(super) fn fit(turns: &mut [Turn<'_>]) {
    let (mut taken, mut unfit) = (HashSet::new(), false);
    each(turns, &mut |id| {
        if fits(id) {
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
        if !fits(id) {
            let fitting = made.entry(id.to_string()).or_insert_with(|| free(id, &mut taken));
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

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn fits(id: &str) -> bool {
    !id.is_empty() && id.chars().all(is_plain)
}

/// An id that fits, resembles the one given, and is not taken; it is from now on.
fn free(id: &str, taken: &mut HashSet<String>) -> String {
    let plain: String = id.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
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
        let made = ["c:1", "c.1", "", "\u{e9}"].map(|id| free(id, &mut taken));
        assert_eq!(made, ["c_1_3", "c_1_4", "call", "_"]);
        assert!(made.iter().all(|id| fits(id)) && taken.len() == 6);
    }
}
