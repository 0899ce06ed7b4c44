//! The catalogue: vendors and models that are known before anybody configures them, and a search over them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weir_domain::catalog::{Ability, CatalogModel, CatalogModels, CatalogProvider, Modality};

use super::App;
use super::cursor;
use super::resource::{Page, limit, page};
use crate::error::Error;

/// A vendor that is known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CatalogEntry {
    /// Its id in the catalogue.
    pub(crate) id: String,
    /// All that is known of it, without its models.
    #[serde(flatten)]
    pub(crate) provider: CatalogProvider,
    /// Ids of its models; `/catalog/models` says what is known of them.
    pub(crate) model_ids: Vec<String>,
}

/// Every vendor that is known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CatalogView {
    pub(crate) items: Vec<CatalogEntry>,
}

/// A model that is known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CatalogModelView {
    /// The catalogue's id of the provider.
    pub(crate) provider: String,
    /// The model's id at that provider.
    pub(crate) id: String,
    /// All that is known of it, its prices by date included.
    #[serde(flatten)]
    pub(crate) model: CatalogModel,
}

/// What the catalogue is searched for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct CatalogQuery {
    /// Words that the provider's id and the model's hold, in any order; letters of either case.
    pub(crate) search: Option<String>,
    /// Only models of this provider.
    pub(crate) provider: Option<String>,
    /// Only models for this, such as `embedding`.
    pub(crate) modality: Option<String>,
    /// Only models that can do all of these, such as `tools,vision`.
    pub(crate) ability: Option<String>,
    /// How many items, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// A query, checked.
struct Wanted {
    words: Vec<String>,
    provider: Option<String>,
    modality: Option<Modality>,
    abilities: Vec<Ability>,
}

impl CatalogQuery {
    fn wanted(&self) -> Result<Wanted, Error> {
        let given = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
        let modality = Some(given(&self.modality)).filter(|name| !name.is_empty());
        let abilities = given(&self.ability);
        let abilities = abilities.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Wanted {
            words: given(&self.search).to_lowercase().split_whitespace().map(str::to_owned).collect(),
            provider: Some(given(&self.provider)).filter(|id| !id.is_empty()),
            modality: modality.map(|name| one_of("modality", &name)).transpose()?,
            abilities: abilities.map(|name| one_of("ability", name)).collect::<Result<_, _>>()?,
        })
    }
}

/// A value of an enumeration by its name on the wire.
fn one_of<T: for<'de> Deserialize<'de>>(field: &str, name: &str) -> Result<T, Error> {
    serde_json::from_value(name.into()).map_err(|e| Error::BadRequest(format!("{field}: {e}")))
}

impl Wanted {
    fn fits(&self, provider: &str, id: &str, model: &CatalogModel) -> bool {
        let name = format!("{provider}/{id}").to_lowercase();
        self.modality.is_none_or(|modality| modality == model.modality)
            && self.abilities.iter().all(|ability| model.abilities.contains(ability))
            && self.words.iter().all(|word| name.contains(word.as_str()))
    }
}

impl App {
    /// What is known of vendors.
    pub(crate) fn catalog(&self) -> Result<CatalogView, Error> {
        let mut items = Vec::new();
        for (id, entry) in &self.catalog.providers {
            let model_ids = entry.models.read().map_err(Error::Internal)?.into_keys().collect();
            let provider = CatalogProvider { models: CatalogModels::default(), ..entry.clone() };
            items.push(CatalogEntry { id: id.clone(), provider, model_ids });
        }
        Ok(CatalogView { items })
    }

    /// A page of the models that are known, by provider and id.
    pub(crate) fn catalog_models(&self, query: &CatalogQuery) -> Result<Page<CatalogModelView>, Error> {
        let limit = limit(query.limit)?;
        let wanted = query.wanted()?;
        let [provider, model] = cursor::decode(query.cursor.as_deref(), ["", ""])?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
        let mut rows: Vec<(&str, String, CatalogModel)> = Vec::new();
        for (id, entry) in self.catalog.providers.range(provider.clone()..) {
            if wanted.provider.as_ref().is_some_and(|only| only != id) {
                continue;
            }
            // Not kept: a search looks at every provider once, and memory is for those that are used.
            let models = entry.models.read().map_err(Error::Internal)?;
            let behind = models.into_iter().filter(|(name, _)| *id != provider || *name > model);
            let fitting = behind.filter(|(name, known)| wanted.fits(id, name, known));
            rows.extend(fitting.take(most - rows.len()).map(|(name, known)| (id.as_str(), name, known)));
            if rows.len() >= most {
                break;
            }
        }
        page(
            &rows,
            limit,
            |(provider, id, _)| vec![(*provider).to_owned(), id.clone()],
            |(provider, id, model)| {
                Ok(CatalogModelView { provider: (*provider).to_owned(), id: id.clone(), model: model.clone() })
            },
        )
    }
}
