//! Log lines about the usage journal.

use crate::metering::JournalEvent;

pub(super) fn log(event: &JournalEvent) {
    match event {
        JournalEvent::WriteFailed { reason } => {
            tracing::error!(%reason, "the usage journal cannot be written; not ready until it can be");
        }
        JournalEvent::Recovered => tracing::info!("the usage journal can be written again"),
        JournalEvent::Lost { id } => tracing::error!(%id, "a usage record is lost"),
        JournalEvent::Skipped { segment, bytes } => {
            tracing::warn!(segment, bytes, "bytes of the usage journal are no record and were skipped");
        }
        JournalEvent::Delivered { records } => tracing::debug!(records, "usage records delivered to the ledger"),
        JournalEvent::DeliveryFailed { reason, retry_ms } => {
            tracing::warn!(%reason, retry_ms, "usage records were not delivered to the ledger; tried again");
        }
    }
}
