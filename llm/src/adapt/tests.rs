//! Quirks change what they name and nothing else, and say so.

use super::*;
use crate::tool_names::ToolNames;

fn quirks(yaml: &str) -> Quirks {
    weir_domain::yaml::from_str(yaml).unwrap()
}

fn request(body: &str) -> UpstreamRequest {
    UpstreamRequest {
        body: Bytes::copy_from_slice(body.as_bytes()),
        dropped: Vec::new(),
        tool_names: ToolNames::default(),
        path: "/chat/completions".into(),
        wanted: Default::default(),
    }
}

/// The body, and the paths that are reported.
fn adapt(body: &str, quirks: &Quirks, model: Option<&str>) -> (String, Vec<String>) {
    let made = request(body).adapt(quirks, model, false).unwrap();
    let body = String::from_utf8(made.body.to_vec()).unwrap();
    (body, made.dropped.into_iter().map(|dropped| dropped.path).collect())
}

#[test]
fn a_body_that_no_quirk_concerns_is_the_very_same() {
    let sent = request(r#"{ "model":"m" , "messages":[{"role":"user","content":"developer seed"}] }"#);
    let at = sent.body.as_ptr();
    let all = quirks("{unsupported: [seed], renamed: {max_completion_tokens: max_tokens}, no_developer_role: true}");
    assert_eq!(sent.adapt(&all, None, true).unwrap().body.as_ptr(), at);
}

#[test]
fn what_is_refused_goes_and_is_named_and_all_other_bytes_stay() {
    let body = r#"{"seed":1,"model":"m","logit_bias":{"a":1e400},"messages":[ {"role":"user","content":"\u00e9 \"seed\""} ],"user":null,"x":1.0}"#;
    let (made, dropped) = adapt(body, &quirks("{unsupported: [seed, logit_bias, user]}"), None);
    assert_eq!(made, r#"{"model":"m","messages":[ {"role":"user","content":"\u00e9 \"seed\""} ],"x":1.0}"#);
    assert_eq!(dropped, ["seed", "logit_bias"], "null is not a wish");
    let strict = request(body).adapt(&quirks("{unsupported: [seed]}"), None, true).unwrap_err().to_string();
    assert!(strict.starts_with("seed: the provider refuses it"), "{strict}");
}

#[test]
fn a_parameter_goes_under_the_providers_name_unless_that_is_there_too() {
    let renamed = quirks("{renamed: {max_completion_tokens: max_tokens}}");
    assert_eq!(
        adapt(r#"{"model":"m","max_completion_tokens":5}"#, &renamed, None),
        (r#"{"model":"m","max_tokens":5}"#.to_owned(), vec![])
    );
    assert_eq!(
        adapt(r#"{"max_completion_tokens":5,"max_tokens":6}"#, &renamed, None),
        (r#"{"max_tokens":6}"#.to_owned(), vec!["max_completion_tokens".to_owned()])
    );
}

#[test]
fn the_role_developer_becomes_system_where_it_is_a_role() {
    let no_developer = quirks("{no_developer_role: true}");
    let body = r#"{"messages":[{"content":"developer","role":"developer"},{"role":"user","content":[{"role":"developer"}]},7]}"#;
    let (made, dropped) = adapt(body, &no_developer, None);
    let wanted =
        r#"{"messages":[{"content":"developer","role":"system"},{"role":"user","content":[{"role":"developer"}]},7]}"#;
    assert_eq!((made.as_str(), dropped.len()), (wanted, 0));
}

#[test]
fn a_model_in_the_path_leaves_the_body_and_what_is_demanded_joins_it() {
    let vertex = quirks("{model_in_path: true, added: {anthropic_version: vertex-2023-10-16}}");
    let (made, _) = adapt(r#"{"model":"claude","max_tokens":5}"#, &vertex, None);
    assert_eq!(made, r#"{"max_tokens":5,"anthropic_version":"vertex-2023-10-16"}"#);
    let (made, _) = adapt(r#"{"anthropic_version":"own"}"#, &vertex, None);
    assert_eq!(made, r#"{"anthropic_version":"own"}"#);
    assert_eq!(adapt(r#"{"model":"m","n":1}"#, &Quirks::NONE, Some("my \"d\"")).0, r#"{"model":"my \"d\"","n":1}"#);
}
