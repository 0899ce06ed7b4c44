//! Takes ledger records from the data plane's shipper.

use std::sync::Arc;

use weir_domain::ledger::Record;
use weir_domain::ports::{Delivery, DeliveryError, UsageSink};

use super::App;
use crate::store::StoreError;

/// The sink of this process.
pub(crate) struct Ledger(pub(crate) Arc<App>);

impl UsageSink for Ledger {
    fn deliver<'a>(&'a self, batch: &'a [Record]) -> Delivery<'a> {
        Box::pin(async move { store(&self.0, batch).await.map_err(|e| DeliveryError(e.to_string())) })
    }
}

async fn store(app: &App, batch: &[Record]) -> Result<(), StoreError> {
    let mut tx = app.db.begin().await?;
    for record in batch {
        tx.add_record(record).await?;
    }
    tx.commit().await
}
