//! Files, uploads and batches that applications keep in a provider's account, at the vendors' own paths. The account is
//! shared; the ids under which callers know what lies there are sealed ([`weir_llm::held`]), so that each reaches its own
//! alone, at every node and after every restart. What a batch consumes is written to the ledger once ([`count`], [`row`]).
//! See docs/adr/0009.

mod ask;
mod count;
pub(crate) mod create;
pub(super) mod named;
mod reading;
mod row;

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use http::header::{self, HeaderName};
use moka::sync::Cache;
use pingora_http::RequestHeader;
use pingora_proxy::Session;
use weir_domain::dialect::Dialect;
use weir_domain::snapshot::{Provider, Snapshot};
use weir_llm::held::{self, Held};

use self::ask::{Ask, Contents, One, Unserved};
pub(crate) use self::reading::Reading;
use super::native;
use super::native::told::Told;
use crate::authn::Denial;
use crate::exchange::Exchange;
use crate::problem::Refusal;
use crate::state::State;
use crate::upstream::Forward;

/// Where a caller says in whose account its files lie.
const PROVIDER: HeaderName = HeaderName::from_static("x-weir-provider");

/// How a call about an account goes on.
pub(crate) enum Admitted {
    /// It is passed on as it comes.
    Stream,
    /// A batch is made of a file, and the body says in which account it lies.
    BatchOfFile,
}

/// Batches that this node has written to the ledger: asking again need not write again. What is forgotten, or was
/// written by another node, is written once more, and the ledger knows it by its id.
pub(super) struct Written(Cache<String, ()>);

impl Default for Written {
    fn default() -> Self {
        // Providers keep results for 30 days.
        Self(Cache::builder().max_capacity(100_000).time_to_live(Duration::from_secs(31 * 86_400)).build())
    }
}

/// Seals and opens ids for one application, in one account.
#[derive(Clone)]
pub(super) struct Sealer {
    snapshot: Arc<Snapshot>,
    application: String,
    provider: String,
    /// The key's name.
    key: String,
}

impl Sealer {
    fn new(exchange: &Exchange, provider: &Provider, key: Option<usize>) -> Self {
        let key = key.and_then(|key| provider.keys.get(key)).map(|key| key.id.clone()).unwrap_or_default();
        Self {
            snapshot: Arc::clone(&exchange.snapshot),
            application: exchange.settlement.application.clone(),
            provider: provider.id.clone(),
            key,
        }
    }

    /// The caller's id of what the vendor calls `id`.
    fn seal(&self, made: u64, results_of: &str, id: &str) -> String {
        let (provider, key) = (self.provider.clone(), self.key.clone());
        let (results_of, id) = (results_of.to_owned(), id.to_owned());
        let held = Held { provider, key, is_response: false, made, results_of, id };
        // Without a key nothing is admitted.
        self.snapshot.sealing.as_ref().map(|key| held::seal(key, &self.application, &held)).unwrap_or_default()
    }

    fn open(&self, id: &str) -> Option<Held> {
        held::open(self.snapshot.sealing.as_ref()?, &self.application, id)
    }

    /// What an id stands for, if that lies in this account.
    fn open_here(&self, id: &str) -> Option<Held> {
        self.open(id).filter(|held| held.provider == self.provider && held.key == self.key)
    }
}

/// Prepares a call about what lies in an account. `path` is what stands behind `/v1`.
pub(crate) fn admit(
    state: &State,
    session: &Session,
    exchange: &mut Exchange,
    path: &str,
) -> Result<Admitted, Refusal> {
    let (head, snapshot) = (session.req_header(), Arc::clone(&exchange.snapshot));
    let dialect = exchange.settlement.dialect.unwrap_or(Dialect::Openai);
    let ask = ask::ask(&head.method, path).map_err(|unserved| unserved_refusal(&unserved, &head.method, path))?;
    check(state, &snapshot)?;
    let (provider, key, path, asked, makes) = match ask {
        Ask::List => return Err(unlisted()),
        Ask::BatchOfFile => return Ok(Admitted::BatchOfFile),
        Ask::Make { path, batch } => {
            let provider = chosen(exchange, dialect, head)?;
            if !has(&provider, &path) {
                let sentence =
                    format!("the provider {:?} has nothing at /v1{path}: it speaks another dialect", provider.id);
                return Err(Refusal::new(404, "not_found", sentence));
            }
            let key = key_for(state, exchange, &provider);
            (provider, key, path, None, batch)
        }
        Ask::One(One { around: [before, behind], id, contents }) => {
            let held = find(exchange, &id)?;
            let (provider, key) = account_of(exchange, &held, &id)?;
            if !has(&provider, &before) {
                return Err(absent(&id));
            }
            (provider, key, format!("{before}{}{behind}", held.id), Some((id, held, contents)), false)
        }
    };
    exchange.settlement.provider.clone_from(&provider.id);
    let sealer = Sealer::new(exchange, &provider, key);
    let call = (layout(&provider), exchange.settlement.at);
    let reading = Reading::new(sealer, call, asked, makes, Arc::clone(&state.models.batches));
    let (route, target, native) =
        native::open_kept(state, &snapshot, (&provider, key), "/v1/{account}", &path, &head.uri)?;
    exchange.forward = Some(Box::new(Forward::native(&route, target, native.told(Told::Object(Box::new(reading))))));
    Ok(Admitted::Stream)
}

/// In whose layout a provider answers about what it keeps: whatever the caller's headers say, because who chose the
/// layout could choose that nothing in the results is found.
fn layout(provider: &Provider) -> Dialect {
    match provider.protocol.format().dialect() {
        Some(Dialect::Anthropic) => Dialect::Anthropic,
        _ => Dialect::Openai,
    }
}

/// Whether a provider has anything at a path below `/v1`. Files lie at the same path everywhere.
fn has(provider: &Provider, path: &str) -> bool {
    let needed = match path {
        path if path.starts_with("/files") => return true,
        path if path.starts_with("/messages/") => Dialect::Anthropic,
        _ => Dialect::Openai,
    };
    provider.protocol.format().dialect() == Some(needed)
}

/// What must hold before anything is passed on.
fn check(state: &State, snapshot: &Snapshot) -> Result<(), Refusal> {
    if !state.meter.is_writable() {
        let sentence = "the gateway cannot write its usage journal, so it takes no calls that cost money; try again";
        return Err(Refusal::new(503, "journal_unavailable", sentence).with_header(header::RETRY_AFTER, "5"));
    }
    if snapshot.sealing.is_none() {
        let sentence = "this gateway has no key to seal the ids of files and batches with, so it serves none";
        return Err(Refusal::new(503, "no_sealing_key", sentence));
    }
    Ok(())
}

/// The thing that a caller's id stands for. Another application's, a forged one and the vendor's own are all the same to
/// it as one that never was.
fn find(exchange: &Exchange, id: &str) -> Result<Held, Refusal> {
    let key = exchange.snapshot.sealing.as_ref();
    let held = key.and_then(|key| held::open(key, &exchange.settlement.application, id));
    held.filter(|held| !held.is_response && held.is_plain()).ok_or_else(|| absent(id))
}

fn absent(id: &str) -> Refusal {
    let shown: String = id.chars().take(200).collect();
    let sentence = format!(
        "there is no '{shown}' of this application; files and batches are known by the ids that this gateway gave for them"
    );
    Refusal::new(404, "not_found", sentence)
}

/// The provider and the key in whose account something lies that the caller knows as `id`.
fn account_of(exchange: &Exchange, held: &Held, id: &str) -> Result<(Arc<Provider>, Option<usize>), Refusal> {
    let provider = permitted(exchange, &held.provider)?;
    if held.key.is_empty() {
        return Ok((provider, None));
    }
    // With its key the account is gone, and all that lay there.
    let key = provider.keys.iter().position(|key| key.id == held.key).ok_or_else(|| absent(id))?;
    Ok((provider, Some(key)))
}

/// A provider in whose account the caller may keep things. Whether there is none or it may not is the same to it.
fn permitted(exchange: &Exchange, id: &str) -> Result<Arc<Provider>, Refusal> {
    let snapshot = &exchange.snapshot;
    let may = exchange.caller.as_ref().is_some_and(|caller| caller.permits_account(snapshot, id));
    let provider = snapshot.providers.get(id).filter(|_| may);
    let provider = provider.ok_or_else(|| Refusal::from(Denial::Provider(id.to_owned())))?;
    if provider.disabled {
        return Err(Refusal::new(503, "provider_disabled", format!("the provider {id:?} is switched off")));
    }
    Ok(Arc::clone(provider))
}

/// In whose account something new is to lie: the provider that the caller names in `x-weir-provider`, else the only one
/// of the dialect that it may use so.
fn chosen(exchange: &Exchange, dialect: Dialect, head: &RequestHeader) -> Result<Arc<Provider>, Refusal> {
    if let Some(named) = head.headers.get(PROVIDER).and_then(|name| name.to_str().ok()) {
        return permitted(exchange, named);
    }
    let snapshot = &exchange.snapshot;
    let may = |id: &str| exchange.caller.as_ref().is_some_and(|caller| caller.permits_account(snapshot, id));
    let speaks = |provider: &Provider| provider.address.is_some() && provider.protocol.format() == dialect.format();
    let mut usable = snapshot.providers.values().filter(|p| !p.disabled && speaks(p) && may(&p.id));
    match (usable.next(), usable.next()) {
        (Some(only), None) => Ok(Arc::clone(only)),
        (None, _) => {
            let sentence = "there is no provider in whose account the application or its key may keep files and \
                            batches; its owner can allow one under 'batches'";
            Err(Refusal::new(403, "provider_not_allowed", sentence))
        }
        (Some(_), Some(_)) => {
            let sentence = "files and batches lie in the account of one provider, and there are several that the \
                            application may use; name one in the header x-weir-provider";
            Err(Refusal::new(400, "provider_ambiguous", sentence))
        }
    }
}

/// The key in whose account something new is to lie: always the same one for an application, while the keys that can be
/// used are the same, because a batch and what it refers to must lie in one account.
fn key_for(state: &State, exchange: &Exchange, provider: &Provider) -> Option<usize> {
    let seed = weir_domain::name::derived_id(&["account", &exchange.settlement.application, &provider.id]);
    let number = seed.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let roll = move |below: u64| number % below.max(1);
    state.models.pools.key_of(provider, weir_domain::time::now(), Instant::now(), roll)
}

fn unlisted() -> Refusal {
    let sentence = "a list is not served: the account at the provider is shared by applications, and the provider cannot \
                    tell whose the things are that lie there; keep the ids that were given when they were made";
    Refusal::new(403, "list_not_served", sentence)
}

fn unserved_refusal(unserved: &Unserved, method: &Method, path: &str) -> Refusal {
    match unserved {
        Unserved::Path => Refusal::new(404, "endpoint_not_served", super::not_served(method, &format!("/v1{path}"))),
        Unserved::Method(allowed) => {
            let sentence = format!("the method {method} is not served here; use {allowed}");
            Refusal::new(405, "method_not_allowed", sentence).with_header(header::ALLOW, *allowed)
        }
    }
}

#[cfg(test)]
mod tests;
