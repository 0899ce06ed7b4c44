//! Permits of limits that hold over all nodes.

use std::time::Duration;

/// A permit's name: unique, made by the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermitId(pub u128);

impl PermitId {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(rand::random())
    }
}

impl Default for PermitId {
    fn default() -> Self {
        Self::new()
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PermitAsk<'a> {
    /// How many there are at once.
    pub limit: u32,
    /// The permit's name.
    pub id: PermitId,
    /// How long it is held unless it is kept.
    pub lease: Duration,
    /// What is limited, for people; sealed outside of the process.
    pub label: &'a str,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It is held.
    Granted {
        /// How many are, this one included.
        taken: u32,
    },
    /// All are taken.
    Full {
        /// How many are.
        taken: u32,
        /// When the next comes free at the latest, unless it is kept.
        next_in: Duration,
    },
}
