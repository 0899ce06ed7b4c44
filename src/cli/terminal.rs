//! Writes to the terminal: answers to stdout, complaints to stderr, colour only where a person reads it.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;

/// Writes `text` and a line break to stdout at once, so that a reader behind a pipe sees it. A reader who
/// left, as `head` does, changes nothing of what the command does or how it ends.
///
/// # Errors
/// When stdout cannot be written to, such as on a full disk.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    print(&format!("{text}\n"))
}

/// The same without a line break: for text that has its own.
///
/// # Errors
/// As [`say`].
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    match write(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to stdout"),
    }
}

/// Writes a piece of an answer that streams in; tells whether anybody still reads.
///
/// # Errors
/// As [`say`].
pub(crate) fn stream(text: &str) -> anyhow::Result<bool> {
    match write(text) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("cannot write to stdout"),
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes `text` and a line break to stderr. Nowhere is left to report to when that fails.
pub(crate) fn complain(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// How a piece of text stands out.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    /// Something new.
    Added,
    /// Something that goes.
    Removed,
    /// Something that changes.
    Changed,
    /// Something less important.
    Dim,
}

/// Whether colour helps: a person reads it on a terminal that has colours, and `NO_COLOR` (no-color.org) is not set.
pub(crate) fn is_coloured(stream: &impl IsTerminal) -> bool {
    let variable = |name| std::env::var_os(name).unwrap_or_default();
    stream.is_terminal() && variable("NO_COLOR").is_empty() && variable("TERM") != "dumb"
}

/// Wraps `text` in ANSI colour where [`is_coloured`] holds for stdout.
pub(crate) fn paint(style: Style, text: &str) -> String {
    if !is_coloured(&io::stdout()) {
        return text.to_owned();
    }
    let code = match style {
        Style::Added => "32",
        Style::Removed => "31",
        Style::Changed => "33",
        Style::Dim => "2",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}
