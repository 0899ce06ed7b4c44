//! What is read of a request before anything else, and what is refused at the door.

use super::*;

fn openai(body: &str) -> Result<Peek, RequestError> {
    peek(Dialect::Openai, body.as_bytes())
}

fn refusal(body: &str) -> String {
    openai(body).unwrap_err().to_string()
}

#[test]
fn the_top_level_is_read_and_the_spans_point_at_the_values() {
    let body = r#" { "messages":[{"model":"not this"}], "model" : "a\"b", "stream":true,
        "stream_options": {"include_usage" : false}, "max_tokens":5, "max_completion_tokens": 7, "tools":[{}], "n": 3 } "#;
    let seen = openai(body).unwrap();
    assert_eq!((seen.model.as_str(), seen.stream, seen.include_usage), ("a\"b", true, Some(false)));
    assert_eq!((seen.max_tokens, seen.has_tools, seen.choices), (Some(7), true, 3));
    assert_eq!(&body[seen.spans.model.clone()], r#""a\"b""#);
    assert_eq!(&body[seen.spans.stream_options.clone().unwrap()], r#"{"include_usage" : false}"#);
    assert_eq!(&body[seen.spans.include_usage.unwrap()], "false");
}

#[test]
fn null_means_absent() {
    let seen = openai(r#"{"model":"m","stream":null,"stream_options":null,"max_tokens":null,"tools":null}"#).unwrap();
    assert_eq!((seen.stream, seen.include_usage, seen.max_tokens, seen.has_tools), (false, None, None, false));
}

#[test]
fn a_refusal_names_the_field_what_is_wrong_and_how_to_mend_it() {
    assert_eq!(refusal(r#"{"messages":[]}"#), "model: is missing; name a model that GET /v1/models lists");
    assert!(refusal(r#"{"model":1}"#).starts_with("model: is not a string; "));
    assert!(refusal(r#"{"model":" "}"#).starts_with("model: is empty; "));
    assert!(
        refusal(r#"{"model":"m","stream":"yes"}"#)
            .starts_with("stream: invalid type: string \"yes\", expected a boolean")
    );
    assert!(refusal(r#"{"model":"m","stream_options":3}"#).starts_with("stream_options: is not an object; "));
    assert!(
        refusal(r#"{"model":"m","stream_options":{"include_usage":1}}"#).starts_with("stream_options.include_usage: ")
    );
    assert!(refusal(r#"{"model":"m","max_tokens":-1}"#).starts_with("max_tokens: invalid value: integer `-1`"));
    assert!(refusal(r#"{"model":"m","n":1.5}"#).contains("expected a whole number, not negative at line 1"));
    assert!(refusal("").contains("EOF while parsing"));
    assert!(refusal("[]").contains("expected an object"));
    assert!(refusal(r#" ["m",false,null,1,1,[]]"#).contains("expected an object"));
    assert!(refusal(r#"{"model":"m"} x"#).contains("trailing characters"));
    assert!(peek(Dialect::Openai, b"{\"model\":\"\xff\"}").unwrap_err().to_string().contains("byte 10 is not UTF-8"));
}

#[test]
fn a_field_that_decides_must_not_stand_there_twice_even_in_disguise() {
    assert!(refusal(r#"{"model":"cheap","model":"dear"}"#).contains("duplicate field `model`"));
    assert!(refusal(r#"{"model":"cheap","mod\u0065l":"dear"}"#).contains("duplicate field `model`"));
    assert!(refusal(r#"{"model":"m","stream":false,"stream":true}"#).contains("duplicate field `stream`"));
}

#[test]
fn a_member_that_decides_is_refused_when_a_careless_parser_would_read_it_in_other_letters() {
    let names = ["Model", "STREAM", "Max_Tokens", "max_Completion_tokens", "N", "Stream_options"];
    // The long s and the Kelvin sign fold to letters of ASCII; an escape hides nothing.
    for name in names.into_iter().chain(["\u{17f}tream", "max_to\u{212a}ens", r"\u004dodel"]) {
        let error = openai(&format!(r#"{{"model":"cheap","{name}":"dear"}}"#)).unwrap_err().to_wire();
        assert_eq!((error.status, error.code.as_deref()), (400, Some("invalid_value")), "{name}");
        let written = if name.starts_with('\\') { "Model" } else { name };
        assert_eq!(error.param.as_deref(), Some(written));
    }
    assert!(refusal(r#"{"MODEL":"m"}"#).starts_with("MODEL: differs from 'model' in case only"));
    openai(r#"{"model":"m","messages":[{"Model":1}],"models":[],"nn":1,"Metadata":{},"Tools":[]}"#).unwrap();
}

#[test]
fn an_image_is_not_estimated_by_its_bytes() {
    let image = "A".repeat(400_000);
    let body = format!(
        r#"{{"model":"m","messages":[{{"content":[{{"image_url":{{"url":"data:image/png;base64,{image}"}}}}]}}]}}"#
    );
    assert!((1_000..1_100).contains(&openai(&body).unwrap().estimated_input));
    let body = format!(r#"{{"model":"m","x":{{"type":"base64","data": "{image}"}}}}"#);
    assert!((1_000..1_100).contains(&peek(Dialect::Anthropic, body.as_bytes()).unwrap().estimated_input));
}

#[test]
fn deep_nesting_is_no_stack_overflow() {
    let deep = "[".repeat(200_000);
    assert!(openai(&format!(r#"{{"model":"m","x":{deep}"#)).is_err());
    let closed = format!(r#"{{"model":"m","x":{deep}{}}}"#, "]".repeat(200_000));
    let _ = openai(&closed);
}
