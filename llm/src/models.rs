//! The list of models, as `GET /v1/models` shows it in each dialect.

use bytes::Bytes;
use serde::Serialize;
use weir_domain::catalog::Modality;
use weir_domain::dialect::Dialect;
use weir_domain::time::to_rfc3339;

/// One model that a caller may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    /// What goes into `model`.
    pub id: String,
    /// When it came to be, seconds since 1970.
    pub created: u64,
    /// Who offers it.
    pub owned_by: String,
    /// A name for people; the id when absent.
    pub display_name: Option<String>,
    /// What it is for, where that is known.
    pub modality: Option<Modality>,
}

/// The body of `GET /v1/models`, all models on one page.
/// Sources: <https://platform.openai.com/docs/api-reference/models/list>,
/// <https://docs.anthropic.com/en/api/models-list>, <https://ai.google.dev/api/models>.
#[must_use]
pub fn models_list(inbound: Dialect, models: &[ModelEntry]) -> Bytes {
    let body = match inbound {
        Dialect::Openai | Dialect::Responses => {
            serde_json::to_vec(&OpenaiList { object: "list", data: models.iter().map(OpenaiModel::of).collect() })
        }
        Dialect::Anthropic => serde_json::to_vec(&AnthropicList {
            data: models.iter().map(AnthropicModel::of).collect(),
            has_more: false,
            first_id: models.first().map(|m| m.id.as_str()),
            last_id: models.last().map(|m| m.id.as_str()),
        }),
        Dialect::Gemini => serde_json::to_vec(&GeminiList { models: models.iter().map(GeminiModel::of).collect() }),
    };
    // Structs of strings and numbers always serialise.
    body.unwrap_or_default().into()
}

/// The body that shows one model.
#[must_use]
pub fn model(inbound: Dialect, model: &ModelEntry) -> Bytes {
    let body = match inbound {
        Dialect::Openai | Dialect::Responses => serde_json::to_vec(&OpenaiModel::of(model)),
        Dialect::Anthropic => serde_json::to_vec(&AnthropicModel::of(model)),
        Dialect::Gemini => serde_json::to_vec(&GeminiModel::of(model)),
    };
    body.unwrap_or_default().into()
}

#[derive(Serialize)]
struct OpenaiList<'a> {
    object: &'static str,
    data: Vec<OpenaiModel<'a>>,
}

#[derive(Serialize)]
struct OpenaiModel<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'a str,
}

impl<'a> OpenaiModel<'a> {
    fn of(m: &'a ModelEntry) -> Self {
        Self { id: &m.id, object: "model", created: m.created, owned_by: &m.owned_by }
    }
}

#[derive(Serialize)]
struct AnthropicList<'a> {
    data: Vec<AnthropicModel<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

#[derive(Serialize)]
struct AnthropicModel<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: String,
}

impl<'a> AnthropicModel<'a> {
    fn of(m: &'a ModelEntry) -> Self {
        Self {
            kind: "model",
            id: &m.id,
            display_name: m.display_name.as_deref().unwrap_or(&m.id),
            created_at: to_rfc3339(i64::try_from(m.created).unwrap_or(0).saturating_mul(1_000_000)),
        }
    }
}

#[derive(Serialize)]
struct GeminiList<'a> {
    models: Vec<GeminiModel<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeminiModel<'a> {
    name: String,
    display_name: &'a str,
    /// What may be asked of the model in this dialect, whoever provides it.
    supported_generation_methods: &'static [&'static str],
}

impl<'a> GeminiModel<'a> {
    fn of(m: &'a ModelEntry) -> Self {
        Self {
            name: format!("models/{}", m.id),
            display_name: m.display_name.as_deref().unwrap_or(&m.id),
            supported_generation_methods: methods(m.modality),
        }
    }
}

/// What Gemini's dialect has for a kind of model. Of an unknown one it is taken that it chats, as most do.
fn methods(modality: Option<Modality>) -> &'static [&'static str] {
    match modality {
        None | Some(Modality::Chat | Modality::Responses) => &["generateContent", "countTokens"],
        Some(Modality::Embedding) => &["embedContent", "batchEmbedContents"],
        Some(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> ModelEntry {
        let (id, owned_by) = ("chat".into(), "demo".into());
        ModelEntry { id, created: 1_700_000_000, owned_by, display_name: None, modality: None }
    }

    #[test]
    fn openai_list_has_the_shape_its_sdk_parses() {
        assert_eq!(
            models_list(Dialect::Openai, &[entry()]),
            r#"{"object":"list","data":[{"id":"chat","object":"model","created":1700000000,"owned_by":"demo"}]}"#
        );
    }

    #[test]
    fn anthropic_list_has_the_shape_its_sdk_parses() {
        assert_eq!(
            models_list(Dialect::Anthropic, &[entry()]),
            concat!(
                r#"{"data":[{"type":"model","id":"chat","display_name":"chat","created_at":"2023-11-14T22:13:20Z"}],"#,
                r#""has_more":false,"first_id":"chat","last_id":"chat"}"#
            )
        );
        assert_eq!(
            models_list(Dialect::Anthropic, &[]),
            r#"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#
        );
    }

    #[test]
    fn gemini_list_has_the_shape_its_sdk_parses() {
        let one = concat!(
            r#"{"name":"models/chat","displayName":"chat","#,
            r#""supportedGenerationMethods":["generateContent","countTokens"]}"#
        );
        assert_eq!(models_list(Dialect::Gemini, &[entry()]), format!(r#"{{"models":[{one}]}}"#));
        assert_eq!(model(Dialect::Gemini, &entry()), one);
    }

    #[test]
    fn gemini_callers_are_told_what_can_be_asked_of_each_kind_of_model() {
        for (modality, methods) in [
            (None, r#"["generateContent","countTokens"]"#),
            (Some(Modality::Chat), r#"["generateContent","countTokens"]"#),
            (Some(Modality::Embedding), r#"["embedContent","batchEmbedContents"]"#),
            (Some(Modality::Rerank), "[]"),
            (Some(Modality::Image), "[]"),
            (Some(Modality::AudioSpeech), "[]"),
        ] {
            let shown = model(Dialect::Gemini, &ModelEntry { modality, ..entry() });
            let shown = std::str::from_utf8(&shown).unwrap();
            assert!(shown.contains(&format!("\"supportedGenerationMethods\":{methods}")), "{modality:?}: {shown}");
        }
    }
}
