//! `weir apply`: makes a running Weir what files say, all or nothing.

use std::process::ExitCode;

use anyhow::bail;
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::admin_client::{AdminArgs, AdminClient, Refusal};
use super::changes::{self, Change, Plan};
use super::config_file::Joined;
use super::plan::{Files, YAML, fetch, located};
use super::{Outcome, block_on, terminal};

/// Apply files to a running Weir, all or nothing
///
/// Plans first, shows the plan, and applies it only if nobody changed the configuration meanwhile.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  weir apply weir.yaml
  weir apply --base 41 weir.yaml     only on the revision that was reviewed")]
pub(crate) struct Args {
    #[command(flatten)]
    admin: AdminArgs,
    #[command(flatten)]
    files: Files,
    /// The revision that the change was reviewed on; any other is refused
    #[arg(long, value_name = "REVISION")]
    base: Option<i64>,
}

/// What an apply did, as the admin API tells it.
#[derive(Deserialize)]
struct Applied {
    revision: i64,
    changes: Vec<Change>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let client = AdminClient::new(&args.admin)?;
    let joined = Joined::read(&args.files.files)?;
    block_on(apply(args, &client, &joined))
}

async fn apply(args: &Args, client: &AdminClient, joined: &Joined) -> Outcome {
    let plan = fetch(client, joined, args.files.prune).await?;
    terminal::say(&changes::render(&plan.changes))?;
    if plan.changes.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let base = args.base.unwrap_or(plan.base);
    let path = format!("/config/apply?base={base}&prune={}", args.files.prune);
    match client.send(Method::POST, &path, YAML, joined.text.clone()).await? {
        Ok(text) => {
            let applied: Applied = serde_json::from_str(&text)?;
            terminal::say(&format!(
                "Applied: {} change(s), now at revision {}.",
                applied.changes.len(),
                applied.revision
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) if refusal.status == StatusCode::PRECONDITION_FAILED => stale(base, &refusal),
        Err(refusal) => Err(located(refusal, joined).into()),
    }
}

/// Somebody was faster: shows what the same files would change now.
fn stale(base: i64, refusal: &Refusal) -> Outcome {
    match serde_json::from_value::<Plan>(refusal.problem.clone()) {
        Ok(plan) => bail!(
            "nothing was applied: the configuration changed since revision {base} (it is {} now). Applying would now do:\n{}",
            plan.base,
            changes::render(&plan.changes)
        ),
        Err(_) => bail!("nothing was applied: the configuration changed since revision {base}; run weir plan again"),
    }
}
