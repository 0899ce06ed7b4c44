//! `weir run`: both planes in one process, from the first line of the log to the end of the drain.

use std::process::ExitCode;

use serde_json::json;

use super::certificates::Certificates;
use super::planes::{self, ControlArgs, EndSignals, GatewayArgs, ProcessArgs, Serving};
use super::{Outcome, logging, terminal};

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
    #[command(flatten)]
    process: ProcessArgs,
    #[command(flatten)]
    gateway: GatewayArgs,
    #[command(flatten)]
    control: ControlArgs,
}

pub(crate) fn run(mut args: Args) -> Outcome {
    logging::init(args.process.log_format)?;
    args.control.config.require()?;
    let runtime = planes::control_runtime()?;
    let addresses = [
        ("--gateway-listen", &mut args.gateway.gateway_listen),
        ("--admin-listen", &mut args.control.admin_listen),
        ("--ops-listen", &mut args.gateway.ops_listen),
    ];
    let [gateway, admin, ops] = planes::claim(&runtime, addresses)?;
    let named = (&args.gateway.certificate, &args.control.certificate);
    let certificates = Certificates::open(Some(named.0), Some(named.1), &runtime)?;
    let gateway_url = planes::url(certificates.gateway_scheme(), args.gateway.gateway_listen);
    let opened = planes::open(&args.process, Some(&args.control), &certificates, gateway_url);
    let opened = runtime.block_on(opened)?;
    let control = &opened.control;
    let data_plane =
        planes::data_plane(&args.process, &args.gateway, &certificates, [gateway, ops], control, &runtime)?;
    let serving = Serving::start(&args.process, &args.control, admin, control, &runtime)?;
    let (signals, drain) = (EndSignals::listen(&runtime)?, data_plane.shutdown_handle());
    runtime.spawn(async move {
        signals.first().await;
        drain.begin();
    });
    let at = data_plane.addresses();
    tracing::info!(gateway = %at.gateway, admin = %serving.address, ops = %at.ops, "listening");
    let listening = json!({
        "event": "listening",
        "gateway": at.gateway.to_string(),
        "admin": serving.address.to_string(),
        "ops": at.ops.to_string(),
    });
    terminal::say(&listening.to_string())?;
    // Ends when a signal has begun the drain and requests under way have ended.
    let ended = data_plane.run();
    // The ledger took the last records while the data plane drained; only now may the store close.
    runtime.block_on(serving.end())?;
    tracing::info!(drained = ended.drained, lost = ended.lost, "ended");
    planes::end(runtime, opened);
    // Whoever supervises the process must notice that a bill will be short.
    Ok(if ended.lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
