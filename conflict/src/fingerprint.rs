//! The fingerprint of a request: what a repeat must be the same in.
