//! Asking a provider again and again whether it works, so that callers need not find out.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::absent::is_default;

/// A request that each node sends in the background, and what its answers mean. Empty (`{}`): the provider's list of
/// models is asked for every half minute, which costs nothing.
///
/// A target that is unhealthy is passed over as long as there is another; when all are, they are asked as if nothing
/// had been found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HealthCheck {
    /// What is asked for, below the provider's address, such as `/models/gpt-4o`. Absent: the list of models, as far as
    /// the vendor has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How it is asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub method: HealthMethod,
    /// The body of a `post`. A call of a model is billed by its vendor, for every check of every node, and is charged to
    /// no application.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    /// From one check to the next, in milliseconds (200 to 3,600,000); each time a tenth more or less.
    pub interval_ms: u64,
    /// How long the answer's head may take, connecting included, in milliseconds (1 to 60,000).
    pub timeout_ms: u64,
    /// Unhealthy after so many failed checks in a row (1 to 100).
    pub unhealthy_after: u32,
    /// Healthy again after so many good ones in a row (1 to 100).
    pub healthy_after: u32,
    /// The statuses of a good answer. Absent: 200 to 299, and 401, 403 and 429, which say something of the key and not of
    /// the server.
    #[serde(skip_serializing_if = "is_default")]
    pub statuses: Vec<u16>,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: None,
            method: HealthMethod::Get,
            body: None,
            interval_ms: 30_000,
            timeout_ms: 5_000,
            unhealthy_after: 3,
            healthy_after: 2,
            statuses: Vec::new(),
        }
    }
}

/// The method of a health check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthMethod {
    /// `GET`.
    #[default]
    Get,
    /// `HEAD`.
    Head,
    /// `POST`, with a body.
    Post,
}
