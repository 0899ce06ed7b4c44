//! What nodes share: leases, locks, versions, idempotency keys, permits. One trait, and a store of each kind.
