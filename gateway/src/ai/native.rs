//! Native pass-through: a call of a provider's own API as it is, under `/providers/{id}/…`. It is streamed as a REST
//! call is; here is what is added to that: the provider's key in place of the caller's, and usage read from the side.

pub(super) mod told;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri};
use pingora_core::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;
use rand::Rng;
use weir_domain::ledger::{Attempt, Outcome};
use weir_domain::money::NanoUsd;
use weir_domain::name::MAX_MODEL;
use weir_domain::price::PriceRow;
use weir_domain::snapshot::{Address, Provider, Rewrite, Route, Snapshot, Upstream, UpstreamTarget};
use weir_domain::spec::{Auth, UpstreamTimeouts, WireVersion};
use weir_domain::usage::Usage;
use weir_llm::{Metered, ModelTap, Tap};

use self::told::Told;
use super::beta;
use super::link::Link;
use crate::authn::Denial;
use crate::exchange::Exchange;
use crate::metering::{Settlement, cut};
use crate::problem::Refusal;
use crate::state::State;
use crate::upstream::Forward;

/// How long an unused connection to a provider is kept, in milliseconds.
const IDLE_MS: u64 = 90_000;
/// What of the caller's head concerns its own way to the gateway, or would choose the account that is charged.
const WITHHELD: [&str; 10] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-goog-user-project",
    "openai-organization",
    "openai-project",
    "cookie",
    "x-real-ip",
];
/// Families of such fields.
const WITHHELD_FAMILIES: [&str; 3] = ["x-weir-", "x-forwarded-", "x-amz-"];
/// What a provider says of its account, and of a session that all callers would share.
const KEPT_BACK: [&str; 3] = ["set-cookie", "openai-organization", "openai-project"];
/// Where a key may stand in a query.
const KEY_PARAMETERS: [&str; 4] = ["key", "api_key", "api-key", "access_token"];

/// What a call of a provider's own API needs beside streaming.
pub(crate) struct Native {
    link: Arc<Link>,
    provider: Arc<Provider>,
    key: Option<usize>,
    /// The model that the path names.
    named: Option<String>,
    asked: Option<ModelTap>,
    tap: Option<Tap>,
    /// What is told was paid for when it was made.
    free: bool,
    /// Whether the call makes something: what it only asks after was paid for when it was made, and a batch is paid for
    /// in a way that its state does not tell.
    makes: bool,
    settled: bool,
    /// What is read and changed of a call about what applications keep in the account.
    told: Option<Told>,
}

/// Prepares a call of a provider's own API. Whether there is no such provider or the caller may not use it is the
/// same to the caller.
pub(crate) fn admit(
    state: &State,
    session: &Session,
    exchange: &mut Exchange,
    id: &str,
    rest: &str,
) -> std::result::Result<(), Refusal> {
    let snapshot = Arc::clone(&exchange.snapshot);
    let permitted = exchange.caller.as_ref().is_some_and(|caller| caller.permits_provider(&snapshot, id));
    let Some(provider) = snapshot.providers.get(id).filter(|_| permitted) else {
        return Err(Denial::Provider(id.to_owned()).into());
    };
    exchange.settlement.dialect = provider.protocol.format().dialect();
    exchange.settlement.provider.clone_from(&provider.id);
    if !state.meter.is_writable() {
        let sentence = "the gateway cannot write its usage journal, so it takes no calls that cost money; try again";
        return Err(Refusal::new(503, "journal_unavailable", sentence).with_header(header::RETRY_AFTER, "5"));
    }
    let (route, target, native) = open(state, &snapshot, provider, rest, &session.req_header().uri)?;
    exchange.forward = Some(Box::new(Forward::native(&route, target, native)));
    Ok(())
}

/// Finds the provider, one of its keys, and what its address is asked for. `rest` is the path behind
/// `/providers/{id}`: empty, or beginning with `/`; it is normal already.
///
/// # Errors
/// The provider has no address, or none of its keys can be used. Whether the caller may is checked before.
pub(crate) fn open(
    state: &State,
    snapshot: &Snapshot,
    provider: &Arc<Provider>,
    rest: &str,
    uri: &Uri,
) -> std::result::Result<(Arc<Route>, String, Native), Refusal> {
    let id = &provider.id;
    if provider.disabled {
        return Err(Refusal::new(503, "provider_disabled", format!("the provider {id:?} is switched off")));
    }
    let Some(link) = state.models.links.get(snapshot, provider) else {
        let sentence = format!("the provider {id:?} has no API of its own; use /v1/chat/completions");
        return Err(Refusal::new(404, "provider_without_api", sentence));
    };
    let roll = |below| rand::rng().random_range(0..below);
    let key = state.models.pools.key_of(provider, weir_domain::time::now(), Instant::now(), roll);
    with_key((link, provider), key, "/providers/{id}", rest, uri)
}

/// The same for what is kept in an account, with the key of that account; `template` is its path in the ledger's words. It
/// costs nothing.
///
/// # Errors
/// As [`open`].
pub(super) fn open_kept(
    state: &State,
    snapshot: &Snapshot,
    (provider, key): (&Arc<Provider>, Option<usize>),
    template: &str,
    path: &str,
    uri: &Uri,
) -> std::result::Result<(Arc<Route>, String, Native), Refusal> {
    let Some(link) = state.models.links.get(snapshot, provider) else {
        let sentence = format!("the provider {:?} has no API of its own", provider.id);
        return Err(Refusal::new(404, "provider_without_api", sentence));
    };
    let (route, target, native) = with_key((link, provider), key, template, path, uri)?;
    Ok((route, target, Native { free: true, ..native }))
}

fn with_key(
    (link, provider): (Arc<Link>, &Arc<Provider>),
    key: Option<usize>,
    template: &str,
    rest: &str,
    uri: &Uri,
) -> std::result::Result<(Arc<Route>, String, Native), Refusal> {
    let id = &provider.id;
    if link.native(key).is_none() {
        let sentence = format!("no key of the provider {id:?} can be sent with a call that is passed on as it is");
        return Err(Refusal::new(502, "upstream_key_unfit", sentence));
    }
    let target = target(&link.address, rest, uri.query());
    let route = Arc::new(route(provider, link.address.clone(), template));
    let native = Native {
        named: model_in(rest).map(str::to_owned),
        provider: Arc::clone(provider),
        link,
        key,
        asked: None,
        tap: None,
        free: false,
        makes: false,
        settled: false,
        told: None,
    };
    Ok((route, target, native))
}

/// The provider's address as a route of its own.
fn route(provider: &Provider, address: Address, template: &str) -> Route {
    let timeouts = provider.timeouts;
    let upstream = Upstream {
        id: provider.id.clone(),
        targets: vec![UpstreamTarget { address, weight: 1 }],
        timeouts: UpstreamTimeouts {
            connect_ms: timeouts.connect_ms,
            read_ms: timeouts.first_byte_ms.max(timeouts.idle_ms),
            write_ms: timeouts.idle_ms,
            idle_ms: IDLE_MS,
            total_ms: Some(timeouts.total_ms),
        },
        connect_retries: 0,
        http: WireVersion::Auto,
        server_name: None,
        ca: None,
        preserve_host: false,
    };
    Route {
        id: String::new(),
        service: String::new(),
        team: String::new(),
        template: template.to_owned(),
        rewrite: Rewrite::Keep,
        auth: Auth::ApiKey,
        max_body_bytes: None,
        conflict: None,
        upstream: Arc::new(upstream),
    }
}

/// Path and query for the provider: below its address, whose own path may stand there already (SDKs that add `/v1`
/// themselves do that).
fn target(address: &Address, rest: &str, query: Option<&str>) -> String {
    let base = address.path.as_str();
    let stands = !base.is_empty() && rest.strip_prefix(base).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    let mut target = if stands { rest.to_owned() } else { format!("{base}{rest}") };
    if target.is_empty() {
        target.push('/');
    }
    let mut separator = if target.contains('?') { '&' } else { '?' };
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if !KEY_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) {
            target.push(separator);
            target.push_str(pair);
            separator = '&';
        }
    }
    target
}

/// The model that a path names, as Google's, Azure's and Amazon's do.
fn model_in(path: &str) -> Option<&str> {
    let mut segments = path.split('/');
    segments.find(|segment| matches!(*segment, "models" | "deployments" | "model"))?;
    let model = segments.next()?.split(':').next()?;
    (!model.is_empty()).then_some(model)
}

impl Native {
    /// The same call, read and changed on its way.
    pub(super) fn told(self, told: Told) -> Self {
        Self { told: Some(told), ..self }
    }

    /// Sees to it that there is a token, where the key is a credential for which tokens are fetched.
    pub(crate) async fn ready(&self) -> std::result::Result<(), Refusal> {
        self.link.ready(self.key).await.map_err(|reason| {
            let sentence = format!("there is no token for the provider {:?}: {reason}", self.provider.id);
            Refusal::new(502, "upstream_token", sentence)
        })
    }

    /// Changes the head that goes to the provider.
    pub(crate) fn request_head(&mut self, head: &mut RequestHeader) -> Result<()> {
        let withheld = |name: &HeaderName| {
            WITHHELD.contains(&name.as_str())
                || WITHHELD_FAMILIES.iter().any(|family| name.as_str().starts_with(family))
        };
        let names: Vec<HeaderName> = head.headers.keys().filter(|name| withheld(name)).cloned().collect();
        for name in names {
            head.remove_header(&name);
        }
        let unfit = || Error::explain(ErrorType::InternalError, "the provider's key was there a moment ago").into_in();
        let (ready, credential) = self.link.native(self.key).ok_or_else(unfit)?;
        for (name, value) in &ready.headers {
            let callers = *name == header::CONTENT_TYPE
                || ((*name == header::USER_AGENT || name == beta::VERSION) && head.headers.contains_key(name));
            if !callers {
                head.insert_header(name.clone(), value.clone())?;
            }
        }
        credential.complete(head, &Bytes::new()).ok_or_else(unfit)?;
        self.makes = head.method == Method::POST && !head.uri.path().contains("/batches");
        self.asked = is_json(head.headers.get(header::CONTENT_TYPE)).then(ModelTap::default);
        if let Some(told) = &mut self.told {
            told.request_head(head);
        }
        Ok(())
    }

    /// Changes a piece of the request; `last` says that nothing follows.
    pub(crate) fn change_request(&mut self, body: &mut Option<Bytes>, last: bool) {
        if let Some(told) = &mut self.told {
            told.request_piece(body, last);
        }
    }

    /// Changes a piece of the answer; `last` says that nothing follows.
    pub(crate) fn change_answer(&mut self, body: &mut Option<Bytes>, last: bool) {
        if let Some(told) = &mut self.told {
            told.response_piece(body, last, &self.provider);
        }
    }

    /// What of the answer was held back, where it ends without a last piece.
    pub(crate) fn rest(&mut self) -> Option<Bytes> {
        self.told.as_mut().map(Told::rest).filter(|rest| !rest.is_empty())
    }

    /// Reads along with a piece of the request.
    pub(crate) fn request_piece(&mut self, piece: &[u8]) {
        if let Some(asked) = &mut self.asked {
            asked.push(piece);
        }
    }

    /// Changes the head of the answer, and begins to read along.
    pub(crate) fn response_head(&mut self, head: &mut ResponseHeader, settlement: &mut Settlement) -> Result<()> {
        for name in KEPT_BACK {
            head.remove_header(name);
        }
        head.insert_header("x-weir-provider", self.provider.id.as_str())?;
        if head.status == StatusCode::UNAUTHORIZED {
            self.link.refused(self.key);
        }
        if let Some(told) = &mut self.told {
            told.response_head(head);
        }
        let plain = head.headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        settlement.stream = kind.starts_with("text/event-stream");
        self.tap = (plain && self.makes && !self.free && head.status == StatusCode::OK)
            .then(|| Tap::to(self.asked.as_ref(), kind));
        Ok(())
    }

    /// Reads along with a piece of the answer.
    pub(crate) fn response_piece(&mut self, piece: &[u8]) {
        if let Some(tap) = &mut self.tap {
            tap.push(piece);
        }
    }

    /// Notes in the record what was consumed, as far as the answer says: else usage and cost are unknown, and stay so.
    /// `whole` is whether the answer has come to its end.
    pub(crate) fn settle(&mut self, settlement: &mut Settlement, whole: bool) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let Metered { model: answered, usage } = self.tap.take().map(|tap| tap.finish(whole)).unwrap_or_default();
        // The path decides where it names a model, whatever the body says; the answer knows best which one it was.
        let in_body = self.asked.take().and_then(|asked| asked.model());
        let asked = self.named.take().or(in_body);
        let at = settlement.at;
        let price = |model: &Option<String>| model.as_deref().and_then(|model| self.provider.price(model, at));
        let price: Option<&PriceRow> = price(&answered).or_else(|| price(&asked));
        let key = self.key.and_then(|key| self.provider.keys.get(key)).map(|key| key.id.clone()).unwrap_or_default();
        let model = asked.as_ref().or(answered.as_ref()).map_or("", |model| cut(model, MAX_MODEL)).to_owned();
        if let Some(told) = &mut self.told {
            self.free = told.settle(settlement, whole, &self.provider);
        }
        for attempt in &mut settlement.attempts {
            attempt.provider_key.clone_from(&key);
            if !model.is_empty() {
                attempt.target.clone_from(&model);
            }
            if self.free || is_free(attempt) {
                attempt.cost = Some(NanoUsd::ZERO);
            }
        }
        if let Some(last) = settlement.attempts.last_mut()
            && let Some(usage) = usage
        {
            last.usage = usage;
            last.cost = price.and_then(|row| row.rates.cost_of(&usage));
            // No row says what it costs where the row's rates do not cover it.
            last.price = price.filter(|_| last.cost.is_some()).map(|row| row.id.clone()).unwrap_or_default();
        }
        let charged = settlement.attempts.last().map(|last| (last.usage, last.cost));
        (settlement.usage, settlement.cost) = charged.unwrap_or((Usage::default(), Some(NanoUsd::ZERO)));
        settlement.provider.clone_from(&self.provider.id);
        if self.provider.models.contains_key(&model) {
            settlement.named();
        }
        settlement.model.clone_from(&model);
        settlement.upstream_model = model;
    }
}

/// Whether an attempt surely costs nothing: the provider was not reached, or answered with an error.
fn is_free(attempt: &Attempt) -> bool {
    attempt.outcome == Outcome::ConnectFailed || attempt.status >= 400
}

fn is_json(kind: Option<&HeaderValue>) -> bool {
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().ends_with("json")
}

#[cfg(test)]
mod tests;
