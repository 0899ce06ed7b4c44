//! The connections, the schema, and the rows that ran out.

use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Postgres, query, query_scalar, raw_sql};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout, timeout_at};
use weir_domain::secret::Secret;

use crate::store::StoreError;

/// Connections that a node has at most.
const CONNECTIONS: u32 = 16;
/// How long the schema may take to be made; calls do not wait that long for it.
const OPENING: Duration = Duration::from_secs(20);
/// How often rows that ran out are dropped, and how many at once.
const SWEEP: Duration = Duration::from_secs(20);
const BATCH: i32 = 1_000;
/// The version of the schema that this program makes.
const VERSION: i32 = 1;
const SCHEMA: &str = include_str!("../scripts/postgres.sql");
/// The lock under which one node makes the schema: the first bytes of `weir-conflict`.
const SCHEMA_LOCK: i64 = 0x7765_6972_2d63_6f6e;

/// One server, as one node sees it.
pub(super) struct Server {
    pool: PgPool,
    op_timeout: Duration,
    open: OnceCell<()>,
}

impl Server {
    pub(super) fn new(url: &Secret, op_timeout: Duration) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url
            .expose()
            .parse()
            .map_err(|_| StoreError::Unavailable("its address is not one of PostgreSQL".to_owned()))?;
        // A statement whose caller has left does not wait on: it would hold a connection.
        let limit = format!("{}ms", op_timeout.as_millis().saturating_mul(2).max(100));
        let options = options.application_name("weir-conflict").disable_statement_logging();
        let options = options.options([("statement_timeout", limit.as_str())]);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(op_timeout)
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Ok(Self { pool, op_timeout, open: OnceCell::new() })
    }

    /// Runs one statement that has one row, within the time that one call may take.
    pub(super) async fn row(
        self: &Arc<Self>,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<PgRow, StoreError> {
        self.rows(statement).await?.into_iter().next().ok_or(StoreError::Malformed("no row"))
    }

    /// Runs one statement within the time that one call may take.
    pub(super) async fn rows(
        self: &Arc<Self>,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let deadline = Instant::now() + self.op_timeout;
        let late = |_| StoreError::Timeout(self.op_timeout);
        if !self.open.initialized() {
            timeout_at(deadline, self.opened()).await.map_err(late)??;
        }
        let acquired = timeout_at(deadline, self.pool.acquire()).await.map_err(late)?;
        let mut connection = acquired.map_err(|error| self.told(&error))?;
        match timeout_at(deadline, statement.fetch_all(&mut *connection)).await {
            Ok(done) => done.map_err(|error| self.told(&error)),
            Err(elapsed) => {
                // It may be a line that is dead without saying so: nobody shall get it again.
                drop(connection.detach());
                Err(late(elapsed))
            }
        }
    }

    /// Makes the schema, once; a caller that leaves does not end that.
    async fn opened(self: &Arc<Self>) -> Result<(), StoreError> {
        let server = Arc::clone(self);
        let opening = tokio::spawn(async move {
            let made = server.open.get_or_try_init(|| async {
                let made = timeout(OPENING, server.make_schema()).await;
                made.map_err(|_| StoreError::Timeout(OPENING))??;
                tokio::spawn(sweep(Arc::downgrade(&server)));
                Ok(())
            });
            made.await.map(|_| ())
        });
        opening.await.unwrap_or_else(|_| Err(StoreError::Unavailable("it could not be opened".to_owned())))
    }

    async fn make_schema(&self) -> Result<(), StoreError> {
        let told = |error| self.told(&error);
        let mut tx = self.pool.begin().await.map_err(told)?;
        raw_sql("SET LOCAL statement_timeout = '20s'").execute(&mut *tx).await.map_err(told)?;
        query("SELECT pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK).execute(&mut *tx).await.map_err(told)?;
        let there: bool = query_scalar("SELECT to_regclass('weir_conflict.meta') IS NOT NULL")
            .fetch_one(&mut *tx)
            .await
            .map_err(told)?;
        if !there {
            raw_sql(SCHEMA).execute(&mut *tx).await.map_err(told)?;
        }
        let version: i32 =
            query_scalar("SELECT max(version) FROM weir_conflict.meta").fetch_one(&mut *tx).await.map_err(told)?;
        if version != VERSION {
            let problem = format!("its schema weir_conflict is of version {version}, this program knows {VERSION}");
            return Err(StoreError::Unavailable(problem));
        }
        // A server that was restored from a backup has counted less than it gave: its clock catches up.
        raw_sql(
            "SELECT setval('weir_conflict.fence', weir_conflict.mark()) FROM weir_conflict.fence \
             WHERE last_value + 1000000 < weir_conflict.mark()",
        )
        .execute(&mut *tx)
        .await
        .map_err(told)?;
        tx.commit().await.map_err(told)
    }

    /// What is told of a failure: its kind and code, never a value.
    fn told(&self, error: &sqlx::Error) -> StoreError {
        StoreError::Unavailable(match error {
            sqlx::Error::PoolTimedOut => return StoreError::Timeout(self.op_timeout),
            sqlx::Error::Database(error) => match error.code().as_deref() {
                // The server ended the statement because it took too long.
                Some("57014") => return StoreError::Timeout(self.op_timeout),
                Some(code) => format!("PostgreSQL says {code}"),
                None => "PostgreSQL refuses".to_owned(),
            },
            sqlx::Error::Io(error) => format!("PostgreSQL cannot be reached: {}", error.kind()),
            sqlx::Error::Tls(_) => "TLS with PostgreSQL fails".to_owned(),
            _ => "PostgreSQL does not answer as it should".to_owned(),
        })
    }
}

/// Drops rows that ran out, a few at a time, as long as the store is used.
async fn sweep(server: Weak<Server>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(server) = server.upgrade() else { return };
        loop {
            match query_scalar::<_, i64>("SELECT weir_conflict.sweep($1)").bind(BATCH).fetch_one(&server.pool).await {
                Ok(dropped) if dropped >= i64::from(BATCH) => tokio::task::yield_now().await,
                Ok(_) => break,
                Err(error) => {
                    tracing::debug!(%error, "rows that ran out are dropped later");
                    break;
                }
            }
        }
    }
}
