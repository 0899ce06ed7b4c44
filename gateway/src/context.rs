//! One request on its way through the phases of Pingora's proxy: what is known of it, and how it goes on.

use std::sync::Arc;
use std::time::Instant;

use pingora_core::{Error, ErrorType, Result};
use weir_domain::dialect::Dialect;

use crate::ai::Endpoint;
use crate::exchange::Exchange;
use crate::locks::Asked;
use crate::metering::Settlement;
use crate::problem::Refusal;
use crate::server::drain::{Counted, Drain};
use crate::upstream::Forward;

/// One request, from its head to its last byte.
pub(crate) struct Context {
    pub(crate) started: Instant,
    /// What a model endpoint speaks, known before who calls is.
    pub(crate) dialect: Option<Dialect>,
    /// There is one from the moment that destination and caller are known.
    pub(crate) exchange: Option<Exchange>,
    _under_way: Counted,
}

/// What the steps before the call have decided.
pub(crate) enum Decision {
    /// A model call, which the data plane owns to its end.
    Own(Endpoint),
    /// A batch is made of a file, which the data plane owns to its end.
    BatchOfFile,
    /// A REST call, which Pingora's proxy loop streams.
    Stream,
    /// A REST call of a route with a policy of conflicts, which the data plane owns to its end.
    Policed,
    /// A request of locks, which the data plane answers itself.
    Locks(Asked),
    /// A REST call that asks for a WebSocket.
    Tunnel,
    /// A question about the process itself.
    Health(&'static str),
}

impl Context {
    /// For a request that begins now; the drain waits for its end.
    pub(crate) fn begin(drain: &Arc<Drain>) -> Self {
        Self { started: Instant::now(), dialect: None, exchange: None, _under_way: drain.request() }
    }

    /// The REST exchange that a phase of the proxy loop belongs to; the loop runs for no other.
    pub(crate) fn rest(&mut self) -> Result<(&mut Forward, &mut Settlement)> {
        let exchange = self.exchange.as_mut();
        exchange
            .and_then(|exchange| exchange.forward.as_deref_mut().map(|forward| (forward, &mut exchange.settlement)))
            .ok_or_else(|| {
                Error::explain(ErrorType::InternalError, "the proxy loop runs for REST routes only").into_in()
            })
    }
}

/// Sees to it that the key of a provider whose own API is called can be used: a token may have to be fetched first.
pub(crate) async fn ready(context: &Context) -> Result<(), Refusal> {
    match context.exchange.as_ref().and_then(|exchange| exchange.forward.as_ref()) {
        Some(forward) => forward.ready().await,
        None => Ok(()),
    }
}
