//! Who does something, as history and audit name them.

use weir_domain::time;

use crate::store::NewAudit;

/// Who does something, and by which request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Actor {
    /// `user:EMAIL`, `token:NAME`, `cli`, `file:NAME` or `system`.
    pub(crate) label: String,
    /// `user:ID` or `token:ID`, which nobody else ever has, as names can be given twice; else empty.
    pub(crate) id: String,
    /// The address that the request came from; empty for the command line.
    pub(crate) address: String,
    /// The request's id; empty for the command line.
    pub(crate) request_id: String,
    /// The row of the request's idempotency key, marked in the transaction of the change.
    pub(crate) idempotency: Option<String>,
}

impl Actor {
    /// Somebody outside HTTP.
    pub(crate) fn local(label: &str) -> Self {
        Self { label: label.to_owned(), ..Self::default() }
    }

    /// The begin of an audit entry: who, from where, now.
    pub(crate) fn audit(&self) -> NewAudit<'_> {
        NewAudit {
            at: time::now(),
            actor: &self.label,
            actor_id: &self.id,
            address: &self.address,
            request_id: &self.request_id,
            ..NewAudit::default()
        }
    }
}
