//! Single named values: the check of the master key, the hash of the set-up token.

use super::db::{Db, StoreError, Tx, execute, read, within};

impl Db {
    /// A named value.
    pub(crate) async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = read!(self, c => sqlx::query_as("SELECT value FROM meta WHERE name = $1")
            .bind(name)
            .fetch_optional(c)
            .await)?;
        Ok(row.map(|(value,)| value))
    }
}

impl Tx {
    /// Sets a named value.
    pub(crate) async fn set_meta(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        execute!(self, sqlx::query(
            "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        ).bind(name).bind(value))?;
        Ok(())
    }

    /// Sets a named value unless there is one; gives back the one that holds.
    pub(crate) async fn claim_meta(&mut self, name: &str, value: &str) -> Result<String, StoreError> {
        // The update that changes nothing makes RETURNING answer also when the row was there.
        let (kept,): (String,) = within!(self, c => sqlx::query_as(
            "INSERT INTO meta (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = meta.value RETURNING value",
        ).bind(name).bind(value).fetch_one(c).await)?;
        Ok(kept)
    }

    /// Takes a named value away if it is `expected`; tells whether it was.
    pub(crate) async fn take_meta(&mut self, name: &str, expected: &str) -> Result<bool, StoreError> {
        let done =
            execute!(self, sqlx::query("DELETE FROM meta WHERE name = $1 AND value = $2").bind(name).bind(expected))?;
        Ok(done == 1)
    }
}
