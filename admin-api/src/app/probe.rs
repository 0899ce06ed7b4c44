//! Test connection: one real request to a provider, with its own key, and what came of it.

mod converse;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;
use weir_domain::addressing::Called;
use weir_domain::compile::{self, Input};
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::grant::{self, Grant};
use weir_domain::key_secret::KeySecret;
use weir_domain::name;
use weir_domain::quirks::Quirks;
use weir_domain::resource::{Kind, Resource};
use weir_domain::secret::Secret;
use weir_domain::snapshot::Provider;
use weir_domain::spec::{self, Protocol, Spec};

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
        if self.catalog.destination(provider).protocol == Some(Protocol::Demo) {
            let message = "the demo provider is inside Weir and always answers".to_owned();
            return Ok(ProbeResult { ok: true, latency_ms: 0, models: known, message });
        }
        let began = Instant::now();
        let outcome = self.exchange(&stored, probe).await;
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
    async fn exchange(&self, resource: &Resource, probe: &Probe) -> Result<(Vec<String>, String), String> {
        let provider = self.compiled(resource)?;
        let address = provider.address.as_ref().ok_or("the provider has no address")?;
        let bearer = match provider.keys.first().map(|key| &key.secret) {
            Some(KeySecret::Grant(grant)) => Some(token(grant).await?),
            _ => None,
        };
        let Some((path, body)) = asked(&provider, probe.model.as_deref()) else {
            return match bearer {
                Some(_) => Ok((Vec::new(), "a token was granted; name a model to call it".to_owned())),
                None => Err(NO_LIST.to_owned()),
            };
        };
        let scheme = if address.tls { "https" } else { "http" };
        let url = Url::parse(&format!("{scheme}://{}{}{path}", address.authority, address.path));
        let url = url.map_err(|_| "base_url is not an address".to_owned())?;
        let client = egress::client(&url, address.allow_private).await?;
        let request = match &body {
            Some(_) if provider.protocol == Protocol::Bedrock => {
                converse::question(client.post(url.clone()), &url, address, &provider)
            }
            Some(question) => client.post(url).json(question),
            None => client.get(url),
        };
        let request = authorised(request, &provider, bearer.as_ref());
        let response = request.send().await.map_err(|e| egress::sentence(&e))?;
        let status = response.status();
        let answer = read(response).await?;
        if !status.is_success() {
            return Err(refusal(status.as_u16(), &answer, secrets(resource, &provider, bearer.as_ref()).into_iter()));
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

    /// The provider as the data plane would have it, with the one key that would be tried first.
    fn compiled(&self, resource: &Resource) -> Result<Arc<Provider>, String> {
        let mut resource = resource.clone();
        if let Spec::Provider(spec) = &mut resource.spec {
            let first = spec.keys.iter().min_by_key(|key| key.priority).cloned();
            spec.keys = first.into_iter().collect();
        }
        let resolver = Resolver::new(&self.vault, std::slice::from_ref(&resource), true);
        let resources = std::slice::from_ref(&resource);
        let input = Input { revision: 0, resources, secrets: &resolver, catalog: &self.catalog };
        let compiled = compile::providers(&input).map_err(|faults| {
            let sentences = faults.0.iter().map(|fault| format!("{}: {}", fault.field, fault.problem));
            sentences.collect::<Vec<_>>().join("; ")
        })?;
        compiled.get(&resource.id).cloned().ok_or_else(|| "there is no such provider".to_owned())
    }
}

/// What is said where a vendor has no list of models, or not for keys that only call them.
const NO_LIST: &str = "this vendor lists no models at this address; test it by calling a model";

/// Path and body of the request: a question to a model, or for the list of models; `None` where the vendor has no list.
fn asked(provider: &Provider, model: Option<&str>) -> Option<(String, Option<Value>)> {
    let Some(model) = model else { return Some((provider.models_path()?, None)) };
    let format = provider.format(model, Dialect::Openai);
    let quirks = provider.quirks(format);
    let path = format.chat_path(model, false);
    let called = Called { format, path: quirks.path(&path), model, stream: false };
    let body = question(format, provider.addressing.body_model(model).unwrap_or(model), quirks);
    Some((provider.addressing.path(&called), Some(body)))
}

/// A short question, with the vendor's quirks as far as they matter to it.
fn question(format: WireFormat, model: &str, quirks: &Quirks) -> Value {
    if format == WireFormat::Gemini {
        // Room for thoughts, which count as output.
        return json!({"contents": [{"role": "user", "parts": [{"text": "Say OK."}]}],
            "generationConfig": {"maxOutputTokens": 256}});
    }
    if format == WireFormat::Responses {
        return json!({"model": model, "max_output_tokens": 16, "store": false, "input": "Say OK."});
    }
    let mut body = json!({"stream": false, "messages": [{"role": "user", "content": "Say OK."}]});
    if !quirks.model_in_path {
        body["model"] = model.into();
    }
    body[quirks.renamed.get("max_tokens").map_or("max_tokens", String::as_str)] = 16.into();
    for (name, value) in &quirks.added {
        body[name] = value.clone();
    }
    body
}

/// A token for a credential, from the endpoint that the operator or the vendor gives.
async fn token(grant: &Grant) -> Result<Secret, String> {
    let endpoint = &grant.endpoint;
    let scheme = if endpoint.tls { "https" } else { "http" };
    let url = Url::parse(&format!("{scheme}://{}{}", endpoint.authority, endpoint.path));
    let url = url.map_err(|_| "the token endpoint is not an address".to_owned())?;
    let client = egress::client(&url, endpoint.allow_private).await?;
    let form = grant.proof.form().map_err(|e| e.to_string())?;
    let request = client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form.to_string());
    let response = request.send().await.map_err(|e| format!("the token endpoint: {}", egress::sentence(&e)))?;
    let status = response.status().as_u16();
    let answer = bytes(response).await?;
    grant::read(status, &answer).map(|granted| granted.token).map_err(|e| e.to_string())
}

/// What must not be repeated of what the provider says.
fn secrets(resource: &Resource, provider: &Provider, bearer: Option<&Secret>) -> Vec<Secret> {
    let key: Vec<Secret> = match provider.keys.first().map(|key| &key.secret) {
        Some(KeySecret::Header(key)) => vec![key.clone()],
        Some(KeySecret::Access(key)) => converse::parts(key),
        // It goes to the token endpoint alone, of whose answer nothing is repeated.
        Some(KeySecret::Grant(_)) | None => Vec::new(),
    };
    let Spec::Provider(spec) = &resource.spec else { return Vec::new() };
    let is_secret = |name: &str| {
        let mut written = spec.headers.iter();
        written.any(|(as_written, value)| {
            as_written.eq_ignore_ascii_case(name) && spec::Provider::is_secret_header(as_written, value)
        })
    };
    let headers = provider.headers.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.clone());
    key.into_iter().chain(bearer.cloned()).chain(headers).collect()
}

fn authorised(
    mut request: reqwest::RequestBuilder,
    provider: &Provider,
    bearer: Option<&Secret>,
) -> reqwest::RequestBuilder {
    for (name, value) in &provider.headers {
        request = request.header(name, value.expose());
    }
    if provider.protocol == Protocol::Anthropic {
        request = request.header("anthropic-version", ANTHROPIC_VERSION);
    }
    match (provider.keys.first().map(|key| &key.secret), bearer) {
        (_, Some(token)) => request.bearer_auth(token.expose()),
        (Some(KeySecret::Header(key)), _) => {
            let (name, prefix) = provider.auth_header();
            request.header(name, format!("{prefix}{}", key.expose()))
        }
        // An access key signs; that was done with the question.
        (Some(KeySecret::Grant(_) | KeySecret::Access(_)) | None, None) => request,
    }
}

async fn read(response: reqwest::Response) -> Result<Value, String> {
    Ok(serde_json::from_slice(&bytes(response).await?).unwrap_or(Value::Null))
}

async fn bytes(mut response: reqwest::Response) -> Result<Vec<u8>, String> {
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
    Ok(body)
}

/// What a refusal means for the person who set the provider up. Providers quote keys in their errors;
/// ours does not.
fn refusal(status: u16, answer: &Value, secrets: impl Iterator<Item = Secret>) -> String {
    let said = answer.pointer("/error/message").or_else(|| answer.get("message")).and_then(Value::as_str);
    let mut said: String = said.unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    for secret in secrets {
        said = said.replace(secret.expose(), "…");
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
            let sentence = refusal(401, &answer, [key.clone(), header.clone()].into_iter());
            assert!(sentence.contains("the key was refused") && !sentence.contains("canary"), "{sentence}");
            assert!(!sentence.contains("header-"), "{sentence}");
        }
    }
}
