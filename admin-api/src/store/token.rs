//! Rows of `tokens`: admin tokens, of which only the hash is known.

use super::db::{Db, StoreError, Tx, execute, read, within};

/// One admin token.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct TokenRow {
    pub(crate) id: String,
    pub(crate) name: String,
    /// SHA-256 of the whole token, hexadecimal.
    pub(crate) hash: String,
    /// Separated by spaces.
    pub(crate) scopes: String,
    pub(crate) maker: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) seen_at: Option<i64>,
}

impl Db {
    /// The token with this hash.
    pub(crate) async fn token_by_hash(&self, hash: &str) -> Result<Option<TokenRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT id, name, hash, scopes, maker, created_at, expires_at, seen_at FROM tokens WHERE hash = $1",
        ).bind(hash).fetch_optional(c).await)
    }

    /// A page, ordered by id (and so by age).
    pub(crate) async fn tokens(&self, after: &str, limit: i64) -> Result<Vec<TokenRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT id, name, hash, scopes, maker, created_at, expires_at, seen_at FROM tokens
             WHERE id > $1 ORDER BY id LIMIT $2",
        ).bind(after).bind(limit).fetch_all(c).await)
    }
}

impl Tx {
    /// Adds a token.
    pub(crate) async fn add_token(&mut self, token: &TokenRow) -> Result<(), StoreError> {
        execute!(
            self,
            sqlx::query(
                "INSERT INTO tokens (id, name, hash, scopes, maker, created_at, expires_at, seen_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(&token.id)
            .bind(&token.name)
            .bind(&token.hash)
            .bind(&token.scopes)
            .bind(&token.maker)
            .bind(token.created_at)
            .bind(token.expires_at)
            .bind(token.seen_at)
        )?;
        Ok(())
    }

    /// Notes that a token is in use.
    pub(crate) async fn touch_token(&mut self, id: &str, now: i64) -> Result<(), StoreError> {
        execute!(self, sqlx::query("UPDATE tokens SET seen_at = $1 WHERE id = $2").bind(now).bind(id))?;
        Ok(())
    }

    /// Removes a token; tells its name, or `None` when there was none.
    pub(crate) async fn delete_token(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = within!(self, c => sqlx::query_as(
            "DELETE FROM tokens WHERE id = $1 RETURNING name",
        ).bind(id).fetch_optional(c).await)?;
        Ok(row.map(|(name,)| name))
    }
}
