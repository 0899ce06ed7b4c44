//! Everything that the admin API may refuse, as one type. `http::problem` is the one place that renders it.

use serde::Serialize;
use utoipa::ToSchema;
use weir_domain::fault::{Fault, Faults};
use weir_domain::resource::Kind;
use weir_domain::spec::ConditionHeader;

use crate::config::{ConfigError, Plan};
use crate::crypto::NoRandomness;
use crate::store::StoreError;

/// A refusal or a failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is nothing under that name.
    #[error("{0}")]
    NotFound(String),
    /// Nothing of what a request held is there.
    #[error("{0}")]
    NoBodies(NoBodies),
    /// The id is taken.
    #[error("{0} exists already; change it with PUT, or choose another id")]
    AlreadyExists(String),
    /// A change came without `If-Match`.
    #[error("send If-Match with the ETag of the version you started from, so that nobody's work is overwritten")]
    PreconditionRequired,
    /// An apply came without the revision that it was planned on.
    #[error(
        "send base=REVISION of the plan, so that nobody's work is overwritten; base=* applies to whatever is there"
    )]
    BaseRequired,
    /// The resource moved on since the caller read it.
    #[error("{} was changed since version {}: it is at {} now", .0.label, .0.yours, .0.current["version"])]
    Stale(Box<Stale>),
    /// A condition other than the version that the caller started from does not hold.
    #[error("{} does not hold: the current version is \"v{current}\"", name(*.header))]
    ConditionFailed {
        /// The condition.
        header: ConditionHeader,
        /// The version that is there.
        current: i64,
    },
    /// The whole configuration moved on since the caller planned.
    #[error("the configuration changed since revision {yours} (it is {} now); plan again", plan.base)]
    StaleBase {
        /// The revision named.
        yours: i64,
        /// What the same text would change now.
        plan: Box<Plan>,
    },
    /// Others refer to what is to go.
    #[error("{label} is in use by {}; change or remove that first", names(.referrers))]
    InUse {
        /// `Kind/id`.
        label: String,
        /// Who refers to it.
        referrers: Vec<Referrer>,
    },
    /// Weir itself cannot do without it.
    #[error("{0} is what Weir itself works with, so it stays; change it, or leave it unused")]
    NeededBySystem(String),
    /// Nobody would be left who may do everything.
    #[error("{0} is the last owner who can sign in; make another person an owner first")]
    LastOwner(String),
    /// A key of this id was revoked, whatever became of it since.
    #[error("ApiKey/{0} was revoked before it was removed, and a revoked key stays revoked; make a new one")]
    RevokedForGood(String),
    /// A file given to `weir run --config` owns it.
    #[error("{label} is managed by the file {file}: change it there")]
    ManagedByFile {
        /// `Kind/id`.
        label: String,
        /// The file.
        file: String,
    },
    /// The configuration that the change would make has faults.
    #[error("the configuration would not be valid, so nothing was changed: {0}")]
    Invalid(Faults),
    /// The message cannot be read.
    #[error("{0}")]
    BadRequest(String),
    /// Nobody is known to have sent it.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The caller is known and may not.
    #[error("{0}")]
    Forbidden(String),
    /// A browser sent it, and maybe not on purpose of its user.
    #[error("{0}")]
    CrossSite(&'static str),
    /// Too many wrong passwords.
    #[error("too many attempts; try again in {0} seconds")]
    Throttled(u64),
    /// Set-up is over.
    #[error("set-up is done: a user exists; sign in")]
    SetupDone,
    /// The same idempotency key came with another request.
    #[error("this Idempotency-Key was used for another request; use a new one for each request")]
    IdempotencyMismatch,
    /// The first request with the key has not ended.
    #[error("the first request with this Idempotency-Key is still under way; ask again in a moment")]
    IdempotencyRunning,
    /// The change was made, and its answer died with the process.
    #[error(
        "the first request with this Idempotency-Key was carried out, but its answer was lost; look at what is there \
         instead of repeating it"
    )]
    IdempotencyLost,
    /// The path is there, for other methods.
    #[error("this path does not take that method; see /api/v1/openapi.json")]
    MethodNotAllowed,
    /// The body is of another kind than the endpoint reads.
    #[error("send the body with content-type: {0}")]
    MediaType(&'static str),
    /// The body is larger than the admin API takes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The data plane did not answer.
    #[error("{0}")]
    Gateway(String),
    /// A store of what clashes did not answer.
    #[error("the conflict store {0}")]
    ConflictStore(String),
    /// The database failed; the cause goes to the log.
    #[error("the database did not answer; try again")]
    Store(#[from] StoreError),
    /// Something that should not be; the cause goes to the log.
    #[error("an internal error; the log has more under this request id")]
    Internal(String),
}

/// Why nothing of what a request held is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoBodies {
    /// Its team keeps nothing.
    #[error("nothing of the bodies was kept: the team of this request does not keep them; see request_log of the team")]
    Off,
    /// It was deleted by age.
    #[error("the bodies of this request are deleted: they are older than its team keeps them")]
    Expired,
    /// Somebody erased it.
    #[error("the bodies of this request were erased; the audit trail says by whom")]
    Erased,
    /// It was not among those that are kept, or made room for newer ones, or is on the way.
    #[error(
        "the bodies of this request are not kept: it was not one of those that its team keeps, they made room for newer \
         ones, or they are still on the way"
    )]
    NotKept,
}

/// What a stale change is answered with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Stale {
    /// `Kind/id`.
    #[serde(skip)]
    pub(crate) label: String,
    /// The tags that the caller named.
    #[serde(skip)]
    pub(crate) submitted: Vec<String>,
    /// The version that the caller named.
    pub(crate) yours: i64,
    /// The whole resource as it is.
    pub(crate) current: serde_json::Value,
    /// The content that the caller started from; null when history does not have it.
    pub(crate) base: Option<serde_json::Value>,
    /// Who changed it last.
    pub(crate) changed_by: String,
    /// When, RFC 3339.
    pub(crate) changed_at: String,
}

/// A resource that refers to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Referrer {
    /// `Kind/id`.
    pub(crate) resource: String,
    /// The field that refers.
    pub(crate) field: String,
}

/// The condition as callers write it.
fn name(header: ConditionHeader) -> &'static str {
    match header {
        ConditionHeader::IfMatch => "If-Match",
        ConditionHeader::IfNoneMatch => "If-None-Match",
        ConditionHeader::IfUnmodifiedSince => "If-Unmodified-Since",
    }
}

fn names(referrers: &[Referrer]) -> String {
    let mut names: Vec<&str> = referrers.iter().map(|r| r.resource.as_str()).collect();
    names.dedup();
    names.join(", ")
}

impl Error {
    /// One fault in a body that is no resource.
    pub(crate) fn field(field: &str, problem: impl Into<String>) -> Self {
        let (resource, field, problem) = (String::new(), field.to_owned(), problem.into());
        Self::Invalid(Faults(vec![Fault { file: None, resource, field, problem }]))
    }

    /// There is no such resource.
    pub(crate) fn no_resource(kind: Kind, id: &str) -> Self {
        Self::NotFound(format!("there is no {kind} {id:?}"))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Invalid(Faults(vec![fault]))
    }
}

impl From<NoRandomness> for Error {
    fn from(error: NoRandomness) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<Error> for ConfigError {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(faults) => Self::Faults(faults),
            Error::StaleBase { yours, plan } => Self::Stale { yours, plan: *plan },
            Error::Store(error) => Self::Store(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}
