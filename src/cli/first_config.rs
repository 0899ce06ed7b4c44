//! The configuration file at a start: applied where there is one, let go of where there is none any more.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use weir_admin_api::ControlPlane;

/// Which file a process configures itself by.
#[derive(clap::Args)]
pub(crate) struct ConfigArgs {
    /// Resources as YAML documents; what it names is managed by it
    #[arg(long, env = "WEIR_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// No process reads a configuration file any more: the admin API may change what one managed.
    /// Needed only with --database, which other processes may share
    #[arg(long, conflicts_with = "config")]
    pub(crate) no_config: bool,
}

// === impl ConfigArgs ===

impl ConfigArgs {
    /// Looks whether the configuration file can be read, before anything is made.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) fn require(&self) -> anyhow::Result<()> {
        let Some(path) = &self.config else { return Ok(()) };
        // Not read here: what a shell's <(…) names can be read only once.
        let opened = File::open(path).and_then(|file| file.metadata());
        let metadata = opened.with_context(|| format!("cannot read the configuration file {}", path.display()))?;
        ensure!(!metadata.is_dir(), "--config {} is a directory; name a file", path.display());
        Ok(())
    }

    /// Applies the file of a start: a faulty one ends it. Without a file, lets the admin API manage what
    /// one managed, where nobody else can still read it.
    ///
    /// `alone`: the database lies in the data directory, which this process alone holds. A database
    /// elsewhere may have another process with a file, whose resources must not be unlocked under it.
    ///
    /// # Errors
    /// With every fault of the file, or when the store fails.
    pub(crate) async fn begin(&self, control: &ControlPlane, alone: bool) -> anyhow::Result<()> {
        match &self.config {
            Some(path) => apply(control, path).await,
            None if alone || self.no_config => {
                let resources = control.release_file().await.context("what a configuration file managed")?;
                if resources > 0 {
                    tracing::info!(resources, "no configuration file: the admin API may change what one managed");
                }
                Ok(())
            }
            None => Ok(()),
        }
    }
}

async fn apply(control: &ControlPlane, path: &Path) -> anyhow::Result<()> {
    match control.apply_file(path).await {
        Ok(report) => {
            let (file, changes, revision) = (path.display(), report.changes.len(), report.revision);
            tracing::info!(%file, changes, revision, "configuration file applied");
            Ok(())
        }
        Err(error) => bail!("the configuration in {} was refused, so nothing was started:\n{error}", path.display()),
    }
}
