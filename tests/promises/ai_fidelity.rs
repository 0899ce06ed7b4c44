//! What the caller wrote is what the provider reads: bytes within a dialect, meaning between two,
//! nothing dropped in silence, nothing made up, no credential carried over.

use anyhow::Context;
use serde_json::{Value, json};
use weir_harness::provider::{Received, Vendor};

use crate::stand::{ANTHROPIC_KEY, DIALECTS, OPENAI_KEY, Stand, request, route_to, streamed};

fn last(stand: &Stand, vendor: Vendor) -> anyhow::Result<Received> {
    stand.fake(vendor).received().pop().context("nothing arrived")
}

#[tokio::test]
async fn within_a_dialect_only_the_model_changes() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let openai = r#" { "messages" :[{"content":"Z\u00fcrich \ud83c\udf0d","role":"user"}],
        "temperature":0.30, "model" : "on-openai" ,"top_p":1e0,"seed":7, "user":"u\/1"} "#;
    let anthropic = r#"{"max_tokens":  100,"messages":[ {"role":"user","content":[{"text":"a \"model\"","type":"text"}]} ],
        "model":"on-anthropic","metadata":{"user_id":"u\/1"},"top_k":5,"temperature":1.0}"#;
    for (dialect, body, model) in
        [(Vendor::Openai, openai, "gpt-4o"), (Vendor::Anthropic, anthropic, "claude-sonnet-4-5")]
    {
        let answered = stand.caller.send(stand.caller.request(dialect).body(body)).await?;
        assert_eq!(answered.status, 200, "{}", answered.text());
        let arrived = last(&stand, dialect)?;
        let expected = body.replace(route_to(dialect), model);
        assert_eq!(String::from_utf8_lossy(&arrived.body), expected);
    }
    Ok(())
}

#[tokio::test]
async fn within_a_dialect_the_answer_is_the_vendors_own_but_for_the_cost() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for dialect in DIALECTS {
        let mut answer = stand.ask(dialect, dialect, &json!({})).await?.json()?;
        assert!(answer["usage"].get("cost").is_some(), "{answer}");
        if let Some(usage) = answer["usage"].as_object_mut() {
            usage.remove("cost");
        }
        let fields: Vec<&str> = answer.as_object().into_iter().flatten().map(|(k, _)| k.as_str()).collect();
        let expected = match dialect {
            Vendor::Openai => {
                assert_eq!(answer["system_fingerprint"], "fp_560af6e559");
                vec!["id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint"]
            }
            Vendor::Anthropic => {
                assert_eq!(answer["usage"]["service_tier"], "standard");
                vec!["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"]
            }
        };
        assert_eq!(fields, expected);
    }
    Ok(())
}

#[tokio::test]
async fn the_callers_version_and_betas_reach_the_vendor() -> anyhow::Result<()> {
    // Versions differ in what they take: 2026-10-21 refuses `temperature`, 2023-06-01 does not.
    let stand = Stand::start().await?;
    for version in ["2026-10-21", "2023-06-01"] {
        let mut asked = stand.caller.request(Vendor::Anthropic).build()?;
        asked.headers_mut().insert("anthropic-version", version.parse()?);
        asked.headers_mut().insert("anthropic-beta", "context-1m-2025-08-07".parse()?);
        *asked.body_mut() = Some(request(Vendor::Anthropic, "on-anthropic", &json!({})).to_string().into());
        let answer = weir_harness::client::client().execute(asked).await?;
        assert_eq!(answer.status(), 200, "{version}: {}", answer.text().await?);
        let head = last(&stand, Vendor::Anthropic)?.head;
        assert_eq!(head.header("anthropic-version"), Some(version));
        assert_eq!(head.header("anthropic-beta"), Some("context-1m-2025-08-07"), "{version}");
    }
    // An OpenAI caller has no version; its `temperature` must still be taken.
    stand.ask(Vendor::Openai, Vendor::Anthropic, &json!({"temperature": 0.5})).await?.heard(Vendor::Openai)?;
    Ok(())
}

#[tokio::test]
async fn nothing_is_sent_as_null_that_the_caller_left_out() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for provider in DIALECTS {
        for caller in DIALECTS {
            for fields in [json!({}), streamed(caller), json!({"temperature": 0.5})] {
                stand.ask(caller, provider, &fields).await?.heard(caller)?;
                let arrived = last(&stand, provider)?.json();
                assert!(!has_null(&arrived), "{caller:?} to {provider:?}: {arrived}");
            }
        }
    }
    Ok(())
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

#[tokio::test]
async fn the_vendor_sees_its_own_key_and_never_the_callers() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for provider in DIALECTS {
        for caller in DIALECTS {
            let all = stand
                .caller
                .request(caller)
                .header("api-key", stand.key.whole())
                .header("cookie", "session=canary")
                .header("x-forwarded-for", "10.9.8.7")
                .body(request(caller, route_to(provider), &json!({})).to_string());
            let answered = stand.caller.send(all).await?;
            assert_eq!(answered.status, 200, "{}", answered.text());
            let head = last(&stand, provider)?.head;
            let text = format!("{head:?}");
            assert!(!text.contains(stand.key.secret_part()) && !text.contains("session=canary"), "{text}");
            let (name, value) = match provider {
                Vendor::Openai => ("authorization", format!("Bearer {OPENAI_KEY}")),
                Vendor::Anthropic => ("x-api-key", ANTHROPIC_KEY.to_owned()),
            };
            assert_eq!(head.header(name), Some(value.as_str()));
            let credentials =
                ["authorization", "x-api-key", "api-key"].into_iter().filter(|n| head.header(n).is_some());
            assert_eq!(credentials.count(), 1, "{text}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_body_never_chooses_address_or_credential() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for field in ["api_base", "base_url", "api_key", "custom_llm_provider"] {
        let fields = json!({field: "http://127.0.0.1:1/v1"});
        let answered = stand.ask(Vendor::Openai, Vendor::Openai, &fields).await?;
        // The vendor itself refuses the unknown field; what matters is that the vendor was asked, with its key.
        assert_eq!(answered.status, 400, "{}", answered.text());
        let head = last(&stand, Vendor::Openai)?.head;
        assert_eq!(head.header("authorization"), Some(format!("Bearer {OPENAI_KEY}").as_str()));
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_carried_over_is_named() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let cases = [
        (
            Vendor::Openai,
            Vendor::Anthropic,
            json!({"seed": 7, "logit_bias": {"50256": -100}}),
            vec!["seed", "logit_bias"],
        ),
        (Vendor::Anthropic, Vendor::Openai, json!({"top_k": 5}), vec!["top_k"]),
    ];
    for (caller, provider, fields, expected) in cases {
        for stream in [json!({}), streamed(caller)] {
            let answered = stand.ask(caller, provider, &crate::stand::both(&fields, &stream)).await?;
            answered.heard(caller)?;
            let dropped = answered.header("x-weir-dropped-params").unwrap_or_default().to_owned();
            let names: Vec<&str> = dropped.split(',').map(str::trim).collect();
            for name in &expected {
                assert!(names.contains(name), "{caller:?} to {provider:?}: {dropped:?}");
            }
        }
        let clean = stand.ask(caller, provider, &json!({})).await?;
        assert_eq!(clean.header("x-weir-dropped-params"), None);
    }
    Ok(())
}

#[tokio::test]
async fn a_strict_route_refuses_what_cannot_be_carried_over() -> anyhow::Result<()> {
    let stand = Stand::start_with(|config, _, _| {
        let strict =
            |provider: &str, model: &str| json!({"strict": true, "targets": [{"provider": provider, "model": model}]});
        config.with("ModelRoute", "on-openai", &strict("oai", "gpt-4o")).with(
            "ModelRoute",
            "on-anthropic",
            &strict("ant", "claude-sonnet-4-5"),
        )
    })
    .await?;
    for (caller, provider, name, value) in [
        (Vendor::Openai, Vendor::Anthropic, "logit_bias", json!({"1": 5})),
        (Vendor::Anthropic, Vendor::Openai, "top_k", json!(5)),
    ] {
        let answered = stand.ask(caller, provider, &json!({name: value})).await?;
        assert_eq!(answered.status, 400, "{}", answered.text());
        let (_, message) = answered.error(caller)?;
        assert!(message.contains(name), "{message}");
        assert!(stand.fake(provider).received().is_empty());
        stand.ask(caller, provider, &json!({})).await?.heard(caller)?;
        stand.fake(provider).reset();
    }
    Ok(())
}

#[tokio::test]
async fn numbers_keep_their_digits_between_dialects() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for (caller, provider) in [(Vendor::Openai, Vendor::Anthropic), (Vendor::Anthropic, Vendor::Openai)] {
        for (name, value) in [("temperature", json!(0.123_456_789)), ("top_p", json!(0.95))] {
            stand.ask(caller, provider, &json!({name: value})).await?.heard(caller)?;
            assert_eq!(last(&stand, provider)?.json()[name], value, "{caller:?} to {provider:?}");
        }
    }
    // Anthropic goes to 1: what is beyond is said, not dropped in silence.
    let answered = stand.ask(Vendor::Openai, Vendor::Anthropic, &json!({"temperature": 1.5})).await?;
    answered.heard(Vendor::Openai)?;
    assert_eq!(last(&stand, Vendor::Anthropic)?.json()["temperature"], json!(1.0));
    assert!(
        answered.header("x-weir-dropped-params").is_some_and(|d| d.contains("temperature")),
        "{:?}",
        answered.headers
    );
    Ok(())
}

#[tokio::test]
async fn system_and_developer_turns_all_arrive() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let messages = json!([
        {"role": "system", "content": "One."}, {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
        {"role": "user", "content": "Hi"}]);
    for provider in DIALECTS {
        let heard = stand.ask(Vendor::Openai, provider, &json!({"messages": messages})).await?.heard(Vendor::Openai)?;
        assert!(heard.text.contains("System said “One.\nTwo.”"), "{provider:?}: {}", heard.text);
    }
    let system = json!([{"type": "text", "text": "One."}, {"type": "text", "text": "Two.", "cache_control": {"type": "ephemeral"}}]);
    for provider in DIALECTS {
        let heard =
            stand.ask(Vendor::Anthropic, provider, &json!({"system": system})).await?.heard(Vendor::Anthropic)?;
        assert!(heard.text.contains("System said “One.\nTwo.”"), "{provider:?}: {}", heard.text);
    }
    Ok(())
}
