//! Conditional requests (RFC 9110 section 13): what the headers ask, and whether it holds.
