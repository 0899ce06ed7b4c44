//! How the fields of a log line look as text: whatever callers and vendors put into a value, a line stays one line, and
//! a field one field.

use std::error::Error;
use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// Writes `name=value`, quoted as in Rust where the value has anything that a reader could take for the end of it: white
/// space, quotes, control characters, signs that turn the direction of writing. The message itself keeps its spaces and
/// quotes. Every line of the process comes by here, so that no place that logs has to think of it.
pub(super) struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = Line { writer, result: Ok(()), begun: false };
        fields.record(&mut line);
        line.result
    }
}

struct Line<'writer> {
    writer: Writer<'writer>,
    result: fmt::Result,
    begun: bool,
}

impl Line<'_> {
    /// The name, and what stands between it and what is there before.
    fn name(&mut self, field: &Field) -> fmt::Result {
        if std::mem::replace(&mut self.begun, true) {
            self.writer.write_char(' ')?;
        }
        match field.name() {
            "message" => Ok(()),
            name if self.writer.has_ansi_escapes() => write!(self.writer, "\x1b[3m{name}\x1b[0m\x1b[2m=\x1b[0m"),
            name => write!(self.writer, "{name}="),
        }
    }

    fn write(&mut self, field: &Field, value: &dyn Debug, always_quoted: bool) -> fmt::Result {
        // What `log` says of its own records; the line has it already.
        if field.name().starts_with("log.") {
            return Ok(());
        }
        self.name(field)?;
        if always_quoted && field.name() != "message" {
            return write!(self.writer, "{value:?}");
        }
        let text = format!("{value:?}");
        if field.name() == "message" {
            return text.chars().try_for_each(|sign| self.sign(sign));
        }
        let quoted = format!("{text:?}");
        let plain = quoted.len() == text.len() + 2 && !text.contains(char::is_whitespace);
        self.writer.write_str(if plain { &text } else { &quoted })
    }

    /// One character of a message.
    fn sign(&mut self, sign: char) -> fmt::Result {
        match sign {
            '"' | '\'' | '\\' => self.writer.write_char(sign),
            _ => write!(self.writer, "{}", sign.escape_debug()),
        }
    }
}

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.result.is_ok() {
            self.result = self.write(field, value, false);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if self.result.is_ok() {
            self.result = match field.name() {
                "message" => self.write(field, &format_args!("{value}"), false),
                _ => self.write(field, &value, true),
            };
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::super::logging::text;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What the process would write, in colour or not.
    fn written(coloured: bool, log: impl FnOnce()) -> String {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = text(tracing_subscriber::fmt().with_writer(move || writer.clone()), coloured);
        tracing::subscriber::with_default(subscriber.finish(), log);
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn no_word_of_a_caller_or_vendor_makes_a_line_a_field_or_a_command_to_the_terminal() {
        let forged = "a\n2026-01-01T00:00:00Z ERROR weir: forged\r\x1b[2J\x07\u{9b}31m\u{202e}\u{2028} status=200 x";
        for coloured in [false, true] {
            let said = written(coloured, || {
                tracing::info!(model = %forged, again = forged, third = ?Some(forged), status = 400, "said: {forged}");
            });
            let body = said.strip_suffix('\n').unwrap();
            for sign in ['\n', '\r', '\x07', '\u{9b}', '\u{202e}', '\u{2028}'] {
                assert!(!body.contains(sign), "{sign:?} in {said:?}");
            }
            assert!(!body.contains("\x1b[2J"), "{said:?}");
            if !coloured {
                assert!(!body.contains('\x1b'), "{said:?}");
                assert!(
                    body.contains(r#" model="a\n2026-01-01T00:00:00Z ERROR weir: forged\r\u{1b}[2J\u{7}"#),
                    "{body}"
                );
                assert!(body.contains(" status=400"), "{body}");
            }
        }
        let said = written(false, || tracing::info!(model = %r#"x" status=200 y=""#, "m"));
        assert!(said.ends_with(" m model=\"x\\\" status=200 y=\\\"\"\n"), "{said}");
    }

    #[test]
    fn what_is_one_word_stands_as_it_is_and_what_is_text_in_quotes() {
        let said = written(false, || {
            let (model, none) = ("demo/模型:tag@1", None::<u64>);
            tracing::info!(model = %model, traffic = "ai", status = 200, empty = %"", cost = none, "it's \"done\": é");
        });
        let expected = " it's \"done\": é model=demo/模型:tag@1 traffic=\"ai\" status=200 empty=\n";
        assert!(said.ends_with(expected), "{said}");
    }
}
