//! A resource: anything that people configure, in the one envelope that every kind shares.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::name;
use crate::spec::Spec;
use crate::time::Micros;

/// The kinds of resources. Order matters: a kind may refer only to kinds before it (and itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Kind {
    /// A group of people who own resources.
    Team,
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
    pub const ALL: [Self; 9] = [
        Self::Team,
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
    /// One fault for the first thing that keeps the document from being read.
    pub fn from_document(document: &Value) -> Result<Self, Fault> {
        let bare = |field: &str, problem: String| Fault {
            file: None,
            resource: String::new(),
            field: field.to_owned(),
            problem,
        };
        let Value::Object(fields) = document else {
            return Err(bare("", "a resource is a mapping with kind, id, team and spec".to_owned()));
        };
        if let Some(unknown) = fields.keys().find(|k| !matches!(k.as_str(), "kind" | "id" | "team" | "spec")) {
            return Err(bare(unknown, "unknown field; a resource has kind, id, team and spec".to_owned()));
        }
        let text = |field: &str| match fields.get(field) {
            None => Ok(None),
            Some(Value::String(s)) => Ok(Some(s.as_str())),
            Some(other) => Err(bare(field, format!("must be a string, not {other}"))),
        };
        let kind: Kind = text("kind")?
            .ok_or_else(|| bare("kind", "missing; for example kind: Provider".to_owned()))?
            .parse()
            .map_err(|e| bare("kind", e))?;
        let id = text("id")?.ok_or_else(|| bare("id", format!("missing; {}", name::ID_RULE)))?;
        let team = text("team")?.unwrap_or(DEFAULT_TEAM);
        let empty = Value::Object(serde_json::Map::new());
        let spec = Spec::from_value(kind, id, fields.get("spec").unwrap_or(&empty))?;
        let resource = Self { id: id.to_owned(), team: team.to_owned(), spec };
        match resource.check_names() {
            Some(fault) => Err(fault),
            None => Ok(resource),
        }
    }

    /// The fault in its id or team, if there is one.
    #[must_use]
    pub fn check_names(&self) -> Option<Fault> {
        let fault = |field: &str, value: &str| {
            Some(Fault::new(self.kind(), &self.id, field, format!("{value:?} is not an id; {}", name::ID_RULE)))
        };
        if !name::is_id(&self.id) {
            return fault("id", &self.id);
        }
        if !name::is_id(&self.team) {
            return fault("team", &self.team);
        }
        None
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
