//! Tests of entity tags.

use http::header::{IF_MATCH, IF_NONE_MATCH};
use proptest::prelude::*;

use super::*;

fn strong(opaque: &str) -> EntityTag {
    EntityTag::strong(opaque).unwrap()
}

fn weak(opaque: &str) -> EntityTag {
    EntityTag::weak(opaque).unwrap()
}

fn lines(values: &[&[u8]]) -> HeaderMap {
    values.iter().map(|value| (IF_MATCH, HeaderValue::from_bytes(value).unwrap())).collect()
}

fn read(values: &[&str]) -> Result<Option<TagList>, Malformed> {
    let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
    TagList::read(&lines(&values), &IF_MATCH)
}

#[test]
fn a_tag_is_read_strictly() {
    for (text, tag) in [
        (&b"\"a\""[..], strong("a")),
        (b"W/\"a\"", weak("a")),
        (b"\"\"", strong("")),
        (b"\"a,b\"", strong("a,b")),
        (b"\"W/\\\"", strong("W/\\")),
        (b"\"\xff\x80\"", EntityTag::strong(b"\xff\x80").unwrap()),
    ] {
        assert_eq!(EntityTag::parse(text), Some(tag), "{text:?}");
    }
    for text in [
        &b""[..],
        b"a",
        b"\"",
        b"\"a",
        b"a\"",
        b"w/\"a\"",
        b"W/a",
        b"W/",
        b"W /\"a\"",
        b"W/ \"a\"",
        b"\"a b\"",
        b"\"a\"\"",
        b" \"a\"",
        b"\"a\" ",
        b"\"a\x7f\"",
        b"\"a\tb\"",
        b"'a'",
        b"\"a\"b",
        b"*",
        b"\"a\", \"b\"",
    ] {
        assert_eq!(EntityTag::parse(text), None, "{}", String::from_utf8_lossy(text));
    }
    assert_eq!(EntityTag::strong("a\"b"), None);
    assert_eq!(EntityTag::weak("a b"), None);
}

#[test]
fn the_table_of_the_rfc_holds() {
    // RFC 9110 section 8.8.3.2: tag, tag, strongly, weakly.
    let table = [
        (weak("1"), weak("1"), false, true),
        (weak("1"), weak("2"), false, false),
        (weak("1"), strong("1"), false, true),
        (strong("1"), strong("1"), true, true),
        (strong("1"), strong("2"), false, false),
        (strong("a"), strong("A"), false, false),
    ];
    for (a, b, strongly, weakly) in table {
        assert_eq!((a.strong_eq(&b), b.strong_eq(&a)), (strongly, strongly), "{a} {b}");
        assert_eq!((a.weak_eq(&b), b.weak_eq(&a)), (weakly, weakly), "{a} {b}");
    }
}

#[test]
fn all_lines_of_a_header_are_one_list() {
    let tags = |list: &[EntityTag]| Ok(Some(TagList::Tags(list.to_vec())));
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(read(&["*"]), Ok(Some(TagList::Any)));
    assert_eq!(read(&[" *\t"]), Ok(Some(TagList::Any)));
    assert_eq!(read(&["\"a\""]), tags(&[strong("a")]));
    assert_eq!(read(&["\"a\",W/\"b\" , \"c,d\""]), tags(&[strong("a"), weak("b"), strong("c,d")]));
    assert_eq!(read(&["\"a\"", "\"b\""]), tags(&[strong("a"), strong("b")]));
    assert_eq!(read(&[",, \"a\" ,\t,", "", "\"b\",,"]), tags(&[strong("a"), strong("b")]));
}

#[test]
fn what_is_no_list_is_refused_with_the_line_and_the_way_to_mend_it() {
    for (values, problem) in [
        (&["abc"][..], TAG_RULE),
        (&["\"a\" \"b\""], TAG_RULE),
        (&["\"a\";q=1"], TAG_RULE),
        (&["\"a\", b"], TAG_RULE),
        (&["*, \"a\""], STAR_RULE),
        (&["\"a\", *"], STAR_RULE),
        (&["*", "\"a\""], STAR_RULE),
        (&["\"a\"", "*"], STAR_RULE),
        (&["*", "*"], STAR_RULE),
        (&["*,"], STAR_RULE),
        (&["**"], STAR_RULE),
        (&[""], EMPTY_RULE),
        (&[" , ,"], EMPTY_RULE),
        (&["", ""], EMPTY_RULE),
    ] {
        let refused = read(values).unwrap_err();
        assert_eq!((refused.problem, &refused.header), (problem, &IF_MATCH), "{values:?}");
    }
    assert_eq!(read(&["\"a\"", "x\ty"]).unwrap_err().text, r#""x\ty""#);
}

#[test]
fn a_list_has_bounds() {
    let many = |count: usize| vec!["\"a\""; count].join(",");
    assert_eq!(read(&[&many(MAX_TAGS)]).unwrap().unwrap().tags().len(), MAX_TAGS);
    assert_eq!(read(&[&many(MAX_TAGS + 1)]).unwrap_err().problem, TOO_LONG);
    assert_eq!(read(&[&",".repeat(MAX_LIST + 1)]).unwrap_err().problem, TOO_LONG);
    let half = format!("\"{}\"", "x".repeat(MAX_LIST / 2));
    assert!(read(&[&half]).is_ok());
    assert_eq!(read(&[&half, &half]).unwrap_err().problem, TOO_LONG);
}

#[test]
fn a_list_is_that_of_the_header_asked_for() {
    let headers = lines(&[b"\"a\""]);
    assert_eq!(TagList::read(&headers, &IF_NONE_MATCH), Ok(None));
}

#[test]
fn a_tag_of_an_upstream_is_passed_or_quoted_or_dropped_and_never_strengthened() {
    let of = |text: &'static [u8], lenient| EntityTag::from_upstream(&HeaderValue::from_bytes(text).unwrap(), lenient);
    for lenient in [Lenient::Quote, Lenient::Drop] {
        assert_eq!(of(b"\"u1\"", lenient), Some(strong("u1")));
        assert_eq!(of(b"W/\"u1\"", lenient), Some(weak("u1")));
        assert_eq!(of(b" \"u1\" ", lenient), Some(strong("u1")));
        for text in [&b""[..], b"\"u1", b"u1\"", b"u 1", b"'u1\"", b"W/", b"w/\"u1\"", b"\"a\", \"b\""] {
            assert_eq!(of(text, lenient), None, "{text:?}");
        }
    }
    assert_eq!(of(b"u1", Lenient::Drop), None);
    assert_eq!(of(b"u1", Lenient::Quote), Some(strong("u1")));
    assert_eq!(of(b"W/u1", Lenient::Quote), Some(weak("u1")));
    let mut headers = HeaderMap::new();
    assert_eq!(EntityTag::of_answer(&headers, Lenient::Quote), None);
    headers.append(ETAG, HeaderValue::from_static("\"a\""));
    assert_eq!(EntityTag::of_answer(&headers, Lenient::Drop), Some(strong("a")));
    headers.append(ETAG, HeaderValue::from_static("\"b\""));
    assert_eq!(EntityTag::of_answer(&headers, Lenient::Drop), None, "two tags are none");
}

#[test]
fn codings_are_told_apart_for_reads_and_are_one_for_writes() {
    let plain = strong("g1-x");
    for coding in Coding::ALL {
        let coded = plain.with_coding(coding);
        assert_eq!(coded.to_string(), format!("\"g1-x{}\"", coding.suffix()));
        assert!(!coded.strong_eq(&plain) && !coded.weak_eq(&plain));
        assert!(coded.matches_ignoring_coding(&plain) && plain.matches_ignoring_coding(&coded));
    }
    assert!(plain.with_coding(Coding::Gzip).matches_ignoring_coding(&plain.with_coding(Coding::Brotli)));
    assert!(!weak("g1-x").matches_ignoring_coding(&plain));
    assert!(weak("g1-x-gz").weakly_matches_ignoring_coding(&plain));
    assert!(!strong("g1-y-gz").matches_ignoring_coding(&plain));
    assert!(!strong("g1-x-xz").matches_ignoring_coding(&plain));
}

fn any_tag() -> impl Strategy<Value = EntityTag> {
    let etagc = prop_oneof![Just(0x21_u8), 0x23..=0x7E_u8, 0x80..=0xFF_u8];
    (any::<bool>(), prop::collection::vec(etagc, 0..12))
        .prop_map(|(weak, opaque)| EntityTag::new(weak, &opaque).unwrap())
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(tag in any_tag()) {
        prop_assert_eq!(EntityTag::parse(tag.to_header_value().as_bytes()), Some(tag.clone()));
        if std::str::from_utf8(tag.opaque()).is_ok() {
            prop_assert_eq!(EntityTag::parse(tag.to_string().as_bytes()), Some(tag));
        }
    }

    #[test]
    fn comparison_keeps_its_laws(a in any_tag(), b in any_tag()) {
        prop_assert_eq!(a.strong_eq(&b), b.strong_eq(&a));
        prop_assert_eq!(a.weak_eq(&b), b.weak_eq(&a));
        prop_assert!(a.weak_eq(&a));
        prop_assert_eq!(a.strong_eq(&a), !a.is_weak());
        prop_assert!(!a.strong_eq(&b) || a.weak_eq(&b));
        prop_assert!(!a.strong_eq(&b) || a.matches_ignoring_coding(&b));
    }

    #[test]
    fn a_list_of_tags_is_read_back_however_it_is_cut_into_lines(
        tags in prop::collection::vec(any_tag(), 1..8), cuts in prop::collection::vec(any::<bool>(), 8),
        gaps in prop::collection::vec(prop::sample::select(vec![",", ", ", " ,\t", ",,", ", , "]), 8),
    ) {
        let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
        for (i, tag) in tags.iter().enumerate() {
            if i > 0 && cuts[i] {
                lines.push(Vec::new());
            } else if i > 0 {
                lines.last_mut().unwrap().extend_from_slice(gaps[i].as_bytes());
            }
            tag.write(lines.last_mut().unwrap());
        }
        let headers: HeaderMap =
            lines.iter().map(|line| (IF_MATCH, HeaderValue::from_bytes(line).unwrap())).collect();
        prop_assert_eq!(TagList::read(&headers, &IF_MATCH), Ok(Some(TagList::Tags(tags))));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), lenient in any::<bool>()) {
        let _ = EntityTag::parse(&bytes);
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let _ = EntityTag::from_upstream(&value, if lenient { Lenient::Quote } else { Lenient::Drop });
            let _ = TagList::read(&HeaderMap::from_iter([(IF_MATCH, value)]), &IF_MATCH);
        }
    }
}
