//! Declarative configuration: what plan and apply take and return.

use serde::Serialize;
use utoipa::ToSchema;
use weir_domain::fault::Faults;
use weir_domain::resource::Kind;

/// YAML text, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The documents.
    pub yaml: &'a str,
    /// The file's name for faults (`weir.yaml:12`); empty when there is none.
    pub name: &'a str,
    /// Whether resources that stand in the store but not in the text are removed (API keys and the
    /// default team never are).
    pub prune: bool,
}

/// What a change does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is new.
    Create,
    /// It is there and differs.
    Update,
    /// It goes.
    Delete,
}

/// One field that differs; secrets stand as `sealed:<fingerprint>`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FieldDiff {
    /// Its path, such as `spec.targets[0].weight`.
    pub path: String,
    /// What it was; absent when it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<serde_json::Value>,
    /// What it becomes; absent when it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<serde_json::Value>,
}

/// One resource that changes.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Change {
    /// What happens to it.
    pub action: Action,
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// Field by field.
    pub diff: Vec<FieldDiff>,
}

/// What an apply would do, and the revision it was computed on.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Plan {
    /// The store's revision; give it back to apply.
    pub base: i64,
    /// What would change, in dependency order. Resources that stay as they are, are left out.
    pub changes: Vec<Change>,
}

/// What an apply did.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ApplyReport {
    /// The store's revision now.
    pub revision: i64,
    /// What changed.
    pub changes: Vec<Change>,
}

/// Why a plan or an apply was refused. Nothing of it went live.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text or the configuration it describes has faults, all of them listed.
    #[error("{0}")]
    Faults(Faults),
    /// The store has moved on since the plan; this is what the apply would do now.
    #[error("the configuration changed since revision {yours} (it is {} now); plan again", plan.base)]
    Stale {
        /// The revision that the caller planned on.
        yours: i64,
        /// What the same text would change now.
        plan: Plan,
    },
    /// A refusal for another reason, as a sentence.
    #[error("{0}")]
    Refused(String),
    /// The store failed.
    #[error("the database did not answer: {0}")]
    Store(String),
}
