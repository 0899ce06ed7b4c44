//! What can be called, and what is known of vendors before anybody configures them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use weir_domain::catalog::{CatalogModel, CatalogProvider, Modality};
use weir_domain::price::PerMillion;
use weir_domain::resource::{Kind, Stored};
use weir_domain::spec::{self, Spec};
use weir_domain::time;

use super::App;
use crate::error::Error;
use crate::store::ResourceRow;

/// Something that callers may name as `model`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct CallableModel {
    /// The name to call: a model route's, or `provider/model`.
    pub(crate) id: String,
    /// `route` or `direct`.
    pub(crate) kind: String,
    /// The provider; of a route, the one tried first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// The model at that provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// What the route is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    /// What it is for; absent when the catalogue does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) modality: Option<Modality>,
    /// Tokens that fit into one request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<u64>,
    /// The most tokens it writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_output_tokens: Option<u64>,
    /// What it costs now; absent when unknown, which is not free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) price: Option<PerMillion>,
}

/// Everything that could be called.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Models {
    /// Model routes first, then models addressed directly.
    pub(crate) items: Vec<CallableModel>,
}

/// Providers, prices and routes as they are stored.
struct Known {
    providers: Vec<(String, spec::Provider)>,
    prices: Vec<spec::Price>,
    routes: Vec<(String, spec::ModelRoute)>,
}

impl App {
    /// What can be called: model routes, and the models that providers declare or the catalogue knows.
    pub(crate) async fn models(&self) -> Result<Models, Error> {
        let mut known = Known { providers: Vec::new(), prices: Vec::new(), routes: Vec::new() };
        for row in self.db.configuration().await? {
            known.add(&row)?;
        }
        if !known.providers.iter().any(|(id, _)| id == "demo")
            && let Ok(Spec::Provider(demo)) =
                Spec::from_value(Kind::Provider, "demo", &serde_json::json!({"protocol": "demo"}))
        {
            known.providers.push(("demo".to_owned(), demo));
        }
        let mut items: Vec<CallableModel> =
            known.routes.iter().map(|(id, route)| self.route(id, route, &known)).collect();
        for (id, provider) in known.providers.iter().filter(|(_, p)| !p.disabled) {
            for model in self.models_of(provider) {
                items.push(self.direct(id, &model, &known));
            }
        }
        Ok(Models { items })
    }

    /// Ids of the models that are known of a provider.
    pub(crate) fn models_of(&self, provider: &spec::Provider) -> Vec<String> {
        let listed = self.entry(provider).into_iter().flat_map(|e| e.models.keys().cloned());
        let mut all: Vec<String> = listed.chain(provider.models.iter().map(|m| m.id.clone())).collect();
        all.sort();
        all.dedup();
        all
    }

    fn entry(&self, provider: &spec::Provider) -> Option<&CatalogProvider> {
        self.catalog.vendor_of(provider).map(|(_, entry)| entry)
    }

    fn route(&self, id: &str, route: &spec::ModelRoute, known: &Known) -> CallableModel {
        let first = route.targets.iter().min_by_key(|t| t.priority);
        let facts = first.map(|t| self.direct(&t.provider, &t.model, known));
        CallableModel {
            id: route.model.clone().unwrap_or_else(|| id.to_owned()),
            kind: "route".to_owned(),
            provider: first.map(|t| t.provider.clone()),
            model: first.map(|t| t.model.clone()),
            description: route.description.clone(),
            modality: facts.as_ref().and_then(|f| f.modality),
            context: facts.as_ref().and_then(|f| f.context),
            max_output_tokens: facts.as_ref().and_then(|f| f.max_output_tokens),
            price: facts.and_then(|f| f.price),
        }
    }

    fn direct(&self, provider: &str, model: &str, known: &Known) -> CallableModel {
        let spec = known.providers.iter().find(|(id, _)| id == provider).map(|(_, p)| p);
        let listed = spec.and_then(|p| self.entry(p)).and_then(|e| e.models.get(model));
        let declared = spec.and_then(|p| p.models.iter().find(|m| m.id == model));
        CallableModel {
            id: format!("{provider}/{model}"),
            kind: "direct".to_owned(),
            provider: Some(provider.to_owned()),
            model: Some(model.to_owned()),
            description: String::new(),
            modality: listed.map(|l| l.modality),
            context: declared.and_then(|d| d.context).or(listed.and_then(|l| l.context)),
            max_output_tokens: declared.and_then(|d| d.max_output_tokens).or(listed.and_then(|l| l.max_output_tokens)),
            price: known.price(provider, model, listed),
        }
    }
}

impl Known {
    fn add(&mut self, row: &ResourceRow) -> Result<(), Error> {
        let Stored { resource, .. } = row.parse()?;
        match resource.spec {
            Spec::Provider(provider) => self.providers.push((resource.id, provider)),
            Spec::Price(price) => self.prices.push(price),
            Spec::ModelRoute(route) => self.routes.push((resource.id, route)),
            _ => {}
        }
        Ok(())
    }

    /// The price in force now, by the rule that the data plane bills by: overrides of the model, then those of
    /// every model, then the catalogue.
    fn price(&self, provider: &str, model: &str, listed: Option<&CatalogModel>) -> Option<PerMillion> {
        let now = time::now();
        let overrides = |name: &str| {
            let rows = self.prices.iter().filter(|p| p.provider == provider && p.model == name);
            rows.map(|p| (begin(p.effective_from.as_deref()), PerMillion::clone(&p.per_million))).collect::<Vec<_>>()
        };
        let listed = || {
            let rows = listed.into_iter().flat_map(|l| &l.prices);
            rows.map(|p| (begin(Some(&p.effective_from)), p.per_million.clone())).collect::<Vec<_>>()
        };
        let own = latest(overrides(model), now).or_else(|| latest(overrides("*"), now));
        own.or_else(|| latest(listed(), now))
    }
}

fn begin(date: Option<&str>) -> i64 {
    date.map_or(i64::MIN, |d| time::parse_date(d).unwrap_or(i64::MAX))
}

fn latest(rows: Vec<(i64, PerMillion)>, now: i64) -> Option<PerMillion> {
    rows.into_iter().filter(|(from, _)| *from <= now).max_by_key(|(from, _)| *from).map(|(_, price)| price)
}

/// Ids of a `GET /models` answer: `{"data": [{"id": …}]}`, of Google's `{"models": [{"name": "models/…"}]}`.
pub(crate) fn ids_of(answer: &Value) -> Vec<String> {
    let items = |list: &str, id: &str| -> Vec<String> {
        let items = answer.get(list).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|m| m.get(id).and_then(Value::as_str)).map(str::to_owned).collect()
    };
    let mut ids = items("data", "id");
    ids.extend(items("models", "name"));
    ids.into_iter().map(|id| id.strip_prefix("models/").map_or(id.clone(), str::to_owned)).collect()
}
