//! The control plane as the binary sees it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use weir_domain::ports::{LiveConfig, UsageSink};
use weir_domain::resource::Stored;
use weir_domain::spec::ApiKey;

use crate::config::{ApplyReport, ConfigError, Plan, Source};
use crate::settings::{OpenError, Settings};

/// The control plane. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct ControlPlane {}

/// An API key that was just made.
pub struct MadeKey {
    /// The whole key: shown this once, stored nowhere.
    pub key: weir_domain::secret::Secret,
    /// The resource that stands for it.
    pub resource: Stored,
}

impl ControlPlane {
    /// Opens or makes the store: migrates it, reads the master key, and at the first start makes the
    /// set-up token and `DATA_DIR/admin-token` (0600).
    ///
    /// # Errors
    /// A sentence for the operator.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let _ = settings;
        Err(OpenError::Refused("the control plane is being built".to_owned()))
    }

    /// The one-time set-up link while no user exists.
    #[must_use]
    pub fn setup_link(&self) -> Option<String> {
        None
    }

    /// Where the data plane delivers its ledger records.
    #[must_use]
    pub fn usage_sink(&self) -> Arc<dyn UsageSink> {
        unimplemented!()
    }

    /// Compiles and installs now, and after every change by this or another process (within 2 s).
    ///
    /// # Errors
    /// When the stored configuration does not compile, or the store fails.
    pub async fn attach(&self, live: Arc<dyn LiveConfig>) -> Result<(), ConfigError> {
        let _ = live;
        unimplemented!()
    }

    /// Applies a file whose resources are managed by it from now on: the admin API refuses to change
    /// them (409 `managed-by-file`), and what left the file leaves the store.
    ///
    /// # Errors
    /// Every fault of the file; nothing of it went live then.
    pub async fn apply_file(&self, path: &Path) -> Result<ApplyReport, ConfigError> {
        let _ = path;
        unimplemented!()
    }

    /// What [`ControlPlane::apply`] would do.
    ///
    /// # Errors
    /// Every fault of the text.
    pub async fn plan(&self, source: Source<'_>) -> Result<Plan, ConfigError> {
        let _ = source;
        unimplemented!()
    }

    /// Applies documents, all or nothing. `base` is the plan's; `None` takes whatever is there.
    ///
    /// # Errors
    /// Every fault of the text, or [`ConfigError::Stale`].
    pub async fn apply(&self, source: Source<'_>, base: Option<i64>, actor: &str) -> Result<ApplyReport, ConfigError> {
        let _ = (source, base, actor);
        unimplemented!()
    }

    /// Everything as YAML documents, secrets as references or fingerprints.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn export(&self) -> Result<String, ConfigError> {
        unimplemented!()
    }

    /// Makes an API key; `spec.hash` is filled in.
    ///
    /// # Errors
    /// When the application does not exist or a field has a fault.
    pub async fn create_key(&self, spec: ApiKey, actor: &str) -> Result<MadeKey, ConfigError> {
        let _ = (spec, actor);
        unimplemented!()
    }

    /// Revokes an API key by its public id.
    ///
    /// # Errors
    /// When there is no such key.
    pub async fn revoke_key(&self, id: &str, actor: &str) -> Result<(), ConfigError> {
        let _ = (id, actor);
        unimplemented!()
    }

    /// Binds the listener; with port 0 this tells which port was free. Bind before
    /// [`ControlPlane::setup_link`], which names the bound address.
    ///
    /// # Errors
    /// When the address is in use or not ours.
    pub async fn bind(&self) -> io::Result<SocketAddr> {
        unimplemented!()
    }

    /// Serves until `shutdown` resolves, then lets requests under way end.
    ///
    /// # Errors
    /// When nothing was bound, or the listener fails.
    pub async fn serve(&self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let _ = shutdown;
        unimplemented!()
    }
}
