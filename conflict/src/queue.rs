//! One write at a time on one node: who waits, in which order, and who is turned away.
