//! `weir plan`: what applying files to a running Weir would change.

use std::path::PathBuf;
use std::process::ExitCode;

use reqwest::Method;

use super::admin_client::{AdminArgs, AdminClient, Refusal};
use super::changes::{self, Plan};
use super::config_file::Joined;
use super::{Outcome, block_on, terminal};

/// RFC 9512.
pub(crate) const YAML: &str = "application/yaml";

/// Show what `weir apply` would change
#[derive(clap::Args)]
#[command(after_help = "Examples:
  weir plan weir.yaml
  weir plan --prune *.yaml       also what would be removed because no file names it
  weir plan --exit-code -        from stdin; exit code 2 when something would change")]
pub(crate) struct Args {
    #[command(flatten)]
    admin: AdminArgs,
    #[command(flatten)]
    files: Files,
    /// Exit with code 2 when something would change
    #[arg(long)]
    exit_code: bool,
}

/// Which documents, and whether they are all there should be.
#[derive(clap::Args)]
pub(crate) struct Files {
    /// Remove resources that no file names (API keys and the default team never are)
    #[arg(long)]
    pub(crate) prune: bool,
    /// YAML files; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let client = AdminClient::new(&args.admin)?;
    let joined = Joined::read(&args.files.files)?;
    let plan = block_on(fetch(&client, &joined, args.files.prune))?;
    terminal::say(&changes::render(&plan.changes))?;
    let changed = args.exit_code && !plan.changes.is_empty();
    Ok(if changed { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// Asks for the plan of `joined`.
///
/// # Errors
/// When no answer comes, or the files have faults: each is named with its file and line.
pub(crate) async fn fetch(client: &AdminClient, joined: &Joined, prune: bool) -> anyhow::Result<Plan> {
    let path = format!("/config/plan?prune={prune}");
    let text = client
        .send(Method::POST, &path, YAML, joined.text.clone())
        .await?
        .map_err(|refusal| located(refusal, joined))?;
    Ok(serde_json::from_str(&text)?)
}

/// A refusal whose faults name the files that a person edits.
pub(crate) fn located(mut refusal: Refusal, joined: &Joined) -> Refusal {
    let faults = refusal.problem.get_mut("faults").and_then(serde_json::Value::as_array_mut);
    for fault in faults.into_iter().flatten() {
        if let Some(place) = fault.get("file").and_then(serde_json::Value::as_str) {
            fault["file"] = joined.locate(place).into();
        }
    }
    refusal
}
