//! The probe's question to Amazon Bedrock, with its key or signed with it.

use reqwest::RequestBuilder;
use serde_json::json;
use url::Url;
use weir_domain::aws::{self, AccessKey};
use weir_domain::key_secret::KeySecret;
use weir_domain::secret::Secret;
use weir_domain::snapshot::{Address, Provider};
use weir_domain::time;

/// Adds the question and, where the key is an access key, the signature that proves that it may be asked.
pub(super) fn question(request: RequestBuilder, url: &Url, address: &Address, provider: &Provider) -> RequestBuilder {
    let body = json!({"messages": [{"role": "user", "content": [{"text": "Say OK."}]}],
        "inferenceConfig": {"maxTokens": 16}})
    .to_string();
    let mut request = request.header("content-type", "application/json");
    if let Some(KeySecret::Access(key)) = provider.keys.first().map(|key| &key.secret) {
        let signed = aws::Signed {
            method: "POST",
            path: url.path(),
            headers: &[("content-type", "application/json"), ("host", &address.authority)],
            body: body.as_bytes(),
            region: &provider.region,
            service: "bedrock",
            at: time::now(),
        };
        for (name, value) in aws::sign(key, &signed) {
            request = request.header(name, value);
        }
    }
    request.body(body)
}

/// The parts of an access key that must not be repeated.
pub(super) fn parts(key: &AccessKey) -> Vec<Secret> {
    let id = Secret::new(key.id.clone());
    [Some(key.secret.clone()), key.session_token.clone(), id].into_iter().flatten().collect()
}
