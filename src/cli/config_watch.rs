//! Watches the configuration file: a valid change goes live, an invalid one is logged and the old stays.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use weir_admin_api::ControlPlane;
use weir_admin_api::config::ConfigError;

/// How often the file is looked at. A change is applied when the file has been still for one such
/// interval, so that a half-written file is never read: at most twice this after the last write.
const INTERVAL: Duration = Duration::from_millis(500);

/// What tells one state of a file from another; `None` while it is not there.
type Stamp = Option<(SystemTime, u64, u64)>;

/// Applies `path` when it changes, and at once on SIGHUP. Without a file it only swallows SIGHUP,
/// which would end the process otherwise. Never returns.
///
/// # Errors
/// When the signal cannot be listened to.
pub(crate) async fn watch(control: ControlPlane, path: Option<PathBuf>) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut tick = tokio::time::interval(INTERVAL);
    let mut applied = path.as_deref().and_then(stamp);
    let mut previous = applied;
    loop {
        let asked = tokio::select! {
            _ = tick.tick() => false,
            _ = hangup.recv() => true,
        };
        let Some(path) = path.as_deref() else { continue };
        let now = stamp(path);
        let still = now == previous;
        previous = now;
        if asked || (now != applied && still) {
            applied = now;
            reload(&control, path).await;
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

async fn reload(control: &ControlPlane, path: &Path) {
    let file = path.display();
    match control.apply_file(path).await {
        Ok(report) => tracing::info!(%file, changes = report.changes.len(), "configuration file applied"),
        Err(error) => {
            log_refusal(path, &error);
            tracing::warn!(%file, "the configuration file was refused; what was live stays live");
        }
    }
}

/// Logs why a file was refused, one line for each fault.
pub(crate) fn log_refusal(path: &Path, error: &ConfigError) {
    let file = path.display();
    match error {
        ConfigError::Faults(faults) => {
            for fault in &faults.0 {
                tracing::error!(%file, resource = fault.resource, field = fault.field, "{fault}");
            }
        }
        other => tracing::error!(%file, "{other}"),
    }
}
