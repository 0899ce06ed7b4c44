//! Test connection: one real request to a provider, with its own key, and what came of it.

mod converse;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;
use weir_domain::dialect::WireFormat;
use weir_domain::name;
use weir_domain::resource::{Kind, Resource};
use weir_domain::secret::{ResolveSecret, Secret, SecretRef};
use weir_domain::spec::{self, Spec};

use super::actor::Actor;
use super::secrets::Resolver;
use super::{App, egress, model};
use crate::error::Error;
use crate::store::NewAudit;

/// The largest answer that is read.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// The version of Anthropic's API that is asked for.
/// Source: <https://docs.anthropic.com/en/api/versioning>.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// What to test.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Probe {
    /// A model to call with one short question, of at most 16 tokens to answer, which its vendor bills. Absent: the list of models is asked for, which costs nothing.
    pub(crate) model: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProbeResult {
    /// Whether the provider answered as it should.
    pub(crate) ok: bool,
    /// How long it took.
    pub(crate) latency_ms: u64,
    /// The models that it offers, where it says; else those that are known.
    pub(crate) models: Vec<String>,
    /// A sentence for the person who pressed the button.
    pub(crate) message: String,
}

impl App {
    /// Tests a stored provider. A call of a model is billed by its vendor and no application's, so it stands in the
    /// audit trail and not in the ledger.
    pub(crate) async fn test_provider(&self, id: &str, probe: &Probe, actor: &Actor) -> Result<ProbeResult, Error> {
        if probe.model.as_deref().is_some_and(|model| !name::is_model(model)) {
            return Err(Error::field("model", name::MODEL_RULE));
        }
        let stored = match self.db.resource(Kind::Provider, id).await? {
            Some(row) => row.parse()?.resource,
            None if id == "demo" => {
                let spec = Spec::from_value(Kind::Provider, id, &json!({"protocol": "demo"}))?;
                Resource { id: id.to_owned(), team: String::new(), spec }
            }
            None => return Err(Error::no_resource(Kind::Provider, id)),
        };
        let Spec::Provider(provider) = &stored.spec else { return Err(Error::no_resource(Kind::Provider, id)) };
        let known = self.models_of(provider);
        if model::is_built_in(provider.protocol) {
            let message = "the demo provider is inside Weir and always answers".to_owned();
            return Ok(ProbeResult { ok: true, latency_ms: 0, models: known, message });
        }
        let began = Instant::now();
        let outcome = self.exchange(&stored, provider, probe).await;
        let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (ok, model) = (outcome.is_ok(), probe.model.as_deref());
        let after = json!({"ok": ok, "model": model}).to_string();
        let mut tx = self.db.begin().await?;
        tx.add_audit(&NewAudit { action: "test", kind: "Provider", id, after: &after, ..actor.audit() }).await?;
        tx.commit().await?;
        Ok(match outcome {
            Ok((models, message)) => {
                let models = if models.is_empty() { known } else { models };
                ProbeResult { ok: true, latency_ms, models, message }
            }
            Err(message) => ProbeResult { ok: false, latency_ms, models: known, message },
        })
    }

    /// The exchange itself; both ways out are sentences.
    async fn exchange(
        &self,
        resource: &Resource,
        provider: &spec::Provider,
        probe: &Probe,
    ) -> Result<(Vec<String>, String), String> {
        let resolver = Resolver::new(&self.vault, std::slice::from_ref(resource), true);
        let key = first_key(&resolver, provider)?;
        let headers = headers(&resolver, provider)?;
        let format = provider.protocol.format();
        let path = match &probe.model {
            Some(model) => format.chat_path(model, false),
            None => models_path(format).ok_or(NO_LIST)?.into(),
        };
        let address = provider.address();
        let base = address.trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path}")).map_err(|_| "base_url is not an address".to_owned())?;
        let client = egress::client(&url, provider.allow_private_address).await?;
        let request = match &probe.model {
            Some(_) if format == WireFormat::Bedrock => {
                converse::question(client.post(url.clone()), &url, provider, key.as_ref())?
            }
            Some(model) => client.post(url).json(&question(format, model)),
            None => client.get(url),
        };
        let request = authorised(request, format, key.as_ref(), &headers);
        let response = request.send().await.map_err(|e| egress::sentence(&e))?;
        let status = response.status();
        let answer = read(response).await?;
        if !status.is_success() {
            let is_secret = |name: &String| {
                provider.headers.get(name).is_some_and(|value| spec::Provider::is_secret_header(name, value))
            };
            let secrets = headers.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value);
            let secrets = key.iter().chain(secrets);
            return Err(refusal(status.as_u16(), &answer, secrets));
        }
        match &probe.model {
            Some(model)
                if ["choices", "content", "candidates", "message", "output"]
                    .iter()
                    .any(|name| answer.get(name).is_some()) =>
            {
                Ok((Vec::new(), format!("{model} answered")))
            }
            Some(_) => {
                Err("the provider answered, but not as its protocol says; check protocol and base_url".to_owned())
            }
            None => {
                let models = model::ids_of(&answer);
                let message = format!("the provider answered and offers {} models", models.len());
                Ok((models, message))
            }
        }
    }
}

/// Bedrock lists its models elsewhere, to keys that may do more than call them.
const NO_LIST: &str = "Bedrock lists no models at this address; test it by calling a model";

/// The key that would be tried first.
fn first_key(resolver: &Resolver, provider: &spec::Provider) -> Result<Option<Secret>, String> {
    let Some(key) = provider.keys.iter().min_by_key(|k| k.priority) else { return Ok(None) };
    resolver.resolve(&key.secret).map(Some).map_err(|problem| format!("the key {}: {problem}", key.id))
}

/// The headers that each request carries.
fn headers(resolver: &Resolver, provider: &spec::Provider) -> Result<Vec<(String, Secret)>, String> {
    let value = |(name, value): (&String, &SecretRef)| match resolver.resolve(value) {
        Ok(value) => Ok((name.clone(), value)),
        Err(problem) => Err(format!("the header {name}: {problem}")),
    };
    provider.headers.iter().map(value).collect()
}

/// Where a format lists its models, below the provider's address; `None` where it does not.
fn models_path(format: WireFormat) -> Option<&'static str> {
    match format {
        WireFormat::Openai | WireFormat::Anthropic | WireFormat::Responses | WireFormat::Gemini => Some("/models"),
        WireFormat::Cohere => Some("/v1/models"),
        WireFormat::Ollama => Some("/api/tags"),
        WireFormat::Bedrock => None,
    }
}

fn question(format: WireFormat, model: &str) -> Value {
    if format == WireFormat::Gemini {
        // Room for thoughts, which count as output.
        return json!({"contents": [{"role": "user", "parts": [{"text": "Say OK."}]}],
            "generationConfig": {"maxOutputTokens": 256}});
    }
    if format == WireFormat::Responses {
        return json!({"model": model, "max_output_tokens": 16, "store": false, "input": "Say OK."});
    }
    json!({"model": model, "max_tokens": 16, "stream": false, "messages": [{"role": "user", "content": "Say OK."}]})
}

fn authorised(
    mut request: reqwest::RequestBuilder,
    format: WireFormat,
    key: Option<&Secret>,
    headers: &[(String, Secret)],
) -> reqwest::RequestBuilder {
    for (name, value) in headers {
        request = request.header(name, value.expose());
    }
    match (format, key) {
        (WireFormat::Openai | WireFormat::Responses | WireFormat::Cohere | WireFormat::Ollama, Some(key)) => {
            request.bearer_auth(key.expose())
        }
        (WireFormat::Openai | WireFormat::Responses | WireFormat::Cohere | WireFormat::Ollama, None) => request,
        (WireFormat::Gemini, Some(key)) => request.header("x-goog-api-key", key.expose()),
        (WireFormat::Gemini, None) => request,
        // Its key stands in the request already, or has signed it.
        (WireFormat::Bedrock, _) => request,
        (WireFormat::Anthropic, key) => {
            let request = request.header("anthropic-version", ANTHROPIC_VERSION);
            match key {
                Some(key) => request.header("x-api-key", key.expose()),
                None => request,
            }
        }
    }
}

async fn read(mut response: reqwest::Response) -> Result<Value, String> {
    let mut body = Vec::new();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let piece = tokio::time::timeout_at(deadline, response.chunk()).await;
        match piece.map_err(|_| "the answer did not end in time".to_owned())?.map_err(|e| egress::sentence(&e))? {
            None => break,
            Some(piece) if body.len() + piece.len() > MAX_ANSWER => {
                return Err(format!("the answer is larger than {MAX_ANSWER} bytes"));
            }
            Some(piece) => body.extend_from_slice(&piece),
        }
    }
    Ok(serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// What a refusal means for the person who set the provider up. Providers quote keys in their errors;
/// ours does not.
fn refusal<'a>(status: u16, answer: &Value, secrets: impl Iterator<Item = &'a Secret>) -> String {
    let said = answer.pointer("/error/message").or_else(|| answer.get("message")).and_then(Value::as_str);
    let mut said: String = said.unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    for secret in secrets {
        for part in converse::parts(secret) {
            said = said.replace(&part, "…");
        }
    }
    // Cut last: of a secret that was cut a part would stay.
    let said: String = said.chars().take(200).collect();
    let hint = match status {
        401 | 403 => "the key was refused; check it",
        404 => "there is nothing at that address, or the model is not known; check base_url and model",
        429 => "the key is good, but its rate limit or credit is used up",
        300..=399 => "it redirects, which is not followed; put the final address into base_url",
        500..=599 => "it failed on its side; try again later",
        _ => "it did not take the request",
    };
    if said.is_empty() { format!("status {status}: {hint}") } else { format!("status {status}: {hint} ({said})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_quotes_a_secret_is_not_repeated() {
        let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
        let (key, header) = (secret("sk-canary"), secret("header-canary"));
        // The last one would be cut in its middle.
        let long = format!("{}header-canary", "x".repeat(192));
        for said in ["Incorrect API key provided: sk-canary.", "Unknown x-auth-token: header-canary", &long] {
            let answer = json!({"error": {"message": said}});
            let sentence = refusal(401, &answer, [&key, &header].into_iter());
            assert!(sentence.contains("the key was refused") && !sentence.contains("canary"), "{sentence}");
            assert!(!sentence.contains("header-"), "{sentence}");
        }
    }
}
