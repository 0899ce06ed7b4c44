//! The one-time set-up link: told in the log and in a file for as long as nobody has used it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use weir_admin_api::ControlPlane;

/// How often to look whether the link was used.
const INTERVAL: Duration = Duration::from_secs(1);

/// The file that holds the link.
pub(crate) struct SetupLink {
    path: PathBuf,
}

// === impl SetupLink ===

impl SetupLink {
    /// Writes the link to `DATA_DIR/setup-link` (0600) and to the log, or removes a stale file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn announce(data_dir: &Path, link: Option<String>) -> anyhow::Result<Self> {
        let this = Self { path: data_dir.join("setup-link") };
        this.remove();
        if let Some(link) = link {
            let path = this.path.display();
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&this.path)
                .and_then(|mut file| writeln!(file, "{link}"))
                .with_context(|| format!("cannot write {path}"))?;
            tracing::info!("nobody has an account yet; make the first one at {link}");
        }
        Ok(this)
    }

    /// Removes the file as soon as the link is used up.
    pub(crate) async fn remove_when_used(self, control: ControlPlane) {
        while control.setup_link().is_some() {
            tokio::time::sleep(INTERVAL).await;
        }
        self.remove();
    }

    fn remove(&self) {
        // What is not there needs no removal.
        drop(fs::remove_file(&self.path));
    }
}
