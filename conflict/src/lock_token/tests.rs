//! Tests of lock tokens and their headers.

use proptest::prelude::*;

use super::*;

const A: &str = "urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2";
const B: &str = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

fn token(text: &str) -> LockToken {
    LockToken::parse(text).unwrap()
}

fn with(name: &HeaderName, lines: &[&str]) -> HeaderMap {
    lines.iter().map(|line| (name.clone(), HeaderValue::from_str(line).unwrap())).collect()
}

fn read_if(text: &str) -> Result<IfHeader, &'static str> {
    IfHeader::read(&with(&IF, &[text])).map(Option::unwrap).map_err(|fault| fault.problem)
}

/// Whether it holds for `/here`, on which `held` is, with the tag `"T"`.
fn holds(text: &str, held: &[&str]) -> bool {
    let text = text.replace("{A}", A).replace("{B}", B);
    let held: Vec<LockToken> = held.iter().map(|t| token(t)).collect();
    let tags = [EntityTag::strong("T").unwrap()];
    let is_named = |uri: &str| uri == "/here" || uri == "http://example.com/here";
    read_if(&text).unwrap().holds(&Target { is_named: &is_named, held: &held, tags: &tags })
}

#[test]
fn a_new_token_is_a_uuid_and_never_the_same() {
    let (one, other) = (LockToken::mint().unwrap(), LockToken::mint().unwrap());
    assert_ne!(one, other);
    assert_eq!(one.as_str().len(), "urn:uuid:".len() + 36);
    assert_eq!(LockToken::parse(one.as_str()), Some(one.clone()));
    assert_eq!(lock_token(&HeaderMap::from_iter([(LOCK_TOKEN, one.to_header_value())])), Ok(Some(one.clone())));
    assert!(!format!("{one:?}").contains(&one.as_str()[9..]));
}

#[test]
fn lock_token_is_one_uri_in_brackets() {
    let of = |lines: &[&str]| lock_token(&with(&LOCK_TOKEN, lines)).map_err(|fault| fault.problem);
    assert_eq!(of(&[]), Ok(None));
    assert_eq!(of(&[&format!("<{A}>")]), Ok(Some(token(A))));
    assert_eq!(of(&["<opaquelocktoken:a-b.c>"]), Ok(Some(token("opaquelocktoken:a-b.c"))));
    for text in [
        "",
        "<>",
        "<a>",
        A,
        "<urn:a> <urn:b>",
        "<urn:a>,<urn:b>",
        "<urn:a b>",
        "<urn:a",
        "urn:a>",
        "<1rn:a>",
        "<:a>",
        "<urn:>",
        "(<urn:a>)",
    ] {
        assert_eq!(of(&[text]), Err(CODED_URL), "{text}");
    }
    assert_eq!(of(&[&format!("<urn:{}>", "x".repeat(600))]), Err(CODED_URL));
    assert_eq!(of(&["<urn:a>", "<urn:a>"]), Err(ONE_LINE));
}

#[test]
fn timeout_takes_the_first_wish_it_can_read() {
    let of = |lines: &[&str]| timeout(&with(&TIMEOUT, lines)).map_err(|fault| fault.problem);
    assert_eq!(of(&[]), Ok(None));
    assert_eq!(of(&["Second-60"]), Ok(Some(Timeout::Seconds(60))));
    assert_eq!(of(&["Infinite, Second-4100000000"]), Ok(Some(Timeout::Infinite)));
    assert_eq!(of(&["Extend-5, second-7"]), Ok(Some(Timeout::Seconds(7))));
    assert_eq!(of(&["Extend-5", " INFINITE "]), Ok(Some(Timeout::Infinite)));
    assert_eq!(of(&["Second-4294967295"]), Ok(Some(Timeout::Seconds(u32::MAX))));
    assert_eq!(of(&["Second-99999999999999999999"]), Ok(Some(Timeout::Infinite)));
    for text in ["", "60", "Second-", "Second-x", "Second-+5", "Second--5", "Second 60", "Minute-1"] {
        assert_eq!(of(&[text]), Err(TIMEOUT_RULE), "{text}");
    }
    let (least, most) = (Duration::from_secs(5), Duration::from_secs(3_600));
    for (wish, granted) in [
        (Timeout::Seconds(0), 5),
        (Timeout::Seconds(60), 60),
        (Timeout::Seconds(u32::MAX), 3_600),
        (Timeout::Infinite, 3_600),
    ] {
        assert_eq!(wish.granted(least, most), Duration::from_secs(granted));
    }
    assert_eq!(timeout_value(Duration::from_millis(60_999)), "Second-60");
    assert_eq!(timeout_value(Duration::MAX), "Second-4294967295");
}

#[test]
fn depth_of_a_lock_is_zero_or_infinity() {
    let of = |lines: &[&str]| depth(&with(&DEPTH, lines)).map_err(|fault| fault.problem);
    assert_eq!(of(&[]), Ok(Depth::Infinity));
    assert_eq!(of(&["0"]), Ok(Depth::Zero));
    assert_eq!(of(&["Infinity"]), Ok(Depth::Infinity));
    assert_eq!(of(&["1"]), Err(DEPTH_RULE));
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    // RFC 4918 sections 10.4.6 to 10.4.11.
    assert!(holds("(<{A}> [\"T\"]) ([\"I am another ETag\"])".replace("I am another ETag", "other").as_str(), &[A]));
    assert!(!holds("(<{A}> [\"other\"]) ([\"another\"])", &[A]));
    assert!(holds("(Not <{A}> <{B}>)", &[B]));
    assert!(!holds("(Not <{A}> <{B}>)", &[A, B]));
    assert!(holds("(<{A}>) (Not <DAV:no-lock>)", &[]));
    assert!(holds("</here> (<{A}> [W/\"x\"]) ([\"T\"])", &[]));
    assert!(holds("<http://example.com/here> (<{A}>)", &[A]));
    assert!(!holds("<http://example.com/there> (<{A}>)", &[A]), "nothing is known of another resource");
    assert!(holds("<http://example.com/there> (Not [\"x\"])", &[A]));
}

#[test]
fn lists_are_alternatives_and_conditions_are_not() {
    for (text, held, expected) in [
        ("(<{A}>)", &[A][..], true),
        ("(<{A}>)", &[B], false),
        ("(<{A}>)", &[], false),
        ("(<{A}>)", &[B, A], true),
        ("(<{A}><{B}>)", &[A], false),
        ("(<{A}>)(<{B}>)", &[B], true),
        (" ( <{A}>  [\"T\"] ) ", &[A], true),
        ("(<{A}> [\"U\"])", &[A], false),
        ("([W/\"T\"])", &[], false),
        ("(NOT<{A}>)", &[], true),
        ("(not [\"T\"])", &[], false),
        ("</here>(<{A}>)</there>(<{B}>)", &[A], true),
        ("</there>(<{A}>)</here>(<{B}>)(<{A}>)", &[A], true),
        ("</there>(<{A}>)", &[A], false),
    ] {
        assert_eq!(holds(text, held), expected, "{text} {held:?}");
    }
}

#[test]
fn every_token_that_is_named_is_submitted() {
    let text = format!("</there> (<{A}> [\"x\"]) (Not <DAV:no-lock>) </here> (<{B}>)");
    let header = read_if(&text).unwrap();
    assert_eq!(header.submitted().map(LockToken::as_str).collect::<Vec<_>>(), [A, B]);
}

#[test]
fn what_does_not_follow_the_grammar_is_refused() {
    for text in [
        "",
        "()",
        "(",
        ")",
        "(<urn:a>",
        "<urn:a>",
        "</here>",
        "(<urn:a>) </here>",
        "</a> </b> (<urn:a>)",
        "urn:a",
        "(urn:a)",
        "(<a>)",
        "(<urn:a>) x",
        "([T])",
        "([\"T\")",
        "(\"T\")",
        "([\"T\"]",
        "([])",
        "(Not)",
        "(Not Not <urn:a>)",
        "(<urn:a>),(<urn:b>)",
        "(<>)",
        "<> (<urn:a>)",
        "<relative> (<urn:a>)",
        "(<urn:a b>)",
        "(N <urn:a>)",
        "(<urn:a> Not)",
    ] {
        assert!(read_if(text).is_err(), "{text}");
    }
    assert_eq!(read_if("(<urn:a>) </here> (<urn:b>)"), Err(TAGGED_RULE));
    assert_eq!(read_if(&format!("(<urn:{}>)", "x".repeat(9_000))), Err(IF_TOO_LONG));
    assert_eq!(IfHeader::read(&with(&IF, &["(<urn:a>)", "(<urn:b>)"])).unwrap_err().problem, ONE_LINE);
    assert_eq!(IfHeader::read(&HeaderMap::new()), Ok(None));
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in r#"[()<>\[\]"NotW/ a:,0-9]{0,40}"#) {
        for name in [IF, LOCK_TOKEN, TIMEOUT, DEPTH] {
            let headers = with(&name, &[&text]);
            let _ = (IfHeader::read(&headers), lock_token(&headers), timeout(&headers), depth(&headers));
        }
    }

    #[test]
    fn no_bytes_do_either(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            for name in [IF, LOCK_TOKEN, TIMEOUT, DEPTH] {
                let headers = HeaderMap::from_iter([(name, value.clone())]);
                let _ = (IfHeader::read(&headers), lock_token(&headers), timeout(&headers), depth(&headers));
            }
        }
    }
}
