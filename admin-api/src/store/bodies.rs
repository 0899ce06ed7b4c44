//! Rows of `bodies`: what requests and their answers held, for as long as their team keeps it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use weir_domain::bodies::Bodies;

use super::db::{Db, StoreError, Tx, execute, read, within};
use super::ledger::{number, text};
use super::sql::{Add, Insert, Value};

/// What one request held.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct BodiesRow {
    pub(crate) expires_at: i64,
    pub(crate) size: i64,
    /// [`weir_domain::bodies::Held`] as JSON; nothing once it was erased.
    pub(crate) content: Option<String>,
}

static BODIES: Insert = Insert::new(
    "bodies",
    Cow::Borrowed("request_id, team, at, expires_at, size, content"),
    Cow::Borrowed("ON CONFLICT (request_id) DO NOTHING"),
);

fn values(kept: &&Bodies, add: &mut Add<'_>) {
    add(Value::Text(text(&kept.id)));
    add(Value::Text(text(&kept.team)));
    add(Value::Number(kept.at));
    add(Value::Number(kept.expires_at));
    add(Value::Number(number(kept.held.size())));
    // JSON writes a NUL as an escape, so this text is one that both databases take.
    let content = serde_json::to_string(&kept.held).unwrap_or_default();
    add(Value::MaybeText(Some(&content)));
}

impl Db {
    /// What a request held; also what is left of it when it was erased.
    pub(crate) async fn bodies(&self, request: &str) -> Result<Option<BodiesRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT expires_at, size, content FROM bodies WHERE request_id = $1",
        ).bind(text(request)).fetch_optional(c).await)
    }

    /// The same without the content: whether there is any.
    pub(crate) async fn bodies_expiry(&self, request: &str) -> Result<Option<(i64, bool)>, StoreError> {
        let row: Option<(i64, i64)> = read!(self, c => sqlx::query_as(
            "SELECT expires_at, CAST(CASE WHEN content IS NULL THEN 0 ELSE 1 END AS BIGINT) AS there FROM bodies WHERE request_id = $1",
        ).bind(text(request)).fetch_optional(c).await)?;
        Ok(row.map(|(expires_at, there)| (expires_at, there == 1)))
    }

    /// The teams that have any.
    pub(crate) async fn teams_with_bodies(&self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> =
            read!(self, c => sqlx::query_as("SELECT DISTINCT team FROM bodies").fetch_all(c).await)?;
        Ok(rows.into_iter().map(|(team,)| team).collect())
    }
}

impl Tx {
    /// Stores what is not there, unless it was erased meanwhile or is too old already; then makes room for it where a
    /// team has too much.
    pub(crate) async fn add_bodies(&mut self, batch: &[Bodies], now: i64) -> Result<(), StoreError> {
        let teams: HashSet<&str> = batch.iter().map(|kept| kept.team.as_str()).collect();
        let mut erased: HashMap<&str, i64> = HashMap::new();
        for team in &teams {
            let row: Option<(i64,)> = within!(self, c => sqlx::query_as("SELECT before FROM erased_bodies WHERE team = $1")
                    .bind(text(team))
                    .fetch_optional(c)
                    .await)?;
            erased.extend(row.map(|(before,)| (*team, before)));
        }
        let wanted = |kept: &&Bodies| {
            kept.expires_at > now && erased.get(kept.team.as_str()).is_none_or(|before| kept.at > *before)
        };
        let rows: Vec<&Bodies> = batch.iter().filter(wanted).collect();
        self.insert(&BODIES, &rows, values).await?;
        for team in teams {
            let newest = batch.iter().filter(|kept| kept.team == team).max_by_key(|kept| kept.at);
            if let Some(kept) = newest {
                self.make_room(team, number(kept.max_total_bytes)).await?;
            }
        }
        Ok(())
    }

    /// Deletes the oldest of a team, until no more than so many bytes are left; tells how many went.
    pub(crate) async fn make_room(&mut self, team: &str, most: i64) -> Result<u64, StoreError> {
        // From the index alone: the newest row that does not fit any more.
        let last: Option<(i64,)> = within!(self, c => sqlx::query_as(
            "SELECT at FROM (SELECT at, request_id, SUM(size) OVER (ORDER BY at DESC, request_id DESC) AS total
                             FROM bodies WHERE team = $1) AS summed
             WHERE total > $2 ORDER BY at DESC LIMIT 1",
        ).bind(text(team)).bind(most).fetch_optional(c).await)?;
        let Some((last,)) = last else { return Ok(0) };
        execute!(self, sqlx::query("DELETE FROM bodies WHERE team = $1 AND at <= $2").bind(text(team)).bind(last))
    }

    /// Deletes what has expired; tells how many.
    pub(crate) async fn delete_expired_bodies(&mut self, now: i64, limit: i64) -> Result<u64, StoreError> {
        execute!(
            self,
            sqlx::query(
                "DELETE FROM bodies WHERE request_id IN
                 (SELECT request_id FROM bodies WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
            )
            .bind(now)
            .bind(limit)
        )
    }

    /// Brings the end of what a team has forward, where it keeps less long than it did.
    pub(crate) async fn expire_bodies_after(&mut self, team: &str, retention: i64) -> Result<u64, StoreError> {
        execute!(
            self,
            sqlx::query("UPDATE bodies SET expires_at = at + $2 WHERE team = $1 AND expires_at > at + $2")
                .bind(text(team))
                .bind(retention)
        )
    }

    /// Ends those of requests before a moment: what a request held does not outlive the request.
    pub(crate) async fn expire_bodies_before(&mut self, at: i64) -> Result<u64, StoreError> {
        execute!(self, sqlx::query("UPDATE bodies SET expires_at = 0 WHERE at < $1 AND expires_at > 0").bind(at))
    }

    /// Erases what a request held, and keeps what is still on its way from coming back. Tells whether there was any.
    pub(crate) async fn erase_bodies(
        &mut self,
        request: &str,
        team: &str,
        at: i64,
        until: i64,
    ) -> Result<bool, StoreError> {
        let there: Option<(i64,)> = within!(self, c => sqlx::query_as(
            "SELECT at FROM bodies WHERE request_id = $1 AND content IS NOT NULL",
        ).bind(text(request)).fetch_optional(c).await)?;
        execute!(
            self,
            sqlx::query(
                "INSERT INTO bodies (request_id, team, at, expires_at, size, content) VALUES ($1, $2, $3, $4, 0, NULL)
                 ON CONFLICT (request_id) DO UPDATE SET size = 0, content = NULL",
            )
            .bind(text(request))
            .bind(text(team))
            .bind(at)
            .bind(until)
        )?;
        Ok(there.is_some())
    }

    /// Erases what a team's requests up to now held; tells of how many requests there was any.
    pub(crate) async fn erase_bodies_of_team(&mut self, team: &str, now: i64) -> Result<u64, StoreError> {
        execute!(
            self,
            sqlx::query(
                "INSERT INTO erased_bodies (team, before) VALUES ($1, $2)
                 ON CONFLICT (team) DO UPDATE SET before = excluded.before",
            )
            .bind(text(team))
            .bind(now)
        )?;
        execute!(
            self,
            sqlx::query(
                "UPDATE bodies SET size = 0, content = NULL WHERE team = $1 AND at <= $2 AND content IS NOT NULL"
            )
            .bind(text(team))
            .bind(now)
        )
    }
}
