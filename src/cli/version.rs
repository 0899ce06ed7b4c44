//! `weir version`: which build this is.

use std::process::ExitCode;

use super::{Outcome, terminal};

/// Print the version.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> Outcome {
    terminal::say(concat!("weir ", env!("CARGO_PKG_VERSION")))?;
    Ok(ExitCode::SUCCESS)
}
