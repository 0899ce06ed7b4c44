//! What a store is told of a tag that was seen: the tag, and what of the request selected the representation that it is of.

use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName, VARY};
use http::{HeaderMap, HeaderValue};
use weir_conflict::tag::EntityTag;

/// The headers that select among representations and say nothing of who asks (RFC 9110 section 12.5).
const SELECTING: [HeaderName; 3] = [ACCEPT, ACCEPT_LANGUAGE, ACCEPT_ENCODING];
/// The longest value that is remembered, in bytes.
const MAX_VALUE: usize = 256;

/// A tag of a version, and how its representation is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Learnt {
    pub(super) tag: EntityTag,
    pub(super) selecting: Vec<(HeaderName, HeaderValue)>,
}

impl Learnt {
    /// The tag of an answer, and what of its request the answer says that it varies with.
    pub(super) fn of(request: &HeaderMap, answer: &HeaderMap, tag: &EntityTag) -> Self {
        let varies = |name: &HeaderName| {
            answer.get_all(VARY).iter().any(|line| {
                line.as_bytes().split(|&b| b == b',').any(|part| {
                    let part = part.trim_ascii();
                    part == b"*" || part.eq_ignore_ascii_case(name.as_str().as_bytes())
                })
            })
        };
        let value = |name: &HeaderName| {
            request.get(name).cloned().filter(|value| value.len() <= MAX_VALUE && value.to_str().is_ok())
        };
        let selecting = SELECTING.into_iter().filter(varies).filter_map(|name| value(&name).map(|value| (name, value)));
        Self { tag: tag.clone(), selecting: selecting.collect() }
    }

    /// As a store keeps it: the tag, and a line for each header.
    pub(super) fn written(&self) -> String {
        let headers =
            self.selecting.iter().filter_map(|(name, value)| Some(format!("\n{name}:{}", value.to_str().ok()?)));
        std::iter::once(self.tag.to_string()).chain(headers).collect()
    }

    /// Reads what was written.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let tag = EntityTag::parse(lines.next()?.as_bytes())?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.parse().ok()?, value.parse().ok()?))
        };
        Some(Self { tag, selecting: lines.map(header).collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_remembered_with_what_selected_its_representation() {
        let map = |fields: &[(HeaderName, &'static str)]| {
            fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect::<HeaderMap>()
        };
        let tag = EntityTag::strong("g1-x").unwrap();
        let request = map(&[(ACCEPT, "application/xml, */*;q=0.1"), (ACCEPT_LANGUAGE, "de")]);
        let learnt = Learnt::of(&request, &map(&[(VARY, "Accept, Cookie")]), &tag);
        assert_eq!(learnt.written(), "\"g1-x\"\naccept:application/xml, */*;q=0.1");
        assert_eq!(Learnt::read(&learnt.written()), Some(learnt));
        let plain = Learnt::of(&request, &HeaderMap::new(), &tag);
        assert_eq!((plain.written().as_str(), Learnt::read("\"g1-x\"")), ("\"g1-x\"", Some(plain)));
        for text in ["", "g1-x", "\"a\"\nx", "\"a\"\na b:c"] {
            assert_eq!(Learnt::read(text), None, "{text}");
        }
    }
}
