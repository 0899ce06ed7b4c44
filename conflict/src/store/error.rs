//! Why a store gives no answer.

use std::time::Duration;

/// Why a store gives no answer. No text holds a value or an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It did not answer in time; the operation may have had its effect.
    #[error("the conflict store did not answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// It cannot be reached, or refuses.
    #[error("the conflict store is not available: {0}")]
    Unavailable(String),
    /// It failed too often and is left alone for a while.
    #[error("the conflict store failed repeatedly and is left alone for {} ms", .retry_in.as_millis())]
    Open {
        /// When it is tried again.
        retry_in: Duration,
    },
    /// It has no room left.
    #[error("the conflict store is full")]
    Full,
    /// What it returned is not what was put in.
    #[error("the conflict store returned something that Weir did not write: {0}")]
    Malformed(&'static str),
    /// A cursor of a listing is not one that this store has given.
    #[error("the cursor is not one that this listing has given")]
    BadCursor,
}

impl StoreError {
    /// Whether it says that the store does not work, and not that it was asked wrongly.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::BadCursor | Self::Open { .. } | Self::Full)
    }
}
