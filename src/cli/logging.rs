//! Logs of the process: to stderr, as text for people or JSON for machines, filtered by `WEIR_LOG`.

use std::io;

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::SubscriberBuilder;
use tracing_subscriber::fmt::format::{DefaultFields, Format as Layout};

use super::log_fields::Fields;
use super::terminal;

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The environment variable with the filter, such as `info,weir_gateway=debug`.
const FILTER: &str = "WEIR_LOG";

/// Installs the subscriber of the whole process.
///
/// # Errors
/// When `WEIR_LOG` is not a filter.
pub(crate) fn init(format: Format) -> anyhow::Result<()> {
    let filter = match std::env::var(FILTER) {
        Ok(text) if !text.trim().is_empty() => EnvFilter::try_new(&text).ok().with_context(|| {
            format!("{FILTER}={text:?} is not a log filter; give one such as info,weir_gateway=debug")
        })?,
        // Pingora reports each refused handshake and cut connection; the request's own line says it better.
        _ => EnvFilter::new("info,pingora_core=warn,pingora_proxy=off,sqlx=warn"),
    };
    // Ours goes through `tracing`; the `init` below brings in what goes through `log`, which is mostly Pingora's.
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        Format::Text => text(builder, terminal::is_coloured(&io::stderr())).init(),
        Format::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
    // Whatever the filter says: below this Pingora writes out whole request heads, and with them credentials.
    log::set_max_level(log::LevelFilter::Warn);
    Ok(())
}

/// Lines for people.
pub(super) fn text<F, W>(
    builder: SubscriberBuilder<DefaultFields, Layout, F, W>,
    coloured: bool,
) -> SubscriberBuilder<Fields, Layout, F, W> {
    builder.with_ansi(coloured).fmt_fields(Fields)
}
