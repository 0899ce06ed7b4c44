//! The two databases behind one type, and the macros that run one SQL text on either.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteError, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Connections of a pool that serves reads.
const POOL: u32 = 8;
/// How long a request waits for a connection before it is told that the database is away: within two
/// seconds a caller shall know.
const ACQUIRE: Duration = Duration::from_millis(1500);
/// How often a start tries to reach the server, each time as long: it may be starting too.
const ATTEMPTS: usize = 4;
/// How long SQLite waits for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

/// Codes of SQLite.
const SQLITE_TOOBIG: u32 = 18;
const SQLITE_CONSTRAINT: u32 = 19;
const SQLITE_MISMATCH: u32 = 20;

/// A failure of the database. Its text may name tables, never values, and goes to the log only.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct StoreError(#[from] pub(crate) sqlx::Error);

impl StoreError {
    /// Whether it lies in the values that were given, so that trying again is no use: a constraint, a number out
    /// of range, a text too large. Not so when the database is away, busy or full.
    pub(crate) fn is_of_the_row(&self) -> bool {
        let error = match &self.0 {
            sqlx::Error::Encode(_) => return true,
            sqlx::Error::Database(error) => error,
            _ => return false,
        };
        let code = error.code().unwrap_or_default();
        if error.try_downcast_ref::<SqliteError>().is_some() {
            // Extended codes hold the primary one in the lowest byte. https://www.sqlite.org/rescode.html
            let primary = code.parse::<u32>().unwrap_or(0) & 0xff;
            return [SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH].contains(&primary);
        }
        // Data exception, integrity constraint, program limit. https://www.postgresql.org/docs/current/errcodes-appendix.html
        ["22", "23", "54"].iter().any(|class| code.starts_with(class))
    }
}

/// SQLite with one writing connection and a pool of readers, or PostgreSQL.
#[derive(Clone)]
pub(crate) enum Db {
    /// One file, in WAL mode, so that readers never wait for the writer.
    Sqlite {
        /// The one connection that writes in this process.
        writer: SqlitePool,
        /// Connections that read.
        reader: SqlitePool,
    },
    /// A server.
    Pg(PgPool),
}

/// A transaction that writes.
pub(crate) enum Tx {
    /// On the writing connection.
    Sqlite(Transaction<'static, Sqlite>),
    /// On any connection.
    Pg(Transaction<'static, Postgres>),
}

/// Runs a query on a connection that reads: `read!(db, c => sqlx::query_as(SQL).fetch_all(c).await)`.
macro_rules! read {
    ($db:expr, $c:ident => $body:expr) => {
        match $db {
            $crate::store::Db::Sqlite { reader: $c, .. } => $body.map_err($crate::store::StoreError::from),
            $crate::store::Db::Pg($c) => $body.map_err($crate::store::StoreError::from),
        }
    };
}

/// Runs a query within a transaction: `execute!(tx, sqlx::query(SQL))`.
macro_rules! within {
    ($tx:expr, $c:ident => $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(transaction) => {
                let $c = &mut **transaction;
                $body.map_err($crate::store::StoreError::from)
            }
            $crate::store::Tx::Pg(transaction) => {
                let $c = &mut **transaction;
                $body.map_err($crate::store::StoreError::from)
            }
        }
    };
}

/// Runs a change within a transaction and tells how many rows it touched: `execute!(tx, sqlx::query(SQL))`.
macro_rules! execute {
    ($tx:expr, $query:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(transaction) => {
                $query.execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
            $crate::store::Tx::Pg(transaction) => {
                $query.execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::store::StoreError::from)
    };
}
pub(crate) use {execute, read, within};

impl Db {
    /// Opens `postgres://…`, `sqlite:PATH`, or the file `weir.db` in the data directory.
    pub(crate) async fn open(url: Option<&str>, data_dir: &Path) -> Result<Self, StoreError> {
        match url {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                let options = PgConnectOptions::from_str(url)?.application_name("weir");
                let pool = PgPoolOptions::new().max_connections(POOL).acquire_timeout(ACQUIRE);
                let pool = pool.connect_lazy_with(options);
                let mut reached = pool.acquire().await.map(drop);
                for _ in 1..ATTEMPTS {
                    match reached {
                        Err(sqlx::Error::PoolTimedOut) => reached = pool.acquire().await.map(drop),
                        _ => break,
                    }
                }
                reached?;
                Ok(Self::Pg(pool))
            }
            Some(url) => Self::sqlite(SqliteConnectOptions::from_str(url)?).await,
            None => Self::sqlite(SqliteConnectOptions::new().filename(data_dir.join("weir.db"))).await,
        }
    }

    async fn sqlite(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        make_private(options.get_filename())?;
        // FULL, not NORMAL: an acknowledged change survives a power cut, as it does on PostgreSQL.
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .foreign_keys(true);
        let writer = SqlitePoolOptions::new().max_connections(1).acquire_timeout(BUSY);
        let writer = writer.connect_with(options.clone()).await?;
        let reader = SqlitePoolOptions::new().max_connections(POOL).acquire_timeout(ACQUIRE);
        let reader = reader.connect_with(options.pragma("query_only", "1")).await?;
        Ok(Self::Sqlite { writer, reader })
    }

    /// Begins a transaction that writes; dropped without [`Tx::commit`] it leaves nothing behind.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            // IMMEDIATE: a lock taken late would fail half-way instead of waiting at the start.
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Pg(pool) => Tx::Pg(pool.begin().await?),
        })
    }

    /// The name for people.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Pg(_) => "postgresql",
        }
    }

    /// The texts of a column, by a query that the store itself would never run.
    #[cfg(test)]
    pub(crate) async fn texts(&self, sql: &'static str) -> Vec<String> {
        let rows: Result<Vec<(String,)>, StoreError> = read!(self, c => sqlx::query_as(sql).fetch_all(c).await);
        let rows = rows.unwrap_or_else(|e| panic!("{sql}: {e}"));
        rows.into_iter().map(|(text,)| text).collect()
    }

    /// Runs a statement that the store itself would never run.
    #[cfg(test)]
    pub(crate) async fn tamper(&self, sql: &'static str) {
        let done = match self {
            Self::Sqlite { writer, .. } => sqlx::query(sql).execute(writer).await.map(|_| ()),
            Self::Pg(pool) => sqlx::query(sql).execute(pool).await.map(|_| ()),
        };
        assert!(done.is_ok(), "{sql}: {done:?}");
    }
}

/// Makes the database file, for its owner only: it holds password hashes and sealed secrets. SQLite gives
/// the files beside it the same mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(sqlx::Error::Io(error).into()),
        _ => Ok(()),
    }
}

impl Tx {
    /// Makes it last.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Undoes it now, rather than when the connection is next used.
    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Pg(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}
