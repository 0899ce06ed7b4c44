//! Rows of `users`.

use super::db::{Db, StoreError, Tx, execute, read};

/// One person.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct UserRow {
    pub(crate) id: String,
    /// Lower case.
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) password_hash: String,
    pub(crate) created_at: i64,
    pub(crate) disabled: i64,
}

impl Db {
    /// Whether nobody was made yet.
    pub(crate) async fn no_users(&self) -> Result<bool, StoreError> {
        let found: Option<(String,)> =
            read!(self, c => sqlx::query_as("SELECT id FROM users LIMIT 1").fetch_optional(c).await)?;
        Ok(found.is_none())
    }

    /// The person with this address, in lower case.
    pub(crate) async fn user_by_email(&self, email: &str) -> Result<Option<UserRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT id, email, name, role, password_hash, created_at, disabled FROM users WHERE email = $1",
        ).bind(email).fetch_optional(c).await)
    }
}

impl Tx {
    /// Adds a person.
    pub(crate) async fn add_user(&mut self, user: &UserRow) -> Result<(), StoreError> {
        execute!(
            self,
            sqlx::query(
                "INSERT INTO users (id, email, name, role, password_hash, created_at, disabled)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(&user.id)
            .bind(&user.email)
            .bind(&user.name)
            .bind(&user.role)
            .bind(&user.password_hash)
            .bind(user.created_at)
            .bind(user.disabled)
        )?;
        Ok(())
    }
}
