//! The models of a catalogue entry, read when they are first asked for.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::CatalogModel;

/// Models by id. Those of the built-in catalogue lie in the binary as JSON until somebody looks.
#[derive(Clone, Debug, Default)]
pub struct CatalogModels {
    unread: &'static str,
    read: OnceLock<BTreeMap<String, CatalogModel>>,
}

impl CatalogModels {
    /// Models that are read on demand.
    pub(super) fn unread(json: &'static str) -> Self {
        Self { unread: json, read: OnceLock::new() }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.is_empty()
    }

    /// A copy of the models that nothing keeps: for those who look at every provider once, and not for long.
    ///
    /// # Errors
    /// A sentence when what is built in is malformed, which a test rules out.
    pub fn read(&self) -> Result<BTreeMap<String, CatalogModel>, String> {
        if let Some(models) = self.read.get() {
            return Ok(models.clone());
        }
        if self.unread.is_empty() {
            return Ok(BTreeMap::new());
        }
        serde_json::from_str(self.unread).map_err(|e| e.to_string())
    }
}

impl From<BTreeMap<String, CatalogModel>> for CatalogModels {
    fn from(models: BTreeMap<String, CatalogModel>) -> Self {
        Self { unread: "", read: OnceLock::from(models) }
    }
}

/// Reads them, once, and keeps them.
impl Deref for CatalogModels {
    type Target = BTreeMap<String, CatalogModel>;

    fn deref(&self) -> &Self::Target {
        self.read.get_or_init(|| self.read().unwrap_or_default())
    }
}

impl PartialEq for CatalogModels {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for CatalogModels {}

impl Serialize for CatalogModels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CatalogModels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self::from)
    }
}
