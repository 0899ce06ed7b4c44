//! Where the two planes meet: the only two traits that both know.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::bodies::Bodies;
use crate::credential::Credential;
use crate::ledger::Record;
use crate::routing::RouteState;
use crate::snapshot::Snapshot;

/// A change of credentials, applied one by one and never by recompiling the snapshot.
#[derive(Clone, Debug)]
pub enum CredentialChange {
    /// These are all there are: at start, and after a gap in the feed.
    Replace(Vec<Credential>),
    /// These are new or changed (a revocation is a change).
    Upsert(Vec<Credential>),
    /// These are gone, by public id.
    Remove(Vec<String>),
}

/// Where live configuration is put: the data plane implements it, the control plane calls it. Calls
/// return at once and never fail; what comes in was checked whole before.
pub trait LiveConfig: Send + Sync + 'static {
    /// Makes a snapshot live. Requests under way end on the one they began with.
    fn install(&self, snapshot: Arc<Snapshot>);
    /// Changes credentials.
    fn credentials(&self, change: CredentialChange);
    /// How the targets of model routes stand at this node; empty where there are no model routes.
    fn routing(&self) -> Vec<RouteState>;
}

/// A delivery that the ledger did not take; the journal keeps the batch and tries again.
#[derive(Debug, thiserror::Error)]
#[error("the ledger did not take the batch: {0}")]
pub struct DeliveryError(pub String);

/// What [`UsageSink::deliver`] returns.
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Result<(), DeliveryError>> + Send + 'a>>;

/// Where ledger records go: the control plane implements it, the data plane's shipper calls it.
pub trait UsageSink: Send + Sync + 'static {
    /// Takes over a batch; a record that is there already (by id) is left alone. One that the ledger refuses for
    /// what it is, is set aside with an error line: it must not hold up those behind it for ever. On an error the
    /// batch is to be delivered again, whole: part of it may have been stored.
    fn deliver<'a>(&'a self, batch: &'a [Record]) -> Delivery<'a>;

    /// Takes over what requests held; what is there already (by id), or was erased, is left alone. On an error the batch
    /// is to be delivered again, whole.
    fn keep<'a>(&'a self, batch: &'a [Bodies]) -> Delivery<'a>;
}
