//! Entity tags for answers that have none.
