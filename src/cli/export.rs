//! `weir export`: every resource of a running Weir as YAML documents.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use reqwest::Method;

use super::admin_client::{AdminArgs, AdminClient};
use super::{Outcome, block_on, terminal};

/// Write all resources as YAML, fit for `weir apply`
///
/// Secrets are written as the reference they were given by (`env:NAME`, `file:PATH`), or as the
/// fingerprint of the sealed secret, which this installation understands when it is applied again.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  weir export > weir.yaml")]
pub(crate) struct Args {
    #[command(flatten)]
    admin: AdminArgs,
    /// Write to this file in place of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let client = AdminClient::new(&args.admin)?;
    let yaml = block_on(client.send(Method::GET, "/config/export", "", String::new()))??;
    match &args.output {
        Some(path) => std::fs::write(path, yaml).with_context(|| format!("cannot write {}", path.display()))?,
        None => terminal::print(&yaml)?,
    }
    Ok(ExitCode::SUCCESS)
}
