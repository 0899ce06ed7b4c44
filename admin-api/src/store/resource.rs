//! Rows of `resources`.

use weir_domain::fault::Fault;
use weir_domain::resource::{Kind, Resource, Stored};
use weir_domain::spec::Spec;

use super::db::{Db, StoreError, Tx, execute, read, within};

/// One row. `spec` holds secrets sealed, never in the clear.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct ResourceRow {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) team: String,
    pub(crate) spec: String,
    /// `api`, or `file:NAME` for what a file manages.
    pub(crate) origin: String,
    pub(crate) version: i64,
    pub(crate) revision: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) updated_by: String,
}

/// What a list is narrowed to; empty text means anything.
#[derive(Clone, Debug)]
pub(crate) struct ListFilter<'a> {
    pub(crate) kind: Kind,
    pub(crate) team: &'a str,
    pub(crate) parent: &'a str,
    /// Lower-case text that id, name or description hold.
    pub(crate) search: &'a str,
    /// The last id of the page before.
    pub(crate) after: &'a str,
    pub(crate) limit: i64,
}

impl ResourceRow {
    /// Reads the content. A row that does not read is damage, told as a fault.
    pub(crate) fn parse(&self) -> Result<Stored, Fault> {
        let damaged = |problem: String| Fault {
            file: None,
            resource: format!("{}/{}", self.kind, self.id),
            field: "spec".to_owned(),
            problem,
        };
        let kind: Kind = self.kind.parse().map_err(damaged)?;
        let value = serde_json::from_str(&self.spec)
            .map_err(|_| damaged("the stored row is not JSON; restore it from a backup".to_owned()))?;
        let spec = Spec::from_value(kind, &self.id, &value)?;
        Ok(Stored {
            resource: Resource { id: self.id.clone(), team: self.team.clone(), spec },
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            updated_by: self.updated_by.clone(),
        })
    }
}

/// What stands in the column `search`: the id and the texts for people.
fn search_text(row: &ResourceRow) -> String {
    let spec: serde_json::Value = serde_json::from_str(&row.spec).unwrap_or_default();
    let mut text = row.id.clone();
    for field in ["name", "description", "model", "provider", "path", "application", "service"] {
        if let Some(value) = spec.get(field).and_then(serde_json::Value::as_str) {
            text.push(' ');
            text.push_str(value);
        }
    }
    text.to_lowercase()
}

/// The application of an API key, which its row is found by.
fn parent(row: &ResourceRow) -> String {
    if row.kind != Kind::ApiKey.as_str() {
        return String::new();
    }
    let spec: serde_json::Value = serde_json::from_str(&row.spec).unwrap_or_default();
    spec.get("application").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// Makes text safe to stand in a LIKE pattern with ESCAPE '!'.
pub(super) fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

impl Db {
    /// One resource.
    pub(crate) async fn resource(&self, kind: Kind, id: &str) -> Result<Option<ResourceRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT kind, id, team, spec, origin, version, revision, created_at, updated_at, updated_by
             FROM resources WHERE kind = $1 AND id = $2",
        ).bind(kind.as_str()).bind(id).fetch_optional(c).await)
    }

    /// A page, ordered by id.
    pub(crate) async fn resources(&self, filter: &ListFilter<'_>) -> Result<Vec<ResourceRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT kind, id, team, spec, origin, version, revision, created_at, updated_at, updated_by
             FROM resources
             WHERE kind = $1 AND id > $2 AND ($3 = '' OR team = $3) AND ($4 = '' OR parent = $4)
             AND ($5 = '%%' OR search LIKE $5 ESCAPE '!')
             ORDER BY id LIMIT $6",
        )
        .bind(filter.kind.as_str())
        .bind(filter.after)
        .bind(filter.team)
        .bind(filter.parent)
        .bind(like(filter.search))
        .bind(filter.limit)
        .fetch_all(c)
        .await)
    }

    /// Everything but API keys: what a snapshot is compiled of.
    pub(crate) async fn configuration(&self) -> Result<Vec<ResourceRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT kind, id, team, spec, origin, version, revision, created_at, updated_at, updated_by
             FROM resources WHERE kind <> 'ApiKey' ORDER BY kind, id",
        ).fetch_all(c).await)
    }

    /// How many resources of each kind there are.
    pub(crate) async fn count_by_kind(&self) -> Result<Vec<(String, i64)>, StoreError> {
        read!(self, c => sqlx::query_as("SELECT kind, COUNT(*) FROM resources GROUP BY kind").fetch_all(c).await)
    }
}

impl Tx {
    /// One resource, as this transaction sees it.
    pub(crate) async fn resource(&mut self, kind: Kind, id: &str) -> Result<Option<ResourceRow>, StoreError> {
        within!(self, c => sqlx::query_as(
            "SELECT kind, id, team, spec, origin, version, revision, created_at, updated_at, updated_by
             FROM resources WHERE kind = $1 AND id = $2",
        ).bind(kind.as_str()).bind(id).fetch_optional(c).await)
    }

    /// Everything but API keys, as this transaction sees it.
    pub(crate) async fn configuration(&mut self) -> Result<Vec<ResourceRow>, StoreError> {
        within!(self, c => sqlx::query_as(
            "SELECT kind, id, team, spec, origin, version, revision, created_at, updated_at, updated_by
             FROM resources WHERE kind <> 'ApiKey' ORDER BY kind, id",
        ).fetch_all(c).await)
    }

    /// Every API key that a file manages.
    pub(crate) async fn keys_of_file(&mut self) -> Result<Vec<ResourceRow>, StoreError> {
        within!(self, c => sqlx::query_as(
            "SELECT kind, id, team, spec, origin, version, revision, created_at, updated_at, updated_by
             FROM resources WHERE kind = 'ApiKey' AND origin LIKE 'file:%' ORDER BY id",
        ).fetch_all(c).await)
    }

    /// Lets the admin API manage what files managed; tells how many resources that were.
    pub(crate) async fn release_from_file(&mut self) -> Result<u64, StoreError> {
        execute!(self, sqlx::query("UPDATE resources SET origin = 'api' WHERE origin LIKE 'file:%'"))
    }

    /// API keys of an application, at most `limit`.
    pub(crate) async fn keys_of(&mut self, application: &str, limit: i64) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = within!(self, c => sqlx::query_as(
            "SELECT id FROM resources WHERE kind = 'ApiKey' AND parent = $1 ORDER BY id LIMIT $2",
        ).bind(application).bind(limit).fetch_all(c).await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Writes a row, new or in place of the one there.
    pub(crate) async fn put_resource(&mut self, row: &ResourceRow) -> Result<(), StoreError> {
        execute!(
            self,
            sqlx::query(
                "INSERT INTO resources (kind, id, team, spec, search, parent, origin, version, revision,
                                    created_at, updated_at, updated_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (kind, id) DO UPDATE SET team = excluded.team, spec = excluded.spec,
                 search = excluded.search, parent = excluded.parent, origin = excluded.origin,
                 version = excluded.version, revision = excluded.revision,
                 updated_at = excluded.updated_at, updated_by = excluded.updated_by",
            )
            .bind(&row.kind)
            .bind(&row.id)
            .bind(&row.team)
            .bind(&row.spec)
            .bind(search_text(row))
            .bind(parent(row))
            .bind(&row.origin)
            .bind(row.version)
            .bind(row.revision)
            .bind(row.created_at)
            .bind(row.updated_at)
            .bind(&row.updated_by)
        )?;
        Ok(())
    }

    /// Removes a row.
    pub(crate) async fn delete_resource(&mut self, kind: &str, id: &str) -> Result<(), StoreError> {
        execute!(self, sqlx::query("DELETE FROM resources WHERE kind = $1 AND id = $2").bind(kind).bind(id))?;
        Ok(())
    }
}
