//! People: made by an owner with a first password, given a role, disabled, removed; each changes their own password.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use weir_domain::name;
use weir_domain::secret::Secret;
use weir_domain::time;

use super::App;
use super::actor::Actor;
use super::cursor;
use super::permission::Role;
use super::resource::{ListQuery, Page, limit, page};
use crate::error::Error;
use crate::store::{NewAudit, SessionRow, Tx, UserRow};

/// The longest name, in bytes.
const MAX_NAME: usize = 200;
/// The longest e-mail address, in bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets).
pub(crate) const MAX_EMAIL: usize = 254;

/// Who a new person is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// The address to sign in with.
    pub(crate) email: String,
    /// The name, for people.
    pub(crate) name: String,
    /// What they may do.
    pub(crate) role: Role,
    /// The first password, 10 to 512 bytes; they change it with `PUT /me/password`.
    #[schema(format = "password")]
    pub(crate) password: String,
}

/// A person, as lists show them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UserAccount {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Whether they are kept from signing in.
    pub(crate) disabled: bool,
    pub(crate) created_at: String,
}

/// The role that a person gets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleChange {
    pub(crate) role: Role,
}

/// Whether a person is kept from signing in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisabledChange {
    pub(crate) disabled: bool,
}

/// A new password in place of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The password until now.
    #[schema(format = "password")]
    pub(crate) current_password: String,
    /// The password from now on; 10 to 512 bytes.
    #[schema(format = "password")]
    pub(crate) new_password: String,
}

/// The name and the address that a person gets, as they are kept.
pub(crate) fn named(email: &str, full_name: &str) -> Result<(String, String), Error> {
    let email = email.trim().to_lowercase();
    if !is_email(&email) {
        return Err(Error::field("email", "is not an e-mail address such as ada@example.com"));
    }
    let full_name = full_name.trim().to_owned();
    if full_name.is_empty() || full_name.len() > MAX_NAME || full_name.chars().any(char::is_control) {
        return Err(Error::field("name", format!("must have 1 to {MAX_NAME} bytes and no control characters")));
    }
    Ok((email, full_name))
}

/// Enough to tell an address from a slip of the keyboard; only delivery proves one.
fn is_email(text: &str) -> bool {
    let fits = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
    text.len() <= MAX_EMAIL
        && text.split_once('@').is_some_and(|(local, host)| fits(local) && fits(host) && !host.contains('@'))
}

fn view(row: &UserRow) -> UserAccount {
    UserAccount {
        id: row.id.clone(),
        email: row.email.clone(),
        name: row.name.clone(),
        role: Role::from_stored(&row.role),
        disabled: row.disabled != 0,
        created_at: time::to_rfc3339(row.created_at),
    }
}

fn missing(id: &str) -> Error {
    Error::NotFound(format!("there is no user {id:?}"))
}

/// What is to become of a person.
enum Fate {
    Role(Role),
    Disabled(bool),
    Removed,
}

impl App {
    /// A page of the people, oldest first.
    pub(crate) async fn users(&self, query: &ListQuery) -> Result<Page<UserAccount>, Error> {
        let limit = limit(query.limit)?;
        let [after] = cursor::decode(query.cursor.as_deref(), [""])?;
        let rows = self.db.users(&after, limit + 1).await?;
        page(&rows, limit, |row| vec![row.id.clone()], |row| Ok(view(row)))
    }

    /// Makes a person.
    pub(crate) async fn make_user(&self, new: NewUser, actor: &Actor) -> Result<UserAccount, Error> {
        let (email, full_name) = named(&new.email, &new.name)?;
        let password = Secret::new(new.password).ok_or_else(|| Error::field("password", "is empty"))?;
        let password_hash = self.passwords.hash(password).await?;
        let (id, role, created_at) = (name::new_id(), new.role.as_str().to_owned(), time::now());
        let user = UserRow { id, email, name: full_name, role, password_hash, created_at, disabled: 0 };
        let mut tx = self.db.begin().await?;
        if !tx.add_user(&user).await? {
            tx.rollback().await?;
            return Err(Error::AlreadyExists(format!("a user with the address {}", user.email)));
        }
        let after = json!({"name": user.name, "role": user.role}).to_string();
        tx.add_audit(&NewAudit { action: "create", after: &after, ..audit(&user, actor) }).await?;
        if let Some(row) = &actor.idempotency {
            tx.commit_idempotency(row).await?;
        }
        tx.commit().await?;
        Ok(view(&user))
    }

    /// Gives a person another role; it holds from their next request on.
    pub(crate) async fn change_role(&self, id: &str, change: &RoleChange, actor: &Actor) -> Result<UserAccount, Error> {
        self.decide(id, &Fate::Role(change.role), actor).await
    }

    /// Keeps a person from signing in, or lets them again. Their sessions end.
    pub(crate) async fn disable_user(
        &self,
        id: &str,
        change: &DisabledChange,
        actor: &Actor,
    ) -> Result<UserAccount, Error> {
        self.decide(id, &Fate::Disabled(change.disabled), actor).await
    }

    /// Removes a person and their sessions.
    pub(crate) async fn remove_user(&self, id: &str, actor: &Actor) -> Result<(), Error> {
        self.decide(id, &Fate::Removed, actor).await.map(drop)
    }

    async fn decide(&self, id: &str, fate: &Fate, actor: &Actor) -> Result<UserAccount, Error> {
        let mut tx = self.db.begin().await?;
        match decide_within(&mut tx, id, fate, actor).await {
            Ok(user) => {
                tx.commit().await?;
                Ok(view(&user))
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }

    /// Changes one's own password; the current one is asked, and one's other sessions end.
    pub(crate) async fn change_password(
        &self,
        session: &SessionRow,
        change: PasswordChange,
        actor: &Actor,
    ) -> Result<(), Error> {
        let (email, address) = (&session.email, &actor.address);
        self.throttle.begin(email, address, Instant::now()).map_err(|wait| Error::Throttled(wait.as_secs().max(1)))?;
        let user = self.db.user_by_email(email).await?.ok_or_else(|| missing(&session.user_id))?;
        let fits = match Secret::new(change.current_password) {
            Some(current) => self.passwords.verify(current, Some(user.password_hash.clone())).await?,
            None => false,
        };
        if !fits {
            return Err(Error::field("current_password", "is not the password of this account"));
        }
        self.throttle.succeed(email, address, Instant::now());
        let new = Secret::new(change.new_password).ok_or_else(|| Error::field("new_password", "is empty"))?;
        let hash = self.passwords.hash(new).await.map_err(|error| match error {
            Error::Invalid(mut faults) => {
                faults.0.iter_mut().for_each(|fault| fault.field = "new_password".to_owned());
                Error::Invalid(faults)
            }
            other => other,
        })?;
        let mut tx = self.db.begin().await?;
        tx.set_password(&user.id, &hash).await?;
        tx.delete_sessions_of(&user.id, &session.id).await?;
        tx.add_audit(&NewAudit { action: "password", ..audit(&user, actor) }).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn decide_within(tx: &mut Tx, id: &str, fate: &Fate, actor: &Actor) -> Result<UserRow, Error> {
    let mut user = tx.user(id).await?.ok_or_else(|| missing(id))?;
    let was_owner = user.role == Role::Owner.as_str() && user.disabled == 0;
    let before = json!({"name": user.name, "role": user.role, "disabled": user.disabled != 0}).to_string();
    let action = match fate {
        Fate::Role(role) => {
            user.role = role.as_str().to_owned();
            "role"
        }
        Fate::Disabled(disabled) => {
            user.disabled = i64::from(*disabled);
            if *disabled { "disable" } else { "enable" }
        }
        Fate::Removed => "delete",
    };
    let after = match fate {
        Fate::Removed => {
            tx.delete_user(id).await?;
            String::new()
        }
        Fate::Role(_) | Fate::Disabled(_) => {
            tx.change_user(id, &user.role, user.disabled).await?;
            json!({"name": user.name, "role": user.role, "disabled": user.disabled != 0}).to_string()
        }
    };
    if !matches!(fate, Fate::Role(_)) {
        tx.delete_sessions_of(id, "").await?;
    }
    tx.add_audit(&NewAudit { action, before: &before, after: &after, ..audit(&user, actor) }).await?;
    // After the entry, whose lock puts changes in a row: of two owners who remove each other, one stays.
    if was_owner && tx.owners().await? == 0 {
        return Err(Error::LastOwner(user.email));
    }
    Ok(user)
}

fn audit<'a>(user: &'a UserRow, actor: &'a Actor) -> NewAudit<'a> {
    NewAudit { kind: "User", id: &user.email, ..actor.audit() }
}
