//! `weir schema`: the JSON Schema of a kind, for editors and for checks before a commit.

use std::process::ExitCode;

use serde_json::{Map, Value};
use weir_domain::resource::Kind;
use weir_domain::schema;

use super::{Outcome, terminal};

/// Print the JSON Schema of a kind, or of all kinds
#[derive(clap::Args)]
#[command(after_help = "Examples:
  weir schema Provider
  weir schema > weir.schema.json")]
pub(crate) struct Args {
    /// Team, ConflictStore, ConflictPolicy, Provider, Price, ModelRoute, Upstream, Service, Route, Application or ApiKey
    kind: Option<Kind>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let schema = match args.kind {
        Some(kind) => schema::of(kind),
        None => {
            Value::Object(Kind::ALL.iter().map(|kind| (kind.to_string(), schema::of(*kind))).collect::<Map<_, _>>())
        }
    };
    terminal::say(&serde_json::to_string_pretty(&schema)?)?;
    Ok(ExitCode::SUCCESS)
}
