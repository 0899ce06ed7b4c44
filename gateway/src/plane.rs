//! The data plane as a whole: bound, run, drained.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora_core::apps::{HttpServerApp, HttpServerOptions};
use pingora_core::listeners::tls::Acceptor as TlsAcceptor;
use pingora_core::protocols::http::v2::server::default_h2_options;
use pingora_core::server::configuration::ServerConf;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use weir_conflict::store::Stores;
use weir_domain::ports::{LiveConfig, UsageSink};

use crate::ai::{health, shadow};
use crate::metering::{JournalError, JournalOptions, Meter, Observer};
use crate::own::Ops;
use crate::proxy::Gateway;
use crate::server::drain::ShutdownHandle;
use crate::server::early::Early;
use crate::server::front::Front;
use crate::server::listener::{Acceptor, Caps, listen};
use crate::settings::{Addresses, Settings};
use crate::state::State;
use crate::telemetry::Telemetry;

/// How long an idle HTTP/2 connection of a caller stays open.
const H2_IDLE: Duration = Duration::from_secs(75);
/// Requests at once on one HTTP/2 connection of a caller.
const H2_STREAMS: u32 = 100;
/// Attempts of one REST request that Pingora's loop makes at most; each upstream's own limit is below.
const MAX_TRIES: usize = 16;
/// Connections at once at the operators' listener.
const OPS_CONNECTIONS: usize = 64;
/// How long the shipper may take, at the end, to move what is left in the journal; it is kept for the next start.
const LAST_DELIVERY: Duration = Duration::from_secs(5);

/// How long, at the end, records that the disk does not take are held in the hope that it will.
const LAST_HOPE: Duration = Duration::from_secs(5);

/// Why the data plane does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address, or stop what uses it")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The usage journal cannot be opened.
    #[error("the usage journal in {directory} cannot be opened: {source}")]
    Journal {
        /// The data directory.
        directory: String,
        /// What the journal said.
        source: JournalError,
    },
    /// The threads cannot be started.
    #[error("worker threads cannot be started: {0}")]
    Runtime(io::Error),
    /// The metrics cannot be registered.
    #[error("metrics cannot be set up: {0}")]
    Metrics(prometheus::Error),
}

/// A data plane that listens and does not accept yet. It makes its own threads; call it from outside a runtime.
pub struct DataPlane {
    runtime: Runtime,
    state: Arc<State>,
    sink: Sink,
    gateway: TcpListener,
    ops: TcpListener,
    addresses: Addresses,
}

/// Where records go, and the threads that bring them there.
struct Sink {
    to: Arc<dyn UsageSink>,
    on: Handle,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whether every request under way had ended before the grace period did.
    pub drained: bool,
    /// Usage records that are lost: the disk took none to the end.
    pub lost: usize,
}

impl DataPlane {
    /// Listens on both addresses and opens the journal. Callers who connect wait until [`Self::run`]. Its own threads
    /// bring records to the sink.
    ///
    /// # Errors
    /// An address is in use, or the data directory is.
    pub fn bind(settings: Settings, sink: Arc<dyn UsageSink>) -> Result<Self, StartError> {
        let runtime = runtime(settings.threads)?;
        let (gateway, ops) = {
            let _entered = runtime.enter();
            (bound(settings.listen)?, bound(settings.ops_listen)?)
        };
        let sink = Sink { to: sink, on: runtime.handle().clone() };
        Self::assemble(runtime, gateway, ops, settings, (sink, Arc::new(Stores::new())))
    }

    /// The same on sockets that [`crate::listen`] made, whatever the settings say of addresses: for a process that must
    /// know its addresses before it makes anything. Records are brought to the sink on the threads of the runtime that
    /// it belongs to: a batch of many would hold up the calls of a thread that serves. `stores` hold what conflict policies
    /// share; a control plane in the same process shows what is in them.
    ///
    /// # Errors
    /// The data directory is in use.
    pub fn on(
        gateway: std::net::TcpListener,
        ops: std::net::TcpListener,
        settings: Settings,
        (sink, runs_on): (Arc<dyn UsageSink>, &Handle),
        stores: Arc<Stores>,
    ) -> Result<Self, StartError> {
        let sink = Sink { to: sink, on: runs_on.clone() };
        Self::assemble(runtime(settings.threads)?, gateway, ops, settings, (sink, stores))
    }

    fn assemble(
        runtime: Runtime,
        gateway: std::net::TcpListener,
        ops: std::net::TcpListener,
        settings: Settings,
        (sink, stores): (Sink, Arc<Stores>),
    ) -> Result<Self, StartError> {
        let adopt = |listener: std::net::TcpListener| -> io::Result<(TcpListener, SocketAddr)> {
            let _entered = runtime.enter();
            let address = listener.local_addr()?;
            Ok((TcpListener::from_std(listener)?, address))
        };
        let adopted = |listener, address| adopt(listener).map_err(|source| StartError::Bind { address, source });
        let (gateway, gateway_address) = adopted(gateway, settings.listen)?;
        let (ops, ops_address) = adopted(ops, settings.ops_listen)?;
        let addresses = Addresses { gateway: gateway_address, ops: ops_address };
        let telemetry = Arc::new(Telemetry::new(&settings.node).map_err(StartError::Metrics)?);
        let observer: Arc<dyn Observer> = Arc::clone(&telemetry) as _;
        let directory = settings.data_dir.display().to_string();
        let failed = |source| StartError::Journal { directory, source };
        let state = Meter::open(&settings.data_dir, &settings.node, JournalOptions::default(), observer)
            .and_then(|meter| State::new(settings, meter, telemetry, stores));
        let state = Arc::new(state.map_err(failed)?);
        Ok(Self { runtime, state, sink, gateway, ops, addresses })
    }

    /// Where it listens; with the ports that were found for port 0.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Where configuration is put. Before the first snapshot is installed the node is not ready and every path is 404.
    #[must_use]
    pub fn live_config(&self) -> Arc<dyn LiveConfig> {
        Arc::clone(&self.state) as _
    }

    /// Begins the drain from elsewhere.
    #[must_use]
    pub fn shutdown_handle(&self) -> ShutdownHandle {
        ShutdownHandle(Arc::clone(&self.state.drain))
    }

    /// Serves until a drain has begun (by [`ShutdownHandle::begin`], SIGTERM or SIGINT) and every request under way has
    /// ended or the grace period has. Blocks the calling thread. A second signal ends it at once.
    #[must_use]
    pub fn run(self) -> Ended {
        let Self { runtime, state, sink, gateway, ops, .. } = self;
        let drained = runtime.block_on(serve(&state, sink, gateway, ops));
        tracing::info!(drained, "data plane stopped");
        runtime.shutdown_timeout(Duration::from_millis(100));
        let lost = state.meter.held();
        if lost > 0 {
            tracing::error!(records = lost, "usage records are lost: the disk took none of them to the end");
        }
        Ended { drained, lost }
    }
}

fn runtime(threads: usize) -> Result<Runtime, StartError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.max(1))
        .thread_name("weir-gateway")
        .enable_all()
        .build()
        .map_err(StartError::Runtime)
}

fn bound(address: SocketAddr) -> Result<std::net::TcpListener, StartError> {
    listen(address).map_err(|source| StartError::Bind { address, source })
}

async fn serve(state: &Arc<State>, sink: Sink, gateway: TcpListener, ops: TcpListener) -> bool {
    let (stop_meter, stopped) = watch::channel(false);
    let keeper = Arc::clone(&state.keeper).run(Arc::clone(&sink.to), stopped.clone());
    let ledger = Arc::clone(&state.meter).run(sink.to, stopped);
    let shipper = sink.on.spawn(async { tokio::join!(ledger, keeper) });
    tokio::spawn(health::run(Arc::clone(state), state.live.revisions()));
    tokio::spawn(shadow::run(Arc::clone(state)));
    tokio::spawn(Arc::clone(&state.conflicts).beat(state.settings.node.clone()));
    let front = Arc::new(Front { app: Arc::new(proxy(state)) });
    let settings = &state.settings;
    let caps = Caps { connections: settings.max_connections, per_ip: settings.max_connections_per_ip };
    let acceptor = Acceptor {
        app: Arc::clone(&front),
        drain: Arc::clone(&state.drain),
        caps,
        head_timeout: settings.head_timeout,
        early: Some(Early::new(Arc::clone(&state.telemetry))),
        tls: settings.tls.clone().map(|config| Arc::new(TlsAcceptor::from_server_config(config))),
    };
    tokio::spawn(acceptor.run(gateway));
    // The operators' listener has a drain of its own that never begins: it answers to the end.
    let caps = Caps { connections: OPS_CONNECTIONS, per_ip: OPS_CONNECTIONS };
    let ops_app = Arc::new(Front { app: Arc::new(Ops { state: Arc::clone(state) }) });
    let acceptor = Acceptor {
        app: ops_app,
        drain: Arc::default(),
        caps,
        head_timeout: settings.head_timeout,
        early: None,
        tls: None,
    };
    tokio::spawn(acceptor.run(ops));

    let drained = until_drained(state, &front).await;
    // The meter tries again and again by itself; what it recovers is still delivered below.
    let hope = async {
        while state.meter.held() > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    // What is held after that is told of when everything has ended.
    tokio::select! {
        _ = tokio::time::timeout(LAST_HOPE, hope) => {}
        () = termination() => {}
    }
    _ = stop_meter.send(true);
    if tokio::time::timeout(LAST_DELIVERY, shipper).await.is_err() {
        tracing::warn!("usage records are left in the journal; they are delivered at the next start");
    }
    drained
}

fn proxy(state: &Arc<State>) -> pingora_proxy::HttpProxy<Gateway> {
    let settings = &state.settings;
    let conf = ServerConf {
        threads: settings.threads.max(1),
        upstream_keepalive_pool_size: settings.upstream_pool,
        max_retries: MAX_TRIES,
        ..ServerConf::default()
    };
    let mut proxy = pingora_proxy::http_proxy(&Arc::new(conf), Gateway::new(Arc::clone(state)));
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    options.h2_idle_timeout = Some(H2_IDLE);
    proxy.server_options = Some(options);
    let mut h2 = default_h2_options();
    h2.max_concurrent_streams(H2_STREAMS);
    h2.max_header_list_size(u32::try_from(settings.max_head_bytes).unwrap_or(u32::MAX));
    proxy.h2_options = Some(h2);
    proxy
}

async fn until_drained<A: HttpServerApp + Send + Sync + 'static>(state: &Arc<State>, front: &Arc<Front<A>>) -> bool {
    let drain = &state.drain;
    let mut begun = drain.watch();
    tokio::select! {
        _ = begun.wait_for(|&begun| begun) => {}
        () = termination() => drain.begin(),
    }
    let settings = &state.settings;
    tracing::info!(requests = drain.in_flight(), connections = drain.connections(), "draining");
    let linger = settings.linger.min(settings.grace);
    let idle = async {
        // Idle connections have had their chance to ask once more: close them, and wait for the requests alone.
        tokio::time::sleep(linger).await;
        front.http_cleanup().await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        drained = drain.drained(settings.grace, linger) => drained,
        () = idle => false,
        () = termination() => false,
    }
}

/// Waits for SIGTERM or SIGINT.
async fn termination() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        // Without handlers the signals end the process as they would by default.
        tracing::warn!("signals cannot be listened for");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
