//! The paths of the vendors' APIs: what is not served is refused in the dialect of whoever would be there, in a sentence
//! that says what is; so is a wrong method. One model is shown as either vendor shows it.

use anyhow::Context;
use serde_json::json;
use weir_harness::chat::Answered;
use weir_harness::config::Config;
use weir_harness::provider::Vendor;
use weir_harness::rest::RestUpstream;

use crate::stand::{DIALECTS, Stand};

/// Sends as the SDK of a dialect does.
async fn send(stand: &Stand, sdk: Vendor, method: &str, path: &str) -> anyhow::Result<Answered> {
    let url = format!("{}{path}", stand.weir.gateway());
    let request = weir_harness::client::client().request(method.parse()?, url);
    let request = match sdk {
        Vendor::Openai => request.bearer_auth(stand.key.whole()),
        Vendor::Anthropic => request.header("x-api-key", stand.key.whole()).header("anthropic-version", "2023-06-01"),
    };
    let request =
        if method == "POST" { request.header("content-type", "application/json").body("{}") } else { request };
    stand.caller.send(request).await
}

/// An error in the dialect, with all that its SDK reads of it. Returns its type and its message.
fn refused(sdk: Vendor, answered: &Answered, status: u16) -> anyhow::Result<(String, String)> {
    let place = format!("{sdk:?}: {} {}", answered.status, answered.text());
    assert_eq!(answered.status, status, "{place}");
    assert_eq!(answered.header("content-type"), Some("application/json"), "{place}");
    let id = answered.header("x-weir-request-id").with_context(|| place.clone())?;
    if sdk == Vendor::Anthropic {
        assert_eq!(answered.header("request-id"), Some(id), "{place}");
    }
    answered.error(sdk)
}

#[tokio::test]
async fn what_is_not_served_is_refused_in_the_vendors_dialect_with_what_is() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let cases = [
        (Vendor::Openai, "POST", "/v1/fine_tuning/jobs"),
        (Vendor::Openai, "POST", "/v1/responses/resp_1/fork"),
        (Vendor::Openai, "POST", "/v1/assistants"),
        (Vendor::Openai, "GET", "/v1/evals"),
        (Vendor::Openai, "DELETE", "/v1/vector_stores/vs_1"),
        (Vendor::Openai, "POST", "/v1/chat/completions/"),
        (Vendor::Anthropic, "GET", "/v1/skills"),
        (Vendor::Anthropic, "POST", "/v1/sessions"),
    ];
    for (sdk, method, path) in cases {
        let (kind, message) = refused(sdk, &send(&stand, sdk, method, path).await?, 404)?;
        assert_eq!(kind, if sdk == Vendor::Openai { "invalid_request_error" } else { "not_found_error" });
        assert!(message.contains(&format!("{method} {path}")), "{message}");
        assert!(message.contains("POST /v1/chat/completions") && message.contains("POST /v1/messages"), "{message}");
    }
    // A base URL that is almost right: the most common slip with either SDK.
    for (sdk, path, mend) in [
        (Vendor::Openai, "/chat/completions", "end with /v1"),
        (Vendor::Anthropic, "/v1/v1/messages", "adds /v1 itself"),
    ] {
        let (_, message) = refused(sdk, &send(&stand, sdk, "POST", path).await?, 404)?;
        assert!(message.contains(mend), "{message}");
    }
    assert!(stand.openai.received().is_empty() && stand.anthropic.received().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_wrong_method_is_told_in_the_dialect() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for (sdk, method, path, right) in [
        (Vendor::Openai, "GET", "/v1/chat/completions", "POST"),
        (Vendor::Openai, "DELETE", "/v1/chat/completions", "POST"),
        (Vendor::Openai, "POST", "/v1/models", "GET"),
        (Vendor::Openai, "DELETE", "/v1/models/on-openai", "GET"),
        (Vendor::Anthropic, "GET", "/v1/messages", "POST"),
        (Vendor::Anthropic, "PUT", "/v1/messages", "POST"),
        (Vendor::Anthropic, "POST", "/v1/models/on-openai", "GET"),
    ] {
        let answered = send(&stand, sdk, method, path).await?;
        let (_, message) = refused(sdk, &answered, 405)?;
        assert_eq!(answered.header("allow"), Some(right), "{method} {path}");
        assert!(message.contains(method) && message.contains(right), "{message}");
    }
    Ok(())
}

#[tokio::test]
async fn a_message_that_is_none_is_refused_in_the_dialect_too() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for (sdk, path) in [(Vendor::Openai, "/v1/chat/completions"), (Vendor::Anthropic, "/v1/messages")] {
        let request = weir_harness::client::client()
            .post(format!("{}{path}", stand.weir.gateway()))
            .bearer_auth(stand.key.whole())
            .header("expect", "a miracle")
            .body("{}");
        refused(sdk, &stand.caller.send(request).await?, 417)?;
    }
    Ok(())
}

#[tokio::test]
async fn one_model_is_shown_as_the_vendor_shows_it() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for (path, id) in [
        ("/v1/models/on-openai", "on-openai"),
        ("/v1/models/demo/demo-small", "demo/demo-small"),
        ("/v1/models/demo%2Fdemo-small", "demo/demo-small"),
    ] {
        let openai = send(&stand, Vendor::Openai, "GET", path).await?.json()?;
        assert_eq!((&openai["id"], &openai["object"]), (&json!(id), &json!("model")), "{openai}");
        assert!(openai["created"].is_u64() && openai["owned_by"].is_string(), "{openai}");
        let anthropic = send(&stand, Vendor::Anthropic, "GET", path).await?.json()?;
        assert_eq!((&anthropic["id"], &anthropic["type"]), (&json!(id), &json!("model")), "{anthropic}");
        assert!(anthropic["display_name"].is_string() && anthropic["created_at"].is_string(), "{anthropic}");
    }
    for sdk in DIALECTS {
        let (_, message) = refused(sdk, &send(&stand, sdk, "GET", "/v1/models/on-opena1").await?, 404)?;
        assert!(message.contains("did you mean 'on-openai'"), "{message}");
    }
    Ok(())
}

#[tokio::test]
async fn an_operators_own_routes_below_v1_are_theirs() -> anyhow::Result<()> {
    let upstream = RestUpstream::start("rest").await?;
    let stand = Stand::start_with(|config: Config, _, _| {
        config.service("orders", "/v1/orders", &upstream).service("files", "/v1/files", &upstream)
    })
    .await?;
    for path in ["/v1/orders/7", "/v1/files/7"] {
        let answered = send(&stand, Vendor::Openai, "GET", path).await?;
        assert_eq!(answered.status, 200, "{path}: {}", answered.text());
    }
    let missing = send(&stand, Vendor::Openai, "GET", "/v1/invoices").await?;
    assert_eq!((missing.status, missing.header("content-type")), (404, Some("application/problem+json")));
    assert_eq!(missing.json()?["code"], "no_route");
    // Whoever has no key at such a route is told as any caller of a REST API is.
    let url = format!("{}/v1/files/7", stand.weir.gateway());
    let stranger = stand.caller.send(weir_harness::client::client().get(url)).await?;
    assert_eq!((stranger.status, stranger.header("content-type")), (401, Some("application/problem+json")));
    Ok(())
}
