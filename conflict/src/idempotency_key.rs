//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header), and their relatives of other houses.
