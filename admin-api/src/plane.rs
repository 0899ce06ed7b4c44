//! The control plane as the binary sees it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use weir_conflict::store::Stores;
use weir_domain::catalog::Catalog;
use weir_domain::ports::{LiveConfig, UsageSink};
use weir_domain::resource::Stored;
use weir_domain::secret::Secret;
use weir_domain::spec::ApiKey;
use weir_domain::time;

use crate::app::actor::Actor;
use crate::app::ledger::Ledger;
use crate::app::live::Live;
use crate::app::password::Passwords;
use crate::app::throttle::Throttle;
use crate::app::{App, start};
use crate::config::{ApplyReport, ConfigError, Plan, Source};
use crate::http::{router, serve};
use crate::settings::{OpenError, Settings};

/// The control plane. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct ControlPlane {
    app: Arc<App>,
    listener: Arc<Mutex<Option<TcpListener>>>,
}

/// An API key that was just made.
pub struct MadeKey {
    /// The whole key: shown this once, stored nowhere.
    pub key: Secret,
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
        settings.check()?;
        start::data_dir(&settings.data_dir)?;
        let vault = start::master_key(settings.master_key.as_ref(), &settings.data_dir)?;
        let db = start::database(settings.database_url.as_deref(), &settings.data_dir, &vault).await?;
        let catalog = Catalog::built_in().map_err(OpenError::Catalog)?;
        let app = App {
            settings,
            db,
            vault: Arc::new(vault),
            catalog: Arc::new(catalog),
            live: Live::default(),
            passwords: Passwords::new(),
            throttle: Throttle::default(),
            setup_token: Mutex::new(None),
            bound: Mutex::new(None),
            playground_key: tokio::sync::Mutex::new(None),
            http: std::sync::OnceLock::new(),
            started_at: time::now(),
        };
        app.first_start().await?;
        Ok(Self { app: Arc::new(app), listener: Arc::new(Mutex::new(None)) })
    }

    /// The one-time set-up link while no user exists. Bind first: it names the bound address.
    #[must_use]
    pub fn setup_link(&self) -> Option<String> {
        let token = self.app.setup_token.lock().clone()?;
        if let Some(public) = &self.app.settings.public_url {
            return Some(format!("{}/setup#token={}", public.trim_end_matches('/'), token.expose()));
        }
        let mut address = self.app.bound.lock().unwrap_or(self.app.settings.listen);
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        let scheme = if self.app.settings.tls.is_some() { "https" } else { "http" };
        // In the fragment: browsers send it to nobody, so it stands in no log.
        Some(format!("{scheme}://{address}/setup#token={}", token.expose()))
    }

    /// Where the data plane delivers its ledger records.
    #[must_use]
    pub fn usage_sink(&self) -> Arc<dyn UsageSink> {
        Arc::new(Ledger(Arc::clone(&self.app)))
    }

    /// The stores of what clashes, for the data plane of this process.
    #[must_use]
    pub fn conflict_stores(&self) -> Arc<Stores> {
        Arc::clone(&self.app.settings.stores)
    }

    /// Compiles and installs now, and after every change by this or another process (within 2 s).
    ///
    /// # Errors
    /// When the stored configuration does not compile, or the store fails.
    pub async fn attach(&self, live: Arc<dyn LiveConfig>) -> Result<(), ConfigError> {
        Ok(self.app.attach(live).await?)
    }

    /// Applies a file whose resources are managed by it from now on: the admin API refuses to change
    /// them (409 `managed-by-file`), and what left the file leaves the store.
    ///
    /// # Errors
    /// Every fault of the file; nothing of it went live then.
    pub async fn apply_file(&self, path: &Path) -> Result<ApplyReport, ConfigError> {
        let yaml = tokio::fs::read_to_string(path).await;
        let yaml = yaml.map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
        Ok(self.app.apply_file(path, &yaml).await?)
    }

    /// Lets the admin API manage what a file managed: for a start without a file. Tells how many
    /// resources that were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release_file(&self) -> Result<u64, ConfigError> {
        Ok(self.app.release_file().await?)
    }

    /// What [`ControlPlane::apply`] would do. Like it, on the operator's word: any variable and file may be named.
    ///
    /// # Errors
    /// Every fault of the text.
    pub async fn plan(&self, source: Source<'_>) -> Result<Plan, ConfigError> {
        Ok(self.app.plan(&source, true, true).await?)
    }

    /// The same where the secrets are not at hand: of `env:` and `file:` only the form is judged.
    ///
    /// # Errors
    /// Every fault of the text.
    pub async fn check(&self, source: Source<'_>) -> Result<Plan, ConfigError> {
        Ok(self.app.plan(&source, true, false).await?)
    }

    /// Applies documents, all or nothing. `base` is the plan's; `None` takes whatever is there.
    ///
    /// # Errors
    /// Every fault of the text, or [`ConfigError::Stale`].
    pub async fn apply(&self, source: Source<'_>, base: Option<i64>, actor: &str) -> Result<ApplyReport, ConfigError> {
        Ok(self.app.apply(&source, base, &Actor::local(actor), true, false).await?)
    }

    /// Everything as YAML documents, secrets as references or fingerprints.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn export(&self) -> Result<String, ConfigError> {
        Ok(self.app.export().await?)
    }

    /// Makes an API key; its id and hash are made here, whatever `spec` says of them.
    ///
    /// # Errors
    /// When the application does not exist or a field has a fault.
    pub async fn create_key(&self, spec: ApiKey, actor: &str) -> Result<MadeKey, ConfigError> {
        let (key, resource) = self.app.make_key(spec, &Actor::local(actor)).await?;
        Ok(MadeKey { key, resource })
    }

    /// Revokes an API key by its public id.
    ///
    /// # Errors
    /// When there is no such key.
    pub async fn revoke_key(&self, id: &str, actor: &str) -> Result<(), ConfigError> {
        self.app.revoke_key(id, &Actor::local(actor), false).await?;
        Ok(())
    }

    /// Binds the listener; with port 0 this tells which port was free. Bind before
    /// [`ControlPlane::setup_link`], which names the bound address.
    ///
    /// # Errors
    /// When the address is in use or not ours.
    pub async fn bind(&self) -> io::Result<SocketAddr> {
        self.keep(TcpListener::bind(self.app.settings.listen).await?)
    }

    /// In place of [`ControlPlane::bind`]: takes a socket that listens already and does not block. To be called
    /// within the runtime that serves it.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub fn bind_to(&self, listener: std::net::TcpListener) -> io::Result<SocketAddr> {
        self.keep(TcpListener::from_std(listener)?)
    }

    fn keep(&self, listener: TcpListener) -> io::Result<SocketAddr> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() && self.app.settings.tls.is_none() {
            tracing::warn!(%address, "the admin API listens beyond this machine, without TLS; put a TLS proxy before it");
        }
        *self.app.bound.lock() = Some(address);
        *self.listener.lock() = Some(listener);
        Ok(address)
    }

    /// Changes the database behind everybody's back.
    #[cfg(test)]
    pub(crate) async fn tamper(&self, sql: &'static str) {
        self.app.db.tamper(sql).await;
    }

    /// Deletes what is too old at this moment, at once.
    #[cfg(test)]
    pub(crate) async fn delete_old(&self, now: time::Micros) -> u64 {
        self.app.delete_old(now).await.unwrap_or_else(|e| panic!("{e}"))
    }

    /// Deletes what bodies are too old or too many at this moment, at once.
    #[cfg(test)]
    pub(crate) async fn delete_old_bodies(&self, now: time::Micros) -> u64 {
        self.app.delete_old_bodies(now).await.unwrap_or_else(|e| panic!("{e}"))
    }

    /// Looks into the database behind everybody's back.
    #[cfg(test)]
    pub(crate) async fn query(&self, sql: &'static str) -> Vec<String> {
        self.app.db.texts(sql).await
    }

    /// Serves until `shutdown` resolves, then lets requests under way end.
    ///
    /// # Errors
    /// When nothing was bound.
    pub async fn serve(&self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let listener = self.listener.lock().take();
        let listener = listener.ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "bind before serve"))?;
        let tls = self.app.settings.tls.clone().map(TlsAcceptor::from);
        self.app.keep_retention();
        serve::serve(listener, router::router(&self.app), tls, serve::HEAD, shutdown).await;
        Ok(())
    }
}

/// The OpenAPI 3.1 document of the admin API, as `/api/v1/openapi.json` serves it.
#[must_use]
pub fn openapi() -> serde_json::Value {
    router::document()
}
