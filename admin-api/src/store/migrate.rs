//! Runs the migrations: one set for both databases, in order, each in one transaction.

use sha2::{Digest, Sha256};

use super::db::{Db, StoreError, Tx, execute, within};

/// Every migration, in order. A released one never changes.
const MIGRATIONS: [(i64, &str); 1] = [(1, include_str!("../../../migrations/0001_base.sql"))];

/// Why the database is not on the version that this program needs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration that ran is not the one in this program.
    #[error("was migrated by another build: migration {0} differs from this program's; use the program that made it")]
    Differs(i64),
    /// The database is of a newer program.
    #[error("is of a newer Weir (migration {0}, this program knows {1}); use that version")]
    Newer(i64, i64),
}

impl Db {
    /// Brings the database to the version that this program needs. Two processes may do so at once:
    /// the second waits on the first's row, fails on it, and finds the work done.
    pub(crate) async fn migrate(&self) -> Result<(), MigrateError> {
        let mut failures = 0;
        loop {
            match self.run_missing().await {
                Err(MigrateError::Store(error)) if failures < 5 => {
                    failures += 1;
                    tracing::debug!(%error, "migration is tried again");
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
                other => return other,
            }
        }
    }

    async fn run_missing(&self) -> Result<(), MigrateError> {
        let mut tx = self.begin().await?;
        execute!(
            &mut tx,
            sqlx::query(
                "CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY, checksum TEXT NOT NULL, at BIGINT NOT NULL)",
            )
        )?;
        let done: Vec<(i64, String)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT version, checksum FROM migrations ORDER BY version",
        ).fetch_all(c).await)?;
        tx.commit().await?;
        let newest = MIGRATIONS.last().map_or(0, |(version, _)| *version);
        if let Some((version, _)) = done.iter().find(|(version, _)| *version > newest) {
            return Err(MigrateError::Newer(*version, newest));
        }
        for (version, sql) in MIGRATIONS {
            let checksum = crate::crypto::hex(&Sha256::digest(sql.as_bytes()));
            match done.iter().find(|(done, _)| *done == version) {
                Some((_, kept)) if *kept != checksum => return Err(MigrateError::Differs(version)),
                Some(_) => {}
                None => self.run(version, sql, &checksum).await?,
            }
        }
        Ok(())
    }

    async fn run(&self, version: i64, sql: &'static str, checksum: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        execute!(
            &mut tx,
            sqlx::query("INSERT INTO migrations (version, checksum, at) VALUES ($1, $2, $3)")
                .bind(version)
                .bind(checksum)
                .bind(weir_domain::time::now())
        )?;
        match &mut tx {
            Tx::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(|_| ())?,
            Tx::Pg(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(|_| ())?,
        }
        tx.commit().await
    }
}
