//! How the upstream of documents behaves: in general for a document, and for single calls.

use std::time::Duration;

use bytes::Bytes;

/// The entity tag that the upstream itself sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tag {
    /// None: what policies of conflicts are for.
    #[default]
    None,
    /// `"u<revision>"`, strong.
    Revision,
    /// `W/"u<revision>"`.
    Weak,
    /// Always the same text, well-formed or not.
    Fixed(String),
}

/// How it behaves for a document, until told otherwise.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// How long it thinks before a change is made, or the document is read.
    pub before: Duration,
    /// How long it thinks between that and the answer.
    pub after: Duration,
    /// Its entity tags.
    pub tag: Tag,
    /// `Last-Modified`, as text; a change moves nothing.
    pub last_modified: Option<String>,
    /// Evaluates `If-Match` and `If-None-Match` of writes itself, with its own tags.
    pub conditional: bool,
    /// Puts `"revision": n` into what it stores, so that what is stored is not what was sent.
    pub stamp: bool,
    /// Answers as XML when `Accept` names `application/xml`, and sends `Vary: Accept`.
    pub xml: bool,
    /// Refuses a write with 409 whose `Fencing-Token` is lower than one that it saw.
    pub fenced: bool,
    /// Makes the change and drops the connection without an answer.
    pub drop_after: bool,
    /// Answers GET and POST with so many events of `text/event-stream`, `gap` apart.
    pub events: usize,
    /// Sends the body in so many chunks, `gap` apart; 0 for one piece with a length.
    pub pieces: usize,
    /// The pause between events or pieces.
    pub gap: Duration,
    /// Further headers of each answer.
    pub headers: Vec<(String, String)>,
    /// The status of changes that were made, where it is not 200, 201 or 204 by what happened.
    pub written: Option<u16>,
}

impl Manner {
    /// One that takes its time.
    #[must_use]
    pub fn slow(before: Duration) -> Self {
        Self { before, ..Self::default() }
    }

    /// One that tags what it serves, and keeps to conditions.
    #[must_use]
    pub fn tagged() -> Self {
        Self { tag: Tag::Revision, conditional: true, ..Self::default() }
    }

    /// Adds a header to each answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What becomes of one call in place of the usual.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The method that it is for; any if `None`.
    pub method: Option<&'static str>,
    /// The status; `None` for what the call comes to as usual.
    pub status: Option<u16>,
    /// Headers beside it.
    pub headers: Vec<(String, String)>,
    /// The body beside it.
    pub body: Bytes,
    /// Whether the change is made all the same.
    pub applied: bool,
    /// How long it thinks first.
    pub wait: Duration,
    /// Drops the connection in place of an answer.
    pub dropped: bool,
}

impl Turn {
    /// A refusal with this status: nothing is changed.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let body = Bytes::from(format!("{{\"scripted\":{status}}}"));
        Self {
            method: None,
            status: Some(status),
            headers: Vec::new(),
            body,
            applied: false,
            wait: Duration::ZERO,
            dropped: false,
        }
    }

    /// The call comes to what it usually comes to, after a while.
    #[must_use]
    pub fn usual(wait: Duration) -> Self {
        Self { status: None, applied: true, wait, ..Self::status(0) }
    }

    /// The connection is dropped; with `applied`, after the change was made.
    #[must_use]
    pub fn drop(applied: bool) -> Self {
        Self { dropped: true, applied, ..Self::status(0) }
    }

    /// For calls with this method only.
    #[must_use]
    pub fn on(mut self, method: &'static str) -> Self {
        self.method = Some(method);
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With the change made although the status says otherwise.
    #[must_use]
    pub fn applied(mut self) -> Self {
        self.applied = true;
        self
    }

    /// After a while.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}
