//! What a route's conflict policy adds to its OpenAPI document: headers of requests and answers, and the answers that a
//! policy gives in place of the upstream. And the way back: `x-conflict` of a document is a block `conflict:`.

mod answers;
mod read;
mod route;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub use self::read::{EXTENSION, of_operation, setting};
pub use self::route::document;
use crate::snapshot::{ConflictPolicy, Preconditions};
use crate::spec::{ConditionHeader, Evaluate, Guard, Method};

/// Where problem types are explained.
pub const PROBLEM_BASE: &str = "https://errors.weir.dev/conflict/";
/// The name of the schema of every refusal within a document's components.
pub const PROBLEM: &str = "ConflictProblem";
/// What names a request's priority.
const PRIORITY: &str = "X-Priority";

/// What a policy adds to one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    /// Headers that callers may or must send.
    pub request_headers: Vec<RequestHeader>,
    /// Headers of answers, the upstream's own included.
    pub response_headers: BTreeMap<&'static str, &'static str>,
    /// Answers by status that the policy gives.
    pub answers: BTreeMap<u16, Answer>,
}

/// A header that a policy reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    /// Its name.
    pub name: String,
    /// Whether a request without it is always refused.
    pub required: bool,
    /// What it is for.
    pub description: String,
    /// The values that there are, where they are known.
    pub values: Vec<String>,
}

/// An answer that a policy gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The problems that it may tell: the last parts of their types. Empty for an answer without content.
    pub problems: Vec<&'static str>,
    /// When it is given, a sentence for each reason.
    pub reasons: Vec<&'static str>,
    /// Its headers beside those of all answers.
    pub headers: BTreeMap<&'static str, &'static str>,
}

/// Whether a method changes nothing (RFC 9110 section 9.2.1).
fn is_safe(method: Method) -> bool {
    matches!(method, Method::Get | Method::Head | Method::Options)
}

fn is_read(method: Method) -> bool {
    matches!(method, Method::Get | Method::Head)
}

/// Who evaluates conditions of a method at the gateway.
fn evaluated(policy: &ConflictPolicy, method: Method) -> Option<&Preconditions> {
    let conditions = policy.preconditions.as_ref().filter(|part| part.evaluate == Evaluate::Gateway);
    conditions.filter(|_| !is_safe(method))
}

/// Whether a lock keeps a method from others than its holder.
fn is_guarded(policy: &ConflictPolicy, method: Method) -> bool {
    policy.lock.as_ref().is_some_and(|lock| {
        (!is_safe(method) && lock.guard.contains(&Guard::Write))
            || (is_read(method) && lock.guard.contains(&Guard::Read))
    })
}

impl Additions {
    /// What `policy` adds to an operation with `method`.
    #[must_use]
    pub fn of(policy: &ConflictPolicy, method: Method) -> Self {
        let mut additions = Self::default();
        additions.conditions(policy, method);
        additions.locks_and_keys(policy, method);
        additions.headers_of_answers(policy, method);
        additions.answers = answers::of(policy, method);
        additions
    }

    fn header(&mut self, name: &str, required: bool, description: impl Into<String>) {
        if self.request_headers.iter().all(|known| !known.name.eq_ignore_ascii_case(name)) {
            let (name, description) = (name.to_owned(), description.into());
            self.request_headers.push(RequestHeader { name, required, description, values: Vec::new() });
        }
    }

    fn conditions(&mut self, policy: &ConflictPolicy, method: Method) {
        if is_read(method) && policy.conditional_reads {
            self.header("If-None-Match", false, "Entity tags that the caller has: 304 if one is current.");
            self.header("If-Modified-Since", false, "When the caller read it: 304 if it has not changed since.");
            self.header("If-Match", false, "Entity tags of which one must be current, or the answer is 412.");
        }
        let Some(conditions) = policy.preconditions.as_ref() else { return };
        if conditions.required.contains(&method) {
            let only = conditions.any_of.len() == 1;
            for header in &conditions.any_of {
                let others = match only {
                    true => "A request without it is refused with 428.",
                    false => "A request with none of the conditions is refused with 428.",
                };
                self.header(name_of(*header), only, format!("{} {others}", meaning_of(*header)));
            }
        }
        if evaluated(policy, method).is_some() {
            for header in [ConditionHeader::IfMatch, ConditionHeader::IfNoneMatch, ConditionHeader::IfUnmodifiedSince] {
                self.header(name_of(header), false, meaning_of(header));
            }
        }
    }

    fn locks_and_keys(&mut self, policy: &ConflictPolicy, method: Method) {
        if is_guarded(policy, method) {
            self.header("Lock-Token", false, "The token of the caller's lock, `<urn:uuid:…>`.");
            self.header("If", false, "The same in the form of RFC 4918: `(<urn:uuid:…>)`.");
        }
        if let Some(idempotency) = policy.idempotency.as_ref().filter(|part| part.methods.contains(&method)) {
            let sentence = "A new key for each operation, and the same one when it is sent again: 1 to 255 characters.";
            let alone = idempotency.required && idempotency.aliases.is_empty();
            self.header(&idempotency.header, alone, sentence);
            for alias in &idempotency.aliases {
                self.header(alias, false, format!("May stand in place of {}.", idempotency.header));
            }
        }
        let shares = policy.concurrency.iter().flat_map(|limit| &limit.priorities);
        let mut values: Vec<String> = shares.map(|(name, _)| name.clone()).collect();
        values.sort();
        values.dedup();
        if !values.is_empty() {
            self.header(PRIORITY, false, "The share of the limits that the request belongs to.");
            if let Some(header) = self.request_headers.last_mut() {
                header.values = values;
            }
        }
    }

    fn headers_of_answers(&mut self, policy: &ConflictPolicy, method: Method) {
        let mut add = |name, description| {
            self.response_headers.insert(name, description);
        };
        if policy.validators.is_some() && is_read(method) {
            add("ETag", "The version of the representation (RFC 9110 section 8.8.3).");
        }
        if policy.status_header {
            add("Conflict-Status", "What the policies of the route did with the request.");
        }
        if policy.coalesce.as_ref().is_some_and(|part| part.methods.contains(&method)) {
            add("Cache-Status", "Whether the answer was shared with a request at the same time (RFC 9211).");
        }
        if policy.idempotency.as_ref().is_some_and(|part| part.methods.contains(&method)) {
            add("Idempotency-Replayed", "`true` where it is the first answer again.");
        }
        if !policy.concurrency.is_empty() {
            add("RateLimit-Policy", "The limits that hold, with the unit `concurrent-requests`.");
            add("RateLimit", "What is left of them.");
        }
    }

    /// Puts it all into an operation of an OpenAPI 3.1 document. What the operation says itself stays as it is: answers of
    /// the same status gain a sentence and, where they have none, the problem's schema; headers are added. The document
    /// needs [`problem_schema`] as the component [`PROBLEM`].
    pub fn add_to(&self, operation: &mut Map<String, Value>) {
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            for header in &self.request_headers {
                header.add_to(parameters);
            }
            if parameters.is_empty() {
                operation.shift_remove("parameters");
            }
        }
        let responses = operation.entry("responses").or_insert_with(|| json!({}));
        let Some(responses) = responses.as_object_mut() else { return };
        for (status, answer) in &self.answers {
            answer.add_to(responses.entry(status.to_string()).or_insert_with(|| json!({})));
        }
        for (status, response) in responses {
            let Some(response) = response.as_object_mut().filter(|response| !response.contains_key("$ref")) else {
                continue;
            };
            for (name, description) in &self.response_headers {
                // A tag belongs to what was read, and Idempotency-Replayed to what was stored.
                let fits = *name != "ETag" || matches!(status.as_str(), "200" | "default") || status.starts_with("2X");
                if fits {
                    add_header(response, name, description);
                }
            }
        }
    }
}

impl RequestHeader {
    fn add_to(&self, parameters: &mut Vec<Value>) {
        let same = |parameter: &&mut Value| {
            parameter["in"] == "header"
                && parameter["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(&self.name))
        };
        if let Some(known) = parameters.iter_mut().find(same) {
            if self.required {
                known["required"] = json!(true);
            }
            return;
        }
        let mut schema = json!({"type": "string"});
        if !self.values.is_empty() {
            schema["enum"] = json!(self.values);
        }
        parameters.push(json!({
            "name": self.name, "in": "header", "required": self.required,
            "description": self.description, "schema": schema,
        }));
    }
}

impl Answer {
    fn add_to(&self, response: &mut Value) {
        let Some(response) = response.as_object_mut().filter(|response| !response.contains_key("$ref")) else {
            return;
        };
        let said = response.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        let reasons = self.reasons.iter().filter(|reason| !said.contains(**reason));
        let text = std::iter::once(said.as_str()).filter(|said| !said.is_empty()).chain(reasons.copied());
        let text = text.collect::<Vec<_>>().join(" ");
        response.insert("description".to_owned(), json!(text));
        for (name, description) in &self.headers {
            add_header(response, name, description);
        }
        if self.problems.is_empty() {
            return;
        }
        let content = response.entry("content").or_insert_with(|| json!({}));
        if let Some(content) = content.as_object_mut()
            && !content.contains_key("application/problem+json")
        {
            let types: Vec<String> = self.problems.iter().map(|slug| type_of(slug)).collect();
            let schema = json!({
                "allOf": [{"$ref": format!("#/components/schemas/{PROBLEM}")}],
                "properties": {"type": {"enum": types}},
            });
            content.insert("application/problem+json".to_owned(), json!({"schema": schema}));
        }
    }
}

fn add_header(response: &mut Map<String, Value>, name: &str, description: &str) {
    let headers = response.entry("headers").or_insert_with(|| json!({}));
    if let Some(headers) = headers.as_object_mut()
        && !headers.keys().any(|known| known.eq_ignore_ascii_case(name))
    {
        headers.insert(name.to_owned(), json!({"description": description, "schema": {"type": "string"}}));
    }
}

/// The type of a problem: two are the draft's own (draft-ietf-httpapi-ratelimit-headers).
fn type_of(slug: &str) -> String {
    match slug {
        "quota-exceeded" | "temporary-reduced-capacity" => {
            format!("https://iana.org/assignments/http-problem-types#{slug}")
        }
        _ => format!("{PROBLEM_BASE}{slug}"),
    }
}

fn name_of(header: ConditionHeader) -> &'static str {
    match header {
        ConditionHeader::IfMatch => "If-Match",
        ConditionHeader::IfNoneMatch => "If-None-Match",
        ConditionHeader::IfUnmodifiedSince => "If-Unmodified-Since",
    }
}

fn meaning_of(header: ConditionHeader) -> &'static str {
    match header {
        ConditionHeader::IfMatch => "The ETag of the version that is changed, or `*` for any that is there.",
        ConditionHeader::IfNoneMatch => "`*` for a write that is to happen only if nothing is there.",
        ConditionHeader::IfUnmodifiedSince => "The Last-Modified of the version that is changed.",
    }
}

/// The JSON Schema of a refusal (RFC 9457 with the members of conflicts).
#[must_use]
pub fn problem_schema() -> Value {
    let text = json!({"type": "string"});
    let kinds = ["version", "existence", "lock", "concurrent_write", "idempotency", "capacity", "unverifiable"];
    let actions = [
        "add_precondition",
        "refetch_and_reapply",
        "retry_later",
        "obtain_lock",
        "renew_lock",
        "new_idempotency_key",
        "reconcile",
        "fix_request",
        "none",
    ];
    json!({
        "type": "object",
        "description": "What clashes, with what, and how to resolve it (RFC 9457).",
        "required": ["type", "title", "status", "conflict", "resolve"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "instance": {"type": "string", "description": "The path of the request."},
            "request_id": text,
            "policy": {"type": "string", "description": "The part of the policy that refused."},
            "route": text,
            "conflict": {
                "type": "object", "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "enum": kinds},
                    "submitted": {"type": "array", "items": text},
                    "current": {"type": "string", "description": "The current entity tag, for callers who may read it."},
                    "changed_at": {"type": "string", "format": "date-time"},
                    "since_generation": {"type": "integer"},
                    "lock": {
                        "type": "object",
                        "properties": {
                            "mode": {"type": "string", "enum": ["exclusive", "shared"]},
                            "expires_at": {"type": "string", "format": "date-time"},
                            "owner": {"type": "string", "description": "Only within the same tenant."},
                        },
                    },
                },
            },
            "resolve": {
                "type": "object", "required": ["action", "safe_to_retry_unchanged"],
                "properties": {
                    "action": {"type": "string", "enum": actions},
                    "safe_to_retry_unchanged": {"type": "boolean"},
                    "retry_after_ms": {"type": "integer"},
                    "fetch": {"type": "object", "properties": {"method": text, "href": text}},
                    "then_send": {"type": "object", "additionalProperties": text},
                    "docs": {"type": "string", "format": "uri"},
                },
            },
        },
    })
}

#[cfg(test)]
mod tests;
