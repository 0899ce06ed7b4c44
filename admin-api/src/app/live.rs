//! Keeps the data plane on the store's newest configuration, whoever changed it.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use weir_domain::compile::{self, Input};
use weir_domain::credential::Credential;
use weir_domain::fault::Faults;
use weir_domain::ports::{CredentialChange, LiveConfig};
use weir_domain::resource::{Kind, Resource};
use weir_domain::snapshot::Snapshot;

use super::App;
use super::secrets::Resolver;
use crate::error::Error;
use crate::store::ListFilter;

/// How often the store is asked whether somebody else changed it: a quarter of the two seconds in which a
/// revoked key must stop, so that a busy machine keeps the promise too.
const POLL: Duration = Duration::from_millis(500);
/// Credentials read at once.
const BATCH: i64 = 5_000;

/// The data plane of this process, once it is attached, and what it was given.
#[derive(Default)]
pub(crate) struct Live {
    target: Mutex<Option<Arc<dyn LiveConfig>>>,
    /// The revision up to which the data plane has seen everything; also keeps refreshes in order.
    seen: tokio::sync::Mutex<Option<i64>>,
    /// What the data plane was given last; where there is none, what was compiled last to look into stores.
    snapshot: Mutex<Option<Arc<Snapshot>>>,
    /// Why the stored configuration is not live, for `/system`.
    problem: Mutex<Option<String>>,
}

impl Live {
    /// The data plane of this process.
    pub(crate) fn target(&self) -> Option<Arc<dyn LiveConfig>> {
        self.target.lock().clone()
    }

    /// Why the stored configuration is not live, if so.
    pub(crate) fn problem(&self) -> Option<String> {
        self.problem.lock().clone()
    }
}

impl App {
    /// Gives a data plane everything there is, and keeps it current from then on.
    pub(crate) async fn attach(self: &Arc<Self>, live: Arc<dyn LiveConfig>) -> Result<(), Error> {
        *self.live.target.lock() = Some(live);
        *self.live.seen.lock().await = None;
        self.refresh().await?;
        // The task holds no strong reference, so it ends with the control plane.
        let app = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(POLL).await;
                let Some(app) = app.upgrade() else { break };
                app.refresh_live().await;
            }
        });
        Ok(())
    }

    /// Brings the data plane up to date; a failure is logged, and the last good configuration stays.
    pub(crate) async fn refresh_live(&self) {
        let problem = match self.refresh().await {
            Ok(()) => None,
            Err(error) => Some(error.to_string()),
        };
        let mut known = self.live.problem.lock();
        if let (Some(problem), true) = (&problem, *known != problem) {
            tracing::error!(%problem, "the stored configuration is not live; the last good one stays");
        }
        *known = problem;
    }

    async fn refresh(&self) -> Result<(), Error> {
        let Some(live) = self.live.target() else { return Ok(()) };
        let mut seen = self.live.seen.lock().await;
        let revision = self.db.revision().await?;
        if *seen == Some(revision) {
            return Ok(());
        }
        // Revocations go first: they must not wait for a large configuration to compile.
        match *seen {
            None => self.replace_credentials(&*live).await?,
            Some(since) => self.change_credentials(&*live, since).await?,
        }
        let stale = match *seen {
            None => true,
            Some(since) => self.db.configuration_changed_since(since).await?,
        };
        if stale {
            let snapshot = Arc::new(self.compile(revision).await?);
            live.install(Arc::clone(&snapshot));
            *self.live.snapshot.lock() = Some(snapshot);
        }
        *seen = Some(revision);
        Ok(())
    }

    /// The configuration that requests meet, with its stores open. A control plane alone compiles it when it is asked for.
    pub(crate) async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        let known = self.live.snapshot.lock().clone();
        if self.live.target().is_some()
            && let Some(known) = known
        {
            return Ok(known);
        }
        let revision = self.db.revision().await?;
        if let Some(known) = known.filter(|known| known.revision == revision) {
            return Ok(known);
        }
        let snapshot = Arc::new(self.compile(revision).await?);
        self.settings.stores.install(&snapshot);
        *self.live.snapshot.lock() = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    async fn compile(&self, revision: i64) -> Result<Snapshot, Error> {
        let rows = self.db.configuration().await?;
        let resources: Vec<Resource> =
            rows.iter().map(|row| row.parse().map(|s| s.resource)).collect::<Result<_, _>>()?;
        let (vault, catalog) = (Arc::clone(&self.vault), Arc::clone(&self.catalog));
        let compiled = tokio::task::spawn_blocking(move || {
            let secrets = Resolver::new(&vault, &resources, true);
            let compiled =
                compile::compile(&Input { revision, resources: &resources, secrets: &secrets, catalog: &catalog })?;
            Ok(Snapshot { sealing: Some(Arc::new(vault.sealing_key())), ..compiled })
        });
        let compiled: Result<Snapshot, Faults> =
            compiled.await.map_err(|e| Error::Internal(format!("compiling ended early: {e}")))?;
        compiled.map_err(Error::Invalid)
    }

    async fn replace_credentials(&self, live: &dyn LiveConfig) -> Result<(), Error> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let kind = Kind::ApiKey;
            let filter = ListFilter { kind, team: "", parent: "", search: "", after: &after, limit: BATCH };
            let rows = self.db.resources(&filter).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.id);
            for row in &rows {
                all.push(compile::credential(&row.parse()?.resource)?);
            }
        }
        live.credentials(CredentialChange::Replace(all));
        Ok(())
    }

    async fn change_credentials(&self, live: &dyn LiveConfig, since: i64) -> Result<(), Error> {
        let changed = self.db.keys_changed_since(since).await?;
        let changed: Vec<Credential> =
            changed.iter().map(|row| Ok(compile::credential(&row.parse()?.resource)?)).collect::<Result<_, Error>>()?;
        if !changed.is_empty() {
            live.credentials(CredentialChange::Upsert(changed));
        }
        let removed = self.db.keys_removed_since(since).await?;
        if !removed.is_empty() {
            live.credentials(CredentialChange::Remove(removed));
        }
        Ok(())
    }
}
