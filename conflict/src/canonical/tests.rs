//! Tests of the canonical form of JSON.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn canonical(text: &str) -> Option<String> {
    of(text.as_bytes(), &Pointers::none()).map(|form| String::from_utf8(form).unwrap())
}

fn without(pointers: &[&str], text: &str) -> String {
    let pointers: Vec<String> = pointers.iter().map(|p| (*p).to_owned()).collect();
    String::from_utf8(of(text.as_bytes(), &Pointers::compile(&pointers).unwrap()).unwrap()).unwrap()
}

#[test]
fn the_examples_of_the_rfc_come_out() {
    // RFC 8785 section 3.2.2, but for the number there that loses digits.
    let text = r#"{
      "numbers": [333333333.3333333, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"#;
    let form = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
                \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
    assert_eq!(canonical(text).as_deref(), Some(form));
    // Section 3.2.3: names in the order of UTF-16, in which a pair of surrogates is before U+FB33.
    let text = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
        "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
    let values: Value = serde_json::from_str(&canonical(text).unwrap()).unwrap();
    let order: Vec<&str> = values.as_object().unwrap().values().map(|v| v.as_str().unwrap()).collect();
    assert_eq!(order[0], "Carriage Return");
    assert_eq!(order[4..], ["Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"]);
}

#[test]
fn numbers_are_written_in_one_way_or_not_at_all() {
    for (text, form) in [
        ("0", Some("0")),
        ("-0", Some("0")),
        ("-0.0", Some("0")),
        ("0e5", Some("0")),
        ("1.0", Some("1")),
        ("1e2", Some("100")),
        ("1E+2", Some("100")),
        ("-1.50e-7", Some("-1.5e-7")),
        ("0.1", Some("0.1")),
        ("9007199254740992", Some("9007199254740992")),
        ("9007199254740993", None),
        ("123456789012345678", None),
        ("100000000000000000000", Some("100000000000000000000")),
        ("1000000000000000000000", Some("1e+21")),
        ("0.1000000000000000055511151231257827", None),
        ("333333333.33333329", None),
        ("1e400", None),
        ("-1e400", None),
        ("1e-400", None),
        ("1e99999999999999999999", None),
        ("5e-324", Some("5e-324")),
        ("1.7976931348623157e308", Some("1.7976931348623157e+308")),
    ] {
        assert_eq!(canonical(text).as_deref(), form, "{text}");
    }
}

/// What has no form.
const REFUSED: &[&str] = &[
    "",
    " ",
    "{",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "{\"a\" 1}",
    "{1:1}",
    "01",
    "-",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "-a",
    "0x1",
    "NaN",
    "Infinity",
    "tru",
    "True",
    "nul",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u+123\"",
    "\"\t\"",
    "\"\n\"",
    "\"\\ud800\"",
    "\"\\ud800x\"",
    "\"\\ud800\\n\"",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"",
    "\"\\ud800\\ud800\"",
    "1 2",
    "{} {}",
    "[]]",
    "'a'",
    "\u{feff}{}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":1}",
    "{\"a\":1,\"b\":2,\"a\":1}",
    "[{\"é\":1,\"\\u00e9\":2}]",
    "/**/1",
];

#[test]
fn what_is_no_json_or_would_mean_something_else_has_no_form() {
    for text in REFUSED {
        assert_eq!(canonical(text), None, "{text}");
    }
    assert_eq!(of(b"\"\xff\"", &Pointers::none()), None);
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(canonical(&nested(MAX_DEPTH)).is_some());
    assert_eq!(canonical(&nested(MAX_DEPTH + 1)), None);
    assert_eq!(canonical(&"[".repeat(1_000_000)), None);
    assert_eq!(canonical(&"{\"a\":".repeat(1_000_000)), None);
}

#[test]
fn pointers_leave_out_what_they_point_to() {
    let text = r#"{"ts":1,"a":{"ts":2,"b":[{"ts":3,"c":4},5]},"x/y":6,"x~y":7,"é":8}"#;
    assert_eq!(without(&["/ts"], r#"{"ts":1}"#), "{}");
    assert_eq!(
        without(&["/ts", "/a/b/0/ts", "/x~1y", "/x~0y", "/é", "/nothing/there", "/a/b/7"], text),
        r#"{"a":{"b":[{"c":4},5],"ts":2}}"#
    );
    assert_eq!(without(&["/a/b/0"], r#"{"a":{"b":[1,2]}}"#), r#"{"a":{"b":[2]}}"#);
    assert_eq!(without(&["/0", "/1"], "[1,2]"), "[]");
    assert_eq!(without(&["/a", "/a/b"], r#"{"a":{"b":1},"c":2}"#), r#"{"c":2}"#);
    assert_eq!(without(&["/"], r#"{"":1,"a":2}"#), r#"{"a":2}"#);
    assert_eq!(without(&["/\n"], r#"{"\n":1,"a":2}"#), r#"{"a":2}"#);
    assert_eq!(without(&[""], r#"{"a":2}"#), "");
    for text in ["a", "/~", "/~2", "/a~"] {
        assert_eq!(Pointers::compile(&[text.to_owned()]), Err(NoPointer(text.to_owned())));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |n| serde_json::Number::from_f64(n).map(Value::Number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn the_form_is_that_of_the_library(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let form = canonical(&text);
        let theirs = serde_json_canonicalizer::to_string(&value).unwrap();
        prop_assert_eq!(form.as_deref(), Some(theirs.as_str()), "{}", text);
        prop_assert_eq!(canonical(&theirs), form, "the form of a form is itself");
    }

    #[test]
    fn whoever_has_a_form_is_json(text in r#"[\[\]{}:,"\\a0-9.eE+\-tru nl]{0,16}"#) {
        if canonical(&text).is_some() {
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = of(&bytes, &Pointers::none());
    }
}
