//! The store's revision: one counter that every change of configuration moves on by one.

use super::db::{Db, StoreError, Tx, read, within};
use super::resource::ResourceRow;

impl Db {
    /// The revision now.
    pub(crate) async fn revision(&self) -> Result<i64, StoreError> {
        let (value,): (i64,) =
            read!(self, c => sqlx::query_as("SELECT value FROM revision WHERE id = 1").fetch_one(c).await)?;
        Ok(value)
    }

    /// Whether anything but API keys changed after a revision.
    pub(crate) async fn configuration_changed_since(&self, revision: i64) -> Result<bool, StoreError> {
        let found: Option<(i64,)> = read!(self, c => sqlx::query_as(
            "SELECT revision FROM resource_history WHERE revision > $1 AND kind <> 'ApiKey' LIMIT 1",
        ).bind(revision).fetch_optional(c).await)?;
        Ok(found.is_some())
    }

    /// API keys that are new or changed after a revision.
    pub(crate) async fn keys_changed_since(&self, revision: i64) -> Result<Vec<ResourceRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT kind, id, team, spec, origin, version, revision, created_at, updated_at, updated_by
             FROM resources WHERE kind = 'ApiKey' AND revision > $1 ORDER BY revision",
        ).bind(revision).fetch_all(c).await)
    }

    /// Public ids of API keys that were removed after a revision and are gone still.
    pub(crate) async fn keys_removed_since(&self, revision: i64) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = read!(self, c => sqlx::query_as(
            "SELECT DISTINCT h.id FROM resource_history h
             WHERE h.kind = 'ApiKey' AND h.action = 'delete' AND h.revision > $1
             AND NOT EXISTS (SELECT 1 FROM resources r WHERE r.kind = 'ApiKey' AND r.id = h.id)",
        ).bind(revision).fetch_all(c).await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}

impl Tx {
    /// Moves the revision on and gives back the new one. The row's lock serialises writers on every
    /// node, so revisions become visible in order and without gaps.
    pub(crate) async fn next_revision(&mut self) -> Result<i64, StoreError> {
        let (value,): (i64,) = within!(self, c => sqlx::query_as(
            "UPDATE revision SET value = value + 1 WHERE id = 1 RETURNING value",
        ).fetch_one(c).await)?;
        Ok(value)
    }
}
