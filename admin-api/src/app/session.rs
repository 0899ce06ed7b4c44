//! Signing in: who calls, by cookie or by token, and what they may do.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_domain::secret::Secret;
use weir_domain::time::{self, Micros};

use super::App;
use super::actor::Actor;
use super::permission::{self, Permission, Role};
use super::user::MAX_EMAIL;
use crate::crypto;
use crate::error::Error;
use crate::store::{NewAudit, SessionRow, UserRow};

const SECOND: Micros = 1_000_000;
/// A session that nobody uses ends after this.
const IDLE: Micros = 12 * 3600 * SECOND;
/// Every session ends after this.
const ABSOLUTE: Micros = 7 * 24 * 3600 * SECOND;
/// How often the use of a session or a token is noted.
const TOUCH: Micros = 60 * SECOND;

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// `user:EMAIL` or `token:NAME`, for people.
    pub(crate) label: String,
    /// `user:ID` or `token:ID`: the name of a token may be given twice, its id never.
    pub(crate) id: String,
    /// What they may do.
    pub(crate) permissions: Vec<Permission>,
    /// The session, when it is a person at a browser.
    pub(crate) session: Option<SessionRow>,
}

impl Caller {
    /// Refuses a caller who may not do this.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), Error> {
        if self.permissions.contains(&permission) {
            return Ok(());
        }
        let label = &self.label;
        Err(Error::Forbidden(format!("{label} may not do this; ask an owner, or use a token with scope admin")))
    }
}

/// A person, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UserView {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// A session, as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Who is signed in.
    pub(crate) user: UserView,
    /// To be sent as `x-csrf-token` with each change.
    pub(crate) csrf_token: String,
}

/// How somebody signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The address of the account.
    pub(crate) email: String,
    /// The password; 10 to 512 bytes.
    #[schema(format = "password")]
    pub(crate) password: String,
}

/// A session that was just begun; the cookie's value is known only now.
pub(crate) struct Begun {
    pub(crate) cookie: Secret,
    pub(crate) view: SessionView,
}

impl App {
    /// Who has this cookie, if anybody.
    pub(crate) async fn by_cookie(&self, cookie: &str) -> Result<Option<Caller>, Error> {
        let Some(row) = self.db.session(&crypto::sha256_hex(cookie.as_bytes())).await? else { return Ok(None) };
        let now = time::now();
        if now - row.seen_at > IDLE || now - row.created_at > ABSOLUTE {
            return Ok(None);
        }
        if now - row.seen_at > TOUCH {
            let mut tx = self.db.begin().await?;
            tx.touch_session(&row.id, now).await?;
            tx.commit().await?;
        }
        let permissions = Role::from_stored(&row.role).permissions().to_vec();
        let (label, id) = (format!("user:{}", row.email), format!("user:{}", row.user_id));
        Ok(Some(Caller { label, id, permissions, session: Some(row) }))
    }

    /// Whose token this is, if anybody's.
    pub(crate) async fn by_token(&self, token: &str) -> Result<Option<Caller>, Error> {
        let Some(row) = self.db.token_by_hash(&crypto::sha256_hex(token.as_bytes())).await? else { return Ok(None) };
        let now = time::now();
        if row.expires_at.is_some_and(|at| at <= now) {
            return Ok(None);
        }
        if row.seen_at.is_none_or(|seen| now - seen > TOUCH) {
            let mut tx = self.db.begin().await?;
            tx.touch_token(&row.id, now).await?;
            tx.commit().await?;
        }
        let permissions = permission::of_scopes(&row.scopes);
        let (label, id) = (format!("token:{}", row.name), format!("token:{}", row.id));
        Ok(Some(Caller { label, id, permissions, session: None }))
    }

    /// The value that a session's changes must carry; useless without the session's cookie.
    pub(crate) fn csrf_token(&self, session: &str) -> String {
        crypto::base64url(&self.vault.mac(b"csrf", session.as_bytes())[..24])
    }

    /// What a session shows of itself.
    pub(crate) fn session_view(&self, row: &SessionRow) -> SessionView {
        let user = UserView {
            id: row.user_id.clone(),
            email: row.email.clone(),
            name: row.name.clone(),
            role: Role::from_stored(&row.role),
        };
        SessionView { user, csrf_token: self.csrf_token(&row.id) }
    }

    /// Signs somebody in. The refusal is the same, and takes the same time, for unknown people.
    pub(crate) async fn sign_in(&self, credentials: Credentials, actor: &Actor) -> Result<Begun, Error> {
        let email = credentials.email.trim().to_lowercase();
        // The throttle remembers what was tried: nobody has an address that long, and a body may be megabytes.
        if email.len() > MAX_EMAIL {
            return Err(Error::Unauthenticated("the e-mail address or the password is wrong"));
        }
        self.throttle
            .begin(&email, &actor.address, Instant::now())
            .map_err(|wait| Error::Throttled(wait.as_secs().max(1)))?;
        let user = self.db.user_by_email(&email).await?.filter(|u| u.disabled == 0);
        let hash = user.as_ref().map(|u| u.password_hash.clone());
        let fits = match Secret::new(credentials.password) {
            Some(password) => self.passwords.verify(password, hash).await?,
            None => false,
        };
        match user {
            Some(user) if fits => {
                self.throttle.succeed(&email, &actor.address, Instant::now());
                self.begin_session(&user, actor).await
            }
            user => {
                // What an unknown person typed as a name may be a password, so it is not written down.
                let known = user.map_or_else(String::new, |u| u.email);
                let mut tx = self.db.begin().await?;
                let action = "sign-in-refused";
                tx.add_audit(&NewAudit { action, ..session_audit(&known, actor) }).await?;
                tx.commit().await?;
                Err(Error::Unauthenticated("the e-mail address or the password is wrong"))
            }
        }
    }

    /// Begins a session for a person whose password was just checked or set.
    pub(crate) async fn begin_session(&self, user: &UserRow, actor: &Actor) -> Result<Begun, Error> {
        let cookie = crypto::random_word()?;
        let id = crypto::sha256_hex(cookie.as_bytes());
        let now = time::now();
        let (label, by) = (format!("user:{}", user.email), format!("user:{}", user.id));
        let actor = &Actor { label, id: by, ..actor.clone() };
        let mut tx = self.db.begin().await?;
        tx.add_session(&id, &user.id, &actor.address, now, now - ABSOLUTE).await?;
        tx.add_audit(&NewAudit { action: "sign-in", ..session_audit(&user.email, actor) }).await?;
        tx.commit().await?;
        let row = SessionRow {
            id,
            created_at: now,
            seen_at: now,
            user_id: user.id.clone(),
            email: user.email.clone(),
            name: user.name.clone(),
            role: user.role.clone(),
        };
        let cookie = Secret::new(cookie).ok_or_else(|| Error::Internal("an empty random word".to_owned()))?;
        Ok(Begun { cookie, view: self.session_view(&row) })
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, session: &SessionRow, actor: &Actor) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        tx.delete_session(&session.id).await?;
        tx.add_audit(&NewAudit { action: "sign-out", ..session_audit(&session.email, actor) }).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn session_audit<'a>(email: &'a str, actor: &'a Actor) -> NewAudit<'a> {
    NewAudit { kind: "User", id: email, ..actor.audit() }
}
