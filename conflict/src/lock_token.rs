//! Lock tokens, and the headers that carry them (RFC 4918 section 10).
