//! Cells of state by name, shared by all who ask for the same.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::counting::clock::Millis;

/// No more than this many are kept: callers who address models directly choose names.
const MOST: usize = 16_384;
/// When they are that many, those that nobody uses are removed, but not more often than this.
const SWEEP_MS: u64 = 1_000;

/// Whether a cell says nothing that is worth keeping.
pub(in crate::ai) trait Idle {
    fn is_idle(&self, now: Millis) -> bool;
}

/// Cells by the hash of their name: names hold secrets, and are not kept.
pub(in crate::ai) struct Cells<T> {
    cells: papaya::HashMap<u64, Arc<T>>,
    hasher: RandomState,
    next_sweep: AtomicU64,
    epoch: Instant,
}

impl<T> Default for Cells<T> {
    fn default() -> Self {
        Self {
            cells: papaya::HashMap::new(),
            hasher: RandomState::new(),
            next_sweep: AtomicU64::new(0),
            epoch: Instant::now(),
        }
    }
}

impl<T: Idle> Cells<T> {
    /// The cell of a name. When there are too many, it is one that is not kept.
    pub(in crate::ai) fn get(&self, name: impl Hash, make: impl FnOnce() -> T) -> Arc<T> {
        let name = self.hasher.hash_one(name);
        let cells = self.cells.pin();
        if let Some(cell) = cells.get(&name) {
            return Arc::clone(cell);
        }
        if cells.len() >= MOST {
            let moment = Millis::since(self.epoch, Instant::now());
            let now = moment.0;
            let next = self.next_sweep.load(Ordering::Relaxed);
            let mine = now >= next
                && self.next_sweep.compare_exchange(next, now + SWEEP_MS, Ordering::Relaxed, Ordering::Relaxed).is_ok();
            if mine {
                cells.retain(|_, cell| Arc::strong_count(cell) > 1 || !cell.is_idle(moment));
            }
            if cells.len() >= MOST {
                return Arc::new(make());
            }
        }
        Arc::clone(cells.get_or_insert_with(name, || Arc::new(make())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cell(bool);

    impl Idle for Cell {
        fn is_idle(&self, _: Millis) -> bool {
            self.0
        }
    }

    #[test]
    fn names_that_callers_make_up_do_not_fill_the_memory() {
        let cells = Cells::<Cell>::default();
        let kept = cells.get(0_usize, || Cell(true));
        let telling = Arc::downgrade(&cells.get(1_usize, || Cell(false)));
        for name in 2..MOST + 10 {
            cells.get(name, || Cell(true));
        }
        assert!(cells.cells.len() <= MOST);
        assert!(Arc::ptr_eq(&kept, &cells.get(0_usize, || Cell(true))), "in use");
        assert!(telling.upgrade().is_some(), "it says something");
    }
}
