//! Counting without locks: moments as whole numbers, sliding windows, and how much may be repeated.

pub(crate) mod clock;
pub(crate) mod retry_budget;
pub(crate) mod window;
