//! Whether a REST request may go on its way.

use std::sync::Arc;

use pingora_proxy::Session;
use weir_domain::snapshot::Snapshot;

use super::Forward;
use crate::authn;
use crate::exchange::{Caller, Exchange};
use crate::metering::Settlement;
use crate::problem::Refusal;

/// Begins the exchange of a REST request.
pub(crate) fn exchange(snapshot: Arc<Snapshot>, mut settlement: Settlement, forward: Box<Forward>) -> Exchange {
    settlement.service.clone_from(&forward.route.service);
    settlement.route.clone_from(&forward.route.id);
    Exchange::begin(snapshot, settlement, Some(forward))
}

/// Whether the caller may use the route, and whether the body that it announces may be this long.
pub(crate) fn permit(session: &Session, exchange: &mut Exchange, caller: Option<Caller>) -> Result<(), Refusal> {
    if let Some(caller) = caller {
        exchange.identified(caller);
    }
    let Some(forward) = &exchange.forward else { return Ok(()) };
    if let Some(caller) = &exchange.caller {
        authn::permit_service(&exchange.snapshot, caller, &forward.route.service)?;
    }
    forward.check_length(session.req_header())
}
