//! `weir run`: both planes in one process, from the first line of the log to the end of the drain.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use weir_admin_api::ControlPlane;
use weir_gateway::DataPlane;

use super::logging::{self, Format};
use super::setup_link::SetupLink;
use super::{Outcome, config_watch, terminal};

/// Run the gateway, the admin API and the portal in one process
///
/// Needs no other service: everything lies in the data directory. When it listens it prints one line
/// of JSON to stdout; its log goes to stderr, filtered by WEIR_LOG (such as info or weir_gateway=debug).
#[derive(clap::Args)]
#[command(after_help = "Examples:
  weir run
  weir run --config weir.yaml --gateway-listen 0.0.0.0:8080
  weir run --database postgres://weir@db/weir --log-format json

The configuration file is watched, and read at once on SIGHUP. SIGTERM drains: no request fails.")]
pub(crate) struct Args {
    /// Resources as YAML documents; what it names is managed by it
    #[arg(long, env = "WEIR_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the database, the keys and the usage journal lie
    #[arg(long, env = "WEIR_DATA_DIR", default_value = "weir-data", value_name = "DIR")]
    data_dir: PathBuf,
    /// Where applications call
    #[arg(long, env = "WEIR_GATEWAY_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    gateway_listen: SocketAddr,
    /// Where the admin API and the portal are
    #[arg(long, env = "WEIR_ADMIN_LISTEN", default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    admin_listen: SocketAddr,
    /// Where /metrics, /live and /ready are; keep it off the public network
    #[arg(long, env = "WEIR_OPS_LISTEN", default_value = "127.0.0.1:8082", value_name = "ADDRESS")]
    ops_listen: SocketAddr,
    /// postgres://… or sqlite:PATH [default: DATA_DIR/weir.db]
    #[arg(long, env = "WEIR_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database: Option<String>,
    /// How log lines look
    #[arg(long, env = "WEIR_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    log_format: Format,
    /// The name of this node in the ledger and in log lines
    #[arg(long, env = "WEIR_NODE", default_value = "local", value_name = "NAME")]
    node: String,
}

/// Threads of the control plane. It serves people: two are plenty, and the cores are the data plane's.
const CONTROL_THREADS: usize = 2;

pub(crate) fn run(args: Args) -> Outcome {
    logging::init(args.log_format)?;
    // Everything that can be wrong from outside is looked at before anything is made.
    let args = with_free_addresses(args)?;
    if let Some(path) = &args.config {
        std::fs::metadata(path).with_context(|| format!("cannot read the configuration file {}", path.display()))?;
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
        .thread_name("weir-control")
        .enable_all()
        .build()
        .context("cannot start the control plane's threads")?;
    let control = runtime.block_on(open(&args))?;
    let data_plane = DataPlane::bind(gateway_settings(&args), control.usage_sink())?;
    serve(&args, &runtime, &control, data_plane)?;
    Ok(ExitCode::SUCCESS)
}

/// Replaces port 0 by a free port and refuses one that is taken, with a sentence that says which.
fn with_free_addresses(mut args: Args) -> anyhow::Result<Args> {
    // Held until all are found: a free port must not be handed out twice.
    let mut held = Vec::new();
    for (option, address) in [
        ("--gateway-listen", &mut args.gateway_listen),
        ("--admin-listen", &mut args.admin_listen),
        ("--ops-listen", &mut args.ops_listen),
    ] {
        let listener = TcpListener::bind(*address)
            .with_context(|| format!("cannot listen at {address}; give another address with {option}"))?;
        *address = listener.local_addr()?;
        held.push(listener);
    }
    Ok(args)
}

/// Opens the store and applies the configuration file, before anything listens.
async fn open(args: &Args) -> anyhow::Result<ControlPlane> {
    let control = ControlPlane::open(weir_admin_api::Settings {
        listen: args.admin_listen,
        data_dir: args.data_dir.clone(),
        database_url: args.database.clone(),
        master_key: None,
        gateway_url: format!("http://{}", reachable(args.gateway_listen)),
    })
    .await?;
    if let Some(path) = &args.config {
        match control.apply_file(path).await {
            Ok(report) => tracing::info!(
                file = %path.display(),
                changes = report.changes.len(),
                revision = report.revision,
                "configuration file applied"
            ),
            Err(error) => {
                config_watch::log_refusal(path, &error);
                bail!("the configuration in {} was refused, so nothing was started:\n{error}", path.display());
            }
        }
    }
    Ok(control)
}

/// Where this process reaches an address that it listens at: "every interface" is no destination.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(std::net::Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(std::net::Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn gateway_settings(args: &Args) -> weir_gateway::Settings {
    weir_gateway::Settings {
        listen: args.gateway_listen,
        ops_listen: args.ops_listen,
        data_dir: args.data_dir.clone(),
        node: args.node.clone(),
        ..weir_gateway::Settings::default()
    }
}

/// Serves until a signal asks to end: the control plane on its threads, the data plane on this one.
fn serve(args: &Args, runtime: &Runtime, control: &ControlPlane, data_plane: DataPlane) -> anyhow::Result<()> {
    let addresses = data_plane.addresses();
    let admin = runtime.block_on(async {
        control.attach(data_plane.live_config()).await.context("the stored configuration")?;
        control.bind().await.with_context(|| format!("cannot listen at {}", args.admin_listen))
    })?;
    let link = SetupLink::announce(&args.data_dir, control.setup_link())?;
    runtime.spawn(link.remove_when_used(control.clone()));
    runtime.spawn(config_watch::watch(control.clone(), args.config.clone()));
    let (stop, stopped) = watch::channel(false);
    let serving = runtime.spawn(serve_control(control.clone(), stopped));
    terminal::say(
        &json!({
            "event": "listening",
            "gateway": addresses.gateway.to_string(),
            "admin": admin.to_string(),
            "ops": addresses.ops.to_string(),
        })
        .to_string(),
    )?;
    // Ends by itself on SIGTERM (service managers) and SIGINT (Ctrl-C), when requests under way have ended.
    let ended = data_plane.run();
    // The ledger took the last records while the data plane drained; only now may the store close.
    stop.send_replace(true);
    runtime.block_on(serving)??;
    tracing::info!(drained = ended.drained, "ended");
    Ok(())
}

async fn serve_control(control: ControlPlane, mut stopped: watch::Receiver<bool>) -> std::io::Result<()> {
    control
        .serve(async move {
            // An error means that the sender is gone, which asks to stop as well.
            drop(stopped.wait_for(|stop| *stop).await);
        })
        .await
}
