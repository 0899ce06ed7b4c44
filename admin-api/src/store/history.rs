//! Rows of `resource_history`: every content that a resource ever had.

use weir_domain::resource::Kind;

use super::db::{Db, StoreError, Tx, execute, read, within};

/// One version of a resource. `spec` holds secrets sealed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct HistoryRow {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) revision: i64,
    /// `create`, `update`, `delete` or `rollback`.
    pub(crate) action: String,
    pub(crate) team: String,
    pub(crate) spec: String,
    pub(crate) at: i64,
    pub(crate) actor: String,
}

impl Db {
    /// Versions of a resource, newest first, below `before`.
    pub(crate) async fn history(
        &self,
        kind: Kind,
        id: &str,
        before: i64,
        limit: i64,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT kind, id, version, revision, action, team, spec, at, actor FROM resource_history
             WHERE kind = $1 AND id = $2 AND version < $3 ORDER BY version DESC LIMIT $4",
        ).bind(kind.as_str()).bind(id).bind(before).bind(limit).fetch_all(c).await)
    }
}

impl Tx {
    /// One version.
    pub(crate) async fn version(
        &mut self,
        kind: Kind,
        id: &str,
        version: i64,
    ) -> Result<Option<HistoryRow>, StoreError> {
        within!(self, c => sqlx::query_as(
            "SELECT kind, id, version, revision, action, team, spec, at, actor FROM resource_history
             WHERE kind = $1 AND id = $2 AND version = $3",
        ).bind(kind.as_str()).bind(id).bind(version).fetch_optional(c).await)
    }

    /// The newest version that a resource ever had; 0 when it never was.
    pub(crate) async fn last_version(&mut self, kind: Kind, id: &str) -> Result<i64, StoreError> {
        let (version,): (i64,) = within!(self, c => sqlx::query_as(
            "SELECT COALESCE(MAX(version), 0) FROM resource_history WHERE kind = $1 AND id = $2",
        ).bind(kind.as_str()).bind(id).fetch_one(c).await)?;
        Ok(version)
    }

    /// Every content that a resource ever had.
    pub(crate) async fn specs(&mut self, kind: Kind, id: &str) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = within!(self, c => sqlx::query_as(
            "SELECT spec FROM resource_history WHERE kind = $1 AND id = $2",
        ).bind(kind.as_str()).bind(id).fetch_all(c).await)?;
        Ok(rows.into_iter().map(|(spec,)| spec).collect())
    }

    /// Adds a version.
    pub(crate) async fn add_history(&mut self, row: &HistoryRow) -> Result<(), StoreError> {
        execute!(
            self,
            sqlx::query(
                "INSERT INTO resource_history (kind, id, version, revision, action, team, spec, at, actor)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(&row.kind)
            .bind(&row.id)
            .bind(row.version)
            .bind(row.revision)
            .bind(&row.action)
            .bind(&row.team)
            .bind(&row.spec)
            .bind(row.at)
            .bind(&row.actor)
        )?;
        Ok(())
    }
}
