//! The OpenAPI document of a route, as it is served now.

use serde_json::Value;
use weir_domain::compile::{self, Input};
use weir_domain::conflict_doc;
use weir_domain::resource::{Kind, Resource};
use weir_domain::secret::{ResolveSecret, Secret, SecretRef};
use weir_domain::spec::{Method, Spec};

use super::App;
use crate::error::Error;

/// The kinds that a route is made of.
const NEEDED: [Kind; 5] = [Kind::ConflictStore, Kind::ConflictPolicy, Kind::Upstream, Kind::Service, Kind::Route];

/// Looks nothing up: no secret is part of a document.
struct NoSecrets;

impl ResolveSecret for NoSecrets {
    fn resolve(&self, _: &SecretRef) -> Result<Secret, String> {
        Err("is not looked up here".to_owned())
    }

    fn looks_up(&self, _: &SecretRef) -> bool {
        false
    }
}

impl App {
    /// The document of the route with this id: its methods, its parameters, and what its conflict policy adds.
    pub(crate) async fn route_document(&self, id: &str) -> Result<Value, Error> {
        let rows = self.db.configuration().await?;
        let mut resources = Vec::new();
        for row in &rows {
            let resource = row.parse()?.resource;
            if NEEDED.contains(&resource.kind()) && (resource.kind() != Kind::Route || resource.id == id) {
                resources.push(resource);
            }
        }
        let input = Input { revision: 0, resources: &resources, secrets: &NoSecrets, catalog: &self.catalog };
        let route = compile::route(&input, id).map_err(Error::Invalid)?;
        let route = route.ok_or_else(|| Error::no_resource(Kind::Route, id))?;
        let (methods, hosts) = said(&resources, id, &route.service);
        Ok(conflict_doc::document(&route, methods, hosts))
    }
}

/// The methods of the route, and the hosts of its service.
fn said<'r>(resources: &'r [Resource], id: &str, service: &str) -> (&'r [Method], &'r [String]) {
    let (mut methods, mut hosts) = (&[][..], &[][..]);
    for resource in resources {
        match &resource.spec {
            Spec::Route(spec) if resource.id == id => methods = spec.methods.as_slice(),
            Spec::Service(spec) if resource.id == service => hosts = spec.hosts.as_slice(),
            _ => {}
        }
    }
    (methods, hosts)
}
