//! A resource: anything that people configure, in the one envelope that every kind shares.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::draft::Draft;
use crate::fault::{Fault, Faults};
use crate::name;
use crate::spec::Spec;
use crate::time::Micros;

/// The kinds of resources. Order matters: a kind may refer only to kinds before it (and itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Kind {
    /// A group of people who own resources.
    Team,
    /// Where leases, locks, keys and permits of conflict policies are held.
    ConflictStore,
    /// A policy of conflicts that services and routes inherit from.
    ConflictPolicy,
    /// A vendor of models, with its address and pool of keys.
    Provider,
    /// What a model costs, from a date on.
    Price,
    /// The name that callers use for a model, and the targets behind it.
    ModelRoute,
    /// A set of servers that a REST API is forwarded to.
    Upstream,
    /// A REST API: routes under one roof.
    Service,
    /// One path and its methods within a service.
    Route,
    /// A program that calls APIs, and what it may call.
    Application,
    /// A credential of an application.
    ApiKey,
}

impl Kind {
    /// Every kind, in dependency order.
    pub const ALL: [Self; 11] = [
        Self::Team,
        Self::ConflictStore,
        Self::ConflictPolicy,
        Self::Provider,
        Self::Price,
        Self::ModelRoute,
        Self::Upstream,
        Self::Service,
        Self::Route,
        Self::Application,
        Self::ApiKey,
    ];

    /// The name as it stands in YAML and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Team => "Team",
            Self::ConflictStore => "ConflictStore",
            Self::ConflictPolicy => "ConflictPolicy",
            Self::Provider => "Provider",
            Self::Price => "Price",
            Self::ModelRoute => "ModelRoute",
            Self::Upstream => "Upstream",
            Self::Service => "Service",
            Self::Route => "Route",
            Self::Application => "Application",
            Self::ApiKey => "ApiKey",
        }
    }

    /// The plural that stands in admin API addresses, such as `model-routes`.
    #[must_use]
    pub fn collection(self) -> &'static str {
        match self {
            Self::Team => "teams",
            Self::ConflictStore => "conflict-stores",
            Self::ConflictPolicy => "conflict-policies",
            Self::Provider => "providers",
            Self::Price => "prices",
            Self::ModelRoute => "model-routes",
            Self::Upstream => "upstreams",
            Self::Service => "services",
            Self::Route => "routes",
            Self::Application => "applications",
            Self::ApiKey => "api-keys",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|k| k.as_str() == text || k.collection() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("{text:?} is not a kind; the kinds are {known}")
        })
    }
}

/// The team that owns what no other team is named for. It exists from the first start on.
pub const DEFAULT_TEAM: &str = "default";

/// A resource as it stands in a file, in the store and in the admin API.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resource {
    /// Its id, unique within its kind.
    pub id: String,
    /// The team that owns it.
    pub team: String,
    /// Its content, which also says its kind.
    #[serde(flatten)]
    pub spec: Spec,
}

impl Resource {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.spec.kind()
    }

    /// `Kind/id`, as faults and log lines name it.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.kind(), self.id)
    }

    /// Reads a resource from a document `{kind, id, team?, spec}`; unknown fields are faults.
    ///
    /// # Errors
    /// Everything that keeps the document from being read, see [`Draft`].
    pub fn from_document(document: &Value) -> Result<Self, Faults> {
        let draft = Draft::of_document(document);
        match draft.resources.into_iter().next() {
            Some(resource) if draft.faults.is_empty() => Ok(resource),
            _ => Err(Faults(draft.faults)),
        }
    }

    /// The faults in its id and team.
    #[must_use]
    pub fn check_names(&self) -> Vec<Fault> {
        let names = [("id", &self.id), ("team", &self.team)].into_iter().filter(|(_, value)| !name::is_id(value));
        names
            .map(|(field, value)| {
                Fault::new(self.kind(), &self.id, field, format!("{value:?} is not an id; {}", name::ID_RULE))
            })
            .collect()
    }
}

/// A resource together with what the store knows about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stored {
    /// The resource itself.
    #[serde(flatten)]
    pub resource: Resource,
    /// Counts up by one with each change; the entity tag is made of it.
    pub version: i64,
    /// When it was first made.
    pub created_at: Micros,
    /// When it was last changed.
    pub updated_at: Micros,
    /// Who changed it last: `user:…`, `token:…`, `cli` or `file:…`.
    pub updated_by: String,
}
