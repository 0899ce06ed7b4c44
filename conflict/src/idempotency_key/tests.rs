//! Tests of idempotency keys.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn value(text: &str, syntax: KeySyntax) -> Result<String, &'static str> {
    read(&headers(&[(KEY, text)]), &KEY, &[], syntax).map(|key| key.unwrap().value).map_err(|fault| fault.problem)
}

#[test]
fn a_key_is_a_string_of_structured_fields_or_stands_bare() {
    for (text, key) in [
        ("\"abc\"", "abc"),
        (" \"abc\" ", "abc"),
        ("\"a b\"", "a b"),
        ("\"a\\\"b\\\\\"", "a\"b\\"),
        ("\"abc\";v=1;w", "abc"),
        ("\"abc\"; v=\"x\"", "abc"),
        ("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
    ] {
        assert_eq!(value(text, KeySyntax::Strict).as_deref(), Ok(key), "{text}");
        assert_eq!(value(text, KeySyntax::Lenient).as_deref(), Ok(key), "{text}");
    }
    for text in ["abc", "8e03978e-40d5-43dd-bc93-6894a57f9324", "a/b+c==", "123", ":YWJj:", "?1", "a;b=c", "a\\b"] {
        assert_eq!(value(text, KeySyntax::Lenient).as_deref(), Ok(text), "{text}");
        assert_eq!(value(text, KeySyntax::Strict), Err(STRICT), "{text}");
    }
}

#[test]
fn what_is_no_key_is_refused() {
    for text in [
        "\"",
        "\"abc",
        "abc\"",
        "\"abc\"x",
        "\"a\\b\"",
        "\"abc\", \"def\"",
        "\"abc\";",
        "\"abc\";V=1",
        "a b",
        "a,b",
        "a\tb",
        "ключ",
        "\"é\"",
    ] {
        assert!(value(text, KeySyntax::Lenient).is_err(), "{text}");
        assert!(value(text, KeySyntax::Strict).is_err(), "{text}");
    }
    for text in ["", "\"\"", "\" \"", "  "] {
        assert_eq!(value(text, KeySyntax::Lenient), Err(LENGTH), "{text:?}");
    }
    assert!(value(&"x".repeat(255), KeySyntax::Lenient).is_ok());
    assert_eq!(value(&"x".repeat(256), KeySyntax::Lenient), Err(LENGTH));
    assert!(value(&format!("\"{}\"", "x".repeat(255)), KeySyntax::Strict).is_ok());
    assert_eq!(value(&format!("\"{}\"", "x".repeat(256)), KeySyntax::Strict), Err(LENGTH));
}

#[test]
fn a_key_comes_once_and_several_headers_agree() {
    let x = HeaderName::from_static("x-request-id");
    let aliases = [REPEATABILITY_REQUEST_ID, x.clone()];
    let of = |pairs: &[(HeaderName, &str)]| {
        read(&headers(pairs), &KEY, &aliases, KeySyntax::Strict).map_err(|fault| (fault.header, fault.problem))
    };
    let key = |value: &str, header: HeaderName| Ok(Some(Key { value: value.to_owned(), header }));
    assert_eq!(of(&[]), Ok(None));
    assert_eq!(of(&[(KEY, "\"a\"")]), key("a", KEY));
    assert_eq!(of(&[(x.clone(), "a")]), key("a", x.clone()));
    assert_eq!(of(&[(x.clone(), "a"), (KEY, "\"a\"")]), key("a", KEY));
    assert_eq!(of(&[(x.clone(), "b"), (KEY, "\"a\"")]), Err((x, CONFLICTING)));
    assert_eq!(of(&[(KEY, "\"a\""), (KEY, "\"a\"")]), Err((KEY, TWICE)));
    assert_eq!(of(&[(KEY, "bare")]), Err((KEY, STRICT)));
}

#[test]
fn a_repeatable_request_says_when_it_was_first_sent() {
    let now = HttpDate::parse(b"Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
    let at = |seconds: i64| HttpDate::from_unix(now.as_unix() + seconds);
    let of = |pairs: &[(HeaderName, &str)]| {
        first_sent(&headers(pairs), now, Duration::from_secs(300)).map_err(|fault| (fault.header, fault.problem))
    };
    let sent = |date: HttpDate| of(&[(REPEATABILITY_REQUEST_ID, "x"), (REPEATABILITY_FIRST_SENT, &date.to_string())]);
    assert_eq!(of(&[]), Ok(FirstSent::Absent));
    for (seconds, within) in [(0, true), (-300, true), (-301, false), (300, true), (301, false), (-600, false)] {
        let expected = if within { FirstSent::Within(at(seconds)) } else { FirstSent::Outside(at(seconds)) };
        assert_eq!(sent(at(seconds)), Ok(expected), "{seconds}");
    }
    assert_eq!(of(&[(REPEATABILITY_REQUEST_ID, "x")]), Err((REPEATABILITY_REQUEST_ID, FIRST_SENT_MISSING)));
    assert_eq!(
        of(&[(REPEATABILITY_FIRST_SENT, "Sun, 06 Nov 1994 08:49:37 GMT")]),
        Err((REPEATABILITY_FIRST_SENT, REQUEST_ID_MISSING))
    );
    let garbage = [(REPEATABILITY_REQUEST_ID, "x"), (REPEATABILITY_FIRST_SENT, "yesterday")];
    assert_eq!(of(&garbage), Err((REPEATABILITY_FIRST_SENT, DATE)));
}

proptest! {
    #[test]
    fn a_quoted_key_is_read_back(key in "[ -~]{0,20}[!-~]") {
        let quoted = format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
        prop_assert_eq!(value(&quoted, KeySyntax::Strict), Ok(key));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let map = HeaderMap::from_iter([(KEY, value.clone()), (REPEATABILITY_REQUEST_ID, value.clone()), (REPEATABILITY_FIRST_SENT, value)]);
            let _ = read(&map, &KEY, &[REPEATABILITY_REQUEST_ID], KeySyntax::Lenient);
            let _ = first_sent(&map, HttpDate::now(), Duration::from_secs(300));
        }
    }
}
