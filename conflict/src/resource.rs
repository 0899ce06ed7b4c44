//! The name of one resource in a store: nothing of the caller's shows in it.
