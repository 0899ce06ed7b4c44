//! Rows of `audit`: append-only, each bound to the one before by a hash.

use sha2::{Digest, Sha256};

use super::db::{Db, StoreError, Tx, execute, read, within};

/// What an entry says. States hold no secret.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewAudit<'a> {
    pub(crate) at: i64,
    pub(crate) actor: &'a str,
    pub(crate) actor_id: &'a str,
    pub(crate) address: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) action: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
    pub(crate) before: &'a str,
    pub(crate) after: &'a str,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct AuditRow {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) actor_id: String,
    pub(crate) address: String,
    pub(crate) request_id: String,
    pub(crate) action: String,
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) before_state: String,
    pub(crate) after_state: String,
    pub(crate) prev_hash: String,
    pub(crate) hash: String,
}

/// What a list is narrowed to; empty text means anything.
#[derive(Clone, Debug)]
pub(crate) struct AuditFilter<'a> {
    /// Name or id.
    pub(crate) actor: &'a str,
    pub(crate) action: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Entries below this number.
    pub(crate) before: i64,
    pub(crate) limit: i64,
}

impl AuditRow {
    /// The hash that the entry must have. Every field is led by its length, so no two entries with
    /// different fields hash the same text.
    pub(crate) fn expected_hash(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [
            &self.prev_hash,
            &self.seq.to_string(),
            &self.at.to_string(),
            &self.actor,
            &self.actor_id,
            &self.address,
            &self.request_id,
            &self.action,
            &self.kind,
            &self.id,
            &self.before_state,
            &self.after_state,
        ] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        crate::crypto::hex(&hasher.finalize())
    }
}

impl Db {
    /// A page, newest first.
    pub(crate) async fn audit(&self, filter: &AuditFilter<'_>) -> Result<Vec<AuditRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT seq, at, actor, actor_id, address, request_id, action, kind, id, before_state, after_state,
                prev_hash, hash FROM audit
             WHERE seq < $1 AND at >= $2 AND at < $3 AND ($4 = '' OR actor = $4 OR actor_id = $4)
             AND ($5 = '' OR action = $5) AND ($6 = '' OR kind = $6) AND ($7 = '' OR id = $7)
             ORDER BY seq DESC LIMIT $8",
        )
        .bind(filter.before)
        .bind(filter.from)
        .bind(filter.to)
        .bind(filter.actor)
        .bind(filter.action)
        .bind(filter.kind)
        .bind(filter.id)
        .bind(filter.limit)
        .fetch_all(c)
        .await)
    }

    /// Entries after a number, oldest first: what a check of the chain walks through.
    pub(crate) async fn audit_after(&self, seq: i64, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT seq, at, actor, actor_id, address, request_id, action, kind, id, before_state, after_state,
                prev_hash, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2",
        ).bind(seq).bind(limit).fetch_all(c).await)
    }

    /// Number and hash of the newest entry.
    pub(crate) async fn audit_head(&self) -> Result<(i64, String), StoreError> {
        read!(self, c => sqlx::query_as("SELECT seq, hash FROM audit_head WHERE id = 1").fetch_one(c).await)
    }
}

impl Tx {
    /// Appends an entry. The head's row lock keeps the chain straight when several nodes write.
    pub(crate) async fn add_audit(&mut self, new: &NewAudit<'_>) -> Result<(), StoreError> {
        let (seq, prev_hash): (i64, String) = within!(self, c => sqlx::query_as(
            "UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash",
        ).fetch_one(c).await)?;
        let mut row = AuditRow {
            seq,
            at: new.at,
            actor: new.actor.to_owned(),
            actor_id: new.actor_id.to_owned(),
            address: new.address.to_owned(),
            request_id: new.request_id.to_owned(),
            action: new.action.to_owned(),
            kind: new.kind.to_owned(),
            id: new.id.to_owned(),
            before_state: new.before.to_owned(),
            after_state: new.after.to_owned(),
            prev_hash,
            hash: String::new(),
        };
        row.hash = row.expected_hash();
        execute!(
            self,
            sqlx::query(
                "INSERT INTO audit (seq, at, actor, actor_id, address, request_id, action, kind, id, before_state,
                                after_state, prev_hash, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            )
            .bind(row.seq)
            .bind(row.at)
            .bind(&row.actor)
            .bind(&row.actor_id)
            .bind(&row.address)
            .bind(&row.request_id)
            .bind(&row.action)
            .bind(&row.kind)
            .bind(&row.id)
            .bind(&row.before_state)
            .bind(&row.after_state)
            .bind(&row.prev_hash)
            .bind(&row.hash)
        )?;
        execute!(self, sqlx::query("UPDATE audit_head SET hash = $1 WHERE id = 1").bind(&row.hash))?;
        Ok(())
    }
}
