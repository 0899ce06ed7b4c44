//! The problems there are: each with its status, its words, what clashes and the way out.

use serde::Serialize;

use super::TYPE_BASE;

/// What clashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Another version than the caller's.
    Version,
    /// Something is there that should not be, or is not that should.
    Existence,
    /// Somebody's lock.
    Lock,
    /// Another write at the same moment.
    ConcurrentWrite,
    /// Another request with the same key.
    Idempotency,
    /// All others.
    Capacity,
    /// Nobody knows.
    Unverifiable,
}

/// The way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolveAction {
    /// Say which version is meant.
    AddPrecondition,
    /// Read again, make the change on what is there, send it with the new tag.
    RefetchAndReapply,
    /// Wait, and send the same.
    RetryLater,
    /// Lock the resource first.
    ObtainLock,
    /// Renew the lock.
    RenewLock,
    /// Use another key.
    NewIdempotencyKey,
    /// Find out what is there before anything is sent again.
    Reconcile,
    /// Mend the request.
    FixRequest,
    /// There is none for the caller.
    None,
}

/// What a problem has by default.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The last part of its type.
    pub name: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it is, for a person; the same each time.
    pub title: &'static str,
    /// What happened, where nothing more exact is said.
    pub detail: &'static str,
    /// What clashes.
    pub kind: ConflictKind,
    /// The way out.
    pub action: ResolveAction,
    /// Whether the very same request may do later.
    pub safe_to_retry: bool,
}

macro_rules! slugs {
    ($($(#[$doc:meta])* $slug:ident = $name:literal, $status:literal, $kind:ident, $action:ident, $safe:literal,
        $title:literal, $detail:literal;)*) => {
        /// A problem, by the last part of its type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Slug {
            $($(#[$doc])* $slug,)*
        }

        impl Slug {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$slug),*];

            /// What it has by default.
            #[must_use]
            pub const fn facts(self) -> Facts {
                match self {
                    $(Self::$slug => Facts {
                        name: $name,
                        status: $status,
                        title: $title,
                        detail: $detail,
                        kind: ConflictKind::$kind,
                        action: ResolveAction::$action,
                        safe_to_retry: $safe,
                    },)*
                }
            }
        }
    };
}

slugs! {
    /// A write came without a condition (RFC 6585 section 3).
    PreconditionRequired = "precondition-required", 428, Version, AddPrecondition, false,
        "The request must say which version it changes",
        "Send If-Match with the ETag of the version you started from, so that nobody's work is overwritten.";
    /// A condition does not hold.
    PreconditionFailed = "precondition-failed", 412, Version, RefetchAndReapply, false,
        "The resource changed since you read it",
        "The condition of the request does not hold for the current version.";
    /// A condition cannot be read.
    PreconditionMalformed = "precondition-malformed", 400, Version, FixRequest, false,
        "The condition cannot be read",
        "A header with a condition is malformed.";
    /// A condition cannot be evaluated.
    PreconditionUnverifiable = "precondition-unverifiable", 503, Unverifiable, RetryLater, true,
        "The condition cannot be checked",
        "The current version could not be read, so nothing was changed. Try again.";
    /// Another write of the same resource is under way.
    ConcurrentModification = "concurrent-modification", 409, ConcurrentWrite, RetryLater, true,
        "Another change of the resource is under way",
        "Another request changes this resource at the moment, so this one was not carried out. Try again.";
    /// A lock cannot be had, as another one is held.
    LockConflict = "lock-conflict", 423, Lock, RetryLater, true,
        "The resource is locked already",
        "A lock on this resource is held that no other goes with. Try again when it has ended.";
    /// A write came without the token of the lock that is held.
    ResourceLocked = "resource-locked", 423, Lock, RetryLater, false,
        "The resource is locked",
        "The resource is locked. Who holds the lock sends its token in If or Lock-Token; all others wait until it ends.";
    /// A write came without a token, and the route asks for a lock.
    LockTokenRequired = "lock-token-required", 423, Lock, ObtainLock, false,
        "The resource must be locked first",
        "This route changes only what the caller has locked: obtain a lock, and send its token in If or Lock-Token.";
    /// A token of no lock of this resource, or of one that has ended.
    LockTokenInvalid = "lock-token-invalid", 412, Lock, ObtainLock, false,
        "The lock token is not valid",
        "The lock token that was sent is of no lock that is held on this resource: it has ended, or was of another one.";
    /// A header of locks, or a request for a lock, cannot be read.
    LockRequestMalformed = "lock-request-malformed", 400, Lock, FixRequest, false,
        "The lock request cannot be read",
        "The request for a lock, or its token, is malformed.";
    /// A lock of another resource is to be ended (RFC 4918 section 9.11.1).
    LockTokenMismatch = "lock-token-matches-request-uri", 409, Lock, FixRequest, false,
        "The lock is of another resource",
        "The lock token is of no lock of the resource that was asked for.";
    /// A lock of somebody else is to be changed.
    LockNotYours = "lock-not-yours", 403, Lock, None, false,
        "The lock is somebody else's",
        "Only who holds a lock may renew or end it.";
    /// There is no such lock.
    LockNotFound = "lock-not-found", 404, Lock, ObtainLock, false,
        "There is no such lock",
        "There is no lock with this id: it has ended, or never was.";
    /// The caller holds as many locks as it may.
    TooManyLocks = "too-many-locks", 429, Capacity, RetryLater, true,
        "Too many locks are held",
        "You hold as many locks as one caller may. End some of them first.";
    /// The right to write was lost before anything was sent.
    LeaseLost = "lease-lost", 503, ConcurrentWrite, RetryLater, true,
        "The turn to write was lost",
        "The request waited too long to write and lost its turn; nothing was sent to the upstream. Try again.";
    /// A store does not answer.
    StoreUnavailable = "conflict-store-unavailable", 503, Unverifiable, RetryLater, true,
        "The conflict store is not available",
        "What the policy of this route needs to know cannot be asked at the moment, so nothing was changed. Try again.";
    /// A key must be sent.
    IdempotencyKeyMissing = "idempotency-key-missing", 400, Idempotency, NewIdempotencyKey, false,
        "Idempotency-Key is missing",
        "Send an Idempotency-Key: a new one for each operation, and the same one when you repeat it.";
    /// A key cannot be read.
    IdempotencyKeyInvalid = "idempotency-key-invalid", 400, Idempotency, FixRequest, false,
        "Idempotency-Key cannot be read",
        "The key has 1 to 255 visible ASCII characters, in quotes.";
    /// The key came with another request before.
    IdempotencyKeyReused = "idempotency-key-reused", 422, Idempotency, NewIdempotencyKey, false,
        "Idempotency-Key is already used",
        "This Idempotency-Key was used for another request. Use a new one for each operation.";
    /// The first request with the key has not ended.
    IdempotencyInProgress = "idempotency-in-progress", 409, Idempotency, RetryLater, true,
        "A request is outstanding for this Idempotency-Key",
        "The first request with this Idempotency-Key is still under way. Ask again in a moment.";
    /// Nobody knows how the first request ended.
    IdempotencyOutcomeUnknown = "idempotency-outcome-unknown", 409, Idempotency, Reconcile, false,
        "How the first request ended is not known",
        "The first request with this Idempotency-Key was sent to the upstream, and its answer never came. Look at what is \
         there; if the change is missing, send it with a new key.";
    /// The first request ended, and its answer was not kept.
    IdempotencyResponseNotStored = "idempotency-response-not-stored", 409, Idempotency, Reconcile, false,
        "The first answer was not kept",
        "The first request with this Idempotency-Key was carried out, but its answer was too long to be kept. Look at \
         what is there instead of repeating it.";
    /// A repeatable request was first sent too long ago.
    RepeatabilityRejected = "repeatability-window-exceeded", 412, Idempotency, Reconcile, false,
        "The request was first sent too long ago",
        "Repeatability-First-Sent lies outside of the window in which repeats are known. Look at what is there before \
         you send it as a new request.";
    /// A caller has as many requests under way as it may (draft-ietf-httpapi-ratelimit-headers).
    QuotaExceeded = "quota-exceeded", 429, Capacity, RetryLater, true,
        "Too many requests are under way",
        "You have as many requests under way as you may. Try again when one of them has ended.";
    /// All callers together have as many requests under way as can be served (draft-ietf-httpapi-ratelimit-headers).
    TemporaryReducedCapacity = "temporary-reduced-capacity", 503, Capacity, RetryLater, true,
        "There is no capacity at the moment",
        "As many requests are under way as can be served at once. Try again.";
    /// The upstream reported a conflict in words of its own.
    UpstreamConflict = "upstream-conflict", 409, ConcurrentWrite, RefetchAndReapply, false,
        "The upstream reports a conflict",
        "The upstream refused the request because of a conflict; what it said is in the member upstream.";
}

/// Where the types of draft-ietf-httpapi-ratelimit-headers are registered.
const IANA: &str = "https://iana.org/assignments/http-problem-types#";

impl Slug {
    /// The last part of its type: a stable word for programs, answers of model routes and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.facts().name
    }

    /// Its type.
    #[must_use]
    pub fn type_uri(self) -> String {
        match self {
            Self::QuotaExceeded | Self::TemporaryReducedCapacity => format!("{IANA}{}", self.as_str()),
            _ => self.docs(),
        }
    }

    /// Where it is explained.
    #[must_use]
    pub fn docs(self) -> String {
        format!("{TYPE_BASE}{}", self.as_str())
    }
}
