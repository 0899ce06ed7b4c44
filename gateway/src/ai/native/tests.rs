//! Where a call that is passed on as it is goes, and which model it names.

use super::*;

fn address(path: &str) -> Address {
    let (host, path) = ("api.example".to_owned(), path.to_owned());
    Address { tls: true, authority: host.clone(), host, port: 443, path, allow_private: false }
}

#[test]
fn the_target_lies_below_the_providers_address_and_holds_no_key() {
    for (base, rest, query, wanted) in [
        ("/v1", "/chat/completions", None, "/v1/chat/completions"),
        ("/v1", "/v1/messages", None, "/v1/messages"),
        ("/v1", "/v1x/messages", None, "/v1/v1x/messages"),
        ("/v1", "", Some("a=b"), "/v1?a=b"),
        ("/v1", "/v1", None, "/v1"),
        ("", "", None, "/"),
        (
            "/v1beta",
            "/models/g:streamGenerateContent",
            Some("alt=sse&key=k"),
            "/v1beta/models/g:streamGenerateContent?alt=sse",
        ),
        ("", "/a", Some("KEY=1&access_token=x&b&&c=1?2"), "/a?b&c=1?2"),
    ] {
        assert_eq!(target(&address(base), rest, query), wanted);
    }
}

#[test]
fn a_model_in_the_path_is_found() {
    for (path, model) in [
        ("/models/gemini-2.5-pro:generateContent", Some("gemini-2.5-pro")),
        ("/openai/deployments/gpt/chat/completions", Some("gpt")),
        ("/model/anthropic.claude-v1:0/converse", Some("anthropic.claude-v1")),
        ("/models", None),
        ("/models/", None),
        ("/chat/completions", None),
    ] {
        assert_eq!(model_in(path), model, "{path}");
    }
}
