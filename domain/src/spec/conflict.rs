//! What becomes of requests that clash: the block `conflict:` of a route.
//!
//! Each part is a policy of its own, and absent it does nothing. What a route leaves out it has of its service, and what
//! both leave out of the `ConflictPolicy` with the id `default`, part by part.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::measure::{Percent, Size, Span};
use super::rest::Method;
use crate::absent::is_default;
use crate::secret::SecretRef;

/// A policy of conflicts, or none although the service or the default has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ConflictSetting {
    /// `off`: nothing of what is inherited holds here.
    Off(Off),
    /// The policy; what it leaves out is inherited.
    On(Box<Conflict>),
}

/// The word `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// Nothing.
    Off,
}

/// Policies of concurrency and conflict, each for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Conflict {
    /// What is one resource: a template of `{api}`, `{version}`, `{tenant}`, `{path}`, `{path.NAME}`, `{query.NAME}`,
    /// `{header.NAME}`, `{consumer}` and `{json:/pointer}`. By default `{tenant}/{api}/{version}{path}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The `ConflictStore` that holds leases, locks, keys and permits. By default the one with the id `default`, and where
    /// there is none, the memory of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Who changes resources: everybody, or nobody past Weir.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writers: Option<Writers>,
    /// Whether answers say in `Conflict-Status` what was done; by default they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_header: Option<bool>,
    /// Entity tags for an upstream that sends none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validators: Option<Validators>,
    /// 304 at the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditional_reads: Option<ConditionalReads>,
    /// Conditions that writes must carry, and who evaluates them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preconditions: Option<Preconditions>,
    /// Check and write as one step, for all traffic through Weir.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_update: Option<LostUpdate>,
    /// One write at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serialize: Option<Serialise>,
    /// Locks that clients hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// One upstream call for identical reads at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coalesce: Option<Coalesce>,
    /// The first answer again for a request that is sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<Idempotency>,
    /// Limits of requests under way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concurrency: Vec<Concurrency>,
    /// What is done about conflicts that the upstream reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_conflict: Option<UpstreamConflict>,
}

/// Who changes resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Writers {
    /// Some change them past Weir.
    #[default]
    Mixed,
    /// Nobody changes them past Weir.
    GatewayOnly,
}

/// How entity tags are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Validators {
    /// What a tag is made of.
    pub synthesize: Synthesize,
    /// JSON pointers (RFC 6901) to what `semantic` tags leave out.
    #[serde(skip_serializing_if = "is_default")]
    pub ignore: Vec<String>,
    /// What becomes of HEAD.
    pub head: HeadMode,
    /// The longest answer that gets a tag; a longer one is streamed on without.
    pub max_body: Size,
    /// How long an answer may take to its end; a slower one is streamed on without a tag.
    pub max_wait_body: Span,
    /// Whether a write is read back for its tag.
    pub write_response: WriteResponse,
    /// What becomes of a malformed tag of the upstream's.
    pub lenient: Lenient,
    /// Whether a tag of the upstream's goes before ours.
    pub upstream_etag: UpstreamEtag,
}

impl Default for Validators {
    fn default() -> Self {
        Self {
            synthesize: Synthesize::default(),
            ignore: Vec::new(),
            head: HeadMode::default(),
            max_body: Size::mib(1),
            max_wait_body: Span::s(2),
            write_response: WriteResponse::default(),
            lenient: Lenient::default(),
            upstream_etag: UpstreamEtag::default(),
        }
    }
}

/// What an entity tag is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Synthesize {
    /// The bytes of the answer: strong.
    #[default]
    Bytes,
    /// The JSON of the answer, which is served in canonical form (RFC 8785): strong.
    Canonical,
    /// The JSON of the answer but for `ignore`: weak, good for 304 only.
    Semantic,
    /// The number of the writes through Weir: strong, and costs no reading; only where nobody writes past Weir.
    Version,
}

/// What becomes of HEAD where tags are made of bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeadMode {
    /// It is answered without a tag.
    Omit,
    /// The upstream is asked with GET, and the answer given without its body.
    #[default]
    AsGet,
}

/// Whether a write is read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteResponse {
    /// It is not: answers to writes have no tag of ours.
    #[default]
    None,
    /// It is: the answer has the new tag if the stored bytes are those that were sent, else `Conflict-Status` has it.
    Verify,
}

/// What becomes of a malformed tag of the upstream's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lenient {
    /// Quotes are put around it.
    Quote,
    /// It is left out.
    #[default]
    Drop,
}

/// Whether a tag of the upstream's goes before ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamEtag {
    /// It does.
    #[default]
    Prefer,
    /// Ours replaces it, also in what is sent upstream.
    Replace,
}

/// 304 at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionalReads {
    /// Whether conditions of reads are evaluated.
    pub enabled: bool,
}

impl Default for ConditionalReads {
    fn default() -> Self {
        Self { enabled: true }
    }
}

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyWith {
    /// The caller's headers `Authorization` and `Cookie`, as they go upstream.
    #[default]
    Client,
    /// None of the caller's: the upstream trusts the gateway.
    Service,
}

/// What becomes of a request when its policy cannot be kept, because a store is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// It is refused with 503.
    #[default]
    Closed,
    /// It is passed on without; the answer and the metrics say so.
    Open,
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

/// One write at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Serialise {
    /// What becomes of a second write.
    pub mode: SerializeMode,
    /// How many wait on one node for one resource.
    pub max_queue: u32,
    /// How long one waits.
    pub max_wait: Span,
    /// Whether writes of other nodes count.
    pub scope: Scope,
    /// When the next one's turn is. By default the end of the answer, and its head where it is a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<HoldUntil>,
    /// The methods that are serialised.
    pub methods: Vec<Method>,
    /// How long a lease of a node lasts, which is renewed meanwhile.
    pub lease: Span,
}

impl Default for Serialise {
    fn default() -> Self {
        Self {
            mode: SerializeMode::default(),
            max_queue: 16,
            max_wait: Span::s(2),
            scope: Scope::default(),
            hold_until: None,
            methods: vec![Method::Put, Method::Patch, Method::Delete],
            lease: Span::s(10),
        }
    }
}

/// What becomes of a second write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SerializeMode {
    /// It waits.
    #[default]
    Queue,
    /// It is refused with 409 (RFC 5789 section 2.2).
    Reject,
}

/// Whether other nodes count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each node for itself.
    #[default]
    Node,
    /// All nodes together, by the store.
    Cluster,
}

/// When the next write's turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldUntil {
    /// When the answer's head is here.
    ResponseHeaders,
    /// When the answer is whole.
    ResponseEnd,
}

/// Locks that clients hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lock {
    /// Whether resources of this route can be locked.
    pub enabled: bool,
    /// Whether a write needs a lock also where nobody holds one.
    pub required: bool,
    /// How long a lock is held that does not say.
    pub default_ttl: Span,
    /// The longest that one is given (5 s to 1 h).
    pub max_ttl: Span,
    /// What kinds there are.
    pub modes: Vec<LockMode>,
    /// What a lock keeps others from.
    pub guard: Vec<Guard>,
    /// Whether LOCK and UNLOCK of WebDAV (RFC 4918) are answered.
    pub webdav: bool,
    /// The header that tells the upstream the fencing token; empty for none.
    pub fencing_header: String,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            enabled: true,
            required: false,
            default_ttl: Span::s(60),
            max_ttl: Span::s(3_600),
            modes: vec![LockMode::Exclusive, LockMode::Shared],
            guard: vec![Guard::Write],
            webdav: false,
            fencing_header: "Fencing-Token".to_owned(),
        }
    }
}

/// A kind of lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// One holder.
    Exclusive,
    /// Many holders, and none that is exclusive.
    Shared,
}

/// What a lock keeps others from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Writing.
    Write,
    /// Reading.
    Read,
}

/// One upstream call for identical reads at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Coalesce {
    /// The methods. Another than GET and HEAD needs `body_hash`.
    pub methods: Vec<Method>,
    /// Headers in which joined requests are the same.
    pub vary_on: Vec<String>,
    /// Whether requests of different callers are joined.
    pub share_across_consumers: bool,
    /// That answers of this route are for everybody: asked for where callers prove who they are.
    pub ack_public: bool,
    /// How long a joined request waits for the answer's head before it asks for itself.
    pub max_wait: Span,
    /// How much of an answer is kept for those who join late.
    pub max_body: Size,
    /// Whether the body belongs to what is the same.
    pub body_hash: bool,
    /// Who gets the upstream's 5xx.
    pub on_error: CoalesceError,
    /// Who pays for a model call that was joined.
    pub billing: Billing,
}

impl Default for Coalesce {
    fn default() -> Self {
        Self {
            methods: vec![Method::Get, Method::Head],
            vary_on: vec!["accept".to_owned(), "accept-encoding".to_owned(), "accept-language".to_owned()],
            share_across_consumers: false,
            ack_public: false,
            max_wait: Span::s(3),
            max_body: Size::mib(4),
            body_hash: false,
            on_error: CoalesceError::default(),
            billing: Billing::default(),
        }
    }
}

/// Who gets the 5xx that the first of joined requests got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoalesceError {
    /// All of them.
    #[default]
    Share,
    /// The first alone; another one asks again.
    Promote,
}

/// Who pays for a model call that was joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// Who asked first.
    #[default]
    Leader,
    /// Everybody the whole price.
    Each,
}

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

/// A limit of requests under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Concurrency {
    /// Its name, which answers say.
    pub name: String,
    /// What is counted together: a template as `key` above. By default the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many at once; either this or `adaptive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// As many as the upstream bears, found out by how it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<Adaptive>,
    /// The status of a request that finds no room: 429, or 503. By default 429 where `key` is given, else 503.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reject_status: Option<u16>,
    /// Who may wait for room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
    /// Whether requests at other nodes count.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scope: Scope,
    /// Shares of the limit by priority, which the header `X-Priority` names; a request without takes the largest.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priorities: std::collections::BTreeMap<String, Percent>,
    /// What becomes of requests while the store is down: each node's part of the limit holds by itself, or none does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_error: LimitOnError,
}

/// What becomes of a limit over all nodes while the store is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitOnError {
    /// Each node keeps its part of it: the limit divided by the nodes that live.
    #[default]
    Local,
    /// Requests are refused with 503.
    Closed,
    /// There is no limit.
    Open,
}

/// Who may wait for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// How many.
    pub max: u32,
    /// How long.
    pub max_wait: Span,
    /// Who is next.
    pub order: QueueOrder,
}

impl Default for Queue {
    fn default() -> Self {
        Self { max: 10, max_wait: Span::ms(500), order: QueueOrder::default() }
    }
}

/// Who is next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueOrder {
    /// Who came first.
    #[default]
    Fifo,
    /// Who came last: under overload those who came first have mostly given up.
    Lifo,
}

/// A limit that is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Adaptive {
    /// How.
    pub algorithm: Algorithm,
    /// The lowest limit.
    pub min: u32,
    /// The first.
    pub initial: u32,
    /// The highest.
    pub max: u32,
    /// What is measured.
    pub sample: Sample,
    /// How much slower answers may get before the limit falls, in percent of what they took before (100 or more).
    pub tolerance_percent: u32,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::default(),
            min: 4,
            initial: 20,
            max: 1_000,
            sample: Sample::default(),
            tolerance_percent: 150,
        }
    }
}

/// How a limit is found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// By how the time of answers now compares with that of long.
    #[default]
    Gradient2,
}

/// What is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    /// The time to the first byte of the answer.
    #[default]
    Ttfb,
}

/// What is done about conflicts that the upstream reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamConflict {
    /// The statuses that are conflicts.
    pub on: Vec<u16>,
    /// What is done.
    pub strategy: ConflictStrategy,
    /// How often the upstream is asked in all (1 to 10).
    pub max_attempts: u32,
    /// How long is waited in between.
    pub backoff: Backoff,
    /// The longest `Retry-After` that is waited for; after a longer one the answer is passed on.
    pub honor_retry_after: Span,
    /// When the last attempt must have begun, from the first on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Span>,
    /// The part of the requests to an upstream that may be repeats.
    pub budget: Percent,
    /// Whether any method may be sent again.
    pub replay_safe: bool,
    /// Whether answers become `application/problem+json`.
    pub normalize: bool,
    /// The longest request body that is kept to be sent again.
    pub max_body: Size,
}

impl Default for UpstreamConflict {
    fn default() -> Self {
        Self {
            on: vec![409, 423, 429, 503],
            strategy: ConflictStrategy::default(),
            max_attempts: 3,
            backoff: Backoff::default(),
            honor_retry_after: Span::s(2),
            deadline: None,
            budget: Percent(20),
            replay_safe: false,
            normalize: false,
            max_body: Size(64 << 10),
        }
    }
}

/// What is done about a conflict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictStrategy {
    /// The answer is passed on.
    #[default]
    Pass,
    /// The same request is sent again.
    Retry,
    /// A patch without condition is sent again upon the version that is read anew.
    Reread,
}

/// How long is waited between attempts: any time up to a limit that doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Backoff {
    /// The first limit.
    pub base: Span,
    /// The last.
    pub max: Span,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Span::ms(50), max: Span::s(1) }
    }
}

/// Where leases, locks, keys and permits are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConflictStore {
    /// What it is.
    #[serde(rename = "type")]
    pub store: StoreType,
    /// Where it is: `redis://…` or `rediss://…`, `postgres://…`. One address; none for memory.
    #[serde(default, skip_serializing_if = "is_default")]
    pub urls: Vec<SecretRef>,
    /// How long one operation may take. By default 50 ms, and 500 ms for PostgreSQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op_timeout: Option<Span>,
    /// When it is left alone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub breaker: StoreBreaker,
    /// Another `ConflictStore`, of PostgreSQL, that counts how often this one has lost data, so that fencing tokens keep
    /// rising whatever the clock of this one does. Without it the store's own clock marks that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch_from: Option<String>,
}

/// What a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreType {
    /// The memory of each node, for itself.
    Memory,
    /// Redis or Valkey, from 7.0 on.
    Redis,
    /// PostgreSQL, from 14 on: nothing is lost with a crash.
    Postgres,
}

/// When a store is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreBreaker {
    /// After so many failures in a row.
    pub errors: u32,
    /// For so long.
    pub open_for: Span,
}

impl Default for StoreBreaker {
    fn default() -> Self {
        Self { errors: 5, open_for: Span::s(2) }
    }
}
