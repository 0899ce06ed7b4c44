//! What a translation could not carry over: reported, or refused in strict mode, never silent.

use std::borrow::Cow;

use weir_domain::dialect::Dialect;

use crate::caller_words;
use crate::error::RequestError;
use crate::wire::Text;

/// A part of the request that the upstream will not get as the caller wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Its path, such as `logit_bias` or `messages[3].name`: printable ASCII, at most 96 bytes, safe in a header.
    pub path: String,
    /// Why, or what was done in its place.
    pub reason: Cow<'static, str>,
}

/// Paths in one report; a request of thousands of marked blocks must not make a header of megabytes.
const MAX_PATHS: usize = 32;
const MAX_PATH_BYTES: usize = 96;
/// How to mend what strict mode refuses.
const STRICT: &str = "this model route is strict: leave the parameter out, or set strict: false on the model route";

/// Why a part of the request is reported that the upstream's dialect has no place for.
pub(crate) const NO_COUNTERPART: &str = "the provider's dialect has nothing like it";

/// Collects what is dropped.
#[derive(Debug)]
pub(crate) struct Report {
    strict: bool,
    /// Whose words places are told in; `None` leaves them as they are.
    inbound: Option<Dialect>,
    pub(crate) dropped: Vec<Dropped>,
    more: usize,
}

impl Report {
    pub(crate) fn new(strict: bool) -> Self {
        Self { strict, inbound: None, dropped: Vec::new(), more: 0 }
    }

    /// From here on a writer speaks, and what it says is told in the words of the caller's dialect.
    pub(crate) fn tell_in_words_of(&mut self, inbound: Dialect) {
        self.inbound = Some(inbound);
    }

    /// Notes that `path` is dropped or changed.
    ///
    /// # Errors
    /// In strict mode, with the same words and what can be done about it.
    pub(crate) fn drop(
        &mut self,
        path: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Result<(), RequestError> {
        let (path, reason) = (path.into(), reason.into());
        let path =
            header_safe(&self.inbound.map_or(Cow::Borrowed(&*path), |inbound| caller_words::path(inbound, &path)));
        if self.strict {
            return Err(RequestError::unsupported(path, format!("{reason}; {STRICT}")));
        }
        if self.dropped.len() < MAX_PATHS {
            self.dropped.push(Dropped { path, reason });
        } else {
            self.more += 1;
        }
        Ok(())
    }

    /// Notes the fields of a record that nobody knows: `path` says where one of them stands.
    ///
    /// # Errors
    /// As [`Self::drop`].
    pub(crate) fn unknown<'f, 'a: 'f>(
        &mut self,
        fields: impl IntoIterator<Item = &'f Text<'a>>,
        path: impl Fn(&str) -> String,
    ) -> Result<(), RequestError> {
        fields.into_iter().try_for_each(|field| self.drop(path(field), NO_COUNTERPART))
    }

    /// The list, with a last entry that counts what did not fit.
    pub(crate) fn into_dropped(mut self) -> Vec<Dropped> {
        if self.more > 0 {
            let path = format!("and {} more", self.more);
            self.dropped.push(Dropped { path, reason: "see the first ones".into() });
        }
        self.dropped
    }
}

/// Unknown fields are named by the caller: what could split a header or a log line becomes `?`.
fn header_safe(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii_graphic() && c != ',' { c } else { '?' }).take(MAX_PATH_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_named_by_the_caller_cannot_split_a_header() {
        let mut report = Report::new(false);
        report.drop("evil\r\nset-cookie: a, b\u{e9}", "unknown").unwrap();
        assert_eq!(report.into_dropped()[0].path, "evil??set-cookie:?a??b?");
    }

    #[test]
    fn a_report_is_bounded_but_says_so() {
        let mut report = Report::new(false);
        for i in 0..100 {
            report.drop(format!("messages[{i}].name"), "no such thing").unwrap();
        }
        let dropped = report.into_dropped();
        assert_eq!((dropped.len(), dropped.last().unwrap().path.as_str()), (33, "and 68 more"));
    }

    #[test]
    fn strict_mode_refuses_instead() {
        let error = Report::new(true).drop("seed", "Anthropic has none").unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("seed: Anthropic has none; ") && said.contains("leave the parameter out"), "{said}");
        assert!(said.contains("set strict: false on the model route"), "{said}");
    }
}
