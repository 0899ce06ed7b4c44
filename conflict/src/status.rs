//! What an answer says of what was done: Conflict-Status, Cache-Status (RFC 9211), RateLimit.
