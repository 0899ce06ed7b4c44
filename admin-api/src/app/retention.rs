//! Deletes request rows and their attempts when they are old; the rollups, and so usage reports, stay.

use std::sync::Arc;
use std::time::Duration;

use weir_domain::time::{self, Micros};

use super::App;
use crate::store::{StoreError, hour_of};

/// How often old rows are looked for.
const EVERY: Duration = Duration::from_secs(600);
/// Rows of one transaction: few, so that records on their way to the ledger never wait long.
const BATCH: i64 = 500;
/// The rest between two transactions.
const PAUSE: Duration = Duration::from_millis(50);
const DAY: Micros = 24 * 3_600_000_000;
/// Since when the ledger has every row, in the table `meta`.
const BEGIN_META: &str = "ledger_begin";

impl App {
    /// Deletes old rows from now on. Several nodes may do so at once.
    pub(crate) fn keep_retention(self: &Arc<Self>) {
        // The task holds no strong reference, so it ends with the control plane.
        let app = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                {
                    let Some(app) = app.upgrade() else { break };
                    if let Err(error) = app.delete_old(time::now()).await {
                        tracing::warn!(%error, "old request rows could not be deleted; the next round tries again");
                    }
                    if let Err(error) = app.delete_old_bodies(time::now()).await {
                        tracing::warn!(%error, "old bodies could not be deleted; the next round tries again");
                    }
                }
                tokio::time::sleep(EVERY).await;
            }
        });
    }

    /// Deletes what is older than the settings say, at this moment; tells how many requests that were.
    pub(crate) async fn delete_old(&self, now: Micros) -> Result<u64, StoreError> {
        let Some(begin) = self.retention_begin(now) else { return Ok(0) };
        // Whoever kept less, before or elsewhere, has left less.
        let known = self.ledger_begin().await?.max(begin);
        let mut all = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let deleted = tx.delete_requests_before(begin, BATCH).await?;
            if deleted == 0 {
                tx.rollback().await?;
                break;
            }
            tx.set_meta(BEGIN_META, &known.to_string()).await?;
            tx.commit().await?;
            all += deleted;
            tokio::time::sleep(PAUSE).await;
        }
        if all > 0 {
            tracing::info!(requests = all, before = %time::to_rfc3339(begin), "old request rows were deleted");
        }
        Ok(all)
    }

    /// What is older than this is deleted; `None` where nothing is. Full hours: what is left of an hour could not be told
    /// from the whole of it.
    fn retention_begin(&self, now: Micros) -> Option<Micros> {
        let days = i64::from(self.settings.ledger_retention_days);
        (days > 0).then(|| hour_of(now.saturating_sub(days.saturating_mul(DAY))))
    }

    /// Since when no row can have been deleted, here or elsewhere.
    pub(super) async fn kept_since(&self, now: Micros) -> Result<Micros, StoreError> {
        Ok(self.ledger_begin().await?.max(self.retention_begin(now).unwrap_or(Micros::MIN)))
    }

    /// Since when the ledger has every row; rows before are gone, and only full hours can be told.
    pub(crate) async fn ledger_begin(&self) -> Result<Micros, StoreError> {
        Ok(self.db.meta(BEGIN_META).await?.and_then(|text| text.parse().ok()).unwrap_or(Micros::MIN))
    }
}
