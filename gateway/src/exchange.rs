//! What is known of one request on its way through the steps: each step reads it and extends it.

use std::sync::Arc;
use std::time::Instant;

use weir_domain::credential::Credential;
use weir_domain::snapshot::{Application, Snapshot};

use crate::metering::Settlement;
use crate::upstream::Forward;

/// One request whose destination is known: a model endpoint or a REST route.
pub struct Exchange {
    /// When its head had arrived.
    pub started: Instant,
    /// The configuration it lives by to its end, whatever is installed meanwhile.
    pub snapshot: Arc<Snapshot>,
    /// Its ledger row, written on every way out.
    pub settlement: Settlement,
    /// Who calls; `None` on public routes, and until the caller is identified.
    pub caller: Option<Caller>,
    /// Where a REST request goes; `None` for model calls.
    pub(crate) forward: Option<Box<Forward>>,
}

/// A caller who proved to hold a valid key of an application that is not switched off.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key's entry; it may narrow what the application may call.
    pub credential: Arc<Credential>,
}

impl Exchange {
    /// Begins an exchange, and with it its ledger row.
    pub(crate) fn begin(snapshot: Arc<Snapshot>, settlement: Settlement, forward: Option<Box<Forward>>) -> Self {
        Self { started: settlement.started(), snapshot, settlement, caller: None, forward }
    }

    /// Notes who calls, in the ledger row too.
    pub(crate) fn identified(&mut self, caller: Caller) {
        if let Some(application) = caller.application(&self.snapshot) {
            self.settlement.team.clone_from(&application.team);
        }
        self.settlement.application.clone_from(&caller.credential.application);
        self.settlement.key.clone_from(&caller.credential.id);
        self.caller = Some(caller);
    }

    /// Microseconds since the head arrived.
    #[must_use]
    pub fn elapsed_us(&self) -> u64 {
        self.settlement.elapsed_us()
    }
}

impl Caller {
    /// The application, as the request's snapshot knows it.
    #[must_use]
    pub fn application<'s>(&self, snapshot: &'s Snapshot) -> Option<&'s Application> {
        snapshot.applications.get(&self.credential.application)
    }

    /// Whether application and key both allow a model name.
    #[must_use]
    pub fn permits_model(&self, snapshot: &Snapshot, model: &str) -> bool {
        self.application(snapshot).is_some_and(|application| application.models.permits(model))
            && self.credential.models.as_ref().is_none_or(|allow| allow.permits(model))
    }

    /// Whether application and key both allow a provider's own API. A key that narrows models must name providers
    /// itself: a provider's own API reaches each of its models.
    #[must_use]
    pub fn permits_provider(&self, snapshot: &Snapshot, provider: &str) -> bool {
        let narrowed = || self.credential.models.is_some();
        self.application(snapshot).is_some_and(|application| application.providers.permits(provider))
            && self.credential.providers.as_ref().map_or_else(|| !narrowed(), |allow| allow.permits(provider))
    }

    /// Whether application and key both allow to keep files and run batches in a provider's account. A key narrows it as it
    /// narrows a provider's own API.
    #[must_use]
    pub fn permits_account(&self, snapshot: &Snapshot, provider: &str) -> bool {
        let narrowed = || self.credential.models.is_some();
        let allows = |application: &Application| {
            application.batches.permits(provider) || application.providers.permits(provider)
        };
        self.application(snapshot).is_some_and(allows)
            && self.credential.providers.as_ref().map_or_else(|| !narrowed(), |allow| allow.permits(provider))
    }

    /// Whether application and key both allow a service.
    #[must_use]
    pub fn permits_service(&self, snapshot: &Snapshot, service: &str) -> bool {
        self.application(snapshot).is_some_and(|application| application.services.permits(service))
            && self.credential.services.as_ref().is_none_or(|allow| allow.permits(service))
    }
}
