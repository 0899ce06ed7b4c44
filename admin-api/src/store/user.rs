//! Rows of `users`.

use super::db::{Db, StoreError, Tx, execute, read, within};

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

    /// A page, ordered by id (and so by age).
    pub(crate) async fn users(&self, after: &str, limit: i64) -> Result<Vec<UserRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT id, email, name, role, password_hash, created_at, disabled FROM users
             WHERE id > $1 ORDER BY id LIMIT $2",
        ).bind(after).bind(limit).fetch_all(c).await)
    }
}

impl Tx {
    /// One person, who stays as they are until this transaction ends.
    pub(crate) async fn user(&mut self, id: &str) -> Result<Option<UserRow>, StoreError> {
        // An update that changes nothing is the one way to lock a row that both databases know.
        within!(self, c => sqlx::query_as(
            "UPDATE users SET id = id WHERE id = $1
             RETURNING id, email, name, role, password_hash, created_at, disabled",
        ).bind(id).fetch_optional(c).await)
    }

    /// How many owners can sign in.
    pub(crate) async fn owners(&mut self) -> Result<i64, StoreError> {
        let (owners,): (i64,) = within!(self, c => sqlx::query_as(
            "SELECT COUNT(*) FROM users WHERE role = 'owner' AND disabled = 0",
        ).fetch_one(c).await)?;
        Ok(owners)
    }

    /// Changes what a person may do.
    pub(crate) async fn change_user(&mut self, id: &str, role: &str, disabled: i64) -> Result<(), StoreError> {
        execute!(
            self,
            sqlx::query("UPDATE users SET role = $1, disabled = $2 WHERE id = $3").bind(role).bind(disabled).bind(id)
        )?;
        Ok(())
    }

    /// Changes a person's password.
    pub(crate) async fn set_password(&mut self, id: &str, hash: &str) -> Result<(), StoreError> {
        execute!(self, sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2").bind(hash).bind(id))?;
        Ok(())
    }

    /// Removes a person.
    pub(crate) async fn delete_user(&mut self, id: &str) -> Result<(), StoreError> {
        execute!(self, sqlx::query("DELETE FROM users WHERE id = $1").bind(id))?;
        Ok(())
    }

    /// Adds a person; tells whether their address was free.
    pub(crate) async fn add_user(&mut self, user: &UserRow) -> Result<bool, StoreError> {
        let added = execute!(
            self,
            sqlx::query(
                "INSERT INTO users (id, email, name, role, password_hash, created_at, disabled)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email) DO NOTHING",
            )
            .bind(&user.id)
            .bind(&user.email)
            .bind(&user.name)
            .bind(&user.role)
            .bind(&user.password_hash)
            .bind(user.created_at)
            .bind(user.disabled)
        )?;
        Ok(added == 1)
    }
}
