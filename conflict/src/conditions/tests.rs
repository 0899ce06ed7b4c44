//! Tests of conditional requests.

use http::header::{CACHE_CONTROL, CONTENT_LOCATION, DATE, EXPIRES, SET_COOKIE, VARY};
use proptest::prelude::*;

use super::*;

fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn conditions(pairs: &[(HeaderName, &str)]) -> Conditions {
    Conditions::read(&headers(pairs)).unwrap()
}

const D: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE_D: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const AFTER_D: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

fn date(text: &str) -> HttpDate {
    HttpDate::parse(text.as_bytes()).unwrap()
}

/// What is evaluated with the tag `"T"`, last modified at [`D`], answered a second later.
fn verdict(method: &Method, pairs: &[(HeaderName, &str)]) -> Verdict {
    let tags = [EntityTag::strong("T").unwrap()];
    let current = Current { exists: true, tags: &tags, last_modified: Some(date(D)), date: Some(date(AFTER_D)) };
    conditions(pairs).evaluate(method, &current)
}

/// The same where there is nothing.
fn of_nothing(method: &Method, pairs: &[(HeaderName, &str)]) -> Verdict {
    conditions(pairs).evaluate(method, &Current::default())
}

const IM: HeaderName = IF_MATCH;
const INM: HeaderName = IF_NONE_MATCH;
const IUS: HeaderName = IF_UNMODIFIED_SINCE;
const IMS: HeaderName = IF_MODIFIED_SINCE;

#[test]
fn reads_are_answered_in_the_order_of_the_rfc() {
    use Verdict::{Failed, NotModified, Proceed};
    for method in [Method::GET, Method::HEAD] {
        for (pairs, expected) in [
            (&[][..], Proceed),
            (&[(INM, "\"T\"")], NotModified),
            (&[(INM, "\"zzz\"")], Proceed),
            (&[(INM, "W/\"T\"")], NotModified),
            (&[(INM, "\"a\", \"T\"")], NotModified),
            (&[(INM, "\"a\""), (INM, "\"T\"")], NotModified),
            (&[(INM, "*")], NotModified),
            (&[(IMS, D)], NotModified),
            (&[(IMS, AFTER_D)], NotModified),
            (&[(IMS, BEFORE_D)], Proceed),
            (&[(IMS, "garbage")], Proceed),
            (&[(IMS, D), (IMS, D)], Proceed),
            (&[(INM, "\"zzz\""), (IMS, D)], Proceed),
            (&[(INM, "\"T\""), (IMS, BEFORE_D)], NotModified),
            (&[(IM, "\"zzz\"")], Failed(ConditionHeader::IfMatch)),
            (&[(IM, "W/\"T\"")], Failed(ConditionHeader::IfMatch)),
            (&[(IM, "\"T\"")], Proceed),
            (&[(IM, "*")], Proceed),
            (&[(IM, "\"T\""), (INM, "\"T\"")], NotModified),
            (&[(IM, "\"zzz\""), (INM, "\"T\"")], Failed(ConditionHeader::IfMatch)),
            (&[(IUS, BEFORE_D)], Failed(ConditionHeader::IfUnmodifiedSince)),
            (&[(IUS, D)], Proceed),
            (&[(IUS, "garbage")], Proceed),
            (&[(IM, "\"T\""), (IUS, BEFORE_D)], Proceed),
            (&[(IUS, BEFORE_D), (INM, "\"T\"")], Failed(ConditionHeader::IfUnmodifiedSince)),
        ] {
            assert_eq!(verdict(&method, pairs), expected, "{method} {pairs:?}");
            assert_eq!(of_nothing(&method, pairs), Proceed, "404 stays: {method} {pairs:?}");
        }
    }
}

#[test]
fn writes_are_refused_when_a_condition_does_not_hold() {
    use Verdict::{Absent, Failed, Proceed};
    for method in [Method::PUT, Method::POST, Method::PATCH, Method::DELETE, Method::from_bytes(b"MOVE").unwrap()] {
        for (pairs, there, gone) in [
            (&[][..], Proceed, Proceed),
            (&[(IM, "\"T\"")], Proceed, Failed(ConditionHeader::IfMatch)),
            (&[(IM, "\"T-gz\"")], Proceed, Failed(ConditionHeader::IfMatch)),
            (&[(IM, "\"zzz\", \"T\"")], Proceed, Failed(ConditionHeader::IfMatch)),
            (&[(IM, "\"zzz\"")], Failed(ConditionHeader::IfMatch), Failed(ConditionHeader::IfMatch)),
            (&[(IM, "W/\"T\"")], Failed(ConditionHeader::IfMatch), Failed(ConditionHeader::IfMatch)),
            (&[(IM, "*")], Proceed, Failed(ConditionHeader::IfMatch)),
            (&[(INM, "*")], Failed(ConditionHeader::IfNoneMatch), Proceed),
            (&[(INM, "\"T\"")], Failed(ConditionHeader::IfNoneMatch), Proceed),
            (&[(INM, "W/\"T-br\"")], Failed(ConditionHeader::IfNoneMatch), Proceed),
            (&[(INM, "\"zzz\"")], Proceed, Proceed),
            (&[(IUS, BEFORE_D)], Failed(ConditionHeader::IfUnmodifiedSince), Proceed),
            (&[(IUS, D)], Proceed, Proceed),
            (&[(IM, "\"T\""), (IUS, BEFORE_D)], Proceed, Failed(ConditionHeader::IfMatch)),
            (&[(IMS, D)], Proceed, Proceed),
            (&[(IM, "\"T\""), (INM, "*")], Failed(ConditionHeader::IfNoneMatch), Failed(ConditionHeader::IfMatch)),
        ] {
            assert_eq!(verdict(&method, pairs), there, "{method} {pairs:?}");
            let plain_404 = method == Method::PATCH || method == Method::DELETE;
            let gone = if plain_404 && gone != Proceed { Absent } else { gone };
            assert_eq!(of_nothing(&method, pairs), gone, "nothing there: {method} {pairs:?}");
        }
    }
}

#[test]
fn methods_without_a_representation_ignore_conditions() {
    for method in [Method::OPTIONS, Method::TRACE, Method::CONNECT] {
        for pairs in [&[(INM, "*")][..], &[(IM, "\"zzz\"")], &[(IUS, BEFORE_D)]] {
            assert_eq!(verdict(&method, pairs), Verdict::Proceed);
        }
    }
}

#[test]
fn a_resource_without_dates_ignores_dates() {
    let tags = [EntityTag::strong("T").unwrap()];
    let current = Current { exists: true, tags: &tags, ..Current::default() };
    assert_eq!(conditions(&[(IUS, BEFORE_D)]).evaluate(&Method::PUT, &current), Verdict::Proceed);
    assert_eq!(conditions(&[(IMS, AFTER_D)]).evaluate(&Method::GET, &current), Verdict::Proceed);
}

#[test]
fn what_says_nothing_does_not_protect() {
    use ConditionHeader::{IfMatch, IfNoneMatch, IfUnmodifiedSince};
    let dated = Current { exists: true, last_modified: Some(date(D)), ..Current::default() };
    let undated = Current { exists: true, ..Current::default() };
    let all = [IfMatch, IfNoneMatch, IfUnmodifiedSince];
    assert!(conditions(&[(IUS, D)]).protects(&all, &dated));
    assert!(!conditions(&[(IUS, D)]).protects(&all, &undated));
    assert!(conditions(&[(IUS, D), (IM, "\"T\"")]).protects(&[IfUnmodifiedSince], &undated));
    assert!(!conditions(&[(IUS, "garbage")]).protects(&all, &dated));
    assert!(!conditions(&[(INM, "*")]).protects(&[IfMatch], &dated));
    assert!(conditions(&[(INM, "*")]).protects(&all, &undated));
    assert!(!conditions(&[(IMS, D)]).protects(&all, &dated));
}

#[test]
fn a_range_needs_the_very_same_version() {
    use Verdict::{IgnoreRange, NotModified, Proceed};
    let range = |value: &'static str| [(RANGE, "bytes=0-1"), (IF_RANGE, value)];
    for (value, expected) in [
        ("\"T\"", Proceed),
        ("\"zzz\"", IgnoreRange),
        ("W/\"T\"", IgnoreRange),
        ("garbage", IgnoreRange),
        ("\"T\", \"U\"", IgnoreRange),
        (D, Proceed),
        (BEFORE_D, IgnoreRange),
        (AFTER_D, IgnoreRange),
    ] {
        assert_eq!(verdict(&Method::GET, &range(value)), expected, "{value}");
        assert_eq!(verdict(&Method::HEAD, &range(value)), Proceed, "a range is for GET: {value}");
    }
    assert_eq!(verdict(&Method::GET, &[(RANGE, "bytes=0-1")]), Proceed);
    assert_eq!(verdict(&Method::GET, &[(IF_RANGE, "\"zzz\"")]), Proceed, "without a range it says nothing");
    assert_eq!(verdict(&Method::GET, &[(RANGE, "bytes=0-1"), (INM, "\"T\"")]), NotModified);
    assert_eq!(verdict(&Method::GET, &[(RANGE, "bytes=0-1"), (INM, "\"T\""), (IF_RANGE, "\"zzz\"")]), NotModified);
    let twice = [(RANGE, "bytes=0-1"), (IF_RANGE, "\"T\""), (IF_RANGE, "\"T\"")];
    assert_eq!(verdict(&Method::GET, &twice), IgnoreRange);
}

#[test]
fn a_date_is_a_weak_validator_within_the_second_of_the_change() {
    let of = |answered: Option<&str>| {
        let current =
            Current { exists: true, last_modified: Some(date(D)), date: answered.map(date), ..Current::default() };
        conditions(&[(RANGE, "bytes=0-1"), (IF_RANGE, D)]).evaluate(&Method::GET, &current)
    };
    assert_eq!(of(Some(AFTER_D)), Verdict::Proceed);
    assert_eq!(of(Some(D)), Verdict::IgnoreRange);
    assert_eq!(of(Some(BEFORE_D)), Verdict::IgnoreRange, "changed in the future");
    assert_eq!(of(None), Verdict::IgnoreRange);
}

#[test]
fn what_cannot_be_read_is_refused_but_for_dates_and_ranges() {
    for name in [IM, INM] {
        let refused = Conditions::read(&headers(&[(name.clone(), "abc")])).unwrap_err();
        assert_eq!((refused.header, refused.text.as_str()), (name, "\"abc\""));
    }
    let read = conditions(&[(IUS, "abc"), (IMS, "abc"), (IF_RANGE, "abc")]);
    assert!(read.is_empty());
    assert!(!conditions(&[(RANGE, "bytes=0-1"), (IF_RANGE, "abc")]).is_empty());
    assert!(conditions(&[(RANGE, "bytes=0-1")]).is_empty());
}

#[test]
fn what_was_submitted_is_told() {
    assert_eq!(conditions(&[(IM, "\"a\", W/\"b\""), (INM, "*")]).submitted(), ["\"a\"", "W/\"b\""]);
    assert_eq!(conditions(&[(INM, "*")]).submitted(), ["*"]);
    assert_eq!(conditions(&[(IUS, "Sunday, 06-Nov-94 08:49:37 GMT")]).submitted(), [D]);
    assert!(conditions(&[]).submitted().is_empty());
}

#[test]
fn tags_of_the_gateway_stay_here_and_those_of_the_upstream_go_on() {
    let stripped = |pairs: &[(HeaderName, &str)]| {
        let mut map = headers(pairs);
        strip_minted(&mut map);
        map
    };
    for name in [IM, INM] {
        assert!(stripped(&[(name.clone(), "\"g1-a\"")]).is_empty());
        assert!(stripped(&[(name.clone(), "W/\"g1-a\", \"g1-b-gz\"")]).is_empty());
        let kept = stripped(&[(name.clone(), "\"g1-a\", \"u1\""), (name.clone(), "W/\"u2\",\"g1-c\"")]);
        assert_eq!(kept.get_all(&name).iter().collect::<Vec<_>>(), ["\"u1\", W/\"u2\""]);
        for untouched in ["*", "\"u1\" ,\"u2\"", "garbage g1-"] {
            assert_eq!(stripped(&[(name.clone(), untouched)]), headers(&[(name.clone(), untouched)]));
        }
    }
    assert!(stripped(&[(IF_RANGE, "\"g1-a\""), (RANGE, "bytes=0-1")]).is_empty());
    let foreign = [(IF_RANGE, "\"u1\""), (RANGE, "bytes=0-1")];
    assert_eq!(stripped(&foreign), headers(&foreign));
}

#[test]
fn a_304_says_what_the_200_would_but_for_its_content() {
    let ok = [
        (ETAG, "\"T\""),
        (DATE, D),
        (CACHE_CONTROL, "max-age=1"),
        (CONTENT_LOCATION, "/x"),
        (EXPIRES, D),
        (VARY, "Accept"),
        (SET_COOKIE, "a=1"),
        (SET_COOKIE, "b=2"),
        (HeaderName::from_static("content-security-policy"), "default-src"),
        (HeaderName::from_static("deprecation"), "@1"),
        (CONTENT_TYPE, "text/plain"),
        (CONTENT_LENGTH, "1"),
        (CONTENT_ENCODING, "gzip"),
        (CONTENT_LANGUAGE, "de"),
        (CONTENT_RANGE, "bytes 0-1/2"),
        (ACCEPT_RANGES, "bytes"),
        (TRANSFER_ENCODING, "chunked"),
        (LAST_MODIFIED, D),
        (HeaderName::from_static("repr-digest"), "sha-256=:AA==:"),
    ];
    let answer = not_modified_headers(&headers(&ok));
    assert_eq!(answer, headers(&ok[..10]));
    assert_eq!(not_modified_headers(&headers(&ok[1..])).get(LAST_MODIFIED).unwrap(), D, "without a tag the date stays");
}

/// A transcription of RFC 9110 section 13.2.2, sentence by sentence, for a target with one tag.
fn naive(method: &Method, conditions: &Conditions, current: &Current<'_>) -> Verdict {
    let read = *method == Method::GET || *method == Method::HEAD;
    let listed = |list: &TagList, strongly: bool| match list {
        TagList::Any => current.exists,
        TagList::Tags(tags) => tags.iter().any(|a| {
            current.tags.iter().any(|b| a.opaque() == b.opaque() && (!strongly || (!a.is_weak() && !b.is_weak())))
        }),
    };
    if let Some(list) = &conditions.if_match {
        if !listed(list, true) {
            return Verdict::Failed(ConditionHeader::IfMatch);
        }
    } else if let (Some(since), Some(last)) = (conditions.if_unmodified_since, current.last_modified)
        && last.as_unix() > since.as_unix()
    {
        return Verdict::Failed(ConditionHeader::IfUnmodifiedSince);
    }
    if let Some(list) = &conditions.if_none_match {
        if listed(list, false) {
            return if read { Verdict::NotModified } else { Verdict::Failed(ConditionHeader::IfNoneMatch) };
        }
    } else if read
        && let (Some(since), Some(last)) = (conditions.if_modified_since, current.last_modified)
        && last.as_unix() <= since.as_unix()
    {
        return Verdict::NotModified;
    }
    match (&conditions.if_range, conditions.range && *method == Method::GET) {
        (Some(IfRange::Tag(tag)), true) if !current.tags.iter().any(|t| t.strong_eq(tag)) => Verdict::IgnoreRange,
        (Some(IfRange::Date(date)), true)
            if current.last_modified != Some(*date)
                || current.date.is_none_or(|d| d.as_unix() < date.as_unix() + 1) =>
        {
            Verdict::IgnoreRange
        }
        (Some(IfRange::Unusable), true) => Verdict::IgnoreRange,
        _ => Verdict::Proceed,
    }
}

fn any_tag() -> impl Strategy<Value = EntityTag> {
    (any::<bool>(), 0..3_u8).prop_map(|(weak, n)| {
        if weak { EntityTag::weak(n.to_string()) } else { EntityTag::strong(n.to_string()) }.unwrap()
    })
}

fn any_list() -> impl Strategy<Value = Option<TagList>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(TagList::Any)),
        3 => prop::collection::vec(any_tag(), 1..3).prop_map(|tags| Some(TagList::Tags(tags))),
    ]
}

fn any_date() -> impl Strategy<Value = Option<HttpDate>> {
    prop::option::of((0..4_i64).prop_map(HttpDate::from_unix))
}

fn any_range() -> impl Strategy<Value = Option<IfRange>> {
    prop_oneof![
        Just(None),
        any_tag().prop_map(|tag| Some(IfRange::Tag(tag))),
        (0..4_i64).prop_map(|s| Some(IfRange::Date(HttpDate::from_unix(s)))),
        Just(Some(IfRange::Unusable)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn the_verdict_is_that_of_the_rfc(
        lists in (any_list(), any_list()), dates in (any_date(), any_date(), any_date(), any_date()), range in any::<bool>(),
        if_range in any_range(), tag in any_tag(), exists in any::<bool>(),
        method in prop::sample::select(vec![Method::GET, Method::HEAD, Method::PUT, Method::POST]),
    ) {
        let conditions = Conditions {
            if_match: lists.0, if_none_match: lists.1, if_unmodified_since: dates.0, if_modified_since: dates.1, if_range, range,
        };
        let read = method == Method::GET || method == Method::HEAD;
        let tags = [tag];
        let current = if exists {
            Current { exists, tags: &tags, last_modified: dates.2, date: dates.3 }
        } else {
            Current::default()
        };
        let expected = if read && !exists { Verdict::Proceed } else { naive(&method, &conditions, &current) };
        prop_assert_eq!(conditions.evaluate(&method, &current), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(values in prop::collection::vec((0..6_usize, prop::collection::vec(any::<u8>(), 0..30)), 0..6)) {
        let names = [IM, INM, IUS, IMS, IF_RANGE, RANGE];
        let mut map = HeaderMap::new();
        for (name, value) in values {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                map.append(names[name].clone(), value);
            }
        }
        let _ = Conditions::read(&map);
        strip_minted(&mut map);
    }
}
