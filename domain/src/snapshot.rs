//! All live configuration, compiled: what the data plane reads for each request, without locks.
//!
//! A snapshot is immutable and checked whole. It is built off the request path by
//! [`crate::compile`], swapped in one step, and loaded once per request.

mod conflict;
mod differences;
mod health;
mod rest;

use std::collections::HashMap;
use std::sync::Arc;

pub use self::conflict::{Bound, ConcurrencyLimit, ConflictPolicy, ConflictStore, MEMORY_STORE, Preconditions};
use self::differences::is_claude;
pub use self::health::HealthCheck;
pub use self::rest::{Piece, Rewrite, Route, Upstream, UpstreamTarget};
use crate::addressing::{Addressing, Called};
use crate::catalog::Modality;
use crate::credential::Allow;
use crate::dialect::{Dialect, WireFormat};
use crate::key_secret::KeySecret;
use crate::name;
use crate::price::{PriceHistory, PriceRow};
use crate::quirks::Quirks;
use crate::request_log::RequestLog;
use crate::router::Router;
use crate::sealing::SealingKey;
use crate::secret::Secret;
use crate::spec::{
    AnswerCache, Breaker, Canary, ModelTimeouts, OnAbort, Protocol, RetryBudget, RetryOn, Sticky, Strategy, When,
};
use crate::time::Micros;

/// All live configuration.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The store's revision it was compiled from; counts up.
    pub revision: i64,
    /// Applications by id.
    pub applications: HashMap<String, Application>,
    /// Providers by id, the built-in `demo` included.
    pub providers: HashMap<String, Arc<Provider>>,
    /// Model routes by the name that callers use.
    pub models: HashMap<String, Arc<ModelRoute>>,
    /// REST routes.
    pub routes: Router,
    /// Stores of what clashes, by id. [`MEMORY_STORE`] is there without being named.
    pub conflict_stores: HashMap<String, Arc<ConflictStore>>,
    /// Seals the ids of what applications keep at providers. It is no configuration: who installs the snapshot sets it.
    pub sealing: Option<Arc<SealingKey>>,
}

impl Snapshot {
    /// What a model name means: a model route, or `provider/model` addressed directly. A direct name keeps to the rule
    /// for the names of model routes ([`name::is_model`]), whoever chose it.
    #[must_use]
    pub fn resolve_model(&self, name: &str) -> Option<Arc<ModelRoute>> {
        if let Some(route) = self.models.get(name) {
            return Some(Arc::clone(route));
        }
        let (provider, model) = name.split_once('/')?;
        let provider = self.providers.get(provider)?;
        if model.is_empty() || !name::is_model(name) {
            return None;
        }
        Some(Arc::new(ModelRoute::direct(name, provider, model)))
    }
}

/// An application, as far as requests need it.
#[derive(Debug)]
pub struct Application {
    /// Its id.
    pub id: String,
    /// The team that owns it.
    pub team: String,
    /// Models it may call.
    pub models: Allow,
    /// Services it may call.
    pub services: Allow,
    /// Providers whose own API it may call as it is.
    pub providers: Allow,
    /// Providers in whose account it may keep files and run batches of its own.
    pub batches: Allow,
    /// Whether it is switched off.
    pub disabled: bool,
    /// What its team wants kept of bodies; `None` for nothing.
    pub request_log: Option<Arc<RequestLog>>,
}

/// An address taken apart once, so that no request parses a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Host name or IP literal (without brackets).
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// `host[:port]` as it stands in `Host`, the port left out where it is the scheme's own.
    pub authority: String,
    /// Path prefix without a trailing slash; empty for none.
    pub path: String,
    /// Whether the address may lie in a loopback, private or link-local range.
    pub allow_private: bool,
}

/// A vendor of models.
#[derive(Debug)]
pub struct Provider {
    /// Its id.
    pub id: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// Where it is; `None` for the demo provider.
    pub address: Option<Address>,
    /// How paths below the address are made.
    pub addressing: Addressing,
    /// In what it differs from its protocol.
    pub quirks: Quirks,
    /// The pool of keys, lowest priority first.
    pub keys: Vec<PoolKey>,
    /// Headers added to each request, lower-case names, checked. Any value may be a secret.
    pub headers: Vec<(String, Secret)>,
    /// How long to wait.
    pub timeouts: ModelTimeouts,
    /// Whether it takes `stream_options`.
    pub stream_options: bool,
    /// The AWS region that requests are signed for; empty where none is.
    pub region: String,
    /// What becomes of an answer when the caller leaves before its end.
    pub on_abort: OnAbort,
    /// Whether it has the Responses API beside its protocol's own.
    pub responses: bool,
    /// Whether it is switched off.
    pub disabled: bool,
    /// What is known of its models, by id.
    pub models: HashMap<String, ModelFacts>,
    /// Overrides that hold for every model of it.
    pub any_model: PriceHistory,
    /// How it is asked whether it works.
    pub health_check: Option<Arc<HealthCheck>>,
}

impl Provider {
    /// What is spoken with it for a call of `model` by a caller of a dialect.
    #[must_use]
    pub fn format(&self, model: &str, inbound: Dialect) -> WireFormat {
        let only = || self.models.get(model).is_some_and(|facts| facts.responses_only);
        if self.responses && (inbound == Dialect::Responses || only()) {
            return WireFormat::Responses;
        }
        match self.protocol {
            Protocol::Vertex if is_claude(model) => WireFormat::Anthropic,
            Protocol::Vertex if model.starts_with("gemini") => WireFormat::Gemini,
            protocol => protocol.format(),
        }
    }

    /// The header that carries a key, and what stands before the key in it.
    #[must_use]
    pub fn auth_header(&self) -> (&str, &str) {
        let usual = match self.protocol {
            Protocol::Azure => "api-key",
            Protocol::Anthropic => "x-api-key",
            Protocol::Gemini => "x-goog-api-key",
            _ => "authorization",
        };
        let name = self.quirks.auth_header.as_deref().unwrap_or(usual);
        let prefix = if name.eq_ignore_ascii_case("authorization") { "Bearer " } else { "" };
        (name, self.quirks.auth_prefix.as_deref().unwrap_or(prefix))
    }

    /// Where it lists its models, below its address; `None` where it does not, or where nobody knows.
    #[must_use]
    pub fn models_path(&self) -> Option<String> {
        let format = self.protocol.format();
        let quirks = self.quirks(format);
        if self.protocol == Protocol::Vertex || quirks.endpoints.models == Some(false) {
            return None;
        }
        let path = quirks.path(format.models_path()?);
        Some(self.addressing.path(&Called { format, path, model: "", stream: false }))
    }

    /// The price of a model in force at a moment: of the overrides one for the model goes before one for `*`,
    /// and the catalogue holds where no override is in force.
    #[must_use]
    pub fn price(&self, model: &str, at: Micros) -> Option<&PriceRow> {
        let facts = self.models.get(model);
        let own = facts.and_then(|facts| facts.overrides.at(at));
        own.or_else(|| self.any_model.at(at)).or_else(|| facts.and_then(|facts| facts.listed.at(at)))
    }
}

/// What is known of a model at a provider.
#[derive(Clone, Debug, Default)]
pub struct ModelFacts {
    /// What it is for; `None` where the catalogue does not know it.
    pub modality: Option<Modality>,
    /// Tokens that fit into one request.
    pub context: Option<u64>,
    /// The most tokens it writes.
    pub max_output_tokens: Option<u64>,
    /// Whether it is there in the Responses API only.
    pub responses_only: bool,
    /// Whether its vendor is known to refuse it in legacy completions.
    pub chat_only: bool,
    /// What `Price` resources say that it costs, by date.
    pub overrides: PriceHistory,
    /// What the catalogue says that it costs, by date.
    pub listed: PriceHistory,
}

/// One key of a provider's pool.
#[derive(Debug)]
pub struct PoolKey {
    /// Its name within the pool.
    pub id: String,
    /// The key.
    pub secret: KeySecret,
    /// Another number for another secret: what was learnt of the old one does not hold for it.
    pub generation: u64,
    /// Share among keys of the same priority.
    pub weight: u32,
    /// Lower is tried first.
    pub priority: u32,
    /// The most requests within a minute.
    pub rpm: Option<u32>,
    /// The most tokens within a minute.
    pub tpm: Option<u64>,
    /// From when on it is not used any more.
    pub expires: Option<Micros>,
}

/// The name that callers use, and the targets behind it.
#[derive(Debug)]
pub struct ModelRoute {
    /// The name that callers use.
    pub name: String,
    /// The resource's id; for a directly addressed model its `provider/model`.
    pub id: String,
    /// Targets, lowest priority first.
    pub targets: Vec<Target>,
    /// The most attempts of one request.
    pub max_attempts: u32,
    /// What is tried again.
    pub retry_on: Vec<RetryOn>,
    /// How long a failing key or target is left alone, in milliseconds.
    pub cooldown_ms: u64,
    /// How one of several targets of the same priority is chosen.
    pub strategy: Strategy,
    /// What calls that belong together have in common.
    pub sticky: Option<Sticky>,
    /// When a target that keeps failing is left alone.
    pub breaker: Breaker,
    /// How much may be repeated.
    pub budget: RetryBudget,
    /// Whether a parameter that cannot be carried over is refused.
    pub strict: bool,
    /// Whether it is `provider/model` addressed directly.
    pub direct: bool,
    /// Which answers are kept.
    pub cache: Option<AnswerCache>,
    /// What becomes of calls that clash: idempotency and limits, and nothing else.
    pub conflict: Option<Arc<ConflictPolicy>>,
    /// Who gets a copy of some calls.
    pub shadows: Vec<ShadowTarget>,
}

/// A target that gets a copy of some calls.
#[derive(Debug)]
pub struct ShadowTarget {
    /// The share of the calls.
    pub percent: u32,
    /// The calls that it takes; `None` for all.
    pub when: Option<Box<When>>,
    /// A route to it alone.
    pub route: Arc<ModelRoute>,
}

impl ModelRoute {
    fn direct(name: &str, provider: &Arc<Provider>, model: &str) -> Self {
        let retry = crate::spec::Retry::default();
        Self {
            name: name.to_owned(),
            id: name.to_owned(),
            targets: vec![Target::new(provider, model)],
            max_attempts: retry.max_attempts,
            retry_on: retry.on,
            cooldown_ms: retry.cooldown_ms,
            strategy: Strategy::default(),
            sticky: None,
            breaker: Breaker::default(),
            budget: retry.budget,
            strict: false,
            direct: true,
            cache: None,
            conflict: None,
            shadows: Vec::new(),
        }
    }

    /// A route to one target of this one alone, which is tried once; with the same rules for what fails.
    #[must_use]
    pub fn alone(&self, target: Target) -> Self {
        Self {
            // No caller can write such a name, and no two targets have the same.
            name: format!("{} {}/{}", self.name, target.provider.id, target.model),
            id: self.id.clone(),
            targets: vec![target],
            max_attempts: 1,
            retry_on: Vec::new(),
            cooldown_ms: self.cooldown_ms,
            strategy: Strategy::default(),
            sticky: None,
            breaker: self.breaker,
            budget: self.budget,
            strict: self.strict,
            direct: true,
            cache: None,
            conflict: None,
            shadows: Vec::new(),
        }
    }
}

/// One target of a model route.
#[derive(Debug)]
pub struct Target {
    /// The provider.
    pub provider: Arc<Provider>,
    /// The model's id at that provider.
    pub model: String,
    /// Lower is tried first.
    pub priority: u32,
    /// Share among targets of the same priority.
    pub weight: u32,
    /// The calls that it takes; `None` for all.
    pub when: Option<Box<When>>,
    /// Whether it is on trial, and for which share of the calls.
    pub canary: Option<Canary>,
    /// How long to wait: the provider's limits, or the route's in their place.
    pub timeouts: ModelTimeouts,
    /// How it is asked whether it works: its own check, or the provider's.
    pub health_check: Option<Arc<HealthCheck>>,
}

impl Target {
    /// A target that takes every call, with its provider's time limits.
    #[must_use]
    pub fn new(provider: &Arc<Provider>, model: &str) -> Self {
        Self {
            provider: Arc::clone(provider),
            model: model.to_owned(),
            priority: 0,
            weight: 1,
            when: None,
            canary: None,
            timeouts: provider.timeouts,
            health_check: provider.health_check.clone(),
        }
    }

    /// Tokens that fit into one request, where known.
    #[must_use]
    pub fn context(&self) -> Option<u64> {
        self.provider.models.get(&self.model).and_then(|facts| facts.context)
    }

    /// What is spoken with the provider for a caller of a dialect.
    #[must_use]
    pub fn format(&self, inbound: Dialect) -> WireFormat {
        self.provider.format(&self.model, inbound)
    }

    /// The most tokens the model writes, where known.
    #[must_use]
    pub fn max_output_tokens(&self) -> Option<u64> {
        self.provider.models.get(&self.model).and_then(|facts| facts.max_output_tokens)
    }
}
