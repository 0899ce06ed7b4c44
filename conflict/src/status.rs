//! What an answer says of what was done: Conflict-Status, Cache-Status (RFC 9211), RateLimit.
//!
//! All are structured fields (RFC 9651). Parameters have a blank before them, as in the examples of RFC 9211.

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::tag::EntityTag;

/// What policies did with a request.
pub const CONFLICT_STATUS: HeaderName = HeaderName::from_static("conflict-status");
/// What caches did with a request.
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// The limits that hold (draft-ietf-httpapi-ratelimit-headers).
pub const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of the limits (draft-ietf-httpapi-ratelimit-headers).
pub const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// How the gateway calls itself.
pub const GATEWAY: &str = "gw";

/// A policy of a route, by its name in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Policy {
    /// K1.
    Validators,
    /// K2.
    ConditionalReads,
    /// K3.
    Preconditions,
    /// K4.
    LostUpdate,
    /// K5.
    Lock,
    /// K6.
    Serialize,
    /// K7.
    Coalesce,
    /// K8.
    Idempotency,
    /// K9.
    Concurrency,
    /// K10.
    UpstreamConflict,
}

impl Policy {
    /// All, in the order of the configuration.
    pub const ALL: [Self; 10] = [
        Self::Validators,
        Self::ConditionalReads,
        Self::Preconditions,
        Self::LostUpdate,
        Self::Lock,
        Self::Serialize,
        Self::Coalesce,
        Self::Idempotency,
        Self::Concurrency,
        Self::UpstreamConflict,
    ];

    /// Its name in the configuration, in answers and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Validators => "validators",
            Self::ConditionalReads => "conditional_reads",
            Self::Preconditions => "preconditions",
            Self::LostUpdate => "lost_update",
            Self::Lock => "lock",
            Self::Serialize => "serialize",
            Self::Coalesce => "coalesce",
            Self::Idempotency => "idempotency",
            Self::Concurrency => "concurrency",
            Self::UpstreamConflict => "upstream_conflict",
        }
    }
}

/// What one policy did: a member of `Conflict-Status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    text: String,
}

impl Act {
    /// What `policy` did, in one word of letters, digits, `-` and `_`.
    #[must_use]
    pub fn new(policy: Policy, act: &'static str) -> Self {
        let mut text = String::with_capacity(64);
        let _ = write!(text, "{GATEWAY}; policy={}; act={}", policy.as_str(), word(act));
        Self { text }
    }

    /// A policy that held nothing up, and said nothing but why: `skip=unbufferable`.
    #[must_use]
    pub fn skipped(policy: Policy, why: &'static str) -> Self {
        Self::new(policy, "skipped").with("skip", word(why))
    }

    /// A policy that could not be kept, and was passed by.
    #[must_use]
    pub fn bypassed(policy: Policy) -> Self {
        let mut act = Self::new(policy, "bypassed");
        act.text.push_str("; bypass");
        act
    }

    fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        let _ = write!(self.text, "; {name}={value}");
        self
    }

    /// A flag of its own: `; local`.
    #[must_use]
    pub fn flag(mut self, name: &'static str) -> Self {
        self.text.push_str("; ");
        self.text.push_str(word(name));
        self
    }

    /// The number of writes of the resource so far.
    #[must_use]
    pub fn generation(self, generation: u64) -> Self {
        self.with("gen", integer(generation))
    }

    /// How long it took to get the turn, in milliseconds.
    #[must_use]
    pub fn wait(self, waited: Duration) -> Self {
        self.with("wait", integer(u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)))
    }

    /// The fencing token.
    #[must_use]
    pub fn fence(self, fence: u64) -> Self {
        // Fences are (epoch << 40 | counter), which may leave the 15 digits of integers of structured fields.
        if fence > MAX_INTEGER { self.with("fence", format_args!("\"{fence}\"")) } else { self.with("fence", fence) }
    }

    /// How many times the upstream was asked.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        self.with("attempts", attempts)
    }

    /// The tag of the new version, where the answer may not have it as its `ETag`.
    #[must_use]
    pub fn etag(self, tag: &EntityTag) -> Self {
        let text = string(&tag.to_string());
        self.with("etag", text)
    }

    /// Appends it to the list of the answer.
    pub fn append_to(&self, headers: &mut HeaderMap) {
        append(headers, &CONFLICT_STATUS, &self.text);
    }

    /// The member as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// What a cache, or one upstream call for many, did with a request (RFC 9211).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStatus<'a> {
    /// Whether the answer was there already.
    pub hit: bool,
    /// Why the upstream was asked.
    pub forwarded: Option<Forward>,
    /// What the upstream answered, where it is another status than the caller's.
    pub forward_status: Option<u16>,
    /// For how many seconds more the answer is fresh.
    pub ttl: Option<i64>,
    /// Whether the answer was kept.
    pub stored: bool,
    /// Whether it was one upstream call for several requests.
    pub collapsed: bool,
    /// A word more.
    pub detail: Option<&'a str>,
}

/// Why the upstream was asked (RFC 9211 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forward {
    /// `bypass`: this route does not keep answers.
    Bypass,
    /// `method`: not for this method.
    Method,
    /// `uri-miss`: nothing for this address.
    UriMiss,
    /// `vary-miss`: nothing for these headers.
    VaryMiss,
    /// `miss`: nothing fit.
    Miss,
    /// `request`: the caller wished so.
    Request,
    /// `stale`: what was there was too old.
    Stale,
    /// `partial`: only a part was there.
    Partial,
}

impl Forward {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Miss => "miss",
            Self::Request => "request",
            Self::Stale => "stale",
            Self::Partial => "partial",
        }
    }
}

impl CacheStatus<'_> {
    /// Appends it to the list of the answer, after what caches nearer to the upstream said.
    pub fn append_to(&self, headers: &mut HeaderMap) {
        append(headers, &CACHE_STATUS, &self.text());
    }

    fn text(&self) -> String {
        let mut text = GATEWAY.to_owned();
        match self.forwarded {
            // A hit was not forwarded, and the parameters exclude each other.
            None if self.hit => text.push_str("; hit"),
            None => {}
            Some(why) => {
                let _ = write!(text, "; fwd={}", why.as_str());
            }
        }
        if let (Some(status), Some(_)) = (self.forward_status, self.forwarded) {
            let _ = write!(text, "; fwd-status={status}");
        }
        if let Some(ttl) = self.ttl {
            let _ = write!(text, "; ttl={ttl}");
        }
        if self.stored && self.forwarded.is_some() {
            text.push_str("; stored");
        }
        if self.collapsed && self.forwarded.is_some() {
            text.push_str("; collapsed");
        }
        if let Some(detail) = self.detail {
            let _ = write!(text, "; detail={}", string(detail));
        }
        text
    }
}

/// A limit of requests under way, as `RateLimit-Policy` and `RateLimit` say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitStatus<'a> {
    /// The limit's name.
    pub name: &'a str,
    /// How many at once.
    pub quota: u64,
    /// How many more there is room for.
    pub remaining: u64,
}

/// The unit of limits of requests under way.
pub const CONCURRENT_REQUESTS: &str = "concurrent-requests";

impl LimitStatus<'_> {
    /// Appends it to the lists of the answer.
    pub fn append_to(&self, headers: &mut HeaderMap) {
        let name = string(self.name);
        let policy = format!("{name};q={};qu=\"{CONCURRENT_REQUESTS}\"", integer(self.quota));
        append(headers, &RATELIMIT_POLICY, &policy);
        append(headers, &RATELIMIT, &format!("{name};r={}", integer(self.remaining)));
    }
}

/// The largest integer of structured fields.
const MAX_INTEGER: u64 = 999_999_999_999_999;

fn integer(number: u64) -> u64 {
    number.min(MAX_INTEGER)
}

/// A token; what is none is a fault of this program, and told by a word that nobody takes for another.
fn word(text: &'static str) -> &'static str {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    let fits = first && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    debug_assert!(fits, "{text:?} is no token");
    if fits { text } else { "unnamed" }
}

/// A string of structured fields (RFC 9651 section 4.1.6); what is no printable ASCII becomes `?`.
fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => out.push('?'),
        }
    }
    out.push('"');
    out
}

/// Appends a member to a list: in the last line of this name, or in a first one.
fn append(headers: &mut HeaderMap, name: &HeaderName, member: &str) {
    let lines: Vec<HeaderValue> = headers.get_all(name).iter().cloned().collect();
    let mut text = Vec::new();
    for line in lines.iter().filter(|line| !line.as_bytes().trim_ascii().is_empty()) {
        text.extend_from_slice(line.as_bytes());
        text.extend_from_slice(b", ");
    }
    text.extend_from_slice(member.as_bytes());
    if let Ok(value) = HeaderValue::from_bytes(&text) {
        headers.insert(name.clone(), value);
    }
}

#[cfg(test)]
mod tests;
