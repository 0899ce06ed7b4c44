//! Who does something, as history and audit name them.

/// Who does something, and by which request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Actor {
    /// `user:EMAIL`, `token:NAME`, `cli`, `file:NAME` or `system`.
    pub(crate) label: String,
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
}
