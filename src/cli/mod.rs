//! The command line: one file per subcommand, and the one place that renders what went wrong.

mod admin;
mod admin_client;
mod apply;
mod call;
mod catalog;
mod certificates;
mod changes;
mod check;
mod config_file;
mod config_watch;
mod data_dir;
mod export;
mod first_config;
mod gateway;
mod key;
mod log_fields;
mod logging;
mod plan;
mod planes;
mod run;
mod schema;
mod setup_link;
mod terminal;
mod version;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How a subcommand ends: an exit code, or an error that is rendered as one sentence.
type Outcome = anyhow::Result<ExitCode>;

/// One gateway for every model and every REST API.
#[derive(Parser)]
#[command(name = "weir", version, propagate_version = true, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  weir run                               both planes on SQLite, with the built-in demo provider
  weir run --config weir.yaml            the same, configured by a file that is watched
  weir check weir.yaml                   every fault of a file, nothing started
  weir plan weir.yaml                    what applying it to a running Weir would change
  weir call \"Hello\"                      one prompt through the gateway, with its cost

Exit codes:
  0 done   1 it could not be done, stderr says why   2 changes are pending (plan --exit-code)
  64 the command line is wrong   130 interrupted (call)";

/// The exit code for a command line that is wrong: EX_USAGE of sysexits.h. Not clap's 2, which `plan --exit-code` has.
const USAGE: u8 = 64;

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Gateway(gateway::Args),
    Admin(admin::Args),
    Check(check::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Export(export::Args),
    Key(key::Args),
    Call(call::Args),
    Catalog(catalog::Args),
    Schema(schema::Args),
    Version(version::Args),
}

/// Runs the subcommand and renders its outcome: the only place that turns errors into text.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(asked) => {
            // Help and the version come this way too. A reader who left changes nothing.
            drop(asked.print());
            return if asked.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    // One TLS backend for both planes and for the command's own requests. A second installation
    // fails harmlessly, hence the ignored result.
    drop(rustls::crypto::ring::default_provider().install_default());
    let outcome = match cli.command {
        Command::Run(args) => run::run(args),
        Command::Gateway(args) => gateway::run(args),
        Command::Admin(args) => admin::run(args),
        Command::Check(args) => check::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Apply(args) => apply::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Key(args) => key::run(&args),
        Command::Call(args) => call::run(&args),
        Command::Catalog(args) => catalog::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Version(args) => version::run(&args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            terminal::complain(&format!("weir: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs one future to its end on a small runtime: what the client subcommands need.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
