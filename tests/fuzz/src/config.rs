//! Any YAML file: read, compiled or refused with faults that name a field, in bounded time.

use weir_domain::catalog::Catalog;
use weir_domain::compile::{Input, compile};
use weir_domain::resource::Resource;
use weir_domain::secret::{ResolveSecret, Secret, SecretRef};
use weir_domain::yaml;

struct Nothing;

impl ResolveSecret for Nothing {
    fn resolve(&self, _: &SecretRef) -> Result<Secret, String> {
        Err("there are no secrets here".to_owned())
    }
}

/// The input is the file.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(documents) = yaml::documents(text) else { return };
    let mut resources = Vec::new();
    for document in &documents {
        match Resource::from_document(&document.value) {
            Ok(resource) => resources.push(resource),
            Err(faults) => assert!(!faults.0.is_empty() && faults.0.iter().all(|f| !f.problem.is_empty())),
        }
    }
    let catalog = Catalog::default();
    let input = Input { revision: 1, resources: &resources, secrets: &Nothing, catalog: &catalog };
    if let Err(faults) = compile(&input) {
        assert!(faults.0.iter().all(|f| !f.field.is_empty() && !f.problem.is_empty()));
    }
}
