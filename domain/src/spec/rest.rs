//! REST APIs: services, their routes, and the upstreams behind them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conflict::ConflictSetting;
use crate::absent::is_default;
use crate::secret::SecretRef;

/// A set of servers that answer alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Where it is: requests are shared out by weight.
    pub targets: Vec<UpstreamTarget>,
    /// How long to wait for it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timeouts: UpstreamTimeouts,
    /// How often an idempotent request (RFC 9110 section 9.2.2) is tried at another target when no
    /// connection could be made (0 to 10).
    #[serde(default = "two")]
    pub connect_retries: u32,
    /// Which HTTP version it speaks.
    #[serde(default, skip_serializing_if = "is_default")]
    pub http: WireVersion,
    /// How its certificate is checked; `https` targets are always verified.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tls: UpstreamTls,
    /// Forwards the caller's `Host` in place of the target's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub preserve_host: bool,
    /// Lets targets lie at loopback, private or link-local addresses.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_private_address: bool,
}

/// One server of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamTarget {
    /// Scheme, host and port, such as `https://orders.internal:8443`; a path is a fault.
    pub url: String,
    /// Its share of the requests; 0 takes none.
    #[serde(default = "one")]
    pub weight: u32,
}

/// How long an upstream may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamTimeouts {
    /// TCP and TLS set-up.
    pub connect_ms: u64,
    /// Between two reads of the answer.
    pub read_ms: u64,
    /// Between two writes of the request.
    pub write_ms: u64,
    /// Between two requests on one connection: an idle one is closed after this. It must be shorter than the time after
    /// which the upstream closes it, or a request may meet a connection that is just being closed.
    pub idle_ms: u64,
    /// The whole exchange; absent for no limit (long streams, WebSocket).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<u64>,
}

impl Default for UpstreamTimeouts {
    fn default() -> Self {
        Self { connect_ms: 2_000, read_ms: 60_000, write_ms: 60_000, idle_ms: 4_000, total_ms: None }
    }
}

/// Which HTTP version an upstream speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WireVersion {
    /// HTTP/2 where TLS negotiates it, else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only; over `http` with prior knowledge (RFC 9113 section 3.3).
    Http2,
}

/// How an upstream's certificate is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamTls {
    /// Name to ask for and to find in the certificate, where it is not the target's host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Certificates of the authorities to trust in place of the system's, PEM, by `file:` or in the clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<SecretRef>,
}

/// A REST API: routes under one roof, with a common host and upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Service {
    /// Its name, for people.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// What it does.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Hosts it answers for, such as `api.example.com` or `*.example.com`; empty for every host.
    #[serde(skip_serializing_if = "is_default")]
    pub hosts: Vec<String>,
    /// Prefix of all its routes, such as `/shop`.
    #[serde(skip_serializing_if = "is_default")]
    pub base_path: String,
    /// The upstream of routes that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Who may call routes that do not say.
    #[serde(skip_serializing_if = "is_default")]
    pub auth: Auth,
    /// What becomes of requests that clash, on routes that do not say; `off` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ConflictSetting>,
}

/// Who may call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Applications with an API key that allows the service.
    #[default]
    ApiKey,
    /// Everybody.
    Public,
}

/// An HTTP method that a route can be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// RFC 9110 section 9.3.1.
    Get,
    /// RFC 9110 section 9.3.2.
    Head,
    /// RFC 9110 section 9.3.3.
    Post,
    /// RFC 9110 section 9.3.4.
    Put,
    /// RFC 9110 section 9.3.5.
    Delete,
    /// RFC 5789.
    Patch,
    /// RFC 9110 section 9.3.7.
    Options,
}

impl Method {
    /// Every method a route can be bound to.
    pub const ALL: [Self; 7] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Delete, Self::Patch, Self::Options];

    /// The token on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
            Self::Options => "OPTIONS",
        }
    }

    /// The method with this token; tokens are case-sensitive.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str() == token)
    }

    /// Whether repeating it has the effect of doing it once (RFC 9110 section 9.2.2).
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        !matches!(self, Self::Post | Self::Patch)
    }
}

/// One path of a service, and the methods that it answers there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The service it belongs to.
    pub service: String,
    /// Path template below the service's `base_path`: `/orders/{id}`, or `/files/{*rest}` for all below.
    pub path: String,
    /// Methods it answers; empty for all.
    #[serde(default, skip_serializing_if = "is_default")]
    pub methods: Vec<Method>,
    /// Prefix taken off the path before it is forwarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strip_prefix: Option<String>,
    /// The path to forward to in place of the caller's, with the template's parameters: `/v2/orders/{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<String>,
    /// The upstream, where it is not the service's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Who may call, where it is not as the service says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// The largest request body, in bytes; absent for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// What becomes of requests that clash; what it leaves out is the service's. `off` for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ConflictSetting>,
}

fn one() -> u32 {
    1
}

fn two() -> u32 {
    2
}
