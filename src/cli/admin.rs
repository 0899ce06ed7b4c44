//! `weir admin`: a control plane alone: admin API, portal, and the watched configuration file.

use std::process::ExitCode;

use serde_json::json;

use super::certificates::Certificates;
use super::planes::{self, ControlArgs, EndSignals, ProcessArgs, Serving};
use super::{Outcome, logging, terminal};

/// Run a control plane alone: admin API and portal
///
/// Gateways on the same database (weir gateway) see each change within two seconds.
#[derive(clap::Args)]
#[command(after_help = "Example:
  weir admin --database postgres://weir@db/weir --gateway-url https://gateway.example.com")]
pub(crate) struct Args {
    #[command(flatten)]
    process: ProcessArgs,
    #[command(flatten)]
    control: ControlArgs,
    /// Where the playground finds a gateway
    #[arg(long, env = "WEIR_GATEWAY_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    gateway_url: String,
}

pub(crate) fn run(mut args: Args) -> Outcome {
    logging::init(args.process.log_format)?;
    args.control.config.require()?;
    let runtime = planes::control_runtime()?;
    let [admin] = planes::claim(&runtime, [("--admin-listen", &mut args.control.admin_listen)])?;
    let certificates = Certificates::open(None, Some(&args.control.certificate), &runtime)?;
    let opened = planes::open(&args.process, Some(&args.control), &certificates, args.gateway_url.clone());
    let opened = runtime.block_on(opened)?;
    let serving = Serving::start(&args.process, &args.control, admin, &opened.control, &runtime)?;
    let signals = EndSignals::listen(&runtime)?;
    tracing::info!(admin = %serving.address, "listening");
    terminal::say(&json!({"event": "listening", "admin": serving.address.to_string()}).to_string())?;
    runtime.block_on(async {
        signals.first().await;
        serving.end().await
    })?;
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}
