//! The built-in catalogue: known providers and models, with their limits and dated prices, as data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::price::PerMillion;
use crate::spec::Protocol;

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

#[cfg(test)]
mod tests {
    use super::*;

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
