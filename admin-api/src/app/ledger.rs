//! Takes ledger records from the data plane's shipper.

use std::borrow::Cow;
use std::sync::Arc;

use weir_domain::bodies::Bodies;
use weir_domain::ledger::Record;
use weir_domain::name::is_derived;
use weir_domain::ports::{Delivery, DeliveryError, UsageSink};
use weir_domain::time;

use super::App;
use crate::store::StoreError;

/// The sink of this process.
pub(crate) struct Ledger(pub(crate) Arc<App>);

impl UsageSink for Ledger {
    fn deliver<'a>(&'a self, batch: &'a [Record]) -> Delivery<'a> {
        Box::pin(async move { take(&self.0, batch).await.map_err(|e| DeliveryError(e.to_string())) })
    }

    fn keep<'a>(&'a self, batch: &'a [Bodies]) -> Delivery<'a> {
        Box::pin(async move { self.0.keep_bodies(batch).await.map_err(|e| DeliveryError(e.to_string())) })
    }
}

/// Leaves out records of batches that are older than what the ledger keeps: their rows may have been there, and the sums
/// that remain of deleted rows must not count them again.
async fn known<'a>(app: &App, batch: &'a [Record]) -> Result<Cow<'a, [Record]>, StoreError> {
    if !batch.iter().any(|record| is_derived(&record.id)) {
        return Ok(Cow::Borrowed(batch));
    }
    let begin = app.kept_since(time::now()).await?;
    let is_gone = |record: &&Record| is_derived(&record.id) && record.at < begin;
    for record in batch.iter().filter(is_gone) {
        tracing::warn!(id = %record.id, path = %record.path, "a batch is older than the ledger's rows: it is not counted (again)");
    }
    Ok(batch.iter().filter(|record| !is_gone(record)).cloned().collect())
}

/// Stores a batch. Where a record itself is what the ledger refuses, the batch is halved until the record stands
/// alone; it is set aside, and the others are stored.
async fn take(app: &App, batch: &[Record]) -> Result<(), StoreError> {
    let batch = known(app, batch).await?;
    let mut left = vec![&*batch];
    while let Some(part) = left.pop() {
        match (store(app, part).await, part) {
            (Err(error), [record]) if error.is_of_the_row() => set_aside(app, record, &error).await?,
            (Err(error), _) if error.is_of_the_row() => {
                let (first, second) = part.split_at(part.len() / 2);
                left.extend([second, first]);
            }
            (done, _) => done?,
        }
    }
    Ok(())
}

async fn set_aside(app: &App, record: &Record, error: &StoreError) -> Result<(), StoreError> {
    let reason = error.to_string();
    let mut tx = app.db.begin().await?;
    tx.add_dead_letter(record, time::now(), &reason).await?;
    tx.commit().await?;
    tracing::error!(request_id = %record.id, %reason, "the ledger refuses a record: it is kept in the table dead_letters and counts nowhere");
    Ok(())
}

async fn store(app: &App, batch: &[Record]) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    if tx.add_new_records(batch).await? {
        return tx.commit().await;
    }
    // Some were delivered before: rare, after a kill or a delivery that was given up.
    tx.rollback().await?;
    let mut tx = app.db.begin().await?;
    tx.add_missing_records(batch).await?;
    tx.commit().await
}
