//! Conditions of writes, and the write that follows its check as one step.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OnError;
use crate::absent::is_default;
use crate::spec::{Method, Span};

/// Conditions of writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Preconditions {
    /// Which writes must carry a condition; without one they are refused with 428.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require: Option<Require>,
    /// Who evaluates conditions. By default the gateway where it makes tags, else the upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluate: Option<Evaluate>,
    /// The status of a condition that does not hold: 412, or 409.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mismatch_status: Option<u16>,
    /// The status of a condition that cannot be read: 400, or 412.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub malformed_status: Option<u16>,
    /// What becomes of a write whose outcome is there already.
    #[serde(skip_serializing_if = "is_default")]
    pub already_applied: AlreadyApplied,
    /// Whose credentials the gateway reads the current version with.
    #[serde(skip_serializing_if = "is_default")]
    pub verify_with: VerifyWith,
    /// What becomes of a write when the condition cannot be evaluated.
    #[serde(skip_serializing_if = "is_default")]
    pub on_error: OnError,
    /// Whether a refusal says the current tag; only to callers who may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclose_current: Option<bool>,
}

/// Which writes must carry a condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Require {
    /// The methods.
    pub methods: Vec<Method>,
    /// The headers of which there must be one.
    pub any_of: Vec<ConditionHeader>,
}

impl Default for Require {
    fn default() -> Self {
        Self { methods: vec![Method::Put, Method::Patch, Method::Delete], any_of: vec![ConditionHeader::IfMatch] }
    }
}

/// A header that makes a request conditional (RFC 9110 section 13.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionHeader {
    /// `If-Match`.
    IfMatch,
    /// `If-None-Match`.
    IfNoneMatch,
    /// `If-Unmodified-Since`.
    IfUnmodifiedSince,
}

/// Who evaluates conditions of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evaluate {
    /// The upstream; the gateway only asks that there is one.
    Upstream,
    /// The gateway, under a lease of the resource.
    Gateway,
}

/// What becomes of a write whose outcome is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlreadyApplied {
    /// It is refused as any whose condition does not hold.
    #[default]
    Reject,
    /// It succeeds, and the upstream is not asked (RFC 9110 section 13.1.1). Wrong for what counts up.
    Success,
}

/// Whose credentials the gateway reads the current version with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyWith {
    /// The caller's headers `Authorization` and `Cookie`, as they go upstream.
    #[default]
    Client,
    /// None of the caller's: the upstream trusts the gateway.
    Service,
}

/// Check and write as one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LostUpdate {
    /// Who knows the current version.
    pub authority: Authority,
    /// How long the resource is held at most; longer than the upstream may take, as it is renewed meanwhile.
    pub lease: Span,
    /// How long a write waits for another one.
    pub max_wait: Span,
    /// The header that tells the upstream the fencing token; empty for none.
    pub fencing_header: String,
}

impl Default for LostUpdate {
    fn default() -> Self {
        Self {
            authority: Authority::default(),
            lease: Span::s(10),
            max_wait: Span::s(2),
            fencing_header: "Fencing-Token".to_owned(),
        }
    }
}

/// Who knows the current version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// The upstream: it is read before each write.
    #[default]
    Upstream,
    /// What the gateway has seen; only where nobody writes past it.
    Gateway,
}
