//! Promises of the intake, message by message; the same through a real socket are in the crate's end-to-end tests.

use super::*;

fn request(method: &str, target: &str, fields: &[(&'static str, &str)]) -> RequestHeader {
    let mut request = RequestHeader::build(method, target.as_bytes(), None).unwrap();
    request.set_version(Version::HTTP_11);
    for (name, value) in fields {
        request.append_header(*name, *value).unwrap();
    }
    request
}

fn verdict(request: &mut RequestHeader, body: bool) -> Result<(), IntakeFault> {
    normalise(request, body, &Settings::default())
}

#[test]
fn a_normal_request_passes_unchanged() {
    let mut plain = request("GET", "/orders/7?a=%2f&b=//", &[("Host", "shop.example.com"), ("Accept", "*/*")]);
    assert_eq!(verdict(&mut plain, false), Ok(()));
    assert_eq!(plain.uri, "/orders/7?a=%2f&b=//");
    assert_eq!(plain.headers.len(), 2);
}

#[test]
fn the_path_is_normalised_and_the_query_is_not() {
    let mut crooked = request("GET", "//a/./b?x=/../%2e", &[("Host", "h")]);
    assert_eq!(verdict(&mut crooked, false), Ok(()));
    assert_eq!(crooked.uri, "/a/b?x=/../%2e");
    assert_eq!(crooked.raw_path(), b"/a/b?x=/../%2e");
}

#[test]
fn the_slash_and_the_colon_of_a_model_name_may_be_encoded() {
    for (sent, seen) in [
        ("/v1/models/demo%2Fecho?x=%2F", "/v1/models/demo/echo?x=%2F"),
        ("/v1/models/demo%2fecho%20x", "/v1/models/demo/echo%20x"),
        ("/v1/models/a/../b%2Fc", "/v1/models/b/c"),
        ("/v1beta/models/demo%2Fdemo-small:generateContent", "/v1beta/models/demo/demo-small:generateContent"),
        ("/v1beta/models/ollama%2fllama3%3a8b%3AcountTokens", "/v1beta/models/ollama/llama3:8b:countTokens"),
        ("/v1/models/chat%3AgenerateContent?alt=sse%3A", "/v1/models/chat:generateContent?alt=sse%3A"),
        ("/v1beta/models/a%252Fb", "/v1beta/models/a%252Fb"),
    ] {
        let mut model = request("GET", sent, &[("Host", "h")]);
        assert_eq!(verdict(&mut model, false), Ok(()), "{sent}");
        assert_eq!(model.uri, seen);
    }
    for models in MODELS {
        let mut escape = request("GET", &format!("{models}..%2F..%2F..%2Fx"), &[("Host", "h")]);
        assert_eq!(verdict(&mut escape, false), Err(IntakeFault::Path(PathFault::Escapes)));
    }
    let mut native = request("GET", "/providers/google/v1beta/models/a%2Fb", &[("Host", "h")]);
    assert_eq!(verdict(&mut native, false), Err(IntakeFault::Path(PathFault::Ambiguous)), "a vendor reads that one");
}

#[test]
fn identity_and_look_alike_names_are_removed() {
    let fields =
        [("Host", "h"), ("X-Weir-Application", "root"), ("x-consumer-id", "1"), ("X_User", "eve"), ("X-User", "u")];
    let mut spoofed = request("GET", "/", &fields);
    assert_eq!(verdict(&mut spoofed, false), Ok(()));
    let left: Vec<&str> = spoofed.headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(left, ["host", "x-user"]);
}

#[test]
fn what_is_ambiguous_is_refused() {
    let long = "a".repeat(MAX_TARGET);
    let huge = "a".repeat(Settings::default().max_head_bytes);
    for (mut message, body, fault) in [
        (request("get", "/", &[("Host", "h")]), false, IntakeFault::Method("get".into())),
        (request("GET", "/", &[]), false, IntakeFault::NoHost),
        (request("GET", "/", &[("Host", "a b")]), false, IntakeFault::Host),
        (request("GET", "/", &[("Host", "h")]), true, IntakeFault::BodyOfGet(Method::GET)),
        (request("POST", "/", &[("Host", "h"), ("Content-Length", "2, 2")]), true, IntakeFault::Length),
        (
            request("POST", "/", &[("Host", "h"), ("Content-Length", "2"), ("Content-Length", "2")]),
            true,
            IntakeFault::Length,
        ),
        (request("POST", "/", &[("Host", "h"), ("Content-Length", "+2")]), true, IntakeFault::Length),
        (request("POST", "/", &[("Host", "h"), ("Expect", "200-ok")]), true, IntakeFault::Expectation),
        (request("GET", &format!("/{long}"), &[("Host", "h")]), false, IntakeFault::TargetTooLong),
        (request("GET", "/é", &[("Host", "h")]), false, IntakeFault::Target),
        (request("GET", "/", &[("Host", "h"), ("X-A", &huge)]), false, IntakeFault::HeadTooLarge(48 << 10)),
        (request("GET", "/a%2fb", &[("Host", "h")]), false, IntakeFault::Path(PathFault::Ambiguous)),
        (request("OPTIONS", "*", &[("Host", "h")]), false, IntakeFault::Path(PathFault::Relative)),
    ] {
        assert_eq!(verdict(&mut message, body), Err(fault));
    }
}

#[test]
fn a_hundred_and_one_fields_are_too_many() {
    let mut many = request("GET", "/", &[("Host", "h")]);
    for n in 0..MAX_FIELDS {
        many.append_header(format!("x-{n}"), "1").unwrap();
    }
    assert_eq!(verdict(&mut many, false), Err(IntakeFault::TooManyFields));
}
