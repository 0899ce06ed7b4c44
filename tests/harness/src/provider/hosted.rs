//! Vendors' models at the addresses of others: Azure OpenAI, and Gemini and Claude on Vertex AI. They differ from the
//! vendor itself in path and credential, Claude also in where model and version stand.
//! Sources: <https://learn.microsoft.com/azure/ai-services/openai/reference>,
//! <https://docs.anthropic.com/en/api/claude-on-vertex-ai>.

use serde_json::{Value, json};

use super::{Shared, anthropic, gemini, json_answer, openai, responses};
use crate::http1::Head;
use crate::script::Script;
use crate::wire::Answer;

/// The version that the fake of Azure takes.
pub(super) const API_VERSION: &str = "2024-10-21";
/// The version in which it has responses beside the deployments.
const RESPONSES_VERSION: &str = "2025-04-01-preview";
/// The project of the fake of Vertex.
pub(super) const PROJECT: &str = "p-1";
/// Its location.
pub(super) const LOCATION: &str = "europe-west1";

/// `POST /openai/deployments/{deployment}/chat/completions?api-version=…` with `api-key`; `POST /openai/v1/responses`, and
/// `POST /openai/responses?api-version=…`.
pub(super) fn azure(shared: &Shared, head: &Head, path: &str, body: &[u8], script: &Script) -> Answer {
    let refused = |status: u16, code: &str, message: &str| {
        json_answer(status, Vec::new(), &json!({"error": {"code": code, "message": message}}))
    };
    if head.header("api-key") != Some(&shared.key) || head.header("authorization").is_some() {
        let message = "Access denied due to invalid subscription key or wrong API endpoint.";
        return refused(401, "401", message);
    }
    let dated = format!("/openai/responses?api-version={RESPONSES_VERSION}");
    if head.target == "/openai/v1/responses" || head.target == dated {
        let head = with_header(head, "authorization", &format!("Bearer {}", shared.key));
        return responses::answer(shared, &head, "/v1/responses", body, script);
    }
    let Some((deployment, rest)) = path.strip_prefix("/openai/deployments/").and_then(|rest| rest.split_once("/"))
    else {
        return refused(404, "404", "Resource not found");
    };
    if deployment.is_empty() || !head.target.ends_with(&format!("?api-version={API_VERSION}")) {
        return refused(404, "404", "Resource not found");
    }
    let head = with_header(head, "authorization", &format!("Bearer {}", shared.key));
    openai::answer(shared, &head, &format!("/v1/{rest}"), body, script)
}

/// `POST /v1/projects/{project}/locations/{location}/publishers/{google or anthropic}/models/{model}:{method}`.
pub(super) fn vertex(shared: &Shared, head: &Head, path: &str, body: &[u8], script: &Script) -> Answer {
    let refused = |status: u16, kind: &str, message: &str| {
        json_answer(status, Vec::new(), &json!({"error": {"code": status, "message": message, "status": kind}}))
    };
    if head.header("authorization") != Some(&format!("Bearer {}", shared.key)) {
        return refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    }
    let place = format!("/v1/projects/{PROJECT}/locations/{LOCATION}/publishers/");
    match path.strip_prefix(place.as_str()).and_then(|rest| rest.split_once("/models/")) {
        Some(("google", called)) => {
            let head = with_header(head, "x-goog-api-key", &shared.key);
            gemini::answer(shared, &head, &format!("/v1beta/models/{called}"), body, script)
        }
        Some(("anthropic", called)) => match claude(called, body) {
            Ok(body) => {
                let mut head = with_header(head, "x-api-key", &shared.key);
                head.headers.push(("anthropic-version".into(), "2023-06-01".into()));
                let path = if called == COUNT { "/v1/messages/count_tokens" } else { "/v1/messages" };
                anthropic::answer(shared, &head, path, &body, script)
            }
            Err(problem) => refused(400, "INVALID_ARGUMENT", &problem),
        },
        _ => refused(404, "NOT_FOUND", "Publisher model was not found."),
    }
}

/// Where tokens are counted, of whichever model the body names.
const COUNT: &str = "count-tokens:rawPredict";

/// The body as Anthropic itself would get it; here the model stands in the path, and the version in the body.
fn claude(called: &str, body: &[u8]) -> Result<Vec<u8>, String> {
    let (model, method) = called.rsplit_once(':').ok_or("no method")?;
    let mut request: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let fields = request.as_object_mut().ok_or("not an object")?;
    if fields.remove("anthropic_version") != Some(json!("vertex-2023-10-16")) {
        return Err("anthropic_version: Field required".into());
    }
    if called == COUNT {
        let named = fields.get("model").and_then(Value::as_str).unwrap_or_default();
        return match named.starts_with("claude") {
            true => Ok(request.to_string().into_bytes()),
            false => Err("model: Field required".into()),
        };
    }
    if fields.contains_key("model") {
        return Err("model: Extra inputs are not permitted".into());
    }
    let streams = match method {
        "rawPredict" => false,
        "streamRawPredict" => true,
        _ => return Err(format!("unknown method {method}")),
    };
    if fields.get("stream").and_then(Value::as_bool).unwrap_or(false) != streams {
        return Err("stream: does not fit the method".into());
    }
    fields.insert("model".into(), json!(model));
    Ok(request.to_string().into_bytes())
}

fn with_header(head: &Head, name: &str, value: &str) -> Head {
    let mut head = head.clone();
    head.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    head.headers.push((name.to_owned(), value.to_owned()));
    head
}
