//! Writes to the terminal: answers to stdout, complaints to stderr, colour only where a person reads it.

use std::io::{self, IsTerminal, Write};

/// Writes `text` and a line break to stdout at once, so that a reader behind a pipe sees it.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Writes `text` to stdout as it is and flushes: for answers that stream in.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn stream(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes `text` and a line break to stderr.
///
/// # Errors
/// When stderr is closed.
pub(crate) fn complain(text: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{text}")
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

/// Whether colour helps: a person reads it, and `NO_COLOR` (no-color.org) is not set.
pub(crate) fn is_coloured(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
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
