//! What the cases stand on: the binary, as one node or several, between callers and an upstream of documents, with every
//! policy of a group as a route of its own on each store.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use weir_harness::cluster::Cluster;
use weir_harness::config::{Config, Key};
use weir_harness::document::Documents;
use weir_harness::postgres::Postgres;
use weir_harness::redis::Redis;
use weir_harness::weir::Weir;

use crate::call::Case;

/// The binary under test; another than the one that was built with the tests, such as a release, if
/// `WEIR_BIN` names it.
fn binary() -> String {
    std::env::var("WEIR_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_weir").to_owned())
}

/// What holds leases, locks, keys and permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Memory,
    Redis,
    Postgres,
}

impl Store {
    /// Its id, and the first segment of its routes.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        }
    }
}

/// Each of them.
pub(crate) const ALL: &[Store] = &[Store::Memory, Store::Redis, Store::Postgres];
/// For kinds that use no store.
pub(crate) const NONE: &[Store] = &[Store::Memory];
/// Those that several nodes share.
pub(crate) const SHARED: &[Store] = &[Store::Redis, Store::Postgres];

/// Those of them that are to be tested: all, or the ones that `WEIR_CONFLICT_STORES` names.
pub(crate) fn wanted(stores: &[Store]) -> Vec<Store> {
    let named = std::env::var("WEIR_CONFLICT_STORES").ok();
    let is_named = |store: &Store| named.as_ref().is_none_or(|n| n.split(',').any(|name| name == store.id()));
    stores.iter().copied().filter(is_named).collect()
}

/// Policies that are tested on the same processes.
pub(crate) struct Group {
    /// Each policy: its name, and its block `conflict:` without `store`. What stands in its
    /// field `route` belongs to the route.
    pub(crate) policies: fn() -> Vec<(&'static str, Value)>,
    pub(crate) stores: &'static [Store],
    /// One is `weir run`; more are a control plane and so many gateways on PostgreSQL.
    pub(crate) nodes: usize,
    shared: Mutex<Weak<Stand>>,
}

impl Group {
    pub(crate) const fn new(
        policies: fn() -> Vec<(&'static str, Value)>,
        stores: &'static [Store],
        nodes: usize,
    ) -> Self {
        Self { policies, stores, nodes, shared: Mutex::const_new(Weak::new()) }
    }

    /// The stand that tests of this group share while they overlap.
    pub(crate) async fn stand(&self) -> anyhow::Result<Arc<Stand>> {
        let mut shared = self.shared.lock().await;
        if let Some(stand) = shared.upgrade() {
            return Ok(stand);
        }
        let stand = Arc::new(self.fresh().await?);
        *shared = Arc::downgrade(&stand);
        Ok(stand)
    }

    /// A stand of one's own, to kill what is in it.
    pub(crate) async fn fresh(&self) -> anyhow::Result<Stand> {
        self.fresh_with(|config| config).await
    }

    /// The same with a configuration that is changed.
    pub(crate) async fn fresh_with(
        &self,
        change: impl FnOnce(Config) -> Config + Send + 'static,
    ) -> anyhow::Result<Stand> {
        // Of its own, as tests that share it end before it does.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (policies, stores, nodes) = (self.policies, wanted(self.stores), self.nodes);
        let parts = runtime.spawn(async move { Parts::start(policies(), stores, nodes, change).await });
        Stand::new(parts.await??, runtime)
    }

    /// A document behind the policy, for each store of the group.
    pub(crate) async fn cases(&self, policy: &str) -> anyhow::Result<Vec<Case>> {
        let stores = wanted(self.stores);
        if stores.is_empty() {
            return Ok(Vec::new());
        }
        let stand = self.stand().await?;
        Ok(stores.into_iter().map(|store| Case::new(&stand, store, policy)).collect())
    }

    /// A document behind the policy, on the group's first store.
    pub(crate) async fn case(&self, policy: &str) -> anyhow::Result<Case> {
        Ok(Case::new(&self.stand().await?, self.stores[0], policy))
    }
}

/// The processes.
enum Nodes {
    One(Box<Weir>),
    Several(Box<Cluster>),
}

struct Parts {
    u: Documents,
    nodes: Nodes,
    redis: Option<Redis>,
    postgres: Option<Postgres>,
    keys: Keys,
    late: SocketAddr,
}

/// Who calls: two applications of one team, and one of another.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) a: Key,
    pub(crate) b: Key,
    pub(crate) elsewhere: Key,
}

impl Parts {
    async fn start(
        policies: Vec<(&'static str, Value)>,
        stores: Vec<Store>,
        nodes: usize,
        change: impl FnOnce(Config) -> Config,
    ) -> anyhow::Result<Self> {
        let u = Documents::start().await?;
        let redis = stores.contains(&Store::Redis).then(Redis::start).transpose()?;
        let redis = redis.map(|r| r.context("redis-server is not installed")).transpose()?;
        let keys = Keys { a: Key::new(401), b: Key::new(402), elsewhere: Key::new(403) };
        let late = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let mut config = base(&u, &keys, late);
        for store in &stores {
            for (name, policy) in &policies {
                config = route(config, *store, name, policy);
            }
        }
        if let Some(redis) = &redis {
            config = config.with(
                "ConflictStore",
                "redis",
                &json!({"type": "redis", "urls": [redis.url()], "op_timeout": "2s"}),
            );
        }
        let durable = |url: &str| json!({"type": "postgres", "urls": [url], "op_timeout": "5s"});
        let uses_postgres = stores.contains(&Store::Postgres);
        if nodes == 1 {
            let postgres = if uses_postgres {
                let server = tokio::task::spawn_blocking(Postgres::start).await??;
                Some(server.context("PostgreSQL is not installed")?)
            } else {
                None
            };
            if let Some(postgres) = &postgres {
                config = config.with("ConflictStore", "postgres", &durable(&postgres.database()?));
            }
            let weir = Weir::start(&binary(), &change(config).yaml()).await?;
            return Ok(Self { u, nodes: Nodes::One(Box::new(weir)), redis, postgres, keys, late });
        }
        let whole = |postgres: &Postgres| {
            if uses_postgres {
                config = config.with("ConflictStore", "postgres", &durable(&postgres.database()?));
            }
            Ok(change(config).yaml())
        };
        let cluster = Cluster::start_with(&binary(), whole, nodes).await?.context("PostgreSQL is not installed")?;
        Ok(Self { u, nodes: Nodes::Several(Box::new(cluster)), redis, postgres: None, keys, late })
    }
}

/// `brief` gives up after a second; at `late` nobody listens until a test does.
fn base(u: &Documents, keys: &Keys, late: SocketAddr) -> Config {
    Config::new()
        .with("Upstream", "u", &json!({"targets": [{"url": u.url()}], "allow_private_address": true}))
        .with(
            "Upstream",
            "brief",
            &json!({"targets": [{"url": u.url()}], "allow_private_address": true,
            "timeouts": {"read_ms": 1_000, "total_ms": 1_000}}),
        )
        .with(
            "Upstream",
            "late",
            &json!({"targets": [{"url": format!("http://{late}")}], "allow_private_address": true,
            "connect_retries": 0}),
        )
        .with("Service", "documents", &json!({"upstream": "u"}))
        .with("Team", "elsewhere", &json!({"name": "Another tenant"}))
        .application("a", &keys.a)
        .application("b", &keys.b)
        .owned("Application", "c", "elsewhere", &json!({"models": ["*"], "services": ["*"]}))
        .owned(
            "ApiKey",
            keys.elsewhere.public_id(),
            "elsewhere",
            &json!({"application": "c", "hash": keys.elsewhere.hash()}),
        )
}

fn route(config: Config, store: Store, name: &str, policy: &Value) -> Config {
    let mut conflict = policy.clone();
    let mut route = json!({"service": "documents", "path": format!("/{}/{name}/{{id}}", store.id())});
    if let Some(fields) = conflict.as_object_mut() {
        if let Some(more) = fields.remove("route") {
            for (name, value) in more.as_object().into_iter().flatten() {
                route[name] = value.clone();
            }
        }
        fields.insert("store".to_owned(), json!(store.id()));
    }
    route["conflict"] = conflict;
    config.with("Route", &format!("{}-{name}", store.id()), &route)
}

/// Processes, and what they stand between.
pub(crate) struct Stand {
    u: Documents,
    keys: Keys,
    late: SocketAddr,
    nodes: Mutex<Nodes>,
    /// Where each node takes calls; a node that is started again is elsewhere.
    urls: parking_lot::RwLock<Vec<String>>,
    redis: Option<std::sync::Mutex<Redis>>,
    postgres: Option<std::sync::Mutex<Postgres>>,
    runtime: Option<Runtime>,
}

impl Drop for Stand {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Stand {
    fn new(parts: Parts, runtime: Runtime) -> anyhow::Result<Self> {
        let Parts { u, nodes, redis, postgres, keys, late } = parts;
        let urls = nodes.urls()?;
        Ok(Self {
            u,
            keys,
            late,
            nodes: Mutex::new(nodes),
            urls: parking_lot::RwLock::new(urls),
            redis: redis.map(std::sync::Mutex::new),
            postgres: postgres.map(std::sync::Mutex::new),
            runtime: Some(runtime),
        })
    }

    pub(crate) fn u(&self) -> &Documents {
        &self.u
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Where the upstream `late` is: nobody listens there.
    pub(crate) fn late(&self) -> SocketAddr {
        self.late
    }

    /// Ends the server of a store as a crash would: Redis loses everything, PostgreSQL nothing. Only where there is one
    /// node; more have their own configuration in PostgreSQL.
    pub(crate) fn stop_store(&self, store: Store) {
        match store {
            Store::Memory => {}
            Store::Redis => self.redis.as_ref().unwrap().lock().unwrap().stop(),
            Store::Postgres => self.postgres.as_ref().unwrap().lock().unwrap().stop(),
        }
    }

    /// Starts it again.
    pub(crate) fn resume_store(&self, store: Store) -> anyhow::Result<()> {
        match store {
            Store::Memory => Ok(()),
            Store::Redis => self.redis.as_ref().unwrap().lock().unwrap().resume(),
            Store::Postgres => self.postgres.as_ref().unwrap().lock().unwrap().resume(),
        }
    }

    /// Where a node takes calls, such as `http://127.0.0.1:1234`.
    pub(crate) fn url(&self, node: usize) -> String {
        self.urls.read()[node].clone()
    }

    /// A client of the admin API.
    pub(crate) async fn admin(&self) -> anyhow::Result<weir_harness::admin::Admin> {
        match &*self.nodes.lock().await {
            Nodes::One(weir) => weir.admin(),
            Nodes::Several(cluster) => cluster.admin(),
        }
    }

    /// The metrics of a node, as text.
    pub(crate) async fn metrics(&self, node: usize) -> anyhow::Result<String> {
        let ops = match &*self.nodes.lock().await {
            Nodes::One(weir) => weir.ops_url().context("no operators' listener")?,
            Nodes::Several(cluster) => cluster.gateways[node].url("ops")?,
        };
        Ok(weir_harness::client::client().get(format!("{ops}/metrics")).send().await?.text().await?)
    }

    /// Kills a node (SIGKILL).
    pub(crate) async fn kill(&self, node: usize) -> anyhow::Result<()> {
        match &mut *self.nodes.lock().await {
            Nodes::One(weir) => weir.kill().await,
            Nodes::Several(cluster) => cluster.gateways[node].kill().await,
        }
    }

    /// Starts a node again that was killed, on a new port.
    pub(crate) async fn restart(&self, node: usize) -> anyhow::Result<()> {
        let mut nodes = self.nodes.lock().await;
        match &mut *nodes {
            Nodes::One(weir) => weir.restart().await?,
            Nodes::Several(cluster) => cluster.gateways[node].restart().await?,
        }
        *self.urls.write() = nodes.urls()?;
        Ok(())
    }

    /// Sends a node a signal, such as `STOP` or `CONT`.
    pub(crate) async fn signal(&self, node: usize, name: &str) -> anyhow::Result<()> {
        match &*self.nodes.lock().await {
            Nodes::One(weir) => weir.signal(name).await,
            Nodes::Several(cluster) => cluster.gateways[node].signal(name).await,
        }
    }

    /// Resident memory of a node in bytes.
    pub(crate) async fn resident_bytes(&self, node: usize) -> anyhow::Result<u64> {
        match &*self.nodes.lock().await {
            Nodes::One(weir) => weir.resident_bytes(),
            Nodes::Several(cluster) => cluster.gateways[node].resident_bytes(),
        }
    }
}

impl Nodes {
    fn urls(&self) -> anyhow::Result<Vec<String>> {
        match self {
            Self::One(weir) => Ok(vec![weir.gateway()]),
            Self::Several(cluster) => cluster.gateways.iter().map(|node| node.url("gateway")).collect(),
        }
    }
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, within: Duration, mut holds: impl FnMut() -> bool) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + within;
    while !holds() {
        anyhow::ensure!(tokio::time::Instant::now() < deadline, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
