//! The first user: made once, with the token that the first start prints.

use serde::Deserialize;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use weir_domain::name;
use weir_domain::secret::Secret;
use weir_domain::time;

use super::App;
use super::actor::Actor;
use super::permission::Role;
use super::session::Begun;
use super::start::{SETUP_FILE, SETUP_META};
use super::user;
use crate::crypto;
use crate::error::Error;
use crate::store::{NewAudit, UserRow};

/// Who the first user is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstUser {
    /// The one-time token of the set-up link.
    pub(crate) token: String,
    /// The address to sign in with.
    pub(crate) email: String,
    /// The name, for people.
    pub(crate) name: String,
    /// The password; 10 to 512 bytes.
    #[schema(format = "password")]
    pub(crate) password: String,
}

impl App {
    /// Whether the first user is still to be made.
    pub(crate) async fn setup_needed(&self) -> Result<bool, Error> {
        Ok(self.db.no_users().await?)
    }

    /// Makes the first user and signs them in.
    pub(crate) async fn set_up(&self, first: FirstUser, actor: &Actor) -> Result<Begun, Error> {
        if !self.setup_needed().await? {
            return Err(Error::SetupDone);
        }
        let address = &actor.address;
        self.throttle
            .begin("set-up", address, std::time::Instant::now())
            .map_err(|wait| Error::Throttled(wait.as_secs().max(1)))?;
        let hash = crypto::sha256_hex(first.token.trim().as_bytes());
        let known = self.db.meta(SETUP_META).await?.unwrap_or_default();
        if known.is_empty() || !bool::from(known.as_bytes().ct_eq(hash.as_bytes())) {
            return Err(Error::Unauthenticated(
                "the set-up token is not the one that was printed; weir run prints the link at each start",
            ));
        }
        let (email, name) = user::named(&first.email, &first.name)?;
        let password = Secret::new(first.password).ok_or_else(|| Error::field("password", "is empty"))?;
        let password_hash = self.passwords.hash(password).await?;
        let role = Role::Owner.as_str().to_owned();
        let user =
            UserRow { id: name::new_id(), email, name, role, password_hash, created_at: time::now(), disabled: 0 };
        let mut tx = self.db.begin().await?;
        // Of two at once only one finds the token still there.
        if !tx.take_meta(SETUP_META, &hash).await? {
            tx.rollback().await?;
            return Err(Error::SetupDone);
        }
        if !tx.add_user(&user).await? {
            tx.rollback().await?;
            return Err(Error::SetupDone);
        }
        tx.add_audit(&NewAudit {
            actor: "set-up",
            action: "create",
            kind: "User",
            id: &user.email,
            after: &serde_json::json!({"name": user.name, "role": user.role}).to_string(),
            ..actor.audit()
        })
        .await?;
        tx.commit().await?;
        *self.setup_token.lock() = None;
        let file = self.settings.data_dir.join(SETUP_FILE);
        if let Err(error) = tokio::fs::remove_file(&file).await {
            tracing::debug!(%error, "the used set-up token's file was not there");
        }
        self.begin_session(&user, actor).await
    }
}
