//! Vendors that name deployment, project and model in the path, and take tokens in the place of keys.

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use weir_harness::http1::Connection;
use weir_harness::token_endpoint::{SERVICE_ACCOUNT_KEY, TokenEndpoint, Want};

use super::*;

const OPENAI: &str = concat!(
    r#"{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"#,
    r#""assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#
);
const ANTHROPIC: &str = concat!(
    r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"hi"}],"#,
    r#""stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}"#
);

const REFUSAL: &str = r#"{"error":{"message":"the token was revoked","type":"authentication_error"}}"#;

/// A vendor by hand: each connection takes one request, tells it, and answers.
async fn vendor(answers: Vec<&'static str>) -> (String, tokio::task::JoinHandle<Vec<(String, Vec<String>, Value)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let mut seen = Vec::new();
        for answer in answers {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = Connection::new(stream, BytesMut::new());
            let head = connection.read_head().await.unwrap().unwrap();
            let body = connection.read_whole_body().await.unwrap();
            let keys = ["api-key", "authorization", "anthropic-version"];
            let keys = keys.iter().filter_map(|name| head.header(name).map(|value| format!("{name}: {value}")));
            seen.push((head.target.clone(), keys.collect(), serde_json::from_slice(&body).unwrap_or_default()));
            let (mut stream, _) = connection.into_parts();
            let status = if answer == REFUSAL { "401 Unauthorized" } else { "200 OK" };
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length:");
            stream.write_all(format!("{head} {}\r\n\r\n{answer}", answer.len()).as_bytes()).await.unwrap();
        }
        seen
    });
    (base, task)
}

async fn stage(provider: &Value, model: &str) -> Stage {
    let documents = [
        json!({"kind": "Provider", "id": "p", "spec": provider}),
        json!({"kind": "ModelRoute", "id": "chat", "spec": {"targets": [{"provider": "p", "model": model}]}}),
        json!({"kind": "Application", "id": "web", "spec": {"models": ["*"], "providers": ["*"]}}),
    ];
    Stage::on(&documents, Vec::new(), |_| {}).await
}

#[tokio::test]
async fn azure_gets_its_deployment_in_the_path_or_in_the_body() {
    let (base, server) = vendor(vec![OPENAI, OPENAI]).await;
    let mut spec = json!({"protocol": "azure", "base_url": base, "allow_private_address": true,
        "api_version": "2024-10-21", "deployments": {"gpt-4o": "mine"}, "keys": [{"id": "main", "secret": "sk-azure"}]});
    for version in [Some("2024-10-21"), None] {
        spec["api_version"] = json!(version);
        let answered = stage(&spec, "gpt-4o").await.ask(Vendor::Openai, &json!({})).await;
        assert_eq!(answered.status, 200, "{}", answered.text());
    }
    let seen = server.await.unwrap();
    assert_eq!(seen[0].0, "/openai/deployments/mine/chat/completions?api-version=2024-10-21");
    assert_eq!(seen[1].0, "/openai/v1/chat/completions");
    assert!(seen.iter().all(|(_, keys, body)| *keys == ["api-key: sk-azure"] && body["model"] == "mine"), "{seen:?}");
}

/// A response that Azure keeps.
const RESPONSE: &str = concat!(
    r#"{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"gpt-4o","output":[{"type":"message","#,
    r#""id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"#,
    r#""usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}"#
);

#[tokio::test]
async fn azure_gets_responses_as_they_came_with_tools_and_state_of_its_own() {
    for (version, path, query) in [
        (None, "/openai/v1/responses", ""),
        (Some("2025-04-01-preview"), "/openai/responses", "?api-version=2025-04-01-preview"),
    ] {
        let (base, server) = vendor(vec![RESPONSE, RESPONSE, RESPONSE]).await;
        let spec = json!({"protocol": "azure", "base_url": base, "allow_private_address": true, "api_version": version,
            "deployments": {"gpt-4o": "mine"}, "keys": [{"id": "main", "secret": "sk-azure"}]});
        let stage = stage(&spec, "gpt-4o").await;
        let send = async |method: http::Method, path: &str, body: &Value| {
            let request = weir_harness::client::client().request(method, stage.world.url(path));
            let request = request.bearer_auth(&stage.world.key).header("content-type", "application/json");
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let answered = stage.caller.send(request.body(body)).await.unwrap();
            assert_eq!(answered.status, 200, "{}", answered.text());
            answered.json().unwrap()
        };
        let tools =
            json!([{"type": "code_interpreter", "container": {"type": "auto"}}, {"type": "mcp", "server_label": "s"}]);
        let asked = json!({"model": "chat", "input": "Hello", "tools": tools, "store": true, "metadata": {"a": "b"}});
        let id = send(http::Method::POST, "/v1/responses", &asked).await["id"].clone();
        let next = json!({"model": "chat", "input": "And?", "previous_response_id": id});
        send(http::Method::POST, "/v1/responses", &next).await;
        let stored = format!("/v1/responses/{}", id.as_str().unwrap());
        send(http::Method::GET, &format!("{stored}?include[]=x"), &Value::Null).await;
        let seen = server.await.unwrap();
        let mut passed = asked.clone();
        passed["model"] = json!("mine");
        assert_eq!((&seen[0].0, &seen[0].2), (&format!("{path}{query}"), &passed));
        assert_eq!((&seen[1].0, &seen[1].2["previous_response_id"]), (&format!("{path}{query}"), &json!("resp_1")));
        let more = if query.is_empty() { "?" } else { "&" };
        assert_eq!(seen[2].0, format!("{path}/resp_1{query}{more}include[]=x"));
        assert!(seen.iter().all(|(_, keys, _)| *keys == ["api-key: sk-azure"]), "{seen:?}");
    }
}

#[tokio::test]
async fn azure_without_the_api_gets_a_response_as_a_chat() {
    let (base, server) = vendor(vec![OPENAI]).await;
    let spec = json!({"protocol": "azure", "base_url": base, "allow_private_address": true, "api_version": "2024-10-21",
        "keys": [{"id": "main", "secret": "sk-azure"}]});
    let stage = stage(&spec, "gpt-4o").await;
    let asked = json!({"model": "chat", "input": "Hello"});
    let answered = stage.caller.ask(weir_harness::chat::Dialect::Responses, &asked).await.unwrap();
    assert_eq!(answered.json().unwrap()["object"], "response", "{}", answered.text());
    assert_eq!(server.await.unwrap()[0].0, "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
}

#[tokio::test]
async fn tokens_for_claude_on_vertex_are_counted_there_and_cost_nothing() {
    let endpoint = TokenEndpoint::start(Want::ServiceAccount { email: "weir@p.test" }, 3_600).await.unwrap();
    let fake = FakeProvider::start(weir_harness::provider::Format::Vertex, "token-1").await.unwrap();
    let account = json!({"type": "service_account", "client_email": "weir@p.test", "private_key_id": "key-1",
        "private_key": SERVICE_ACCOUNT_KEY, "token_uri": "https://oauth2.googleapis.com/token"});
    let mut spec = weir_harness::config::provider(&fake, &account.to_string());
    spec["token_url"] = json!(endpoint.url());
    let stage = stage(&spec, "anthropic/claude-x@1").await;
    let count = async |path: &str, body: &Value| {
        let request = weir_harness::client::client().post(stage.world.url(path)).bearer_auth(&stage.world.key);
        stage.caller.send(request.header("content-type", "application/json").body(body.to_string())).await.unwrap()
    };
    let asked = json!({"model": "chat", "messages": [{"role": "user", "content": "Hello"}], "system": "Be brief."});
    let counted = count("/v1/messages/count_tokens", &asked).await;
    assert_eq!((counted.status, counted.json().unwrap()), (200, json!({"input_tokens": 2_095})), "{}", counted.text());
    assert_eq!(counted.header("x-weir-estimated"), None);
    let received = fake.received();
    let place = "/v1/projects/p-1/locations/europe-west1/publishers/anthropic/models/count-tokens:rawPredict";
    let mut passed = asked;
    passed["model"] = json!("claude-x@1");
    passed["anthropic_version"] = json!("vertex-2023-10-16");
    assert_eq!((received[0].head.target.as_str(), received[0].json()), (place, passed));
    let contents = json!({"contents": [{"parts": [{"text": "Hello"}]}]});
    let estimated = count("/v1beta/models/chat:countTokens", &contents).await;
    assert_eq!((estimated.status, estimated.header("x-weir-estimated")), (200, Some("true")), "{}", estimated.text());
    let rows = stage.rows(2).await;
    assert!(rows.iter().all(|row| row.cost == Some(weir_domain::money::NanoUsd::ZERO)), "{rows:?}");
    assert_eq!((rows[0].attempts.len(), rows[1].attempts.len()), (1, 0));
}

#[tokio::test]
async fn claude_on_vertex_is_called_with_a_token_of_the_service_account() {
    let endpoint = TokenEndpoint::start(Want::ServiceAccount { email: "weir@p.test" }, 3_600).await.unwrap();
    let (base, server) = vendor(vec![ANTHROPIC, ANTHROPIC]).await;
    let account = json!({"type": "service_account", "client_email": "weir@p.test", "private_key_id": "key-1",
        "private_key": SERVICE_ACCOUNT_KEY, "token_uri": "https://oauth2.googleapis.com/token"});
    let spec = json!({"protocol": "vertex", "base_url": base, "allow_private_address": true, "project": "p-1",
        "location": "europe-west1", "token_url": endpoint.url(), "keys": [{"id": "main", "secret": account.to_string()}]});
    let stage = stage(&spec, "claude-x@1").await;
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        let answered = stage.ask(dialect, &json!({})).await;
        assert_eq!(answered.status, 200, "{}", answered.text());
    }
    for (target, keys, body) in server.await.unwrap() {
        let place = "/v1/projects/p-1/locations/europe-west1/publishers/anthropic/models/claude-x@1:rawPredict";
        assert_eq!((target.as_str(), keys.as_slice()), (place, &["authorization: Bearer token-1".to_owned()][..]));
        assert_eq!((&body["anthropic_version"], body.get("model")), (&json!("vertex-2023-10-16"), None), "{body}");
    }
    assert_eq!(endpoint.granted(), 1);
}

#[tokio::test]
async fn a_refused_credential_is_a_502_in_the_callers_dialect_without_a_word_of_it() {
    let want = Want::Client { id: "c", secret: "right", scope: "https://cognitiveservices.azure.com/.default" };
    let endpoint = TokenEndpoint::start(want, 3_600).await.unwrap();
    let secret = json!({"tenant_id": "t", "client_id": "c", "client_secret": "wrong-canary"}).to_string();
    let spec = json!({"protocol": "azure", "base_url": "http://127.0.0.1:9", "allow_private_address": true,
        "token_url": endpoint.url(), "keys": [{"id": "main", "secret": secret}]});
    let stage = stage(&spec, "gpt-4o").await;
    let refused = stage.ask(Vendor::Anthropic, &json!({})).await;
    let said = refused.text();
    assert_eq!((refused.status, refused.json().unwrap()["type"].as_str()), (502, Some("error")), "{said}");
    assert!(said.contains("invalid_client") && !said.contains("canary"), "{said}");
    let rows = stage.rows(1).await;
    assert!(!format!("{rows:?}").contains("canary"), "{rows:?}");
}

#[tokio::test]
async fn a_token_that_a_provider_refuses_is_renewed_by_native_calls_as_by_translated_ones() {
    let endpoint = TokenEndpoint::start(Want::ServiceAccount { email: "weir@p.test" }, 3_600).await.unwrap();
    let (base, server) = vendor(vec![REFUSAL, ANTHROPIC]).await;
    let account = json!({"type": "service_account", "client_email": "weir@p.test", "private_key_id": "key-1",
        "private_key": SERVICE_ACCOUNT_KEY, "token_uri": "https://oauth2.googleapis.com/token"});
    let spec = json!({"protocol": "vertex", "base_url": base, "allow_private_address": true, "project": "p-1",
        "location": "europe-west1", "token_url": endpoint.url(), "keys": [{"id": "main", "secret": account.to_string()}]});
    let stage = stage(&spec, "claude-x@1").await;
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let url = stage.world.url("/providers/p/v1/projects/p-1/locations/europe-west1/x:rawPredict");
        let call = weir_harness::client::client().post(url).bearer_auth(&stage.world.key);
        let call = call.header("content-type", "application/json").body("{}");
        statuses.push(stage.caller.send(call).await.unwrap().status);
    }
    assert_eq!(statuses, [401, 200]);
    let keys: Vec<String> = server.await.unwrap().into_iter().flat_map(|(_, keys, _)| keys).collect();
    let tokens: Vec<&String> = keys.iter().filter(|key| key.starts_with("authorization")).collect();
    assert_eq!(tokens, ["authorization: Bearer token-1", "authorization: Bearer token-2"]);
}
