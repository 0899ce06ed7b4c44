//! What a caller is told of a conflict: what clashes, with what, and how to resolve it (RFC 9457).

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LINK, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use weir_domain::spec::LockMode;
use weir_domain::time::{Micros, to_rfc3339};

use crate::malformed::{Malformed, title_case};
use crate::status::Policy;
use crate::tag::EntityTag;

pub use slug::{ConflictKind, ResolveAction, Slug};

mod slug;

/// Where the types of problems are explained.
pub const TYPE_BASE: &str = "https://errors.weir.dev/conflict/";

/// A problem in the making: what is not said is left out. It is held behind a pointer, as it is the rare case of results
/// that are small.
#[derive(Clone, Debug)]
pub struct Problem(Box<Told>);

/// What a problem says.
#[derive(Clone, Debug)]
struct Told {
    slug: Slug,
    status: u16,
    detail: Cow<'static, str>,
    /// The path of the request.
    instance: Option<String>,
    request_id: Option<String>,
    policy: Option<&'static str>,
    route: Option<String>,
    conflict: Conflict,
    resolve: Resolve,
    more: Map<String, Value>,
    headers: HeaderMap,
}

/// What clashes, with what.
#[derive(Clone, Debug, Serialize)]
struct Conflict {
    kind: ConflictKind,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    submitted: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since_generation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<LockShown>,
}

/// A lock that is in the way, as far as the caller may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LockShown {
    /// Exclusive or shared.
    pub mode: LockMode,
    /// When it ends unless it is renewed, RFC 3339.
    pub expires_at: String,
    /// Who holds it: only for callers of the same tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// How to resolve it.
#[derive(Clone, Debug, Serialize)]
struct Resolve {
    action: ResolveAction,
    safe_to_retry_unchanged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fetch: Option<Fetch>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    then_send: Map<String, Value>,
    docs: String,
}

#[derive(Clone, Debug, Serialize)]
struct Fetch {
    method: &'static str,
    href: String,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers, but for what belongs to the connection and to every answer.
    pub headers: HeaderMap,
    /// Its body; not sent for HEAD.
    pub body: Bytes,
}

impl Problem {
    /// A problem with what its [`Slug`] has by default.
    #[must_use]
    pub fn new(slug: Slug) -> Self {
        let facts = slug.facts();
        let conflict = Conflict {
            kind: facts.kind,
            submitted: Vec::new(),
            current: None,
            changed_at: None,
            since_generation: None,
            lock: None,
        };
        let resolve = Resolve {
            action: facts.action,
            safe_to_retry_unchanged: facts.safe_to_retry,
            retry_after_ms: None,
            fetch: None,
            then_send: Map::new(),
            docs: slug.docs(),
        };
        Self(Box::new(Told {
            slug,
            status: facts.status,
            detail: Cow::Borrowed(facts.detail),
            instance: None,
            request_id: None,
            policy: None,
            route: None,
            conflict,
            resolve,
            more: Map::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// A header that cannot be read; what it said is shown safely.
    #[must_use]
    pub fn malformed(slug: Slug, fault: &Malformed) -> Self {
        let mut problem = Self::new(slug).with_detail(fault.to_string());
        problem.0.conflict.submitted = vec![fault.text.clone()];
        problem.with_member("header", title_case(&fault.header))
    }

    /// Another status than the usual one, such as 409 for a tag that does not match.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = status;
        self
    }

    /// What happened, for a person.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// The path of the request, and its id.
    #[must_use]
    pub fn for_request(mut self, path: &str, request_id: &str) -> Self {
        self.0.instance = Some(path.to_owned());
        self.0.request_id = Some(request_id.to_owned());
        self
    }

    /// The policy and the route that refuse.
    #[must_use]
    pub fn by(mut self, policy: Policy, route: &str) -> Self {
        self.0.policy = Some(policy.as_str());
        self.0.route = Some(route.to_owned());
        self
    }

    /// Another kind than the usual one, such as existence for `If-None-Match: *`.
    #[must_use]
    pub fn with_kind(mut self, kind: ConflictKind) -> Self {
        self.0.conflict.kind = kind;
        self
    }

    /// Another way out than the usual one.
    #[must_use]
    pub fn with_action(mut self, action: ResolveAction, safe_to_retry_unchanged: bool) -> Self {
        self.0.resolve.action = action;
        self.0.resolve.safe_to_retry_unchanged = safe_to_retry_unchanged;
        self
    }

    /// What the caller sent that clashes.
    #[must_use]
    pub fn with_submitted(mut self, submitted: Vec<String>) -> Self {
        self.0.conflict.submitted = submitted;
        self
    }

    /// The current version, for callers who may read it: in the document, and as `ETag`.
    #[must_use]
    pub fn with_current(mut self, tag: &EntityTag) -> Self {
        self.0.conflict.current = Some(tag.to_string());
        self.with_header(ETAG, tag.to_header_value())
    }

    /// When the current version came to be.
    #[must_use]
    pub fn with_changed_at(mut self, at: Micros) -> Self {
        self.0.conflict.changed_at = Some(to_rfc3339(at));
        self
    }

    /// The number of writes of the resource so far.
    #[must_use]
    pub fn with_generation(mut self, generation: u64) -> Self {
        self.0.conflict.since_generation = Some(generation);
        self
    }

    /// The lock in the way.
    #[must_use]
    pub fn with_lock(mut self, lock: LockShown) -> Self {
        self.0.conflict.lock = Some(lock);
        self
    }

    /// When to try again: exact in the document, in `Retry-After` as whole seconds, rounded up so that nobody comes too
    /// early. Of a lock, which is to be said first, they are rounded down, so as not to lie beyond its end.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        let ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        self.0.resolve.retry_after_ms = Some(ms);
        let seconds = if self.0.conflict.lock.is_some() { ms / 1_000 } else { ms.div_ceil(1_000) };
        // Never 0, which would be a busy loop.
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// Where the current version is read.
    #[must_use]
    pub fn with_fetch(mut self, href: &str) -> Self {
        self.0.resolve.fetch = Some(Fetch { method: "GET", href: href.to_owned() });
        self
    }

    /// A header that the next request is to have.
    #[must_use]
    pub fn then_send(mut self, header: &HeaderName, value: impl Into<String>) -> Self {
        self.0.resolve.then_send.insert(title_case(header), Value::String(value.into()));
        self
    }

    /// A member more; its name is snake_case, but for those of drafts.
    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    /// The limits that were reached, by name (draft-ietf-httpapi-ratelimit-headers).
    #[must_use]
    pub fn with_violated_policies(self, names: &[&str]) -> Self {
        self.with_member("violated-policies", names.iter().map(|name| Value::from(*name)).collect::<Vec<_>>())
    }

    /// A header of the answer, such as `Accept-Patch`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Which problem it is.
    #[must_use]
    pub const fn slug(&self) -> Slug {
        self.0.slug
    }

    /// The policy that refuses, by its name.
    #[must_use]
    pub const fn policy(&self) -> Option<&'static str> {
        self.0.policy
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.0.status
    }

    /// What happened, in a plain sentence: what callers of model routes are told in their own dialect.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The headers that the answer has in any dialect: `Retry-After`, `ETag`, `Cache-Control`, `Link`.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = self.0.headers.clone();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(link) = HeaderValue::from_str(&format!("<{}>; rel=\"describedby\"", self.0.slug.docs())) {
            headers.insert(LINK, link);
        }
        headers
    }

    /// The members that a document of another house takes over: `conflict` and `resolve`.
    #[must_use]
    pub fn members(&self) -> Map<String, Value> {
        let mut members = self.0.more.clone();
        members.insert("conflict".to_owned(), json(&self.0.conflict));
        members.insert("resolve".to_owned(), json(&self.0.resolve));
        members
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), Value::String(self.0.slug.type_uri()));
        fields.insert("title".to_owned(), Value::from(self.0.slug.facts().title));
        fields.insert("status".to_owned(), Value::from(self.0.status));
        fields.insert("detail".to_owned(), Value::from(self.0.detail.as_ref()));
        let optional = [
            ("instance", self.0.instance.as_deref()),
            ("request_id", self.0.request_id.as_deref()),
            ("policy", self.0.policy),
            ("route", self.0.route.as_deref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                fields.insert(name.to_owned(), Value::from(value));
            }
        }
        fields.extend(self.members());
        Value::Object(fields)
    }

    /// The answer, as `application/problem+json`.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let mut headers = self.headers();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::CONFLICT);
        Answer { status, headers, body: self.document().to_string().into() }
    }
}

/// Strings, numbers and lists of them cannot fail to serialise.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
