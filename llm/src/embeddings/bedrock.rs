//! Embeddings of models on Amazon Bedrock: each vendor's own body, posted to InvokeModel. Sources:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-mm.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html> (Cohere).

use bytes::Bytes;
use serde::Serialize;
use weir_domain::dialect::percent_encoded;

use super::request::{COHERE_TEXTS, Purpose, Request, bytes};
use crate::error::RequestError;
use crate::report::{NO_COUNTERPART, Report};
use crate::request::Target;
use crate::wire::Text;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TitanRequest<'a> {
    input_text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_config: Option<TitanConfig>,
}

/// Where the models that also read images have the number of dimensions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TitanConfig {
    output_embedding_length: u64,
}

#[derive(Serialize)]
struct CohereRequest<'a> {
    texts: &'a [Text<'a>],
    input_type: &'static str,
    embedding_types: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u64>,
}

/// Where a model is invoked, below the provider's address.
pub(super) fn path(model: &str) -> String {
    format!("/model/{}/invoke", percent_encoded(model))
}

/// Writes the body.
///
/// # Errors
/// The model is of a vendor whose embeddings are not known, or takes fewer texts at once.
pub(super) fn write(request: &Request<'_>, target: &Target<'_>, report: &mut Report) -> Result<Bytes, RequestError> {
    let id = target.model.to_ascii_lowercase();
    if id.contains("cohere.embed") {
        request.at_most(COHERE_TEXTS)?;
        return bytes(&CohereRequest {
            texts: &request.texts,
            input_type: request.purpose.unwrap_or(Purpose::Document).coheres(),
            embedding_types: ["float"],
            output_dimension: request.dimensions,
        });
    }
    if !id.contains("titan-embed") {
        let problem = "this model makes no embeddings that Weir can ask for; on Bedrock those of Titan and Cohere do";
        return Err(RequestError::unsupported("model", problem));
    }
    request.at_most(1)?;
    if request.purpose.is_some() {
        report.drop("input_type", NO_COUNTERPART)?;
    }
    let (reads_images, is_first) = (id.contains("titan-embed-image"), id.contains("text-v1") || id.contains("g1-text"));
    if is_first && request.dimensions.is_some() {
        report.drop("dimensions", "this model has one number of dimensions")?;
    }
    bytes(&TitanRequest {
        input_text: request.texts.first().map_or("", |text| text),
        dimensions: request.dimensions.filter(|_| !reads_images && !is_first),
        embedding_config: request
            .dimensions
            .filter(|_| reads_images)
            .map(|output_embedding_length| TitanConfig { output_embedding_length }),
    })
}
