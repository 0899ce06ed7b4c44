//! Looks whether a listener's certificate has changed on the disk.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use super::{Files, Tls};

/// How often the files are looked at. They are read when they have been still for one such interval, so that the two
/// halves of a renewal are mostly read together; where they are not, the old pair stays until both are there.
const INTERVAL: Duration = Duration::from_millis(500);
/// How often a certificate that nears its end is complained about.
const DAILY: Duration = Duration::from_secs(24 * 3600);

/// What tells one state of a file from another; `None` while it is not there. Links are followed, as orchestrators
/// renew secrets by turning a link.
type Stamp = Option<(SystemTime, (i64, i64), u64, u64)>;

pub(super) async fn watch(tls: Tls) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut tick = interval(INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut daily = interval_at(Instant::now() + DAILY, DAILY);
    let mut loaded = stamps(&tls.files);
    let mut previous = loaded;
    loop {
        let asked = tokio::select! {
            _ = tick.tick() => false,
            _ = hangup.recv() => true,
            _ = daily.tick() => {
                tls.warn_of_end();
                continue;
            }
        };
        let now = stamps(&tls.files);
        let still = now == previous;
        previous = now;
        if asked || (now != loaded && still) {
            loaded = now;
            tls.reload();
        }
    }
}

fn stamps(files: &Files) -> [Stamp; 2] {
    [stamp(&files.certificate), stamp(&files.key)]
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    // Also when it last changed hands: a key that became readable only later is read then.
    Some((metadata.modified().ok()?, (metadata.ctime(), metadata.ctime_nsec()), metadata.len(), metadata.ino()))
}
