//! The data directory of a process, held so that no other process uses it meanwhile.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};

/// Holds a data directory until it is dropped; the system lets go of it when the process ends, however it ends.
pub(crate) struct DataDir {
    _lock: File,
}

// === impl DataDir ===

impl DataDir {
    /// Takes a directory that is there; `None` when it is not.
    ///
    /// # Errors
    /// When another process holds it, or it cannot be written to.
    pub(crate) fn hold(path: &Path) -> anyhow::Result<Option<Self>> {
        if !path.is_dir() {
            return Ok(None);
        }
        let at = path.join("lock");
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&at).with_context(|| {
                format!("cannot write {}; give a directory of your own with --data-dir", at.display())
            })?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: lock })),
            Err(TryLockError::WouldBlock) => bail!(
                "another weir runs on the data directory {}; stop it first, or give this one its own with --data-dir",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}; use a file system that has locks", at.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_by_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let first = DataDir::hold(dir.path());
        assert!(matches!(first, Ok(Some(_))));
        let second = DataDir::hold(dir.path()).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(second.starts_with("another weir runs on the data directory"), "{second}");
        drop(first);
        assert!(matches!(DataDir::hold(dir.path()), Ok(Some(_))));
        assert!(matches!(DataDir::hold(&dir.path().join("absent")), Ok(None)));
    }
}
