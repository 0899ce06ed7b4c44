//! `weir check`: every fault of configuration files, found by the same code that would make them live.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use weir_admin_api::config::{ConfigError, Source};
use weir_admin_api::{ControlPlane, References, Settings};
use weir_domain::fault::{Fault, Faults};

use super::config_file::Joined;
use super::{Outcome, block_on, terminal};

/// What is said where something is referred to that no file holds.
const ELSEWHERE: &str = "weir: the files are checked as the whole configuration: what \"there is no …\" names may stand in \
                         another file (give all files together), or in a running Weir (weir plan takes it into account)";

/// Find every fault of configuration files
///
/// The files are taken together, as one configuration. Nothing is started and nothing is changed, and
/// nothing but the files decides: of the secrets that they name (env:NAME, file:PATH) only the form is
/// judged, unless --secrets is given. The fingerprints of an export (sealed:…) are known to the Weir that wrote it
/// alone: `weir plan` compares them. One line for each fault: FILE:LINE: KIND/ID: FIELD: what to mend.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  weir check weir.yaml teams/*.yaml      before a commit, in CI
  weir check --secrets weir.yaml         where Weir runs, before it is started
  weir export | weir check -

Exit code 0 without faults, 1 with any.")]
pub(crate) struct Args {
    /// YAML files; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Also look up the secrets that the files name, as `weir run` would
    #[arg(long)]
    secrets: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let joined = Joined::read(&args.files)?;
    let scratch = Scratch::make()?;
    match block_on(plan(&scratch.path, &joined, args.secrets))? {
        Ok(resources) => {
            let secrets = if args.secrets { ", and the secrets that they name are there" } else { "" };
            terminal::say(&format!("No faults in {resources} resource(s){secrets}."))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => {
            for fault in &faults.0 {
                let mut shown = fault.clone();
                shown.file = Some(joined.locate(fault.file.as_deref().unwrap_or_default()));
                terminal::say(&shown.to_string())?;
            }
            terminal::complain(&format!("weir: {} fault(s)", faults.0.len()));
            if faults.0.iter().any(Fault::is_missing_reference) {
                terminal::complain(ELSEWHERE);
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Plans the files against an empty store: what is refused here is refused everywhere.
async fn plan(scratch: &Path, joined: &Joined, secrets: bool) -> anyhow::Result<Result<usize, Faults>> {
    let settings = Settings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data_dir: scratch.to_owned(),
        database_url: None,
        master_key: None,
        gateway_url: String::new(),
        gateway_tls: None,
        tls: None,
        references: References::default(),
        public_url: None,
        trusted_proxies: Vec::new(),
        ledger_retention_days: Settings::LEDGER_RETENTION_DAYS,
        allow_plaintext: false,
        stores: Default::default(),
    };
    let control = ControlPlane::open(settings).await.context("cannot make an empty store to check against")?;
    // As the whole configuration: a text without documents is a fault, as it is for `weir run --config`.
    let source = Source { yaml: &joined.text, name: "check", prune: true };
    match if secrets { control.plan(source).await } else { control.check(source).await } {
        Ok(plan) => Ok(Ok(plan.changes.len())),
        Err(ConfigError::Faults(faults)) => Ok(Err(faults)),
        Err(other) => Err(other.into()),
    }
}

/// A directory of our own that goes when it is dropped.
struct Scratch {
    path: PathBuf,
}

// === impl Scratch ===

impl Scratch {
    fn make() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("weir-check-{}", weir_domain::name::new_id()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort: what stays is an empty store in the temporary directory.
        drop(std::fs::remove_dir_all(&self.path));
    }
}
