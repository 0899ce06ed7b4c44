//! Promises of templates: faults that say what there is, and keys that are the same for the same resource only.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// Values by the piece as `Debug` shows it.
#[derive(Default)]
struct Values(HashMap<String, String>);

impl Values {
    fn of(values: &[(Piece, &str)]) -> Self {
        Self(values.iter().map(|(piece, value)| (format!("{piece:?}"), (*value).to_owned())).collect())
    }
}

impl Source for Values {
    fn value(&self, piece: &Piece) -> Option<Cow<'_, str>> {
        self.0.get(&format!("{piece:?}")).map(|value| Cow::Borrowed(value.as_str()))
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn every_piece_is_read() {
    let text = "a{api}{version}/{tenant}-{consumer}{path}{path.id}{path.no}{query.q.x}{header.X-Part}{json:/a~1b/0}";
    let template = Template::parse(text, &names(&["no", "id"])).unwrap();
    let wanted = [
        Piece::Literal("a".to_owned()),
        Piece::Api,
        Piece::Version,
        Piece::Literal("/".to_owned()),
        Piece::Tenant,
        Piece::Literal("-".to_owned()),
        Piece::Consumer,
        Piece::Path,
        Piece::Parameter(1),
        Piece::Parameter(0),
        Piece::Query("q.x".to_owned()),
        Piece::Header("x-part".to_owned()),
        Piece::Json("/a~1b/0".to_owned()),
    ];
    assert_eq!(template.pieces(), wanted);
    assert!(template.reads_json() && template.tells_callers_apart());
    let default = Template::parse(DEFAULT, &[]).unwrap();
    assert!(!default.reads_json());
}

#[test]
fn what_is_not_understood_is_named_with_what_there_is() {
    for (text, wanted) in [
        ("", "is empty; leave it out for"),
        ("{tenant", "brace that is not closed: \"{tenant\""),
        ("{a{api}}", "brace that is not closed: \"{a{api}}\""),
        ("x}y", "closing brace that nothing opens, after \"x\""),
        ("{}", "{} is not known; there is {api}, {version}"),
        ("{apis}", "{apis} is not known; there is {api}, {version}"),
        ("{cookie.a}", "{cookie.a} is not known"),
        ("{Tenant}", "{Tenant} is not known"),
        ("{path.order}", "{path.order} is no parameter of the route's path, which has {path.id}, {path.line}"),
        ("{path.}", "{path.} is no parameter"),
        ("{query.}", "{query.} names no query; write {query.NAME}"),
        ("{header.}", "{header.} names no header; write {header.NAME}"),
        ("{header.a b}", "\"a b\" is not the name of a header"),
        ("{json:a}", "\"a\" is no JSON pointer; it begins with '/'"),
        ("{json:/a~2}", "'~' is written ~0"),
        ("{json:/a~}", "'~' is written ~0"),
    ] {
        let problem = Template::parse(text, &names(&["id", "line"])).unwrap_err();
        assert!(problem.contains(wanted), "{text}: {problem}");
    }
    let none = Template::parse("{path.id}", &[]).unwrap_err();
    assert!(none.ends_with("which has none"), "{none}");
    assert!(Template::parse(&"x".repeat(MAX_LEN + 1), &[]).is_err());
}

#[test]
fn spellings_of_one_address_are_one_resource_and_case_tells_apart() {
    let template = Template::parse("{path}{query.q}", &[]).unwrap();
    let key =
        |path: &str, q: &str| template.resolve(&Values::of(&[(Piece::Path, path), (Piece::Query("q".to_owned()), q)]));
    assert_eq!(key("/a", "x"), "(/a)(x)");
    for (one, other) in
        [("/%7Euser", "/~user"), ("/%e4", "/%E4"), ("/%41%2d", "/A-"), ("/é", "/%C3%A9"), ("/%zz", "/%zz")]
    {
        assert_eq!(key(one, "x"), key(other, "x"), "{one} {other}");
    }
    for (one, other) in [("/a", "/A"), ("/a%2Fb", "/a/b"), ("/a%20b", "/a+b"), ("/a", "/a/"), ("/%2541", "/%41")] {
        assert_ne!(key(one, "x"), key(other, "x"), "{one} {other}");
    }
    // What a header or a body says is no address.
    let template = Template::parse("{header.x}", &[]).unwrap();
    let header = |value: &str| template.resolve(&Values::of(&[(Piece::Header("x".to_owned()), value)]));
    assert_ne!(header("%41"), header("A"));
}

#[test]
fn a_missing_value_is_not_an_empty_one_and_values_do_not_run_into_each_other() {
    let template = Template::parse("{tenant}{api}", &[]).unwrap();
    let key = |tenant: Option<&str>, api: Option<&str>| {
        let values: Vec<_> = [(Piece::Tenant, tenant), (Piece::Api, api)]
            .into_iter()
            .filter_map(|(piece, value)| value.map(|value| (piece, value)))
            .collect();
        template.resolve(&Values::of(&values))
    };
    let all = [
        key(None, None),
        key(Some(""), None),
        key(None, Some("")),
        key(Some(""), Some("")),
        key(Some("ab"), Some("c")),
        key(Some("a"), Some("bc")),
        key(Some("abc"), None),
        key(Some("\\-"), None),
        key(None, Some("\\-")),
        key(Some(")("), Some("")),
        key(Some(""), Some(")(")),
        key(Some("\\"), Some("(")),
    ];
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "{all:?}");
}

proptest! {
    #[test]
    fn other_values_are_another_resource(
        one in proptest::collection::vec(proptest::option::of("[ab()\\\\/-]{0,4}"), 3),
        other in proptest::collection::vec(proptest::option::of("[ab()\\\\/-]{0,4}"), 3),
    ) {
        let pieces = [Piece::Tenant, Piece::Api, Piece::Header("h".to_owned())];
        for text in ["{tenant}{api}{header.h}", "{tenant}/{api}(-\\{header.h}", "a{tenant}({api}){header.h})"] {
            let template = Template::parse(text, &[]).unwrap();
            let key = |values: &[Option<String>]| {
                let values: Vec<_> = pieces.iter().cloned().zip(values)
                    .filter_map(|(piece, value)| Some((piece, value.as_deref()?))).collect();
                template.resolve(&Values::of(&values))
            };
            prop_assert_eq!(key(&one) == key(&other), one == other);
        }
    }
}
