//! Idempotency keys: absent, under way, done, not stored, or nobody knows; and the answers that are kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use weir_domain::spec::OnLost;

/// What a request says of itself when it begins under a key.
#[derive(Clone, Copy, Debug)]
pub struct IdemAsk<'a> {
    /// What a repeat must be the same in; `None` where it is known at the end only.
    pub fingerprint: Option<[u8; 32]>,
    /// Who executes: unique for each attempt, such as the request's id.
    pub owner: &'a str,
    /// How long it is taken to be under way unless it is extended.
    pub lease: Duration,
    /// How long the key is known, from now.
    pub ttl: Duration,
    /// What becomes of a repeat when nobody knows how the first ended.
    pub on_lost: OnLost,
    /// The key as the caller has it, for people; sealed outside of the process.
    pub label: &'a str,
}

/// Whether a request is the first under its key, and if not, what became of the first. Where both fingerprints are known and
/// differ, it is [`Begun::Mismatch`] whatever became; where the first one's was not known when the repeat came, or the
/// repeat's is not known yet, the caller compares with the one that is returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is the first: it is to be executed.
    New {
        /// What [`super::Store::end`] must say.
        epoch: u64,
    },
    /// The first is under way.
    Busy {
        /// Until it is taken to be lost, unless it says that it lives.
        remaining: Duration,
        /// The first one's fingerprint, if it is known.
        fingerprint: Option<[u8; 32]>,
    },
    /// The first was another request.
    Mismatch,
    /// The first one's answer.
    Done(Arc<StoredAnswer>),
    /// The first was executed, and its answer is not kept.
    NotStored {
        /// Its status.
        status: u16,
        /// Its `Location`.
        location: Option<String>,
        /// Its fingerprint, if it is known.
        fingerprint: Option<[u8; 32]>,
    },
    /// Nobody knows whether the first was executed.
    Unknown {
        /// Its fingerprint, if it is known.
        fingerprint: Option<[u8; 32]>,
    },
}

/// How a request under a key ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdemEnd {
    /// With an answer that repeats get.
    Done(Arc<StoredAnswer>),
    /// With an answer that is not kept: too long, or not to be kept.
    NotStored {
        /// Its status.
        status: u16,
        /// Its `Location`.
        location: Option<String>,
        /// The request's fingerprint, if it was not known at the beginning.
        fingerprint: Option<[u8; 32]>,
    },
    /// Nobody knows whether it was executed.
    Unknown {
        /// The request's fingerprint, if it was not known at the beginning.
        fingerprint: Option<[u8; 32]>,
    },
    /// Nothing was executed: the key is free again.
    Released,
}

/// An answer that is kept for repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Its status.
    pub status: u16,
    /// Its headers, in order, as they are to be sent again.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Its content.
    pub body: Bytes,
    /// The fingerprint of the request; where it is `None`, the one that was known at the beginning holds.
    pub fingerprint: Option<[u8; 32]>,
    /// When it was given, in microseconds since 1970; for people.
    pub at: i64,
}

impl StoredAnswer {
    /// Bytes of memory that it takes, nearly.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.body.len() + self.headers.iter().map(|(name, value)| name.len() + value.len() + 48).sum::<usize>() + 128
    }

    /// Its `Location`.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"))?;
        String::from_utf8(value.clone()).ok()
    }
}

/// Where a request under a key stands, as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is under way.
    Pending,
    /// Its answer is kept.
    Done,
    /// It was executed and its answer is not kept.
    NotStored,
    /// Nobody knows.
    Unknown,
}
