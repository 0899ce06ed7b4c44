//! Who may do what: the one table of roles, scopes and permissions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that a caller may be allowed to do. Each endpoint asks for exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Permission {
    /// Read resources, their history, models, the catalogue and exports.
    ReadConfig,
    /// Change resources, and plan changes (which looks up the variables and files that they name).
    WriteConfig,
    /// Read usage and the request log.
    ReadUsage,
    /// Read what requests and answers held, where their team keeps that, and erase it.
    ReadBodies,
    /// Read the audit trail.
    ReadAudit,
    /// Make and remove admin tokens and people, and change what people may do.
    ManageAccess,
    /// Spend money: test providers, use the playground.
    CallModels,
}

/// What a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// May do everything.
    Owner,
    /// May look at everything but the audit trail, the tokens, the people, and what requests and answers held.
    Viewer,
}

/// What an admin token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// Everything.
    Admin,
    /// Reading and changing resources, for pipelines that apply configuration: no tokens, no calls of models,
    /// no audit trail.
    Config,
    /// Reading resources and usage.
    Read,
    /// Reading usage and the request log only.
    Ledger,
}

const ALL: &[Permission] = &[
    Permission::ReadConfig,
    Permission::WriteConfig,
    Permission::ReadUsage,
    Permission::ReadBodies,
    Permission::ReadAudit,
    Permission::ManageAccess,
    Permission::CallModels,
];
const CONFIG: &[Permission] = &[Permission::ReadConfig, Permission::WriteConfig];
const LOOK: &[Permission] = &[Permission::ReadConfig, Permission::ReadUsage];
const LEDGER: &[Permission] = &[Permission::ReadUsage];

impl Role {
    /// The name in the store and in answers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Viewer => "viewer",
        }
    }

    /// The role with this name; one that is unknown may nothing but look.
    pub(crate) fn from_stored(name: &str) -> Self {
        if name == Self::Owner.as_str() { Self::Owner } else { Self::Viewer }
    }

    /// What it may do.
    pub(crate) fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Owner => ALL,
            Self::Viewer => LOOK,
        }
    }
}

impl Scope {
    /// Every scope.
    pub(crate) const ALL: [Self; 4] = [Self::Admin, Self::Config, Self::Read, Self::Ledger];

    /// The name in the store and in answers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Config => "config",
            Self::Read => "read",
            Self::Ledger => "ledger",
        }
    }

    /// What it may do.
    pub(crate) fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Admin => ALL,
            Self::Config => CONFIG,
            Self::Read => LOOK,
            Self::Ledger => LEDGER,
        }
    }
}

/// What the scopes of a stored token may do, all together; unknown scopes may nothing.
pub(crate) fn of_scopes(stored: &str) -> Vec<Permission> {
    let scopes = Scope::ALL.into_iter().filter(|s| stored.split(' ').any(|name| name == s.as_str()));
    let mut all: Vec<Permission> = scopes.flat_map(|s| s.permissions()).copied().collect();
    all.dedup();
    all
}
