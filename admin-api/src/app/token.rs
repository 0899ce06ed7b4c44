//! Admin tokens: made with scopes, shown once, stored as a hash.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_domain::name;
use weir_domain::time::{self, Micros};

use super::App;
use super::actor::Actor;
use super::cursor;
use super::permission::Scope;
use super::resource::{ListQuery, Page, limit, page};
use super::session::Caller;
use crate::crypto;
use crate::error::Error;
use crate::store::{NewAudit, TokenRow, Tx};

/// What every admin token begins with, so that secret scanners find it.
pub(crate) const PREFIX: &str = "weirat_";

/// What a new token is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for, for people.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) scopes: Vec<Scope>,
    /// When it stops working, RFC 3339. Absent: never.
    #[serde(default)]
    pub(crate) expires_at: Option<String>,
}

/// A token, as lists show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    /// Who made it.
    pub(crate) created_by: String,
    pub(crate) created_at: String,
    pub(crate) expires_at: Option<String>,
    /// When it was last used, to the minute.
    pub(crate) last_used_at: Option<String>,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    /// The token itself: shown this once.
    pub(crate) token: String,
    /// What lists show of it.
    pub(crate) admin_token: TokenView,
}

fn view(row: &TokenRow) -> TokenView {
    TokenView {
        id: row.id.clone(),
        name: row.name.clone(),
        scopes: row.scopes.split(' ').map(str::to_owned).collect(),
        created_by: row.maker.clone(),
        created_at: time::to_rfc3339(row.created_at),
        expires_at: row.expires_at.map(time::to_rfc3339),
        last_used_at: row.seen_at.map(time::to_rfc3339),
    }
}

impl App {
    /// Makes a token that may do no more than its maker.
    pub(crate) async fn make_token(&self, new: NewToken, caller: &Caller, actor: &Actor) -> Result<MadeToken, Error> {
        let token_name = new.name.trim();
        if token_name.is_empty() || token_name.len() > 100 {
            return Err(Error::field("name", "must have 1 to 100 bytes"));
        }
        if new.scopes.is_empty() {
            return Err(Error::field("scopes", "empty; give at least one of admin, config, read, ledger"));
        }
        for scope in &new.scopes {
            if scope.permissions().iter().any(|p| !caller.permissions.contains(p)) {
                let scope = scope.as_str();
                return Err(Error::Forbidden(format!(
                    "you may not make a token with scope {scope}: it may do more than you"
                )));
            }
        }
        let expires_at = new.expires_at.as_deref().map(time::parse_rfc3339).transpose();
        let expires_at = expires_at.map_err(|problem| Error::field("expires_at", problem))?;
        if expires_at.is_some_and(|end| end <= time::now()) {
            return Err(Error::field("expires_at", "lies in the past: the token would never work"));
        }
        let mut tx = self.db.begin().await?;
        let made = add(&mut tx, token_name, &new.scopes, expires_at, actor).await?;
        if let Some(row) = &actor.idempotency {
            tx.commit_idempotency(row).await?;
        }
        tx.commit().await?;
        Ok(made)
    }

    /// A page of tokens, oldest first.
    pub(crate) async fn tokens(&self, query: &ListQuery) -> Result<Page<TokenView>, Error> {
        let limit = limit(query.limit)?;
        let [after] = cursor::decode(query.cursor.as_deref(), [""])?;
        let rows = self.db.tokens(&after, limit + 1).await?;
        page(&rows, limit, |row| vec![row.id.clone()], |row| Ok(view(row)))
    }

    /// Removes a token: it is refused from the next request on.
    pub(crate) async fn remove_token(&self, id: &str, actor: &Actor) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let Some(removed) = tx.delete_token(id).await? else {
            tx.rollback().await?;
            return Err(Error::NotFound(format!("there is no admin token {id:?}")));
        };
        let before = serde_json::json!({"name": removed}).to_string();
        tx.add_audit(&NewAudit { action: "delete", before: &before, ..audit(id, actor) }).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Adds a token within a transaction.
pub(crate) async fn add(
    tx: &mut Tx,
    token_name: &str,
    scopes: &[Scope],
    expires_at: Option<Micros>,
    actor: &Actor,
) -> Result<MadeToken, Error> {
    let token = format!("{PREFIX}{}", crypto::random_word()?);
    let scopes: Vec<&str> = scopes.iter().map(|s| s.as_str()).collect();
    let row = TokenRow {
        id: name::new_id(),
        name: token_name.to_owned(),
        hash: crypto::sha256_hex(token.as_bytes()),
        scopes: scopes.join(" "),
        maker: actor.label.clone(),
        created_at: time::now(),
        expires_at,
        seen_at: None,
    };
    tx.add_token(&row).await?;
    let after = serde_json::json!({"name": row.name, "scopes": scopes, "expires_at": row.expires_at}).to_string();
    tx.add_audit(&NewAudit { action: "create", after: &after, ..audit(&row.id, actor) }).await?;
    Ok(MadeToken { token, admin_token: view(&row) })
}

fn audit<'a>(id: &'a str, actor: &'a Actor) -> NewAudit<'a> {
    NewAudit { kind: "AdminToken", id, ..actor.audit() }
}
