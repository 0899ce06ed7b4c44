//! Numbers that tell one content from another, so that what changed is built anew and what did not is kept.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::LazyLock;

/// Its own in each process, so that the numbers say nothing of secrets to anybody else.
static GENERATIONS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The number of a content, the same for the same content as long as the process lives.
pub(super) fn of(content: impl Hash) -> u64 {
    GENERATIONS.hash_one(content)
}
