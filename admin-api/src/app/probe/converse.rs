//! The probe's question to Amazon Bedrock, with its key or signed with it.

use reqwest::RequestBuilder;
use serde_json::json;
use url::Url;
use weir_domain::aws::{self, AccessKey};
use weir_domain::key_secret::KeySecret;
use weir_domain::secret::Secret;
use weir_domain::spec::Provider;
use weir_domain::time;

/// Adds the question and the proof that it may be asked.
pub(super) fn question(
    request: RequestBuilder,
    url: &Url,
    provider: &Provider,
    key: Option<&Secret>,
) -> Result<RequestBuilder, String> {
    let body = json!({"messages": [{"role": "user", "content": [{"text": "Say OK."}]}],
        "inferenceConfig": {"maxTokens": 16}})
    .to_string();
    let request = request.header("content-type", "application/json");
    let read = key.map(|key| KeySecret::read(provider.protocol, key.clone())).transpose();
    let request = match read.map_err(|problem| format!("the key {problem}"))? {
        None => request,
        Some(KeySecret::Header(key)) => request.bearer_auth(key.expose()),
        Some(KeySecret::Access(key)) => signed(request, url, provider, &body, &key)?,
    };
    Ok(request.body(body))
}

fn signed(
    mut request: RequestBuilder,
    url: &Url,
    provider: &Provider,
    body: &str,
    key: &AccessKey,
) -> Result<RequestBuilder, String> {
    let host = url.host_str().ok_or("the address has no host")?;
    let region = provider.region.as_deref().or_else(|| aws::region_of(host));
    let region = region.ok_or("the address does not name a region; write one into region, such as eu-central-1")?;
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let signed = aws::Signed {
        method: "POST",
        path: url.path(),
        headers: &[("content-type", "application/json"), ("host", &authority)],
        body: body.as_bytes(),
        region,
        service: "bedrock",
        at: time::now(),
    };
    for (name, value) in aws::sign(key, &signed) {
        request = request.header(name, value);
    }
    Ok(request)
}

/// The texts of a secret that must not be repeated: the whole, and the secret parts of an access key.
pub(super) fn parts(secret: &Secret) -> Vec<String> {
    let mut parts = vec![secret.expose().to_owned()];
    if let Ok(Some(key)) = AccessKey::read(secret) {
        parts.push(key.secret.expose().to_owned());
        parts.extend(key.session_token.iter().map(|token| token.expose().to_owned()));
        parts.push(key.id);
    }
    parts
}
