//! `weir gateway`: a data plane alone, on the database that other processes manage.

use std::process::ExitCode;

use serde_json::json;

use super::certificates::Certificates;
use super::planes::{self, EndSignals, GatewayArgs, ProcessArgs};
use super::{Outcome, config_watch, logging, terminal};

/// Run a data plane alone, beside others on the same database
///
/// Takes configuration and keys from the database, and puts usage into it. Nodes on the same
/// database need the same WEIR_MASTER_KEY, and a data directory and a name each.
#[derive(clap::Args)]
#[command(after_help = "Example:
  weir gateway --database postgres://weir@db/weir --node gateway-2 --gateway-listen 0.0.0.0:8080")]
pub(crate) struct Args {
    #[command(flatten)]
    process: ProcessArgs,
    #[command(flatten)]
    gateway: GatewayArgs,
}

pub(crate) fn run(mut args: Args) -> Outcome {
    logging::init(args.process.log_format)?;
    let runtime = planes::control_runtime()?;
    let addresses =
        [("--gateway-listen", &mut args.gateway.gateway_listen), ("--ops-listen", &mut args.gateway.ops_listen)];
    let sockets = planes::claim(&runtime, addresses)?;
    // The store is opened, but its admin API is never bound.
    let certificates = Certificates::open(Some(&args.gateway.certificate), None, &runtime)?;
    let gateway_url = planes::url(certificates.gateway_scheme(), args.gateway.gateway_listen);
    let opened = runtime.block_on(planes::open(&args.process, None, &certificates, gateway_url))?;
    let data_plane =
        planes::data_plane(&args.process, &args.gateway, &certificates, sockets, &opened.control, &runtime)?;
    // Without a file this only keeps SIGHUP from ending the process.
    runtime.spawn(config_watch::watch(opened.control.clone(), None));
    let (signals, drain) = (EndSignals::listen(&runtime)?, data_plane.shutdown_handle());
    runtime.spawn(async move {
        signals.first().await;
        drain.begin();
    });
    let at = data_plane.addresses();
    tracing::info!(gateway = %at.gateway, ops = %at.ops, "listening");
    let listening = json!({"event": "listening", "gateway": at.gateway.to_string(), "ops": at.ops.to_string()});
    terminal::say(&listening.to_string())?;
    let ended = data_plane.run();
    tracing::info!(drained = ended.drained, lost = ended.lost, "ended");
    planes::end(runtime, opened);
    // Whoever supervises the process must notice that a bill will be short.
    Ok(if ended.lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
