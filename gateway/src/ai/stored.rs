//! What a provider keeps of responses: `/v1/responses/{id}` and what is below goes to the account that gave it. It is
//! streamed as a call of the provider's own API is, and costs nothing: the answer was paid for when it was given.

use std::sync::Arc;

use http::{Method, Uri};
use weir_domain::snapshot::{Route, Snapshot};

use super::native::{self, Native};
use crate::exchange::Exchange;
use crate::problem::Refusal;
use crate::state::State;
use crate::upstream::Forward;

/// A call about a response that a provider keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The response's id.
    id: String,
    /// The path below the provider's address.
    path: String,
}

/// The call at a path, if it is one that is known.
pub(crate) fn stored(method: &Method, path: &str) -> Option<Stored> {
    let below = path.strip_prefix("/v1/responses/")?;
    let (id, rest) = below.split_once('/').map_or((below, None), |(id, rest)| (id, Some(rest)));
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let known = match rest {
        None => *method == Method::GET || *method == Method::DELETE,
        Some("cancel") => *method == Method::POST,
        Some("input_items") => *method == Method::GET,
        Some(_) => false,
    };
    let is_id = id.starts_with("resp_") && id.len() <= 128 && id.bytes().all(plain);
    (known && is_id).then(|| Stored { id: id.to_owned(), path: format!("/responses/{below}") })
}

/// Finds the account that gave the response to the caller's application, and sends the call there.
///
/// # Errors
/// No such response was given to it, or the account is not configured any more.
pub(crate) fn admit(state: &State, exchange: &mut Exchange, stored: &Stored, uri: &Uri) -> Result<(), Refusal> {
    let (route, target, native) = open(state, &exchange.snapshot, &exchange.settlement.application, stored, uri)?;
    exchange.forward = Some(Box::new(Forward::native(&route, target, native)));
    Ok(())
}

fn open(
    state: &State,
    snapshot: &Snapshot,
    application: &str,
    stored: &Stored,
    uri: &Uri,
) -> Result<(Arc<Route>, String, Native), Refusal> {
    let id = &stored.id;
    let gone = |why: &str| Refusal::new(404, "response_not_found", format!("the response '{id}' {why}"));
    let Some(account) = state.models.affinity.find(application, id) else {
        return Err(gone(
            "is not known here: a provider of the Responses API keeps what it gave this application through this \
             gateway for 30 days, and nothing of answers that were translated",
        ));
    };
    let provider = snapshot.providers.get(&account.provider).filter(|provider| !provider.disabled);
    let Some(provider) = provider else { return Err(gone("was given by a provider that is not there any more")) };
    let Ok(key) = account.key(provider) else {
        return Err(gone("was given with a key of the provider's that is not there any more"));
    };
    native::open_stored(state, snapshot, provider, key, &stored.path, uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_of_stored_responses_is_passed_on() {
        let path = |method: Method, path: &str| stored(&method, path).map(|stored| (stored.id, stored.path));
        let is = |path: &str| Some(("resp_1".to_owned(), path.to_owned()));
        assert_eq!(path(Method::GET, "/v1/responses/resp_1"), is("/responses/resp_1"));
        assert_eq!(path(Method::DELETE, "/v1/responses/resp_1"), is("/responses/resp_1"));
        assert_eq!(path(Method::POST, "/v1/responses/resp_1/cancel"), is("/responses/resp_1/cancel"));
        assert_eq!(path(Method::GET, "/v1/responses/resp_1/input_items"), is("/responses/resp_1/input_items"));
        for (method, other) in [
            (Method::POST, "/v1/responses/resp_1"),
            (Method::GET, "/v1/responses/resp_1/cancel"),
            (Method::GET, "/v1/responses/resp_1/../../files"),
            (Method::GET, "/v1/responses/resp_%2e"),
            (Method::GET, "/v1/responses/"),
            (Method::GET, "/v1/responses/compact"),
        ] {
            assert_eq!(path(method, other), None, "{other}");
        }
    }
}
