//! Opens and serves the planes: what `weir run`, `weir gateway` and `weir admin` share.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use weir_admin_api::{ControlPlane, References};
use weir_domain::network::Network;
use weir_gateway::DataPlane;

use super::certificates::{AdminCertificate, Certificates, GatewayCertificate};
use super::config_watch;
use super::data_dir::DataDir;
use super::first_config::ConfigArgs;
use super::logging::Format;
use super::setup_link::SetupLink;

/// Threads of the control plane. It serves people: two are plenty, and the cores are the data plane's.
const CONTROL_THREADS: usize = 2;

/// What every process has.
#[derive(clap::Args)]
pub(crate) struct ProcessArgs {
    /// Where the database, the keys and the usage journal lie
    #[arg(long, env = "WEIR_DATA_DIR", default_value = "weir-data", value_name = "DIR")]
    pub(crate) data_dir: PathBuf,
    /// postgres://… or sqlite:PATH [default: DATA_DIR/weir.db]
    #[arg(long, env = "WEIR_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Proxies in front, as blocks of addresses; only their X-Forwarded-… headers are believed
    #[arg(long = "trusted-proxy", env = "WEIR_TRUSTED_PROXIES", value_delimiter = ',', value_name = "BLOCK")]
    pub(crate) trusted_proxies: Vec<Network>,
    /// How log lines look
    #[arg(long, env = "WEIR_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub(crate) log_format: Format,
}

impl ProcessArgs {
    /// The database that was named; none when the variable is there and empty, as compose files leave it.
    ///
    /// # Errors
    /// When it is of a kind that we do not have. The address is not quoted: a password may stand in it.
    fn database(&self) -> anyhow::Result<Option<String>> {
        let Some(url) = self.database.as_deref().filter(|url| !url.trim().is_empty()) else { return Ok(None) };
        let known = ["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| url.starts_with(scheme));
        anyhow::ensure!(
            known,
            "--database (WEIR_DATABASE_URL) must begin with postgres:// or sqlite:, such as postgres://weir@db/weir; \
             without it, SQLite in the data directory is used"
        );
        Ok(Some(url.to_owned()))
    }
}

/// How long work under way may take when a process ends.
const LAST_WORK: Duration = Duration::from_secs(1);

/// What a process with a data plane has.
#[derive(clap::Args)]
pub(crate) struct GatewayArgs {
    /// Where applications call
    #[arg(long, env = "WEIR_GATEWAY_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) gateway_listen: SocketAddr,
    /// Where /metrics, /live and /ready are; keep it off the public network
    #[arg(long, env = "WEIR_OPS_LISTEN", default_value = "127.0.0.1:8082", value_name = "ADDRESS")]
    pub(crate) ops_listen: SocketAddr,
    /// The name of this node in the ledger and in log lines
    #[arg(long, env = "WEIR_NODE", default_value = "local", value_name = "NAME")]
    pub(crate) node: String,
    /// Memory for kept answers of model routes that have a cache, in MiB
    #[arg(long, env = "WEIR_ANSWER_CACHE_MIB", default_value_t = 64, value_name = "MIB")]
    pub(crate) answer_cache_mib: u32,
    /// Minutes for which neither side of a realtime session may say anything, pings aside
    #[arg(long, env = "WEIR_REALTIME_IDLE_MINUTES", default_value_t = 15, value_name = "MINUTES",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) realtime_idle_minutes: u32,
    /// Minutes that a realtime session may last
    #[arg(long, env = "WEIR_REALTIME_MAX_MINUTES", default_value_t = 120, value_name = "MINUTES",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) realtime_max_minutes: u32,
    #[command(flatten)]
    pub(crate) certificate: GatewayCertificate,
}

/// What a process with an admin API has.
#[derive(clap::Args)]
pub(crate) struct ControlArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Where the admin API and the portal are
    #[arg(long, env = "WEIR_ADMIN_LISTEN", default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    pub(crate) admin_listen: SocketAddr,
    /// Variables that configuration over the admin API may name as env:NAME; * stands for anything
    #[arg(long, env = "WEIR_SECRET_ENV", value_delimiter = ',', default_values = References::ENV, value_name = "NAMES")]
    pub(crate) secret_env: Vec<String>,
    /// Where files lie that configuration over the admin API may name as file:PATH [default: DATA_DIR/secrets]
    #[arg(long, env = "WEIR_SECRETS_DIR", value_name = "DIR")]
    pub(crate) secrets_dir: Option<PathBuf>,
    /// Where people open the portal, such as https://weir.example.com; with https their cookie is for TLS only
    #[arg(long, env = "WEIR_ADMIN_PUBLIC_URL", value_name = "URL")]
    pub(crate) admin_public_url: Option<String>,
    /// Days for which requests and their attempts are kept one by one; sums of usage stay for good. 0 keeps all
    #[arg(long, env = "WEIR_LEDGER_RETENTION_DAYS", default_value_t = weir_admin_api::Settings::LEDGER_RETENTION_DAYS,
          value_name = "DAYS")]
    pub(crate) ledger_retention_days: u32,
    #[command(flatten)]
    pub(crate) certificate: AdminCertificate,
    /// Listen beyond this machine although the admin API speaks no TLS: something in front adds it
    #[arg(long, env = "WEIR_ADMIN_ALLOW_PLAINTEXT", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) admin_allow_plaintext: bool,
}

/// Listens at each address, before anything is made, and replaces port 0 by the port that was free. Refuses
/// one that is taken with a sentence that says which option to change. Callers who connect wait until it is served.
///
/// # Errors
/// When one cannot be listened at.
pub(crate) fn claim<const N: usize>(
    runtime: &Runtime,
    addresses: [(&str, &mut SocketAddr); N],
) -> anyhow::Result<[TcpListener; N]> {
    let _entered = runtime.enter();
    let mut held = Vec::with_capacity(N);
    for (option, address) in addresses {
        let listener = weir_gateway::listen(*address)
            .with_context(|| format!("cannot listen at {address}; give another address with {option}"))?;
        *address = listener.local_addr()?;
        held.push(listener);
    }
    held.try_into().map_err(|_| anyhow::anyhow!("a listener was lost"))
}

/// The threads of the control plane.
///
/// # Errors
/// When the system gives none.
pub(crate) fn control_runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
        .thread_name("weir-control")
        .enable_all()
        .build()
        .context("cannot start the control plane's threads")
}

/// A control plane whose data directory no other process uses.
pub(crate) struct Opened {
    /// It.
    pub(crate) control: ControlPlane,
    _data_dir: DataDir,
}

/// Opens the store and brings the configuration file into it; without `args` for a process whose admin
/// API is never bound, and which therefore manages nothing.
///
/// # Errors
/// A sentence for the operator.
pub(crate) async fn open(
    process: &ProcessArgs,
    args: Option<&ControlArgs>,
    certificates: &Certificates,
    gateway_url: String,
) -> anyhow::Result<Opened> {
    let references = args.map_or_else(References::default, |args| References {
        env: args.secret_env.clone(),
        secrets_dir: args.secrets_dir.clone(),
    });
    let database_url = process.database()?;
    let alone = database_url.is_none();
    // Before the store is touched, where there is one: a newer weir would migrate it under the one that runs.
    let held = DataDir::hold(&process.data_dir)?;
    let control = ControlPlane::open(weir_admin_api::Settings {
        listen: args.map_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), |args| args.admin_listen),
        data_dir: process.data_dir.clone(),
        database_url,
        master_key: None,
        gateway_url,
        gateway_tls: certificates.gateway_client()?,
        tls: certificates.admin()?,
        references,
        public_url: args.and_then(|args| args.admin_public_url.clone()),
        trusted_proxies: process.trusted_proxies.clone(),
        // A gateway alone keeps all: how long the ledger goes back is said where it is managed.
        ledger_retention_days: args.map_or(0, |args| args.ledger_retention_days),
        allow_plaintext: args.is_some_and(|args| args.admin_allow_plaintext),
        stores: Arc::default(),
    })
    .await?;
    let held = match held {
        Some(held) => Some(held),
        None => DataDir::hold(&process.data_dir)?,
    };
    let data_dir = held.with_context(|| format!("the data directory {} is gone", process.data_dir.display()))?;
    if let Some(args) = args {
        args.config.begin(&control, alone).await?;
    }
    Ok(Opened { control, _data_dir: data_dir })
}

/// Makes the data plane on sockets that listen, those of the gateway and of the operators, and puts the
/// stored configuration into it.
///
/// # Errors
/// When the journal cannot be had, or what is stored does not compile.
pub(crate) fn data_plane(
    process: &ProcessArgs,
    args: &GatewayArgs,
    certificates: &Certificates,
    [gateway, ops]: [TcpListener; 2],
    control: &ControlPlane,
    runtime: &Runtime,
) -> anyhow::Result<DataPlane> {
    let settings = weir_gateway::Settings {
        listen: args.gateway_listen,
        ops_listen: args.ops_listen,
        data_dir: process.data_dir.clone(),
        node: args.node.clone(),
        trusted_proxies: process.trusted_proxies.clone(),
        tls: certificates.gateway()?,
        answer_cache_bytes: u64::from(args.answer_cache_mib) << 20,
        realtime_idle: Duration::from_mins(args.realtime_idle_minutes.into()),
        realtime_total: Duration::from_mins(args.realtime_max_minutes.into()),
        ..weir_gateway::Settings::default()
    };
    // The same ones: what this process has in memory is managed through its admin API.
    let sink = (control.usage_sink(), runtime.handle());
    let data_plane = DataPlane::on(gateway, ops, settings, sink, control.conflict_stores())?;
    runtime.block_on(control.attach(data_plane.live_config())).context("the stored configuration")?;
    Ok(data_plane)
}

/// Ends the control plane's threads. One that hangs in the disk, flushing the journal, must not keep the process.
pub(crate) fn end(runtime: Runtime, opened: Opened) {
    drop(opened);
    runtime.shutdown_timeout(LAST_WORK);
}

/// The signals that end a process: SIGTERM (service managers) and SIGINT (Ctrl-C).
pub(crate) struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

// === impl EndSignals ===

impl EndSignals {
    /// Listens from now on: before the process says that it listens, or a signal right after would kill it.
    ///
    /// # Errors
    /// When the system does not let us.
    pub(crate) fn listen(runtime: &Runtime) -> anyhow::Result<Self> {
        let _entered = runtime.enter();
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Resolves with the first one.
    pub(crate) async fn first(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A control plane that serves.
pub(crate) struct Serving {
    /// Where the admin API listens.
    pub(crate) address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

// === impl Serving ===

impl Serving {
    /// Announces the set-up link, watches the configuration file, and serves the admin API on a socket that listens.
    ///
    /// # Errors
    /// When the link cannot be written.
    pub(crate) fn start(
        process: &ProcessArgs,
        args: &ControlArgs,
        listener: TcpListener,
        control: &ControlPlane,
        runtime: &Runtime,
    ) -> anyhow::Result<Self> {
        let address = {
            let _entered = runtime.enter();
            control.bind_to(listener).with_context(|| format!("cannot listen at {}", args.admin_listen))?
        };
        let link = SetupLink::announce(&process.data_dir, control.setup_link())?;
        runtime.spawn(link.remove_when_used(control.clone()));
        runtime.spawn(config_watch::watch(control.clone(), args.config.config.clone()));
        let (stop, mut stopped) = watch::channel(false);
        let control = control.clone();
        let task = runtime.spawn(async move {
            // An error means that the sender is gone, which asks to stop as well.
            control.serve(async move { drop(stopped.wait_for(|stop| *stop).await) }).await
        });
        Ok(Self { address, stop, task })
    }

    /// Lets requests under way end.
    ///
    /// # Errors
    /// When the listener had failed.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.task.await?.context("the admin API")
    }
}

/// The address of a listener as this machine reaches it: "every interface" is no destination.
pub(crate) fn url(scheme: &str, mut address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    format!("{scheme}://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_are_found_and_held_and_taken_ones_are_told_with_their_option() -> anyhow::Result<()> {
        let runtime = control_runtime()?;
        let free = || SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (mut a, mut b) = (free(), free());
        let held = claim(&runtime, [("--a", &mut a), ("--b", &mut b)])?;
        assert!(a.port() != 0 && b.port() != 0 && a.port() != b.port());
        assert_eq!([held[0].local_addr()?, held[1].local_addr()?], [a, b]);
        let refused = claim(&runtime, [("--c", &mut a)]).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(refused.ends_with("give another address with --c"), "{refused}");
        drop(held);
        assert!(claim(&runtime, [("--c", &mut a)]).is_ok(), "what nobody holds is free again");
        Ok(())
    }

    #[test]
    fn every_interface_is_called_on_the_loopback() {
        assert_eq!(url("http", SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080))), "http://127.0.0.1:8080");
        assert_eq!(url("http", SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8080))), "http://[::1]:8080");
        assert_eq!(url("http", SocketAddr::from(([10, 0, 0, 1], 80))), "http://10.0.0.1:80");
    }
}
