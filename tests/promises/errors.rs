//! Every refusal speaks the caller's dialect, in a sentence that helps, and gives nothing away.

use serde_json::{Value, json};
use weir_harness::chat::{Answered, Caller};
use weir_harness::config::Key;
use weir_harness::provider::Vendor;

use crate::stand::{DIALECTS, Stand, request, streamed};

/// Checks a refusal: status, type in the dialect, words that must stand in the message.
fn check(dialect: Vendor, answered: &Answered, status: u16, kinds: [&str; 2], words: &[&str]) -> anyhow::Result<()> {
    let place = format!("{dialect:?}: {} {}", answered.status, answered.text());
    assert_eq!(answered.status, status, "{place}");
    let (kind, message) = answered.error(dialect)?;
    let expected = if dialect == Vendor::Openai { kinds[0] } else { kinds[1] };
    assert_eq!(kind, expected, "{place}");
    for word in words {
        assert!(message.to_lowercase().contains(&word.to_lowercase()), "{word:?} is not in {message:?}");
    }
    assert!(message.len() > 20 && message.contains(' '), "not a sentence: {message:?}");
    for inside in ["panicked", "src/", ".rs:", "sqlx", "pingora", "Err(", "None"] {
        assert!(!answered.text().contains(inside), "{inside:?} shows the inside: {place}");
    }
    assert!(answered.header("x-weir-request-id").is_some(), "{place}");
    assert!(answered.header("content-type").is_some_and(|c| c.starts_with("application/json")), "{place}");
    Ok(())
}

const INVALID: [&str; 2] = ["invalid_request_error", "invalid_request_error"];
const NOT_FOUND: [&str; 2] = ["invalid_request_error", "not_found_error"];
const UNAUTHENTICATED: [&str; 2] = ["invalid_request_error", "authentication_error"];

#[tokio::test]
async fn an_unknown_model_is_named() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for dialect in DIALECTS {
        for (model, stream) in [("no-such-model", json!({})), ("no-such-provider/gpt-4o", streamed(dialect))] {
            let answered = stand.caller.ask(dialect, &request(dialect, model, &stream)).await?;
            check(dialect, &answered, 404, NOT_FOUND, &[model])?;
            if dialect == Vendor::Openai {
                assert_eq!(answered.json()?["error"]["code"], "model_not_found");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_refused() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let unknown = Key::new(999);
    let mistyped = stand.key.whole().replacen('_', "-", 2);
    for dialect in DIALECTS {
        for key in [unknown.whole(), &mistyped, "sk-proj-vendor-key-by-mistake", "x"] {
            let caller = Caller::new(&stand.weir.gateway(), key);
            let answered = caller.ask(dialect, &request(dialect, "on-openai", &json!({}))).await?;
            check(dialect, &answered, 401, UNAUTHENTICATED, &["key"])?;
            assert!(!answered.text().contains(key) || key == "x", "the key is repeated: {}", answered.text());
        }
        let client = weir_harness::client::client();
        let path = if dialect == Vendor::Openai { "chat/completions" } else { "messages" };
        let none = client
            .post(format!("{}/v1/{path}", stand.weir.gateway()))
            .header("content-type", "application/json")
            .body(request(dialect, "on-openai", &json!({})).to_string());
        check(dialect, &stand.caller.send(none).await?, 401, UNAUTHENTICATED, &["key"])?;
    }
    assert!(stand.openai.received().is_empty());
    Ok(())
}

#[tokio::test]
async fn all_three_headers_carry_the_key() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let client = weir_harness::client::client();
    for dialect in DIALECTS {
        let path = if dialect == Vendor::Openai { "chat/completions" } else { "messages" };
        let bearer = format!("Bearer {}", stand.key.whole());
        for (name, value) in
            [("authorization", bearer.as_str()), ("x-api-key", stand.key.whole()), ("api-key", stand.key.whole())]
        {
            let asked = client
                .post(format!("{}/v1/{path}", stand.weir.gateway()))
                .header("content-type", "application/json")
                .header(name, value)
                .body(request(dialect, "on-openai", &json!({})).to_string());
            let answered = stand.caller.send(asked).await?;
            assert_eq!(answered.status, 200, "{name}: {}", answered.text());
        }
    }
    Ok(())
}

#[tokio::test]
async fn malformed_json_is_located() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for dialect in DIALECTS {
        for body in [
            "",
            "{",
            "[]",
            "\"x\"",
            "{\"model\": \"on-openai\", \"messages\": [}",
            "{\"model\": 7}",
            "nul",
            "\u{0}\u{1}",
        ] {
            let answered = stand.caller.send(stand.caller.request(dialect).body(body)).await?;
            check(dialect, &answered, 400, INVALID, &[])?;
        }
        let missing = stand.caller.send(stand.caller.request(dialect).body("{\"messages\": []}")).await?;
        check(dialect, &missing, 400, INVALID, &["model"])?;
        let twice = stand
            .caller
            .request(dialect)
            .body("{\"model\": \"on-openai\", \"model\": \"on-anthropic\", \"messages\": []}");
        check(dialect, &stand.caller.send(twice).await?, 400, INVALID, &["model"])?;
    }
    assert!(stand.openai.received().is_empty() && stand.anthropic.received().is_empty());
    // Nesting that would exhaust a stack is no reason to fall; what is made of it is the vendor's to say.
    for dialect in DIALECTS {
        for provider in ["on-openai", "on-anthropic"] {
            let deep =
                format!("{{\"model\":\"{provider}\",\"messages\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
            let answered = stand.caller.send(stand.caller.request(dialect).body(deep)).await?;
            assert_eq!(answered.status, 400, "{}", answered.text());
            answered.error(dialect)?;
        }
    }
    stand.ask(Vendor::Openai, Vendor::Openai, &json!({})).await?.heard(Vendor::Openai)?;
    Ok(())
}

#[tokio::test]
async fn an_oversized_body_is_refused() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let big = json!({"messages": [{"role": "user", "content": "x".repeat(11 << 20)}]});
    for dialect in DIALECTS {
        let body = request(dialect, "on-openai", &big).to_string();
        let answered = stand.caller.send(stand.caller.request(dialect).body(body)).await?;
        check(dialect, &answered, 413, ["invalid_request_error", "request_too_large"], &["10"])?;
    }
    assert!(stand.openai.received().is_empty());
    // The same size in images is fine as long as it is below the limit.
    let large = json!({"messages": [{"role": "user", "content": "x".repeat(9 << 20)}]});
    let answered = stand.ask(Vendor::Openai, Vendor::Openai, &large).await?;
    assert_eq!(answered.status, 200);
    Ok(())
}

#[tokio::test]
async fn an_unreachable_provider_is_named() -> anyhow::Result<()> {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let stand = Stand::start_with(|config, _, _| {
        let base = format!("http://{closed}/v1");
        let keys = json!([{"id": "k", "secret": "sk-canary-dead"}]);
        let spec = json!({"protocol": "openai", "base_url": base, "keys": keys, "allow_private_address": true});
        config.with("Provider", "dead", &spec).route("on-dead", &[("dead", "gpt-4o")])
    })
    .await?;
    for dialect in DIALECTS {
        for stream in [json!({}), streamed(dialect)] {
            let answered = stand.caller.ask(dialect, &request(dialect, "on-dead", &stream)).await?;
            assert!([502, 503].contains(&answered.status), "{} {}", answered.status, answered.text());
            let (_, message) = answered.error(dialect)?;
            assert!(message.contains("dead"), "the provider is not named: {message}");
            assert!(!answered.text().contains(&closed.to_string()), "the address is nobody's business: {message}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn addresses_that_do_not_exist_are_refused() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let client = weir_harness::client::client();
    let url = |path: &str| format!("{}{path}", stand.weir.gateway());
    let key = stand.key.whole();
    assert_eq!(client.post(url("/v1/no/such")).bearer_auth(key).body("{}").send().await?.status(), 404);
    assert_eq!(client.get(url("/")).bearer_auth(key).send().await?.status(), 404);
    let wrong = client.get(url("/v1/chat/completions")).bearer_auth(key).send().await?;
    assert_eq!(wrong.status(), 405);
    assert!(wrong.headers().get("allow").is_some_and(|a| a == "POST"), "{:?}", wrong.headers());
    Ok(())
}

#[tokio::test]
async fn a_refusal_leaves_the_connection_in_order() -> anyhow::Result<()> {
    // The body of a refused request must never be read as the next request (the class of CVE-2025-4366).
    let stand = Stand::start().await?;
    let inner = format!("GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", stand.key.whole());
    let outer = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer weir_no\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{inner}",
        inner.len()
    );
    let answers = raw(&stand, outer.as_bytes()).await?;
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
    assert!(answers.starts_with("HTTP/1.1 401"), "{answers}");
    Ok(())
}

/// Sends bytes, and reads until the gateway closes or is silent for a while.
async fn raw(stand: &Stand, bytes: &[u8]) -> anyhow::Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(stand.weir.gateway_address()).await?;
    stream.write_all(bytes).await?;
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(Ok(read)) = tokio::time::timeout(std::time::Duration::from_millis(700), stream.read(&mut piece)).await
    {
        if read == 0 {
            break;
        }
        all.extend_from_slice(&piece[..read]);
    }
    Ok(String::from_utf8_lossy(&all).into_owned())
}

#[tokio::test]
async fn ambiguous_messages_are_refused() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let key = stand.key.whole();
    let body = request(Vendor::Openai, "on-openai", &json!({})).to_string();
    let n = body.len();
    let post = |headers: &str| {
        format!("POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer {key}\r\n{headers}\r\n\r\n{body}")
    };
    let get = |line: &str| format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n");
    let host = "Host: x\r\nContent-Type: application/json";
    // Nothing is wrong with the message itself: what is refused below is refused for its ambiguity alone.
    let plain = raw(&stand, post(&format!("{host}\r\nContent-Length: {n}")).as_bytes()).await?;
    assert!(plain.starts_with("HTTP/1.1 200"), "{plain}");
    assert_eq!(stand.openai.received().len(), 1);
    let malformed = "malformed_message";
    let cases: Vec<(&str, String, u16, &str)> = vec![
        ("folded lengths", post(&format!("{host}\r\nContent-Length: {n}, {n}")), 400, malformed),
        ("two equal lengths", post(&format!("{host}\r\nContent-Length: {n}\r\nContent-Length: {n}")), 400, malformed),
        ("two lengths", post(&format!("{host}\r\nContent-Length: {n}\r\nContent-Length: 3")), 400, malformed),
        ("no host", post(&format!("Content-Length: {n}")), 400, "invalid_host"),
        ("two hosts", post(&format!("Host: x\r\nHost: y\r\nContent-Length: {n}")), 400, malformed),
        ("obsolete folding", post(&format!("{host}\r\nX-A: b\r\n c\r\nContent-Length: {n}")), 400, malformed),
        ("bare LF", get("GET /v1/models").replace("\r\n", "\n"), 400, malformed),
        ("space in path", get("GET /v1/mod els"), 400, malformed),
        ("lower-case method", get("get /v1/models"), 400, "invalid_method"),
        (
            "two authorizations",
            get("GET /v1/models").replace("Host: x", "Host: x\r\nAuthorization: Basic dTpw"),
            400,
            "ambiguous_authorization",
        ),
        ("encoded slash", get("GET /v1%2fmodels"), 400, "invalid_path"),
        ("trace", get("TRACE /v1/models"), 405, "method_not_allowed"),
    ];
    let mut wrong = Vec::new();
    for (name, bytes, status, code) in cases {
        let answer = raw(&stand, bytes.as_bytes()).await?;
        let as_told = answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(&format!("\"{code}\""));
        if !as_told {
            wrong.push(format!("{name}: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // Dot segments are taken out once, and what is left is served.
    let dots = raw(&stand, get("GET /v1/x/../models").as_bytes()).await?;
    assert!(dots.starts_with("HTTP/1.1 200 ") && dots.contains("on-openai"), "{dots}");
    let large = format!("GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Big: {}\r\n\r\n", "a".repeat(300_000));
    let answer = raw(&stand, large.as_bytes()).await.unwrap_or_default();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{}", &answer[..answer.len().min(200)]);
    assert_eq!(stand.openai.received().len(), 1, "only the plain one went on");
    Ok(())
}

#[tokio::test]
async fn errors_of_the_provider_are_told_in_the_callers_dialect() -> anyhow::Result<()> {
    use weir_harness::script::Script;
    let stand = Stand::start_with(|config, _, _| {
        let once = |provider: &str, model: &str| json!({"targets": [{"provider": provider, "model": model}], "retry": {"max_attempts": 1, "cooldown_ms": 1}});
        config.with("ModelRoute", "on-openai", &once("oai", "gpt-4o")).with("ModelRoute", "on-anthropic", &once("ant", "claude-sonnet-4-5"))
    })
    .await?;
    let expected: [(u16, [&str; 2]); 3] = [(400, INVALID), (404, NOT_FOUND), (429, ["requests", "rate_limit_error"])];
    for provider in DIALECTS {
        for caller in DIALECTS {
            for (status, kinds) in expected {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                stand.fake(provider).next(Script::refuse(status));
                let answered = stand.ask(caller, provider, &json!({})).await?;
                assert_eq!(answered.status, status, "{}", answered.text());
                let (kind, message) = answered.error(caller)?;
                // OpenAI has several types for a rate limit.
                let fine = kind == kinds[usize::from(caller == Vendor::Anthropic)]
                    || (status == 429 && kind == "rate_limit_error");
                assert!(fine, "{caller:?} to {provider:?}: {}", answered.text());
                assert!(message.len() > 5);
            }
            // A malformed request reaches the vendor within a dialect, and its own words come back.
            let (field, words): (Value, &str) = match (caller, provider) {
                (Vendor::Openai, Vendor::Openai) => (json!({"temperature": 3}), "Expected a value <= 2"),
                (Vendor::Anthropic, Vendor::Anthropic) => (json!({"temperature": 3}), "temperature: range: 0..1"),
                _ => continue,
            };
            let answered = stand.ask(caller, provider, &field).await?;
            assert_eq!(answered.status, 400);
            assert!(answered.error(caller)?.1.contains(words), "{}", answered.text());
        }
    }
    Ok(())
}
