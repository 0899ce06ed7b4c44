//! What a caller is told of a conflict: what clashes, with what, and how to resolve it (RFC 9457).
