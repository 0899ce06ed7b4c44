//! The data plane from outside, in one process: real sockets, a real upstream, a snapshot compiled from YAML.

mod connections;
mod early;
mod forwarding;
mod hostile;
mod identity;
mod ledger;
mod models;
mod pooled;
mod raw;
mod secure;
mod slow;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use weir_domain::bodies::Bodies;
use weir_domain::catalog::Catalog;
use weir_domain::compile::{Input, compile};
use weir_domain::credential::{Credential, ENTROPY, KeyHash, generate, public_id};
use weir_domain::ledger::Record;
use weir_domain::ports::{CredentialChange, Delivery, LiveConfig, UsageSink};
use weir_domain::resource::Resource;
use weir_domain::sealing::SealingKey;
use weir_domain::secret::{ResolveSecret, Secret, SecretForm, SecretRef};
use weir_domain::snapshot::Snapshot;
use weir_domain::yaml;

use crate::{Addresses, DataPlane, Ended, Settings, ShutdownHandle};

/// What ids are sealed with.
fn sealing_key() -> SealingKey {
    SealingKey::new([9; 32])
}

/// Plain secrets only.
struct Plain;

impl ResolveSecret for Plain {
    fn resolve(&self, reference: &SecretRef) -> Result<Secret, String> {
        match reference.form() {
            SecretForm::Plain(text) => Secret::new(text.to_owned()).ok_or_else(|| "empty".to_owned()),
            _ => Err("only plain secrets".to_owned()),
        }
    }
}

/// A ledger in memory.
#[derive(Default)]
struct Ledger(Mutex<Vec<Record>>, Mutex<Vec<Bodies>>);

impl UsageSink for Ledger {
    fn deliver<'a>(&'a self, batch: &'a [Record]) -> Delivery<'a> {
        self.0.lock().extend_from_slice(batch);
        Box::pin(std::future::ready(Ok(())))
    }

    fn keep<'a>(&'a self, batch: &'a [Bodies]) -> Delivery<'a> {
        self.1.lock().extend_from_slice(batch);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A running data plane.
struct World {
    at: Addresses,
    live: Arc<dyn LiveConfig>,
    shutdown: ShutdownHandle,
    ledger: Arc<Ledger>,
    key: String,
    thread: Option<JoinHandle<Ended>>,
    _data: tempfile::TempDir,
}

impl World {
    /// Starts with a configuration; application `web` has a key.
    fn start(config: &str) -> Self {
        Self::start_with(config, |_| {})
    }

    fn start_with(config: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut settings = Settings {
            listen: loopback,
            ops_listen: loopback,
            data_dir: data.path().to_owned(),
            threads: 2,
            grace: Duration::from_secs(10),
            linger: Duration::from_millis(200),
            ..Settings::default()
        };
        change(&mut settings);
        let ledger = Arc::new(Ledger::default());
        let sink: Arc<dyn UsageSink> = Arc::clone(&ledger) as _;
        let (started, start) = mpsc::channel();
        // A data plane makes its own runtime, so it lives on a thread that has none.
        let thread = std::thread::spawn(move || {
            let plane = DataPlane::bind(settings, sink).unwrap();
            started.send((plane.addresses(), plane.live_config(), plane.shutdown_handle())).unwrap();
            plane.run()
        });
        let (at, live, shutdown) = start.recv().unwrap();
        let key = generate(&[7; ENTROPY]);
        live.credentials(CredentialChange::Replace(vec![credential(&key, "web")]));
        let world = Self { at, live, shutdown, ledger, key, thread: Some(thread), _data: data };
        world.install(config);
        world
    }

    fn install(&self, config: &str) {
        let documents = yaml::documents(config).unwrap();
        let resources: Vec<Resource> = documents.iter().map(|d| Resource::from_document(&d.value).unwrap()).collect();
        let catalog = Catalog::built_in().unwrap();
        let input = Input { revision: 1, resources: &resources, secrets: &Plain, catalog: &catalog };
        let sealing = Some(Arc::new(sealing_key()));
        self.live.install(Arc::new(Snapshot { sealing, ..compile(&input).unwrap() }));
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at.gateway)
    }

    /// Drains and says how it ended.
    fn stop(mut self) -> (Ended, Vec<Record>) {
        self.shutdown.begin();
        let ended = self.thread.take().unwrap().join().unwrap();
        (ended, std::mem::take(&mut *self.ledger.0.lock()))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.begin();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

fn credential(key: &str, application: &str) -> Credential {
    Credential {
        id: public_id(key).unwrap().to_owned(),
        hash: KeyHash::of(key),
        application: application.to_owned(),
        expires_at: None,
        models: None,
        services: None,
        providers: None,
        revoked: false,
    }
}

/// A service in front of one upstream: `/shop/orders/{id}` needs a key, `/shop/any/{*rest}` does not.
fn shop(upstream: &str) -> String {
    format!(
        r#"
kind: Upstream
id: origin
spec:
  targets: [{{url: "{upstream}"}}]
  allow_private_address: true
---
kind: Service
id: shop
spec: {{base_path: /shop, upstream: origin}}
---
kind: Route
id: orders
spec: {{service: shop, path: "/orders/{{id}}", strip_prefix: /shop}}
---
kind: Route
id: any
spec: {{service: shop, path: "/any/{{*rest}}", auth: public}}
---
kind: Route
id: small
spec: {{service: shop, path: "/small", auth: public, methods: [POST], max_body_bytes: 1000}}
---
kind: Application
id: web
spec: {{services: ["shop"]}}
"#
    )
}
