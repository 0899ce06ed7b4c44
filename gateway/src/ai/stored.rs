//! What a provider keeps of responses: `/v1/responses/{id}` and what is below goes to the account that gave it. It is
//! streamed as a call of the provider's own API is, and costs nothing: the answer was paid for when it was given.
//!
//! The ids of responses and of their items are sealed, as those of files are (docs/adr/0008): they tell any node whose
//! they are, and in which account they lie.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap};
use http::{Method, Uri};
use pingora_http::ResponseHeader;
use weir_domain::snapshot::{Route, Snapshot};
use weir_llm::held::{self, Held, MAX_ID};
use weir_llm::{IdRewriter, Ids};

use super::affinity::Account;
use super::native::told::Told;
use super::native::{self, Native};
use crate::exchange::Exchange;
use crate::problem::Refusal;
use crate::state::State;
use crate::upstream::Forward;

/// The longest error of a provider's in which its id is replaced.
const MAX_ERROR: usize = 64 << 10;
/// Parameters of a query that name an item.
const NAMING: [&str; 2] = ["after", "before"];

/// A call about a response that a provider keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The response's id, as the caller knows it.
    id: String,
    /// What stands behind it in the path.
    below: String,
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
    let is_id = (id.starts_with("resp_") || held::is_sealed(id)) && id.len() <= MAX_ID && id.bytes().all(plain);
    let below = rest.map(|rest| format!("/{rest}")).unwrap_or_default();
    (known && is_id).then(|| Stored { id: id.to_owned(), below })
}

/// Under which names an application gets the ids of what an account keeps.
pub(super) fn ids(snapshot: &Snapshot, account: &Account) -> Ids {
    // Without a key nothing can be asked for later, whatever it is called.
    let Some(key) = snapshot.sealing.clone() else { return Ids::default() };
    let (application, response) = account.response();
    Ids::named(Arc::new(move |id: &str| {
        let sealed = held::seal(&key, &application, &Held { id: id.to_owned(), ..response.clone() });
        // What would be too long to be opened is of more use as it is.
        if sealed.len() > MAX_ID { id.to_owned() } else { sealed }
    }))
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
    let is_known = |held: &Held| held.is_response && held.is_plain();
    let open = |id: &str| held::open(snapshot.sealing.as_ref()?, application, id).filter(is_known);
    let Some(held) = open(id) else {
        return Err(gone(
            "was not given to this application by this gateway; a provider of the Responses API keeps what it gave for 30 \
             days, and nothing is kept of answers that were translated",
        ));
    };
    let provider = snapshot.providers.get(&held.provider).filter(|provider| !provider.disabled);
    let Some(provider) = provider else { return Err(gone("was given by a provider that is not there any more")) };
    let account = Account::of(application, &held.provider, &held.key);
    let Ok(key) = account.key(provider) else {
        return Err(gone("was given with a key of the provider's that is not there any more"));
    };
    let path = provider.addressing.response(&format!("/responses/{}{}", held.id, stored.below));
    let uri = opened_query(uri, open);
    let (route, target, native) =
        native::open_kept(state, snapshot, (provider, key), "/v1/responses/{id}", &path, &uri)?;
    let retelling = Retelling { ids: ids(snapshot, &account), asked: [held.id, id.clone()], way: Way::AsItComes };
    Ok((route, target, native.told(Told::Response(retelling))))
}

/// The query with the provider's ids of items. What is no id of the caller's is passed on, and the provider finds nothing
/// by it.
fn opened_query(uri: &Uri, open: impl Fn(&str) -> Option<Held>) -> Uri {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if NAMING.contains(&name) => match open(value) {
            Some(held) => format!("{name}={}", held.id),
            None => pair.to_owned(),
        },
        _ => pair.to_owned(),
    };
    let Some(query) = uri.query() else { return uri.clone() };
    let query: Vec<String> = query.split('&').map(pair).collect();
    format!("{}?{}", uri.path(), query.join("&")).parse().unwrap_or_else(|_| uri.clone())
}

/// What a provider tells of a response that it keeps, with the caller's ids.
pub(super) struct Retelling {
    ids: Ids,
    /// The id that was asked for: the provider's, and the caller's.
    asked: [String; 2],
    way: Way,
}

enum Way {
    AsItComes,
    Rewritten(IdRewriter),
    /// An error, of which so much has come.
    Error(BytesMut),
}

impl Retelling {
    /// Prepares for the answer's body.
    pub(super) fn response_head(&mut self, head: &mut ResponseHeader) {
        self.way = match kind(&head.headers) {
            Kind::Other => Way::AsItComes,
            Kind::Json if !head.status.is_success() => Way::Error(BytesMut::new()),
            kind => self.ids.rewriter(kind == Kind::Events).map_or(Way::AsItComes, Way::Rewritten),
        };
        if !matches!(self.way, Way::AsItComes) && !is_empty(&head.headers) {
            // The caller's ids are longer.
            head.remove_header(&header::CONTENT_LENGTH);
        }
    }

    /// Gives what the caller gets in the place of a piece of the answer.
    pub(super) fn response_piece(&mut self, body: &mut Option<Bytes>, last: bool) {
        let piece = body.as_deref().unwrap_or_default();
        let mut out = BytesMut::new();
        match &mut self.way {
            Way::AsItComes => return,
            Way::Rewritten(rewriter) => rewriter.push(piece, &mut out),
            Way::Error(come) => {
                come.extend_from_slice(piece);
                if come.len() > MAX_ERROR {
                    out = std::mem::take(come);
                    self.way = Way::AsItComes;
                }
            }
        }
        if last {
            out.extend_from_slice(&self.rest());
        }
        if body.is_some() || !out.is_empty() {
            *body = Some(out.freeze());
        }
    }

    /// What of the answer the caller has not got at its end.
    pub(super) fn rest(&mut self) -> Bytes {
        let mut out = BytesMut::new();
        match std::mem::replace(&mut self.way, Way::AsItComes) {
            Way::AsItComes => {}
            Way::Rewritten(mut rewriter) => rewriter.finish(&mut out),
            Way::Error(come) => {
                let [providers, callers] = &self.asked;
                out.extend_from_slice(String::from_utf8_lossy(&come).replace(providers.as_str(), callers).as_bytes());
            }
        }
        out.freeze()
    }
}

/// What an answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Events,
    Other,
}

fn kind(headers: &HeaderMap) -> Kind {
    let is_plain = headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" if is_plain => Kind::Json,
        "text/event-stream" if is_plain => Kind::Events,
        _ => Kind::Other,
    }
}

fn is_empty(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_of_stored_responses_is_passed_on() {
        let path = |method: Method, path: &str| stored(&method, path).map(|stored| (stored.id, stored.below));
        let is = |id: &str, below: &str| Some((id.to_owned(), below.to_owned()));
        assert_eq!(path(Method::GET, "/v1/responses/resp_1"), is("resp_1", ""));
        assert_eq!(path(Method::DELETE, "/v1/responses/gen-wridAB"), is("gen-wridAB", ""));
        assert_eq!(path(Method::POST, "/v1/responses/resp_1/cancel"), is("resp_1", "/cancel"));
        assert_eq!(path(Method::GET, "/v1/responses/wridAB/input_items"), is("wridAB", "/input_items"));
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
