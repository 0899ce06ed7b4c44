//! The built-in catalogue: known providers and models, with their limits and dated prices, as data.

mod models;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::models::CatalogModels;
use crate::absent::is_default;
use crate::price::{ContextTier, Multipliers, PerMillion, PerUnit, PriceRow, Rates, TierPrice, Written};
use crate::quirks::Quirks;
use crate::spec::{self, Protocol};
use crate::usage::ServiceTier;

/// What Weir knows before anybody configures anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// Providers by id.
    pub providers: BTreeMap<String, CatalogProvider>,
}

/// A provider that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogProvider {
    /// Its name, for people.
    pub name: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// Its address; empty where it holds what is the customer's.
    #[serde(default)]
    pub base_url: String,
    /// The form of the address where it holds what is the customer's, such as
    /// `https://{account}.example.com/v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url_form: Option<String>,
    /// The environment variable in which people usually keep its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// In what it differs from its protocol.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quirks: Quirks,
    /// The page on which address, key and differences stand.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Its models by id.
    #[serde(default, skip_serializing_if = "CatalogModels::is_none")]
    #[schema(value_type = BTreeMap<String, CatalogModel>)]
    pub models: CatalogModels,
}

/// What a model is for: the operation that it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Chat, in any dialect.
    #[default]
    Chat,
    /// Chat, of a model that only the Responses API serves.
    Responses,
    /// Legacy text completion.
    Completion,
    /// Embeddings.
    Embedding,
    /// Rerank.
    Rerank,
    /// Making images.
    Image,
    /// Changing images.
    ImageEdit,
    /// Making videos.
    Video,
    /// Speech from text.
    AudioSpeech,
    /// Text from speech.
    AudioTranscription,
    /// Speech in both directions over one connection.
    Realtime,
    /// Moderation.
    Moderation,
    /// Text from pictures of pages.
    Ocr,
}

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Calls functions.
    Tools,
    /// Calls several at once.
    ParallelTools,
    /// Can be told which to call.
    ToolChoice,
    /// Answers in a JSON schema.
    JsonSchema,
    /// Thinks before it answers.
    Reasoning,
    /// Reads images.
    Vision,
    /// Reads PDF.
    Pdf,
    /// Hears.
    AudioIn,
    /// Speaks.
    AudioOut,
    /// Reads videos.
    VideoIn,
    /// Searches the web at the provider.
    WebSearch,
    /// Uses a computer.
    ComputerUse,
    /// Keeps prompts in a cache.
    PromptCaching,
    /// Goes on from the begin of its own answer.
    Prefill,
    /// Takes system messages.
    SystemMessages,
}

/// A model that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogModel {
    /// What it is for.
    pub modality: Modality,
    /// Tokens that fit into one request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// The most tokens it writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// What it can do. What is absent is not known of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub abilities: Vec<Ability>,
    /// The day on which the vendor withdraws it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated_on: Option<String>,
    /// What it costs, by date. Empty when unknown, which is not free.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<CatalogPrice>,
}

/// A price from a date on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogPrice {
    /// The first day on which it holds, UTC.
    pub effective_from: String,
    /// The page it was read from.
    pub source: String,
    /// Dollars for a million tokens, by bucket.
    #[serde(default, skip_serializing_if = "is_default")]
    pub per_million: PerMillion,
    /// Rates of requests with much input.
    #[serde(default, skip_serializing_if = "is_default")]
    pub context_tiers: Vec<ContextTier>,
    /// What differs in a service tier.
    #[serde(default, skip_serializing_if = "is_default")]
    pub service_tiers: BTreeMap<ServiceTier, TierPrice>,
    /// Dollars for one of what is not tokens.
    #[serde(default, skip_serializing_if = "is_default")]
    pub per_unit: PerUnit,
    /// By what the cost of tokens is multiplied.
    #[serde(default, skip_serializing_if = "is_default")]
    pub multipliers: Multipliers,
}

impl CatalogPrice {
    /// The row that bills by it.
    ///
    /// # Errors
    /// A sentence that names the field which is no price or no date.
    pub fn row(&self, id: &str) -> Result<PriceRow, String> {
        Ok(PriceRow {
            id: id.to_owned(),
            from: crate::time::parse_date(&self.effective_from)?,
            rates: Arc::new(Rates::compile(&self.written()).map_err(|fault| fault.to_string())?),
        })
    }

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

/// Where a provider's secrets go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// What is spoken there.
    pub protocol: Option<Protocol>,
    /// The provider's address; empty when there is none.
    pub base_url: String,
    /// Where its tokens are fetched, where that is not the vendor's own address.
    pub token_url: Option<String>,
}

impl Catalog {
    /// The entry whose models, limits and prices hold for a provider: the one that its spec names, else the one whose
    /// protocol and address it has. An id says nothing: what is called `openai` may be a server of one's own.
    #[must_use]
    pub fn vendor_of(&self, provider: &spec::Provider) -> Option<(&str, &CatalogProvider)> {
        let found = match &provider.catalog {
            Some(named) => self.providers.get_key_value(named),
            None => self.providers.iter().find(|(_, entry)| {
                Some(entry.protocol) == provider.protocol
                    && (entry.protocol.is_one_vendors() || is_same_address(&entry.base_url, &provider.base_url))
            }),
        };
        found.map(|(id, entry)| (id.as_str(), entry))
    }

    /// Where a provider's secrets go.
    #[must_use]
    pub fn destination(&self, provider: &spec::Provider) -> Destination {
        let entry = self.vendor_of(provider).map(|(_, entry)| entry);
        let protocol = provider.protocol.or_else(|| entry.map(|entry| entry.protocol));
        let base_url = protocol.map(|protocol| crate::compile::base_url(protocol, provider, entry));
        Destination { protocol, base_url: base_url.unwrap_or_default(), token_url: provider.token_url.clone() }
    }

    /// The catalogue compiled into the binary (the files in `catalog/`). Models are read where they are asked for, so that
    /// what nobody uses costs neither time nor memory.
    ///
    /// # Errors
    /// A sentence when the data is malformed, which a test rules out for what is shipped.
    pub fn built_in() -> Result<Self, String> {
        let mut all = Self::default();
        for (id, head, models) in BUILT_IN {
            let mut provider: CatalogProvider = serde_json::from_str(head).map_err(|e| format!("{id}: {e}"))?;
            provider.models = CatalogModels::unread(models);
            all.providers.insert((*id).to_owned(), provider);
        }
        Ok(all)
    }
}

// `BUILT_IN`: each provider's id, what is known of it, and its models, the latter two as JSON. Made of `catalog/` by
// build.rs.
include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// Whether two addresses lead to the same place: letters of the host, a default port and a last `/` do not matter.
fn is_same_address(one: &str, other: &str) -> bool {
    let normal = |text: &str| url::Url::parse(text).ok().map(|url| url.as_str().trim_end_matches('/').to_owned());
    normal(one).is_some_and(|one| normal(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(yaml: &str) -> spec::Provider {
        crate::yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn a_vendor_is_known_by_name_or_address_and_never_by_id() {
        let catalog = Catalog::built_in().unwrap();
        let vendor = |yaml: &str| catalog.vendor_of(&provider(yaml)).map(|(id, _)| id.to_owned());
        for (yaml, expected) in [
            ("{protocol: openai, base_url: 'https://api.openai.com/v1'}", Some("openai")),
            ("{protocol: openai, base_url: 'https://API.openai.com:443/v1/'}", Some("openai")),
            ("{protocol: anthropic, base_url: 'https://api.anthropic.com/v1'}", Some("anthropic")),
            ("{protocol: openai, base_url: 'https://proxy.example/v1', catalog: openai}", Some("openai")),
            ("{protocol: openai, base_url: 'https://api.openai.com/v1', catalog: gemini}", Some("gemini")),
            ("{protocol: demo}", Some("demo")),
            ("{protocol: openai, base_url: 'https://proxy.example/v1'}", None),
            ("{protocol: anthropic, base_url: 'https://api.openai.com/v1'}", None),
            ("{protocol: openai, base_url: 'http://api.openai.com/v1'}", None),
            ("{protocol: openai}", None),
            ("{protocol: azure, base_url: 'https://mine.openai.azure.com'}", Some("azure")),
            ("{protocol: vertex, project: p}", Some("vertex")),
            ("{protocol: bedrock, region: eu-central-1}", Some("bedrock")),
            ("{catalog: gemini}", Some("gemini")),
            ("{base_url: 'https://api.openai.com/v1'}", None),
            ("{protocol: openai, base_url: 'https://api.openai.com/v1', catalog: nobody}", None),
        ] {
            assert_eq!(vendor(yaml).as_deref(), expected, "{yaml}");
        }
    }

    #[test]
    fn the_built_in_catalogue_is_well_formed() {
        let catalog = Catalog::built_in().unwrap_or_default();
        assert!(catalog.providers.contains_key("demo") && catalog.providers.contains_key("openai"));
        for (provider, entry) in &catalog.providers {
            assert!(crate::name::is_id(provider), "{provider}");
            let models = entry.models.read().unwrap();
            for (model, known) in &models {
                for price in &known.prices {
                    let compiled = Rates::compile(&price.written());
                    assert!(compiled.is_ok(), "{provider}/{model}: {compiled:?}");
                    assert!(crate::time::parse_date(&price.effective_from).is_ok(), "{provider}/{model}");
                    assert!(!price.source.is_empty(), "{provider}/{model}");
                }
                let deprecated = known.deprecated_on.as_deref();
                assert!(deprecated.is_none_or(|day| crate::time::parse_date(day).is_ok()), "{provider}/{model}");
            }
        }
    }

    #[test]
    fn a_vendors_entry_is_all_that_a_provider_needs_and_its_quirks_can_be_sent() {
        let catalog = Catalog::built_in().unwrap();
        let mut addressed = 0;
        for (id, entry) in &catalog.providers {
            assert_eq!(entry.quirks.check(), Ok(()), "{id}");
            let strange = !entry.quirks.eq(&Quirks::NONE) || entry.base_url_form.is_some();
            assert!(!strange || entry.source.starts_with("https://"), "{id}: a difference without its source");
            assert!(entry.base_url.is_empty() || entry.base_url_form.is_none(), "{id}: an address and a form of one");
            let spec = provider(&format!("{{catalog: {id}, allow_private_address: true}}"));
            let destination = catalog.destination(&spec);
            assert_eq!(destination.protocol, Some(entry.protocol), "{id}");
            assert!(entry.base_url.is_empty() || destination.base_url == entry.base_url, "{id}");
            if !entry.base_url.is_empty() {
                let url = url::Url::parse(&entry.base_url).unwrap();
                assert!(url.scheme() == "https" || url.host_str() == Some("127.0.0.1"), "{id}");
                addressed += 1;
            }
        }
        assert!(addressed >= 60, "{addressed} vendors need no address of the customer's");
    }

    #[test]
    fn the_catalogue_knows_the_market() {
        let catalog = Catalog::built_in().unwrap();
        let counts: Vec<usize> = catalog.providers.values().map(|entry| entry.models.read().unwrap().len()).collect();
        let (providers, models) = (counts.iter().filter(|n| **n > 0).count(), counts.iter().sum::<usize>());
        assert!(providers >= 40 && models >= 1_500, "{providers} providers with {models} models");
    }
}
