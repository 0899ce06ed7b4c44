//! Where a call goes below a provider's address: vendors that name the model, the deployment or the project in the path.

use std::collections::BTreeMap;

use crate::dialect::{WireFormat, percent_encoded};

/// How a provider's paths are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Addressing {
    /// The format's path below the address.
    #[default]
    Plain,
    /// Azure OpenAI.
    /// Source: <https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle>.
    Azure {
        /// The `api-version`. Absent, `preview` or `latest`: the v1 API, whose paths name no deployment.
        api_version: Option<String>,
        /// Deployments by model, for those that are not called like their model.
        deployments: BTreeMap<String, String>,
    },
    /// Vertex AI.
    /// Source: <https://cloud.google.com/vertex-ai/docs/reference/rest>.
    Vertex {
        /// The project's id.
        project: String,
        /// The region, or `global`.
        location: String,
    },
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// The format that is spoken.
    pub format: WireFormat,
    /// The format's own path, such as `/chat/completions`.
    pub path: &'a str,
    /// The model's id at the provider.
    pub model: &'a str,
    /// Whether a stream is asked for.
    pub stream: bool,
}

impl Addressing {
    /// Path and query below the address (which has no trailing slash).
    #[must_use]
    pub fn path(&self, called: &Called<'_>) -> String {
        let Called { format, path, model, stream } = *called;
        match self {
            Self::Plain => path.to_owned(),
            Self::Azure { api_version: Some(version), .. } if !is_v1(version) && is_no_deployments(path) => {
                format!("/openai{path}?api-version={}", encoded(version))
            }
            Self::Azure { api_version: Some(version), deployments } if !is_v1(version) => {
                let deployment = encoded(deployments.get(model).map_or(model, String::as_str));
                format!("/openai/deployments/{deployment}{path}?api-version={}", encoded(version))
            }
            Self::Azure { api_version: Some(version), .. } => {
                format!("/openai/v1{path}?api-version={}", encoded(version))
            }
            Self::Azure { api_version: None, .. } => format!("/openai/v1{path}"),
            Self::Vertex { project, location } => {
                let place = format!("/v1/projects/{}/locations/{}", encoded(project), encoded(location));
                match format {
                    // Its body names the model.
                    WireFormat::Anthropic if path == "/messages/count_tokens" => {
                        format!("{place}/publishers/anthropic/models/count-tokens:rawPredict")
                    }
                    WireFormat::Anthropic => {
                        let model = encoded(self.body_model(model).unwrap_or(model));
                        let method = if stream { "streamRawPredict" } else { "rawPredict" };
                        format!("{place}/publishers/anthropic/models/{model}:{method}")
                    }
                    WireFormat::Gemini => format!("{place}/publishers/google{path}"),
                    // Models of other publishers, by Vertex' endpoint in OpenAI's format.
                    WireFormat::Openai
                    | WireFormat::Responses
                    | WireFormat::Cohere
                    | WireFormat::Ollama
                    | WireFormat::Bedrock => {
                        format!("{place}/endpoints/openapi{path}")
                    }
                }
            }
        }
    }

    /// Path and query of what is kept of a response; `path` is the format's own, such as `/responses/resp_1`.
    #[must_use]
    pub fn response(&self, path: &str) -> String {
        self.path(&Called { format: WireFormat::Responses, path, model: "", stream: false })
    }

    /// Path and query of a realtime session; `None` where there are none. `path` is the format's own, `/realtime`.
    /// A session that only writes down what is said names no model: `None`.
    ///
    /// Sources: <https://platform.openai.com/docs/guides/realtime-websocket>,
    /// <https://learn.microsoft.com/azure/ai-foundry/openai/how-to/realtime-audio-websockets>.
    #[must_use]
    pub fn realtime(&self, path: &str, model: Option<&str>) -> Option<String> {
        let deployment = model.map(|model| encoded(self.body_model(model).unwrap_or(model)));
        let named = |name: &str| deployment.as_ref().map(|model| format!("{name}={model}"));
        let intent = || "intent=transcription".to_owned();
        match self {
            Self::Plain => Some(format!("{path}?{}", named("model").unwrap_or_else(intent))),
            Self::Azure { api_version: Some(version), .. } if !is_v1(version) => {
                let what = named("deployment").unwrap_or_else(intent);
                Some(format!("/openai{path}?api-version={}&{what}", encoded(version)))
            }
            Self::Azure { .. } => Some(format!("/openai/v1{path}?{}", named("model").unwrap_or_else(intent))),
            Self::Vertex { .. } => None,
        }
    }

    /// The name that the body gives to a model, where that is not the model's id: a deployment, or Claude's without its
    /// publisher.
    #[must_use]
    pub fn body_model<'a>(&'a self, model: &'a str) -> Option<&'a str> {
        match self {
            Self::Azure { deployments, .. } => deployments.get(model).map(String::as_str),
            Self::Vertex { .. } => model.strip_prefix("anthropic/"),
            Self::Plain => None,
        }
    }

    /// Whether Azure's Responses API is there: in the v1 API, and in dated versions since the preview of March 2025.
    /// Source: <https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses>.
    #[must_use]
    pub fn has_responses(&self) -> bool {
        match self {
            Self::Azure { api_version: Some(version), .. } => is_v1(version) || version.as_str() >= "2025-03-01",
            Self::Azure { api_version: None, .. } => true,
            Self::Plain | Self::Vertex { .. } => false,
        }
    }

    /// The address of Vertex AI in a location.
    /// Source: <https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations>.
    #[must_use]
    pub fn vertex_address(location: &str) -> String {
        match location {
            "global" => "https://aiplatform.googleapis.com".to_owned(),
            // Multi-regions.
            "us" | "eu" => format!("https://aiplatform.{location}.rep.googleapis.com"),
            region => format!("https://{region}-aiplatform.googleapis.com"),
        }
    }
}

/// Whether a path of OpenAI's stands beside the deployments: the list of models, and responses, whose body names the
/// deployment.
fn is_no_deployments(path: &str) -> bool {
    path == "/models" || path == "/responses" || path.starts_with("/responses/")
}

/// Whether an `api-version` is one of the v1 API, which has no dates.
fn is_v1(version: &str) -> bool {
    matches!(version, "v1" | "preview" | "latest")
}

/// Text as one segment of a path. Vertex writes the version of a model behind an `@`, which may stand in one.
fn encoded(segment: &str) -> String {
    percent_encoded(segment).replace("%40", "@")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(model: &str) -> Called<'_> {
        Called { format: WireFormat::Openai, path: "/chat/completions", model, stream: false }
    }

    fn azure(api_version: Option<&str>) -> Addressing {
        let deployments = BTreeMap::from([("gpt-4o".to_owned(), "my deployment".to_owned())]);
        Addressing::Azure { api_version: api_version.map(str::to_owned), deployments }
    }

    #[test]
    fn azure_names_the_deployment_in_the_path_unless_it_is_the_v1_api() {
        let dated = azure(Some("2024-10-21"));
        assert_eq!(
            dated.path(&chat("gpt-4o")),
            "/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21"
        );
        let other = dated.path(&chat("o3/../x?y"));
        assert_eq!(other, "/openai/deployments/o3%2F..%2Fx%3Fy/chat/completions?api-version=2024-10-21");
        assert_eq!(azure(None).path(&chat("gpt-4o")), "/openai/v1/chat/completions");
        assert_eq!(azure(Some("preview")).path(&chat("gpt-4o")), "/openai/v1/chat/completions?api-version=preview");
        assert_eq!((azure(None).body_model("gpt-4o"), azure(None).body_model("o3")), (Some("my deployment"), None));
    }

    #[test]
    fn azures_responses_stand_beside_its_deployments() {
        let at = |version, path| azure(version).path(&Called { format: WireFormat::Responses, path, ..chat("gpt-4o") });
        let dated = Some("2025-04-01-preview");
        assert_eq!(at(dated, "/responses"), "/openai/responses?api-version=2025-04-01-preview");
        assert_eq!(at(dated, "/responses/resp_1"), "/openai/responses/resp_1?api-version=2025-04-01-preview");
        assert_eq!(at(None, "/responses"), "/openai/v1/responses");
        assert_eq!(at(Some("preview"), "/responses"), "/openai/v1/responses?api-version=preview");
        for (version, has) in [
            (None, true),
            (Some("latest"), true),
            (Some("2025-04-01-preview"), true),
            (Some("2025-03-01-preview"), true),
            (Some("2025-02-01-preview"), false),
            (Some("2024-10-21"), false),
        ] {
            assert_eq!(azure(version).has_responses(), has, "{version:?}");
        }
        assert!(!Addressing::Plain.has_responses());
    }

    #[test]
    fn a_realtime_session_names_its_model_or_deployment_in_the_query() {
        let at = |addressing: &Addressing, model| addressing.realtime("/realtime", model);
        let is = |path: &str| Some(path.to_owned());
        assert_eq!(at(&Addressing::Plain, Some("gpt-realtime")), is("/realtime?model=gpt-realtime"));
        assert_eq!(at(&Addressing::Plain, Some("a&b=c")), is("/realtime?model=a%26b%3Dc"));
        assert_eq!(at(&Addressing::Plain, None), is("/realtime?intent=transcription"));
        assert_eq!(at(&azure(None), Some("gpt-4o")), is("/openai/v1/realtime?model=my%20deployment"));
        assert_eq!(at(&azure(Some("preview")), Some("o")), is("/openai/v1/realtime?model=o"));
        let dated = azure(Some("2025-04-01-preview"));
        let path = "/openai/realtime?api-version=2025-04-01-preview&";
        assert_eq!(at(&dated, Some("gpt-4o")), is(&format!("{path}deployment=my%20deployment")));
        assert_eq!(at(&dated, None), is(&format!("{path}intent=transcription")));
        let vertex = Addressing::Vertex { project: "p".into(), location: "global".into() };
        assert_eq!(at(&vertex, Some("m")), None);
    }

    #[test]
    fn vertex_names_project_location_publisher_and_method() {
        let vertex = Addressing::Vertex { project: "p-1".into(), location: "europe-west1".into() };
        let claude = |stream| {
            let model = "claude-sonnet-4-5@20250929";
            vertex.path(&Called { format: WireFormat::Anthropic, path: "/messages", model, stream })
        };
        let place = "/v1/projects/p-1/locations/europe-west1";
        let name = "publishers/anthropic/models/claude-sonnet-4-5@20250929";
        assert_eq!(claude(false), format!("{place}/{name}:rawPredict"));
        assert_eq!(claude(true), format!("{place}/{name}:streamRawPredict"));
        let model = "anthropic/claude-sonnet-4-5@20250929";
        let counted = Called { format: WireFormat::Anthropic, path: "/messages/count_tokens", model, stream: false };
        assert_eq!(vertex.path(&counted), format!("{place}/publishers/anthropic/models/count-tokens:rawPredict"));
        assert_eq!(vertex.body_model(model), Some("claude-sonnet-4-5@20250929"));
        let path = WireFormat::Gemini.chat_path("gemini-2.5-pro", true);
        let gemini = Called { format: WireFormat::Gemini, path: &path, model: "gemini-2.5-pro", stream: true };
        let wanted = format!("{place}/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
        assert_eq!(vertex.path(&gemini), wanted);
        assert_eq!(vertex.path(&chat("meta/llama-4")), format!("{place}/endpoints/openapi/chat/completions"));
        assert_eq!(Addressing::vertex_address("europe-west1"), "https://europe-west1-aiplatform.googleapis.com");
        assert_eq!(Addressing::vertex_address("global"), "https://aiplatform.googleapis.com");
    }
}
