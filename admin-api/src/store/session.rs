//! Rows of `sessions`.

use super::db::{Db, StoreError, Tx, execute, read};

/// A session with the person whose it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) created_at: i64,
    pub(crate) seen_at: i64,
    pub(crate) user_id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: String,
}

impl Db {
    /// A session by the hash of its cookie; disabled people have none.
    pub(crate) async fn session(&self, id: &str) -> Result<Option<SessionRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT s.id, s.created_at, s.seen_at, s.user_id, u.email, u.name, u.role
             FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1 AND u.disabled = 0",
        ).bind(id).fetch_optional(c).await)
    }
}

impl Tx {
    /// Begins a session, and clears those that are over anyway.
    pub(crate) async fn add_session(
        &mut self,
        id: &str,
        user: &str,
        address: &str,
        now: i64,
        oldest: i64,
    ) -> Result<(), StoreError> {
        execute!(self, sqlx::query("DELETE FROM sessions WHERE created_at < $1").bind(oldest))?;
        execute!(self, sqlx::query(
            "INSERT INTO sessions (id, user_id, created_at, seen_at, address) VALUES ($1, $2, $3, $3, $4)",
        ).bind(id).bind(user).bind(now).bind(address))?;
        Ok(())
    }

    /// Notes that a session is in use.
    pub(crate) async fn touch_session(&mut self, id: &str, now: i64) -> Result<(), StoreError> {
        execute!(self, sqlx::query("UPDATE sessions SET seen_at = $1 WHERE id = $2").bind(now).bind(id))?;
        Ok(())
    }

    /// Ends every session of a person but one; `but` is empty to end all.
    pub(crate) async fn delete_sessions_of(&mut self, user: &str, but: &str) -> Result<(), StoreError> {
        execute!(self, sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2").bind(user).bind(but))?;
        Ok(())
    }

    /// Ends a session.
    pub(crate) async fn delete_session(&mut self, id: &str) -> Result<(), StoreError> {
        execute!(self, sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id))?;
        Ok(())
    }
}
