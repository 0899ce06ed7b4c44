//! Model calls, the owned exchange path: this file is the list of its steps.
//!
//! [`endpoint`] says whether a request is one; [`serve`] then owns it to the end and settles it. `State` holds one
//! [`Models`] (cooldowns and prepared providers) and one [`crate::egress::Egress`], as `state.models` and `state.egress`.

mod endpoint;
mod refuse;

pub use endpoint::{Endpoint, Operation, endpoint};
pub use refuse::{REQUEST_ID, refuse};

use pingora_core::Result;
use pingora_proxy::Session;

use crate::exchange::Exchange;
use crate::state::State;

/// What model calls share between requests, beside the snapshot.
#[derive(Default)]
pub struct Models {}

/// Serves one model call whole: reads the body, finds the model, plans, attempts, answers, settles.
///
/// `exchange.settlement` knows the caller already; `exchange.caller` is there.
///
/// # Errors
/// The caller is gone, or left before the end; the settlement says so already.
pub async fn serve(state: &State, session: &mut Session, exchange: &mut Exchange, endpoint: Endpoint) -> Result<()> {
    let error = weir_llm::WireError::gateway(weir_llm::ErrorKind::Overloaded, "in work");
    let _ = state;
    refuse(session, &mut exchange.settlement, endpoint.dialect, &error, None).await
}
