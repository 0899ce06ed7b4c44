//! How a provider is asked whether it works, ready to be sent.

use std::time::Duration;

use crate::spec::HealthMethod;

/// A health check. Two that are equal ask the same and judge alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HealthCheck {
    /// Path and query below the provider's address.
    pub path: String,
    /// How it is asked for.
    pub method: HealthMethod,
    /// The body of a `POST`, as JSON; else empty.
    pub body: String,
    /// From one check to the next.
    pub interval: Duration,
    /// How long one may take.
    pub timeout: Duration,
    /// Unhealthy after so many failed ones in a row.
    pub unhealthy_after: u32,
    /// Healthy again after so many good ones in a row.
    pub healthy_after: u32,
    /// The statuses of a good answer; empty: see [`Self::is_good`].
    pub statuses: Vec<u16>,
}

impl HealthCheck {
    /// Whether a status says that the server works. A refusal of the key does, unless statuses are named.
    #[must_use]
    pub fn is_good(&self, status: u16) -> bool {
        match self.statuses.as_slice() {
            [] => matches!(status, 200..=299 | 401 | 403 | 429),
            named => named.contains(&status),
        }
    }
}
