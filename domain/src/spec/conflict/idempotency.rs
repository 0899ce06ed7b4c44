//! The first answer again for a request that is sent again.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OnError;
use crate::absent::is_default;
use crate::spec::{Method, Size, Span};

/// The first answer again for a request that is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Idempotency {
    /// Whether a request without a key is refused.
    pub required: bool,
    /// The methods that keys count for.
    pub methods: Vec<Method>,
    /// The header of the key.
    pub header: String,
    /// Other headers that a key may stand in.
    #[serde(skip_serializing_if = "is_default")]
    pub aliases: Vec<String>,
    /// How strictly a key is read.
    pub syntax: KeySyntax,
    /// Where a key means the same.
    pub scope: KeyScope,
    /// How long the answer is kept.
    pub ttl: Span,
    /// How long a request is taken to be under way that nobody has heard of; it is renewed meanwhile.
    pub lease: Span,
    /// What becomes of a repeat while the first is under way.
    pub in_progress: InProgress,
    /// How long a repeat waits for the first, with `in_progress: wait`.
    pub max_wait: Span,
    /// What becomes of a repeat of which nobody knows how it ended.
    pub on_lost: OnLost,
    /// The statuses from 500 on whose answers are kept.
    pub store_5xx: Vec<u16>,
    /// The longest answer that is kept.
    pub max_body: Size,
    /// Headers of the answer that are not kept.
    #[serde(skip_serializing_if = "is_default")]
    pub no_store_headers: Vec<String>,
    /// Whether the upstream gets the key.
    pub forward_key: bool,
    /// What becomes of requests while the store is down.
    pub on_error: OnError,
    /// What becomes of the upstream's answer when the caller leaves.
    pub on_client_abort: OnClientAbort,
    /// How far from now `Repeatability-First-Sent` may lie (OASIS Repeatable Requests; 5 minutes or more).
    pub first_sent_window: Span,
}

impl Default for Idempotency {
    fn default() -> Self {
        Self {
            required: false,
            methods: vec![Method::Post, Method::Patch],
            header: "Idempotency-Key".to_owned(),
            aliases: Vec::new(),
            syntax: KeySyntax::default(),
            scope: KeyScope::default(),
            ttl: Span::s(86_400),
            lease: Span::s(60),
            in_progress: InProgress::default(),
            max_wait: Span::s(10),
            on_lost: OnLost::default(),
            store_5xx: vec![500, 501],
            max_body: Size::mib(1),
            no_store_headers: Vec::new(),
            forward_key: true,
            on_error: OnError::default(),
            on_client_abort: OnClientAbort::default(),
            first_sent_window: Span::s(300),
        }
    }
}

/// How strictly a key is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeySyntax {
    /// A string of structured fields, or the bare key.
    #[default]
    Lenient,
    /// A string of structured fields only (RFC 9651 section 3.3.3).
    Strict,
}

/// Where a key means the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// On this route.
    #[default]
    Route,
    /// On all routes of the service.
    Api,
}

/// What becomes of a repeat while the first is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InProgress {
    /// It is refused with 409.
    #[default]
    Reject,
    /// It waits for the first one's answer.
    Wait,
}

/// What becomes of a repeat of which nobody knows how it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnLost {
    /// It is refused with 409: somebody must look.
    #[default]
    Unknown,
    /// It is executed; only for an upstream that knows the key itself.
    Retry,
}

/// What becomes of the upstream's answer when the caller leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnClientAbort {
    /// It is read to its end and kept.
    #[default]
    Drain,
    /// The call is ended; how it ended upstream is then not known.
    Cancel,
}
