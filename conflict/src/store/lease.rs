//! Leases of writes, locks that clients hold, and the version that a write is begun on.

use std::time::Duration;

use weir_domain::spec::LockMode;

use crate::resource::LeaseId;

/// Which of the two kinds of holding is meant: they do not see each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// What a request holds while it writes.
    Write,
    /// What a client holds over many requests.
    Lock,
}

/// Who holds, as it is shown to those who may see it. A store outside of the process keeps it sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// The application, or the request.
    pub owner: String,
    /// The owner's team.
    pub team: String,
    /// The name of the resource as the route has it, for people; empty where it is too long to be kept.
    pub label: String,
    /// What the owner says of it.
    pub note: String,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct LeaseAsk<'a> {
    /// A lease or a lock.
    pub space: Space,
    /// Alone, or with others.
    pub mode: LockMode,
    /// What proves the holding; unique and not to be guessed. Stores keep its hash.
    pub token: &'a str,
    /// Who asks.
    pub holder: &'a Holder,
    /// For how long.
    pub ttl: Duration,
    /// Whether a write is begun with it.
    pub track_version: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquire {
    /// It is held.
    Granted(Grant),
    /// Somebody holds it; of several the one who holds it longest.
    Held(LeaseView),
}

/// What is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Greater than that of every earlier holder of this resource.
    pub fence: u64,
    /// For how long.
    pub expires_in: Duration,
    /// The write that was begun, if one was.
    pub version: Option<Begin>,
}

/// A write that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// The number of the version that is written over.
    pub generation: u64,
    /// Whether an earlier write's end is not known: what is known of the resource does not hold.
    pub dirty_before: bool,
    /// The tags of the version; none where they are not known.
    pub tags: Vec<String>,
    /// When the last write ended, in microseconds since 1970 by the store's clock; for people.
    pub changed_at: Option<i64>,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteEnd<'a> {
    /// It was done.
    Commit {
        /// The fence that it was begun with.
        fence: u64,
        /// The tag of what it made, if that is known.
        tag: Option<&'a str>,
    },
    /// Nothing was changed.
    Abort {
        /// The fence that it was begun with.
        fence: u64,
    },
    /// Nobody knows: the version stays dirty.
    Unknown,
}

/// A holding that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// As it was.
    pub fence: u64,
    /// For how long.
    pub expires_in: Duration,
}

/// A holding that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Whether it was held until now.
    pub held: bool,
    /// The version's number after a commit or an abort that counted. `None` where none was said, or where a later writer
    /// has begun meanwhile.
    pub generation: Option<u64>,
}

/// A lease or a lock as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseView {
    /// Its id, which gives no right to it.
    pub id: LeaseId,
    /// Alone, or with others.
    pub mode: LockMode,
    /// Its fence.
    pub fence: u64,
    /// For how long it is held still.
    pub expires_in: Duration,
    /// By whom.
    pub holder: Holder,
}

/// What is held of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    /// The locks, the oldest fence first.
    pub held: Vec<LeaseView>,
    /// The version, if it was asked for.
    pub version: Option<Version>,
}

impl Locks {
    /// The lock that this token holds.
    #[must_use]
    pub fn of_token(&self, token: &str) -> Option<&LeaseView> {
        self.held.iter().find(|lock| lock.id.is_of(token))
    }
}

/// What is known of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Rises with each write. Not by one at a time, and from no particular number on.
    pub generation: u64,
    /// Whether somebody writes, or nobody knows how a write ended.
    pub dirty: bool,
    /// The tags of its representations that were seen.
    pub tags: Vec<String>,
    /// When the last write ended, in microseconds since 1970 by the store's clock; for people.
    pub changed_at: Option<i64>,
}
