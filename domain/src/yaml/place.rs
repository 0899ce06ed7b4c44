//! Where a field stands: the line of a path such as `spec.keys[0].secret` in a document.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

use super::{options, split};

/// The line, counted from 1 in the whole text, of a field of the document that begins on line `document`
/// (as [`super::Document::line`] tells it). Of a field that is not there it is the line of what should
/// hold it; where the text cannot be read it is `document`.
#[must_use]
pub fn line_of(text: &str, document: usize, field: &str) -> usize {
    let part = split(text).into_iter().find(|(line, _)| *line == document);
    let Some((_, part)) = part else { return document };
    match serde_yaml::from_str_with_options::<Spanned<Node>>(part, options()) {
        Ok(root) => document + find(&root, field).saturating_sub(1),
        Err(_) => document,
    }
}

/// The shape of a document: lines, and no values.
enum Node {
    Leaf,
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

fn line<T>(spanned: &Spanned<T>) -> usize {
    usize::try_from(spanned.referenced.line()).unwrap_or(1)
}

/// Goes down a path as far as it leads.
fn find(root: &Spanned<Node>, path: &str) -> usize {
    let (mut node, mut at, mut rest) = (&root.value, line(root), path);
    loop {
        let step = match node {
            Node::Leaf => None,
            Node::List(items) => index(rest).and_then(|(index, rest)| items.get(index).map(|n| (line(n), n, rest))),
            Node::Map(entries) => {
                let under = rest.strip_prefix('.').unwrap_or(rest);
                let fits = entries.iter().filter_map(|(key, value)| {
                    let rest = under.strip_prefix(key.value.as_str())?;
                    (rest.is_empty() || rest.starts_with(['.', '['])).then_some((line(key), value, rest))
                });
                // Keys may hold dots themselves: the longest one is meant.
                fits.min_by_key(|(_, _, rest)| rest.len())
            }
        };
        match step {
            Some((line, value, left)) => (node, at, rest) = (&value.value, line, left),
            None => return at,
        }
    }
}

/// `[3].secret` as 3 and `.secret`.
fn index(path: &str) -> Option<(usize, &str)> {
    let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, rest))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shape)
    }
}

struct Shape;

impl<'de> Visitor<'de> for Shape {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Node, D::Error> {
        Node::deserialize(inner)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Node, D::Error> {
        Node::deserialize(inner)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Node::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            all.push((key, entries.next_value()?));
        }
        Ok(Node::Map(all))
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, data: A) -> Result<Node, A::Error> {
        data.variant::<IgnoredAny>().map(|_| Node::Leaf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# teams\nkind: Team\nid: a\n---\n# a provider\n\nkind: Provider\nid: p\nspec:\n  base_url:\n    \
                        https://x\n  keys:\n    - id: one\n      secret: env:A\n    -\n      id: two\n      weight: 3\n  \
                        headers: {x.y: 1,\n    \"x\": 2}\n";

    #[test]
    fn each_field_has_its_own_line_and_what_is_missing_that_of_its_parent() {
        for (field, line) in [
            ("kind", 7),
            ("id", 8),
            ("team", 7),
            ("", 7),
            ("spec", 9),
            ("spec.base_url", 10),
            ("spec.protocol", 9),
            ("spec.keys[0]", 13),
            ("spec.keys[0].secret", 14),
            ("spec.keys[0].weight", 13),
            ("spec.keys[1].weight", 17),
            ("spec.keys[7].weight", 12),
            ("spec.headers.x", 19),
            ("spec.headers.x.y", 18),
        ] {
            assert_eq!(line_of(TEXT, 5, field), line, "{field}");
        }
        assert_eq!(line_of(TEXT, 1, "id"), 3);
    }

    #[test]
    fn documents_of_one_line_and_such_as_cannot_be_read_have_the_line_they_begin_on() {
        assert_eq!(line_of("{\"id\": 1,\n\"spec\": {\"a\": 2}}\n---\n{\"id\": 3}", 4, "spec.x"), 4);
        assert_eq!(line_of("{\"id\": 1,\n\"spec\": {\"a\": 2}}\n", 1, "spec.a"), 2);
        assert_eq!(line_of("a: [1\n", 1, "a"), 1);
        assert_eq!(line_of("a: 1\n", 9, "a"), 9);
    }

    #[test]
    fn merged_keys_and_aliases_have_the_line_where_they_are_used() {
        let text = "base: &base\n  a: 1\nspec:\n  <<: *base\n  b: *base\n";
        assert_eq!(line_of(text, 1, "spec.b"), 5);
        assert_eq!(line_of(text, 1, "spec.c"), 3);
        assert!((2..=4).contains(&line_of(text, 1, "spec.a")));
    }
}
