//! Rows of `idempotency`: which POSTs were seen, and what was answered.

use super::db::{Db, StoreError, Tx, execute, read};

/// One request that was made with an idempotency key.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct IdempotencyRow {
    pub(crate) request_hash: String,
    pub(crate) started_at: i64,
    /// 1 when the change it asked for is in the store.
    pub(crate) committed: i64,
    /// The sealed answer, once there is one.
    pub(crate) answer: Option<String>,
}

impl Db {
    /// What is known of a request.
    pub(crate) async fn idempotency(&self, id: &str) -> Result<Option<IdempotencyRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT request_hash, started_at, committed, answer FROM idempotency WHERE id = $1",
        ).bind(id).fetch_optional(c).await)
    }
}

impl Tx {
    /// Claims a key; tells whether it was free. A claim without change and answer that is older than
    /// `stale` was left behind by a process that died, and is taken over. Rows older than `oldest` go.
    pub(crate) async fn claim_idempotency(
        &mut self,
        id: &str,
        request_hash: &str,
        now: i64,
        stale: i64,
        oldest: i64,
    ) -> Result<bool, StoreError> {
        execute!(self, sqlx::query("DELETE FROM idempotency WHERE started_at < $1").bind(oldest))?;
        let claimed =
            execute!(self, sqlx::query(
            "INSERT INTO idempotency (id, request_hash, started_at, committed, answer) VALUES ($1, $2, $3, 0, NULL)
             ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at
             WHERE idempotency.committed = 0 AND idempotency.answer IS NULL AND idempotency.started_at < $4
             AND idempotency.request_hash = excluded.request_hash",
        )
        .bind(id)
        .bind(request_hash)
        .bind(now)
        .bind(stale))?;
        Ok(claimed == 1)
    }

    /// Notes, in the transaction of the change itself, that the change happened.
    pub(crate) async fn commit_idempotency(&mut self, id: &str) -> Result<(), StoreError> {
        execute!(self, sqlx::query("UPDATE idempotency SET committed = 1 WHERE id = $1").bind(id))?;
        Ok(())
    }

    /// Keeps the answer.
    pub(crate) async fn answer_idempotency(&mut self, id: &str, answer: &str) -> Result<(), StoreError> {
        execute!(self, sqlx::query("UPDATE idempotency SET answer = $1 WHERE id = $2").bind(answer).bind(id))?;
        Ok(())
    }

    /// Frees a key whose request failed without doing anything.
    pub(crate) async fn release_idempotency(&mut self, id: &str) -> Result<(), StoreError> {
        execute!(
            self,
            sqlx::query("DELETE FROM idempotency WHERE id = $1 AND committed = 0 AND answer IS NULL").bind(id)
        )?;
        Ok(())
    }
}
