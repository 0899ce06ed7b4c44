//! `weir catalog`: the catalogue of models and prices, made of a public table, and what an update of it changes.

mod cost;
mod decimal;
mod diff;
mod files;
mod import;
mod model;
mod names;
mod rates;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use super::{Outcome, terminal};

/// Make the catalogue of models and prices from a table, or show what that would change
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Import(ImportArgs),
    Diff(DiffArgs),
    Cost(CostArgs),
}

/// Write catalog/models/PROVIDER.yaml from the table; a changed price gets a new dated row, the old one stays
#[derive(clap::Args)]
struct ImportArgs {
    #[command(flatten)]
    table: TableArgs,
    /// The folder to write to
    #[arg(long, default_value = "catalog/models", value_name = "FOLDER")]
    out: PathBuf,
}

/// Show what importing the table would change; the exit code is 0 for nothing, 1 for changes, 2 for trouble, as of diff
#[derive(clap::Args)]
struct DiffArgs {
    #[command(flatten)]
    table: TableArgs,
    /// The folder to compare with; by default what is built into this binary
    #[arg(long, value_name = "FOLDER")]
    with: Option<PathBuf>,
}

/// Read usages from stdin, one JSON object a line, and print what each costs by the built-in catalogue
#[derive(clap::Args)]
struct CostArgs {}

#[derive(clap::Args)]
struct TableArgs {
    /// model_prices_and_context_window.json, as in the PyPI package litellm
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The day from which its prices hold, such as 2026-01-31; by default today
    #[arg(long, value_name = "DATE")]
    effective_from: Option<String>,
    /// What to name as the source of prices that name none, such as "PyPI package litellm 1.109.1"
    #[arg(long, default_value = "the price table of the PyPI package litellm", value_name = "TEXT")]
    source: String,
}

impl TableArgs {
    fn read(&self) -> anyhow::Result<import::Models> {
        let text =
            std::fs::read_to_string(&self.from).with_context(|| format!("cannot read {}", self.from.display()))?;
        let today = || weir_domain::time::to_rfc3339(weir_domain::time::now()).chars().take(10).collect();
        let date: String = self.effective_from.clone().unwrap_or_else(today);
        weir_domain::time::parse_date(&date).map_err(|e| anyhow::anyhow!("--effective-from: {e}"))?;
        Ok(import::read(&table::parse(&text)?, &date, &self.source))
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Import(args) => write(args),
        Command::Cost(CostArgs {}) => cost::answer_lines().map(|()| ExitCode::SUCCESS),
        Command::Diff(args) => Ok(compare(args).unwrap_or_else(|error| {
            terminal::complain(&format!("weir: {error:#}"));
            ExitCode::from(2)
        })),
    }
}

fn write(args: &ImportArgs) -> Outcome {
    let after = import::merge(&files::read(&args.out)?, args.table.read()?);
    files::write(&args.out, &after, &args.table.source)?;
    let models: usize = after.values().map(std::collections::BTreeMap::len).sum();
    let priced = after.values().flat_map(|models| models.values()).filter(|model| !model.prices.is_empty()).count();
    terminal::say(&format!("{} providers, {models} models, {priced} of them with a price", after.len()))?;
    Ok(ExitCode::SUCCESS)
}

fn compare(args: &DiffArgs) -> Outcome {
    let before = match &args.with {
        Some(folder) => files::read(folder)?,
        None => files::built_in()?,
    };
    let lines = diff::lines(&before, &import::merge(&before, args.table.read()?));
    for line in &lines {
        terminal::say(line)?;
    }
    Ok(if lines.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
