//! Judges single values of a policy: spans of time, sizes, numbers, methods, names of headers.

use std::collections::HashSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use super::Layer;
use crate::conflict_key::is_token;
use crate::fault::Fault;
use crate::spec::{Method, Size, Span};

/// Headers that belong to one connection (RFC 9110 section 7.6.1), or that say where a request goes, who asks and how the
/// body is framed: a policy neither sets them nor reads a key from them.
const NOT_OURS: [&str; 14] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Those of them that mean another thing at each hop, and so nothing in a comparison of requests.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The longest that anything waits.
pub(super) const MAX_WAIT: Span = Span::s(300);
/// The longest body that is held.
const MAX_BODY: Size = Size::mib(64);

/// Judges the values of one block.
pub(super) struct Check<'c, 'a> {
    pub(super) layer: Layer<'a>,
    pub(super) faults: &'c mut Vec<Fault>,
}

impl Check<'_, '_> {
    pub(super) fn fault(&mut self, field: &str, problem: impl Into<String>) {
        self.faults.push(self.layer.fault(field, problem));
    }

    /// A measure within its range.
    pub(super) fn within<T: PartialOrd + Display>(&mut self, field: &str, value: &T, range: RangeInclusive<T>) {
        if !range.contains(value) {
            self.fault(field, format!("{value} is out of range; give {} to {}", range.start(), range.end()));
        }
    }

    /// How long something is held that is renewed meanwhile.
    pub(super) fn lease(&mut self, field: &str, lease: Span) {
        self.within(field, &lease, Span::s(1)..=Span::s(600));
    }

    pub(super) fn body(&mut self, field: &str, size: Size) {
        self.within(field, &size, Size(1)..=MAX_BODY);
    }

    /// A status out of a few.
    pub(super) fn status(&mut self, field: &str, status: Option<u16>, allowed: [u16; 2]) {
        if let Some(status) = status.filter(|status| !allowed.contains(status)) {
            let [one, other] = allowed;
            self.fault(field, format!("{status} cannot be answered here; give {one} or {other}"));
        }
    }

    /// Statuses, each once and within their class.
    pub(super) fn statuses(&mut self, field: &str, statuses: &[u16], range: RangeInclusive<u16>) {
        let mut seen = HashSet::new();
        for (index, status) in statuses.iter().enumerate() {
            let field = format!("{field}[{index}]");
            self.within(&field, status, range.clone());
            if !seen.insert(status) {
                self.fault(&field, format!("{status} stands twice"));
            }
        }
    }

    /// A list that must say something, each thing once.
    pub(super) fn list<T: PartialEq>(&mut self, field: &str, items: &[T], mend: &str) {
        if items.is_empty() {
            self.fault(field, format!("empty; {mend}"));
        }
        for (index, item) in items.iter().enumerate() {
            if items[..index].contains(item) {
                self.fault(&format!("{field}[{index}]"), "stands twice");
            }
        }
    }

    /// Methods that change something.
    pub(super) fn writes(&mut self, field: &str, methods: &[Method], reason: &str) {
        self.list(field, methods, "name methods such as PUT, or leave the field out for the usual ones");
        for (index, method) in methods.iter().enumerate() {
            if matches!(method, Method::Get | Method::Head | Method::Options) {
                self.fault(&format!("{field}[{index}]"), format!("{} changes nothing: {reason}", method.as_str()));
            }
        }
    }

    /// The name of a header that Weir sets, or reads what is the client's own from.
    pub(super) fn header(&mut self, field: &str, name: &str) {
        self.header_but(field, name, &NOT_OURS, "means something else; choose another header");
    }

    /// The name of a header that requests are compared by.
    pub(super) fn compared(&mut self, field: &str, name: &str) {
        self.header_but(
            field,
            name,
            &HOP_BY_HOP,
            "belongs to one connection and says nothing of the answer; leave it out",
        );
    }

    fn header_but(&mut self, field: &str, name: &str, refused: &[&str], reason: &str) {
        if !is_token(name) {
            self.fault(field, format!("{name:?} is not the name of a header (RFC 9110 section 5.1)"));
        } else if refused.contains(&name.to_ascii_lowercase().as_str()) {
            self.fault(field, format!("{name} {reason}"));
        }
    }
}
