//! The built-in catalogue: known providers and models, with their limits and dated prices, as data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::price::PerMillion;
use crate::spec::{self, Protocol};

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
    /// Its address.
    #[serde(default)]
    pub base_url: String,
    /// The environment variable in which people usually keep its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// Its models by id.
    #[serde(default)]
    pub models: BTreeMap<String, CatalogModel>,
}

/// A model that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogModel {
    /// Tokens that fit into one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// The most tokens it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// What it costs, by date. Empty when unknown, which is not free.
    #[serde(default)]
    pub prices: Vec<CatalogPrice>,
}

/// A price from a date on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogPrice {
    /// The first day on which it holds, UTC.
    pub effective_from: String,
    /// Dollars for a million tokens, by bucket.
    pub per_million: PerMillion,
    /// The page it was read from.
    pub source: String,
}

impl Catalog {
    /// The entry whose models, limits and prices hold for a provider: the one that its spec names, else the one whose
    /// protocol and address it has. An id says nothing: what is called `openai` may be a server of one's own.
    #[must_use]
    pub fn vendor_of(&self, provider: &spec::Provider) -> Option<(&str, &CatalogProvider)> {
        let found = match &provider.catalog {
            Some(named) => self.providers.get_key_value(named),
            None => self.providers.iter().find(|(_, entry)| {
                entry.protocol == provider.protocol
                    && (entry.protocol == Protocol::Demo || is_same_address(&entry.base_url, &provider.base_url))
            }),
        };
        found.map(|(id, entry)| (id.as_str(), entry))
    }

    /// The catalogue compiled into the binary (the files in `catalog/`).
    ///
    /// # Errors
    /// A sentence when the data is malformed, which a test rules out for what is shipped.
    pub fn built_in() -> Result<Self, String> {
        let mut all = Self::default();
        for text in [include_str!("../../catalog/demo.yaml"), include_str!("../../catalog/vendors.yaml")] {
            let part: Self = crate::yaml::from_str(text)?;
            all.providers.extend(part.providers);
        }
        Ok(all)
    }
}

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
            for (model, known) in &entry.models {
                for price in &known.prices {
                    assert!(crate::price::Rates::compile(&price.per_million).is_ok(), "{provider}/{model}");
                    assert!(crate::time::parse_date(&price.effective_from).is_ok(), "{provider}/{model}");
                    assert!(!price.source.is_empty(), "{provider}/{model}");
                }
            }
        }
    }
}
