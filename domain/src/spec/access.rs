//! Who owns and who calls: teams, applications and their keys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RequestLog;
use crate::absent::is_default;
use crate::secret::SecretRef;

/// A group of people who own resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Team {
    /// Its name, for people.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// What it does.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Whether what its applications send and get is kept in the request log, for how long, and without what. Absent:
    /// nothing of it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_log: Option<RequestLog>,
}

/// A program that calls APIs. What it may call is named here; nothing is allowed by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Application {
    /// Its name, for people.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// What it does.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Models it may call: names of model routes, `provider/model`, `provider/*`, or `*` for all
    /// model routes and models.
    pub models: Vec<String>,
    /// Services it may call by id, or `*` for all.
    pub services: Vec<String>,
    /// Providers whose own API it may call as it is, under `/providers/{id}/…`: by id, or `*` for all. Everything that
    /// the provider's key may do there, whatever `models` says. Nothing by default.
    #[serde(skip_serializing_if = "is_default")]
    pub providers: Vec<String>,
    /// Providers in whose account it may keep files and run batches, at `/v1/files`, `/v1/uploads`, `/v1/batches` and
    /// `/v1/messages/batches`: by id, or `*` for all. It reaches its own files and batches alone; a batch may be of any
    /// model of the provider's, whatever `models` says. Those under `providers` need not be listed again.
    #[serde(skip_serializing_if = "is_default")]
    pub batches: Vec<String>,
    /// A disabled application is refused with 403, its keys stay.
    #[serde(skip_serializing_if = "is_default")]
    pub disabled: bool,
}

/// A credential of an application. Its id is the public part of the key; only a hash of the secret
/// part is stored. Give either `hash` (as an export holds it) or `secret` (a whole key by `env:` or
/// `file:`, hashed when it is applied).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApiKey {
    /// The application it belongs to.
    pub application: String,
    /// What it is for, for people.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// SHA-256 of the whole key, in lower-case hexadecimal.
    #[serde(skip_serializing_if = "is_default")]
    pub hash: String,
    /// The whole key, by reference. Never stored: it becomes `hash`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretRef>,
    /// When it stops working, RFC 3339. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Narrows the application's `models` for this key. Absent: all that the application may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// Narrows the application's `services` for this key. Absent: all that the application may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
    /// Narrows the application's `providers` for this key. Absent: all that the application may call, or none where
    /// `models` is narrowed, because a provider's own API reaches each of its models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<String>>,
    /// A revoked key is refused with 401 within two seconds on every node, and stays refused.
    #[serde(skip_serializing_if = "is_default")]
    pub revoked: bool,
}
