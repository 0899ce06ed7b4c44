//! Tests of the tags that the gateway makes.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const SALT: [u8; 16] = [7; 16];
const JSON: Content<'static> = Content { content_type: b"application/json", content_coding: b"", no_transform: false };

fn bytes(content: &Content<'_>, body: &[u8]) -> EntityTag {
    mint(Mode::Bytes, &SALT, content, body).unwrap().tag
}

#[test]
fn a_tag_is_short_strong_and_the_same_on_every_node() {
    let tag = bytes(&JSON, b"{}");
    assert!(!tag.is_weak() && is_minted(&tag));
    assert_eq!(tag.opaque().len(), 3 + 22);
    assert!(tag.opaque()[3..].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')), "{tag}");
    assert_eq!(tag, bytes(&JSON, b"{}"));
    // Fixed for good: another value would be a 412 for every client at the next release.
    assert_eq!(tag.to_string(), "\"g1-dlumSpY90bgfKijFAplnyw\"");
}

#[test]
fn whatever_tells_representations_apart_counts() {
    let content = |content_type: &'static [u8], content_coding: &'static [u8]| Content {
        content_type,
        content_coding,
        no_transform: false,
    };
    let tags = [
        bytes(&JSON, b"x"),
        bytes(&JSON, b"y"),
        bytes(&JSON, b""),
        bytes(&content(b"application/xml", b""), b"x"),
        bytes(&content(b"application/json", b"gzip"), b"x"),
        bytes(&content(b"application/jsongzip", b""), b"x"),
        bytes(&content(b"", b""), b"x"),
        bytes(&content(b"", b"application/json"), b"x"),
        mint(Mode::Bytes, &[8; 16], &JSON, b"x").unwrap().tag,
    ];
    for (i, one) in tags.iter().enumerate() {
        assert!(tags[i + 1..].iter().all(|other| other != one), "{i}");
    }
}

#[test]
fn a_version_has_a_tag_of_its_own_for_each_representation() {
    let of = |number, content: &Content<'_>| mint(Mode::Version(number), &SALT, content, b"ignored").unwrap();
    assert_eq!(of(1, &JSON), of(1, &JSON));
    assert_ne!(of(1, &JSON).tag, of(2, &JSON).tag);
    assert_ne!(of(1, &JSON).tag, of(1, &Content::default()).tag);
    assert!(!of(1, &JSON).tag.is_weak() && is_minted(&of(1, &JSON).tag));
}

#[test]
fn canonical_tags_are_of_what_is_sent() {
    let of = |content: &Content<'_>, body: &[u8]| mint(Mode::Canonical, &SALT, content, body);
    let one = of(&JSON, br#"{ "b": 1.0, "a": [ ] }"#).unwrap();
    assert_eq!(one.body.as_deref(), Some(&br#"{"a":[],"b":1}"#[..]));
    assert_eq!(of(&JSON, br#"{"a":[],"b":1}"#), Some(Minted { tag: one.tag.clone(), body: None }));
    assert_eq!(bytes(&JSON, br#"{"a":[],"b":1}"#), one.tag, "a tag of bytes of the same bytes");
    for kind in [&b"text/html"[..], b"", b"application/jsonp", b"json"] {
        assert_eq!(of(&Content { content_type: kind, ..JSON }, b"{}"), None);
    }
    for kind in [&b"application/problem+json; charset=utf-8"[..], b"Application/JSON ;x=y"] {
        assert!(of(&Content { content_type: kind, ..JSON }, b"{}").is_some());
    }
    assert_eq!(of(&Content { no_transform: true, ..JSON }, b"{}"), None);
    assert_eq!(of(&Content { content_coding: b"gzip", ..JSON }, b"{}"), None);
    assert_eq!(of(&JSON, br#"{"a":1,"a":2}"#), None);
}

#[test]
fn semantic_tags_are_weak_and_leave_the_body_alone() {
    let ignored = Pointers::compile(&["/ts".to_owned()]).unwrap();
    let of = |body: &[u8]| mint(Mode::Semantic(&ignored), &SALT, &JSON, body).unwrap();
    let one = of(br#"{"a": 1, "ts": 5}"#);
    assert!(one.tag.is_weak() && one.body.is_none() && one.tag.to_string().starts_with("W/\"g1-"));
    assert_eq!(one, of(br#"{"ts":6,"a":1}"#));
    assert_eq!(one, of(br#"{"a":1}"#));
    assert_ne!(one, of(br#"{"a":2,"ts":5}"#));
    let no_transform = Content { no_transform: true, ..JSON };
    assert!(mint(Mode::Semantic(&ignored), &SALT, &no_transform, b"{}").is_some(), "nothing is transformed");
    assert_eq!(mint(Mode::Semantic(&ignored), &SALT, &JSON, b"<a/>"), None);
}

#[test]
fn no_transform_is_found_in_any_line() {
    let of = |lines: &[&'static str]| {
        forbids_transform(&lines.iter().map(|line| (CACHE_CONTROL, HeaderValue::from_static(line))).collect())
    };
    assert!(of(&["no-transform"]) && of(&["max-age=1", "private ,No-Transform"]));
    assert!(!of(&[]) && !of(&["max-age=1"]) && !of(&["x=\"no-transform\""]) && !of(&["no-transform-x"]));
}

proptest! {
    #[test]
    fn pieces_of_a_body_make_no_difference(body in prop::collection::vec(any::<u8>(), 0..5_000), cut in 0..5_000_usize) {
        let mut minting = Minting::new(&SALT, &JSON);
        let (head, tail) = body.split_at(cut.min(body.len()));
        minting.update(head);
        minting.update(tail);
        prop_assert_eq!(minting.finish(), bytes(&JSON, &body));
    }
}
