//! API keys of applications: made here, shown once, revoked for good.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_domain::credential::{self, ENTROPY, KeyHash};
use weir_domain::resource::{DEFAULT_TEAM, Kind, Resource, Stored};
use weir_domain::secret::Secret;
use weir_domain::spec::{ApiKey, Spec};

use super::App;
use super::actor::Actor;
use super::change::{Edit, Matches, Order};
use crate::crypto;
use crate::error::Error;

/// What a new key is to be.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewKey {
    /// What it is for, for people.
    pub(crate) name: String,
    /// When it stops working, RFC 3339. Absent: never.
    pub(crate) expires_at: Option<String>,
    /// Narrows the application's models.
    pub(crate) models: Option<Vec<String>>,
    /// Narrows the application's services.
    pub(crate) services: Option<Vec<String>>,
    /// Narrows the providers whose own API the application may call.
    pub(crate) providers: Option<Vec<String>>,
}

impl App {
    /// Makes a key. Its id and hash are made here, whatever `spec` says of them.
    pub(crate) async fn make_key(&self, mut spec: ApiKey, actor: &Actor) -> Result<(Secret, Stored), Error> {
        if self.db.resource(Kind::Application, &spec.application).await?.is_none() {
            return Err(Error::no_resource(Kind::Application, &spec.application));
        }
        let key = credential::generate(&crypto::random::<ENTROPY>()?);
        let id = credential::public_id(&key).unwrap_or_default().to_owned();
        (spec.hash, spec.secret, spec.revoked) = (KeyHash::of(&key).to_hex(), None, false);
        let resource = Resource { id, team: DEFAULT_TEAM.to_owned(), spec: Spec::ApiKey(spec) };
        let done = self.change(Order::one(Edit::Create(resource), actor, false)).await?.only()?;
        let stored = done.after.ok_or_else(|| Error::Internal("a key was made and is not there".to_owned()))?;
        let key = Secret::new(key).ok_or_else(|| Error::Internal("an empty key".to_owned()))?;
        Ok((key, stored))
    }

    /// Revokes a key. Doing so again changes nothing.
    pub(crate) async fn revoke_key(&self, id: &str, actor: &Actor, dry_run: bool) -> Result<Stored, Error> {
        let row = self.db.resource(Kind::ApiKey, id).await?.ok_or_else(|| Error::no_resource(Kind::ApiKey, id))?;
        let mut resource = row.parse()?.resource;
        if let Spec::ApiKey(key) = &mut resource.spec {
            key.revoked = true;
        }
        let edit = Edit::Replace(resource, Matches::Any);
        let done = self.change(Order::one(edit, actor, dry_run)).await?.only()?;
        done.after.ok_or_else(|| Error::Internal("a key was revoked and is not there".to_owned()))
    }
}
