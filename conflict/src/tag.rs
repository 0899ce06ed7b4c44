//! Entity tags (RFC 9110 section 8.8.3), and lists of them.
