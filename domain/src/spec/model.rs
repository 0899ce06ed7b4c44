//! Models: who provides them, what callers call them, and what they cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::routing::{Breaker, Canary, Retry, RouteTimeouts, Shadow, Sticky, Strategy, When};
use super::{AnswerCache, ConflictSetting, HealthCheck};
use crate::absent::is_default;
use crate::dialect::WireFormat;
use crate::price::{ContextTier, Multipliers, PerMillion, PerUnit, TierPrice, Written};
use crate::quirks::Quirks;
use crate::secret::{SecretForm, SecretRef};
use crate::usage::ServiceTier;

/// What a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// OpenAI chat completions, also spoken by most other vendors and by local servers.
    Openai,
    /// Anthropic messages.
    Anthropic,
    /// Google's Gemini API: `generateContent`.
    Gemini,
    /// Cohere, version 2: chat, embed and rerank. Its `base_url` ends before the version: `https://api.cohere.com`.
    Cohere,
    /// Ollama's own API; asks for no key. Its `base_url` ends before `/api`: `http://localhost:11434`.
    Ollama,
    /// Amazon Bedrock Converse. A key is a Bedrock API key, or JSON with an AWS access key:
    /// `{"access_key_id": …, "secret_access_key": …, "session_token": …}`.
    Bedrock,
    /// Azure OpenAI: OpenAI's formats under deployments, or its v1 API.
    Azure,
    /// Google Vertex AI: the format is the model's, the credential a service account.
    Vertex,
    /// The provider inside Weir: deterministic answers with no network and no key.
    Demo,
}

impl Protocol {
    /// Whether only one vendor speaks it, wherever its address is.
    #[must_use]
    pub fn is_one_vendors(self) -> bool {
        matches!(self, Self::Demo | Self::Azure | Self::Vertex | Self::Bedrock)
    }

    /// What goes over the wire where the model does not decide; the demo provider reads OpenAI's.
    #[must_use]
    pub fn format(self) -> WireFormat {
        match self {
            Self::Openai | Self::Azure | Self::Vertex | Self::Demo => WireFormat::Openai,
            Self::Anthropic => WireFormat::Anthropic,
            Self::Gemini => WireFormat::Gemini,
            Self::Cohere => WireFormat::Cohere,
            Self::Ollama => WireFormat::Ollama,
            Self::Bedrock => WireFormat::Bedrock,
        }
    }

    /// What is done with an answer whose caller leaves, where the operator does not say: AWS bills what a model would
    /// have written, so only reading it to its end tells the cost; others stop with the connection.
    #[must_use]
    pub fn on_abort(self) -> OnAbort {
        match self {
            Self::Bedrock => OnAbort::Drain,
            _ => OnAbort::Cut,
        }
    }
}

/// What becomes of a provider's answer when the caller leaves before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnAbort {
    /// The connection to the provider is closed, which stops the model, and with it the bill.
    Cut,
    /// It is read on to its end, within bounds of time and size, for the usage that is billed in any case.
    Drain,
}

/// A vendor of models: its address, what it speaks, and a pool of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its name, for people.
    #[serde(default, skip_serializing_if = "is_default")]
    pub name: String,
    /// What it speaks. Absent: what the entry named by `catalog` speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The address that paths such as `/chat/completions` are added to, for example
    /// `https://api.openai.com/v1`; for `azure` that of the resource, such as `https://name.openai.azure.com`. Absent:
    /// the catalogue entry's; for `vertex` and `bedrock` that of the location or region. Not needed for `demo`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub base_url: String,
    /// The AWS region of `bedrock`, such as `eu-central-1`. Absent: the one in the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The vendor: the catalogue entry whose models, limits, list prices and quirks hold for it, and whose protocol and
    /// address it has unless others are given. Absent: the one whose protocol and address these are; at any other
    /// address prices are unknown until they are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    /// `azure`: the API version, such as `2024-10-21`. Absent: the v1 API, which needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// `azure`: deployments by model, for those that are not called like their model.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deployments: BTreeMap<String, String>,
    /// `vertex`: the project's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// `vertex`: the region, such as `europe-west1`, or `global` (the default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Where tokens are fetched for keys that are credentials of Entra or of a service account. Absent: the vendor's
    /// own address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// In what it differs from the protocol; in the place of the catalogue entry's quirks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quirks: Option<Quirks>,
    /// The pool of keys, tried by priority, then by weight. May be empty for a server that asks for none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keys: Vec<ProviderKey>,
    /// Models known at this provider. Others can be called too; these are listed and have their limits known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub models: Vec<ModelDeclaration>,
    /// Headers added to each request, such as a project id. A value is plain text, or a secret by `env:` or `file:`;
    /// where the header's name speaks of a credential (auth, token, key, secret, password, cookie, …), text is kept
    /// as a secret too: encrypted at rest and never returned.
    #[serde(default, skip_serializing_if = "is_default")]
    pub headers: BTreeMap<String, SecretRef>,
    /// How long to wait for it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timeouts: ModelTimeouts,
    /// Lets `base_url` lead to a loopback, private or link-local address, such as a local Ollama.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_private_address: bool,
    /// Lets keys and prompts go to a public address over `http://`, where everybody on the way can read them. Without,
    /// `http://` is for addresses that `allow_private_address` permits.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_plaintext: bool,
    /// Set when the server refuses `stream_options`; usage of streams is then estimated.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_stream_options: bool,
    /// What becomes of an answer when the caller leaves before its end. Absent: `drain` for `bedrock`, which bills it to
    /// the end in any case; `cut` for all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_abort: Option<OnAbort>,
    /// Whether a provider of OpenAI's protocol, or of Azure's, has the Responses API too (`POST {base_url}/responses`): who
    /// speaks it is then passed on as it is, and so are its stored responses and built-in tools. Absent: as is known of the
    /// vendor and of Azure's `api_version`; no for servers that are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responses: Option<bool>,
    /// Asks it in the background whether it works. Absent: only calls find out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<Box<HealthCheck>>,
    /// A disabled provider is never chosen.
    #[serde(default, skip_serializing_if = "is_default")]
    pub disabled: bool,
}

/// Words in the name of a header that holds a credential.
const CREDENTIAL_WORDS: [&str; 10] =
    ["auth", "token", "key", "secret", "passw", "cookie", "credential", "signature", "session", "bearer"];

impl Provider {
    /// Whether the value of a header is a secret: by its name, or because it refers to one.
    #[must_use]
    pub fn is_secret_header(name: &str, value: &SecretRef) -> bool {
        let name = name.to_ascii_lowercase();
        CREDENTIAL_WORDS.iter().any(|word| name.contains(word)) || !matches!(value.form(), SecretForm::Plain(_))
    }
}

/// One key of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderKey {
    /// Its name within the pool, shown in logs and metrics in place of the key.
    pub id: String,
    /// The key itself, by reference or in the clear; never returned. For `azure` also the JSON of an Entra application
    /// (`{"tenant_id", "client_id", "client_secret"}`), for `vertex` that of a service account: tokens are fetched
    /// with them.
    pub secret: SecretRef,
    /// Share among the keys of the same priority.
    #[serde(default = "one")]
    pub weight: u32,
    /// Lower is tried first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: u32,
    /// The most requests that it takes within a minute, over all models; a call that would be more uses another key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpm: Option<u32>,
    /// The most tokens within a minute: a call counts its estimated input at first, and what it consumed at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm: Option<u64>,
    /// From when on it is not used any more: a date such as `2026-01-31` (its midnight, UTC) or a moment in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// A model as a provider offers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelDeclaration {
    /// Its id at the provider, such as `gpt-4o`.
    pub id: String,
    /// Tokens that fit into one request, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// The most tokens it writes; the default of `max_tokens` where a dialect demands one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// Set when the model is there in the Responses API only: callers of every dialect are translated to that.
    #[serde(default, skip_serializing_if = "is_default")]
    pub responses_only: bool,
}

/// How long a model may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelTimeouts {
    /// TCP and TLS set-up.
    pub connect_ms: u64,
    /// From the request's end to the answer's first byte; for a stream, to its first content (text, reasoning, a tool
    /// call): comments and pings do not count.
    pub first_byte_ms: u64,
    /// Between two pieces of the answer.
    pub idle_ms: u64,
    /// The whole attempt.
    pub total_ms: u64,
}

impl Default for ModelTimeouts {
    fn default() -> Self {
        Self { connect_ms: 5_000, first_byte_ms: 120_000, idle_ms: 60_000, total_ms: 600_000 }
    }
}

/// The name that callers use for a model, and the targets behind it. The id is that name unless
/// `model` says another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelRoute {
    /// The name that callers use, where it differs from the id (capital letters, `:`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub description: String,
    /// Where a call may go (256 at most): lowest priority first, within a priority as `strategy` says.
    pub targets: Vec<ModelTarget>,
    /// How one of several targets of the same priority is chosen.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strategy: Strategy,
    /// What calls that belong together have in common; for `strategy: sticky`, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// Time limits in place of the providers'.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timeouts: RouteTimeouts,
    /// When a target that keeps failing is left alone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub breaker: Breaker,
    /// When to go on to the next target.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retry: Retry,
    /// Refuses a request with a parameter that the target cannot honour; otherwise the parameter is
    /// left out and named in `x-weir-dropped-params`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strict: bool,
    /// Gives an answer once more to who asks the very same. Absent: every call goes to a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<AnswerCache>,
    /// What becomes of calls that clash: `idempotency`, `concurrency` and `store`; the other parts are for REST
    /// routes, and nothing is inherited but from the `policy` that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ConflictSetting>,
}

/// One target of a model route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelTarget {
    /// The provider's id.
    pub provider: String,
    /// The model's id at that provider.
    pub model: String,
    /// Lower is tried first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: u32,
    /// Share among the targets of the same priority; 0 is used only when the others are down.
    #[serde(default = "one")]
    pub weight: u32,
    /// The calls that it takes; absent: all.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: When,
    /// Makes it a target on trial, for a share of the calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Makes it a shadow: it is never asked for an answer, but gets a copy of a share of the chats. Its `priority` and
    /// `weight` say nothing then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Shadow>,
    /// A health check of its own, in the place of its provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<Box<HealthCheck>>,
}

/// What a model costs from a date on. Of the rows for a model the one with the latest date that has begun is in
/// force; where none is, the same among the rows for `*`; where none is either, the built-in catalogue. No two rows
/// have the same provider, model and date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The provider's id.
    pub provider: String,
    /// The model's id at that provider, or `*` for every model of it.
    pub model: String,
    /// The first day on which it holds, UTC, such as `2026-01-31`. Absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Dollars for a million tokens, by bucket, as decimal strings. A bucket that is absent is priced as its base: cache
    /// and media input as `input` (the one-hour cache as the five-minute one, cached media as `cache_read`), reasoning and
    /// media output as `output`. What has no base either has no price: its cost is unknown, not 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub per_million: Box<PerMillion>,
    /// Rates of requests with much input.
    #[serde(default, skip_serializing_if = "is_default")]
    pub context_tiers: Vec<ContextTier>,
    /// What differs in a service tier other than `standard`: `priority`, `flex`, `batch`, `fast`, `ultrafast`. The cost in
    /// a tier that is absent is unknown.
    #[serde(default, skip_serializing_if = "is_default")]
    pub service_tiers: BTreeMap<ServiceTier, TierPrice>,
    /// Dollars for one of what is not tokens.
    #[serde(default, skip_serializing_if = "is_default")]
    pub per_unit: Box<PerUnit>,
    /// By what the cost of all tokens is multiplied, by region and speed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub multipliers: Box<Multipliers>,
    /// Where the price is published.
    #[serde(default, skip_serializing_if = "is_default")]
    pub source: String,
}

impl Price {
    /// All that it says of money.
    #[must_use]
    pub fn written(&self) -> Written<'_> {
        Written {
            per_million: &self.per_million,
            context_tiers: &self.context_tiers,
            service_tiers: &self.service_tiers,
            per_unit: &self.per_unit,
            multipliers: &self.multipliers,
        }
    }
}

fn one() -> u32 {
    1
}
