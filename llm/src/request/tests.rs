//! Same dialect: nothing changes but what must.

use super::*;
use crate::peek::peek;

mod from_gemini;
mod from_responses;
mod to_anthropic;
mod to_bedrock;
mod to_cohere;
mod to_gemini;
mod to_ollama;
mod to_openai;
mod to_responses;

fn target(model: &str) -> Target<'_> {
    Target::new(WireFormat::Openai, model)
}

fn forwarded(body: &str, target: &Target<'_>) -> String {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let inbound = target.format.dialect().unwrap();
    let seen = peek(inbound, &body).unwrap();
    let made = prepare(inbound, &seen, &body, target).unwrap();
    String::from_utf8(made.body.to_vec()).unwrap()
}

#[test]
fn nothing_to_change_means_the_very_same_bytes() {
    let body = Bytes::from(br#"{ "model":"m" ,"x":[ 1.0 ]}"#.to_vec());
    let seen = peek(Dialect::Openai, &body).unwrap();
    let made = prepare(Dialect::Openai, &seen, &body, &target("m")).unwrap();
    assert_eq!((made.body.as_ptr(), made.body.len(), &*made.path), (body.as_ptr(), body.len(), "/chat/completions"));
}

#[test]
fn only_the_model_is_replaced() {
    let body = r#"{"messages":[{"role":"user","content":"\u00e9 model \"model\""}],"model" : "a/\u0062" , "x":1e400}"#;
    assert_eq!(forwarded(body, &target("gpt\"x")), body.replace(r#""a/\u0062""#, r#""gpt\"x""#));
    let to_anthropic = Target { format: WireFormat::Anthropic, ..target("claude") };
    let body = r#"{"model":"m","stream":true}"#;
    assert_eq!(forwarded(body, &to_anthropic), r#"{"model":"claude","stream":true}"#);
}

#[test]
fn a_stream_always_asks_the_upstream_for_usage() {
    for (body, made) in [
        (r#"{"model":"m","stream":true}"#, r#"{"model":"n","stream_options":{"include_usage":true},"stream":true}"#),
        (
            r#"{"model":"m","stream":true,"stream_options":null}"#,
            r#"{"model":"n","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":{ }}"#,
            r#"{"model":"n","stream":true,"stream_options":{"include_usage":true }}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":{"a":1}}"#,
            r#"{"model":"n","stream":true,"stream_options":{"include_usage":true,"a":1}}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":null}}"#,
            r#"{"model":"n","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":{"include_usage": false}}"#,
            r#"{"model":"n","stream":true,"stream_options":{"include_usage": true}}"#,
        ),
        (r#"{"model":"m","stream":false}"#, r#"{"model":"n","stream":false}"#),
    ] {
        assert_eq!(forwarded(body, &target("n")), made);
        serde_json::from_str::<serde_json::Value>(made).unwrap();
    }
}

#[test]
fn a_provider_that_refuses_stream_options_does_not_get_them() {
    let refuses = Target { stream_options: false, ..target("m") };
    for (body, made) in [
        (
            r#"{"model":"m","stream":true,"stream_options": {"include_usage":true} , "a":1}"#,
            r#"{"model":"m","stream":true, "a":1}"#,
        ),
        (r#"{"model":"m","stream":true , "stream_options":{}}"#, r#"{"model":"m","stream":true }"#),
        (r#"{"stream_options":{},"model":"m","stream":true}"#, r#"{"model":"m","stream":true}"#),
        (r#"{"model":"m","a\"":"\\","stream_options":{},"stream":true}"#, r#"{"model":"m","a\"":"\\","stream":true}"#),
        (r#"{"model":"m","stream":true}"#, r#"{"model":"m","stream":true}"#),
    ] {
        assert_eq!(forwarded(body, &refuses), made);
    }
    let body = Bytes::from_static(br#"{"model":"m","stream":true,"stream_options":{}}"#);
    let seen = peek(Dialect::Openai, &body).unwrap();
    assert_eq!(prepare(Dialect::Openai, &seen, &body, &refuses).unwrap().dropped[0].path, "stream_options");
}

#[test]
fn reasoning_that_the_target_would_refuse_is_taken_out_and_the_rest_spliced_as_ever() {
    let body = r#"{"messages":[{"role":"assistant","content":"a","thinking_blocks":[]}],"model":"m","stream":true}"#;
    let made = r#"{"messages":[{"role":"assistant","content":"a"}],"model":"n","stream_options":{"include_usage":true},"stream":true}"#;
    assert_eq!(forwarded(body, &target("n")), made);
}

/// Translates `body` for `target`: what goes upstream, and the paths that were reported.
fn translated(body: &serde_json::Value, target: &Target<'_>) -> Result<(serde_json::Value, Vec<String>), RequestError> {
    let inbound = match target.format {
        WireFormat::Openai => Dialect::Anthropic,
        WireFormat::Anthropic
        | WireFormat::Gemini
        | WireFormat::Responses
        | WireFormat::Bedrock
        | WireFormat::Cohere
        | WireFormat::Ollama => Dialect::Openai,
    };
    translated_from(inbound, body, target)
}

/// The same from a caller of a dialect.
fn translated_from(
    inbound: Dialect,
    body: &serde_json::Value,
    target: &Target<'_>,
) -> Result<(serde_json::Value, Vec<String>), RequestError> {
    let body = Bytes::from(body.to_string());
    let seen = peek(inbound, &body).unwrap();
    let made = prepare(inbound, &seen, &body, target)?;
    let sent = serde_json::from_slice(&made.body).unwrap();
    Ok((sent, made.dropped.into_iter().map(|dropped| dropped.path).collect()))
}
