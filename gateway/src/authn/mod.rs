//! Who calls: finds the API key of a request, proves it, and checks what its application may call.

mod key;

use std::sync::Arc;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use pingora_http::RequestHeader;
use weir_domain::credential::{self, Credential, KeyHash};
use weir_domain::snapshot::Snapshot;
use weir_domain::time::Micros;

use crate::exchange::Caller;
use crate::live::Live;
use crate::problem::Refusal;
pub(crate) use key::{adopt_google, adopt_subprotocol, remove};

/// Why a caller is not served. A key that is refused is so in OpenAI's own words first: clients tell a wrong key from a bad
/// request by them (LiteLLM does).
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denial {
    #[error(
        "no API key; send it as 'Authorization: Bearer weir_…', 'x-api-key: weir_…', 'x-goog-api-key: weir_…' or 'api-key: weir_…'"
    )]
    Missing,
    #[error("two different API keys in one request; send one")]
    Ambiguous,
    #[error("Incorrect API key provided: it is mistyped, cut, or not a key of this gateway")]
    Malformed,
    #[error("Incorrect API key provided: it is not known; it may have been deleted")]
    Unknown,
    #[error("Incorrect API key provided: it has been revoked; ask the owner of the application for a new one")]
    Revoked,
    #[error("Incorrect API key provided: it has expired; ask the owner of the application for a new one")]
    Expired,
    #[error("the application {0:?} is switched off")]
    Disabled(String),
    #[error("the application or its key may not call the service {0:?}; its owner can allow it")]
    Service(String),
    #[error(
        "there is no provider {0:?} whose own API the application or its key may call; its owner can allow it under \
         'providers'"
    )]
    Provider(String),
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        let (status, code) = match denial {
            Denial::Missing => (401, "missing_api_key"),
            Denial::Ambiguous => (400, "ambiguous_api_key"),
            Denial::Malformed | Denial::Unknown => (401, "invalid_api_key"),
            Denial::Revoked => (401, "revoked_api_key"),
            Denial::Expired => (401, "expired_api_key"),
            Denial::Disabled(_) => (403, "application_disabled"),
            Denial::Service(_) => (403, "service_not_allowed"),
            Denial::Provider(_) => (403, "provider_not_allowed"),
        };
        let refusal = Self::new(status, code, denial.to_string());
        if status == 401 { refusal.with_header(WWW_AUTHENTICATE, "Bearer realm=\"weir\"") } else { refusal }
    }
}

/// Identifies the caller by the request's API key. Everything is in memory: an unknown key costs no I/O.
pub(crate) fn identify(
    live: &Live,
    snapshot: &Snapshot,
    headers: &HeaderMap,
    now: impl Fn() -> Micros,
) -> Result<Caller, Denial> {
    let key = key::find(headers)?.ok_or(Denial::Missing)?;
    let credential = prove(live, key, now)?;
    match snapshot.applications.get(&credential.application) {
        Some(application) if !application.disabled => Ok(Caller { credential }),
        Some(_) => Err(Denial::Disabled(credential.application.clone())),
        // The application was deleted and its keys' removal is still under way.
        None => Err(Denial::Unknown),
    }
}

/// Nothing is said about a key before its hash has matched.
fn prove(live: &Live, key: &str, now: impl Fn() -> Micros) -> Result<Arc<Credential>, Denial> {
    let public_id = credential::public_id(key).ok_or(Denial::Malformed)?;
    let known = live.credential(public_id).ok_or(Denial::Unknown)?;
    if !known.hash.matches(&KeyHash::of(key)) {
        return Err(Denial::Unknown);
    }
    if known.revoked {
        return Err(Denial::Revoked);
    }
    if known.expires_at.is_some_and(|end| end <= now()) {
        return Err(Denial::Expired);
    }
    Ok(known)
}

/// Checks that the caller may call a service.
pub(crate) fn permit_service(snapshot: &Snapshot, caller: &Caller, service: &str) -> Result<(), Denial> {
    if caller.permits_service(snapshot, service) { Ok(()) } else { Err(Denial::Service(service.to_owned())) }
}

/// On a public route nobody is identified, but a key of Weir's that was sent all the same must not leave.
pub(crate) fn strip_own_keys(request: &mut RequestHeader) {
    if key::holds_own(&request.headers) {
        remove(request);
    }
}

#[cfg(test)]
mod tests;
