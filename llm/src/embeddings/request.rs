//! Reads a request for embeddings, and writes it for providers of another shape. Sources:
//! <https://docs.cohere.com/reference/embed>, <https://ai.google.dev/api/embeddings>,
//! <https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings>.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use weir_domain::dialect::gemini_path;

use crate::error::RequestError;
use crate::peek::{as_text, request_error};
use crate::report::{NO_COUNTERPART, Report};
use crate::request::Target;
use crate::wanted::Layout;
use crate::wire::{Text, parse, record};

record! {
    Embed {
        "model" model: Text<'a>,
        "input" input: &'a RawValue,
        "dimensions" dimensions: u64,
        "encoding_format" encoding_format: Text<'a>,
        "input_type" input_type: Text<'a>,
        "user" user: Text<'a>,
    }
}

/// A request in the neutral form.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) texts: Vec<Text<'a>>,
    pub(super) dimensions: Option<u64>,
    pub(super) purpose: Option<Purpose>,
    /// How the caller gets them.
    pub(super) layout: Layout,
}

/// What the vectors are for: some models make others for a query than for what it is to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Query,
    Document,
    Classification,
    Clustering,
}

impl Purpose {
    /// By the names of Cohere, and by those that Voyage, Jina and NVIDIA have for the first two.
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "search_query" | "query" | "retrieval.query" => Self::Query,
            "search_document" | "document" | "passage" | "retrieval.passage" => Self::Document,
            "classification" => Self::Classification,
            "clustering" => Self::Clustering,
            _ => return None,
        })
    }

    pub(super) fn coheres(self) -> &'static str {
        match self {
            Self::Query => "search_query",
            Self::Document => "search_document",
            Self::Classification => "classification",
            Self::Clustering => "clustering",
        }
    }

    fn geminis(self) -> &'static str {
        match self {
            Self::Query => "RETRIEVAL_QUERY",
            Self::Document => "RETRIEVAL_DOCUMENT",
            Self::Classification => "CLASSIFICATION",
            Self::Clustering => "CLUSTERING",
        }
    }
}

/// Reads a request in OpenAI's shape.
///
/// # Errors
/// A field is missing or wrong, or the input is tokens, which only their own model's provider can read.
pub(super) fn read<'a>(body: &'a Bytes, report: &mut Report) -> Result<Request<'a>, RequestError> {
    let embed: Embed<'a> = parse(as_text(body)?).map_err(request_error)?;
    report.unknown(&embed.extra, str::to_owned)?;
    if embed.user.is_some() {
        report.drop("user", NO_COUNTERPART)?;
    }
    let layout = match embed.encoding_format.as_deref() {
        None | Some("float") => Layout::Numbers,
        Some("base64") => Layout::Base64,
        Some(_) => {
            return Err(RequestError::field("encoding_format", "is none of the known ones", "write float or base64"));
        }
    };
    let purpose = embed.input_type.as_deref().map(|name| {
        Purpose::parse(name).ok_or_else(|| {
            let mend = "write search_query, search_document, classification or clustering";
            RequestError::field("input_type", "is none of the known ones", mend)
        })
    });
    if embed.dimensions == Some(0) {
        return Err(RequestError::field("dimensions", "is 0", "write 1 or more, or leave it out"));
    }
    let Some(input) = embed.input else {
        return Err(RequestError::field("input", "is missing", "send a text or a list of texts"));
    };
    Ok(Request { texts: read_texts(input)?, dimensions: embed.dimensions, purpose: purpose.transpose()?, layout })
}

fn read_texts(input: &RawValue) -> Result<Vec<Text<'_>>, RequestError> {
    let raw = input.get();
    let texts: Vec<Text<'_>> = match serde_json::from_str::<Text<'_>>(raw) {
        Ok(text) => vec![text],
        Err(_) => serde_json::from_str(raw).map_err(|_| {
            let tokens = raw.starts_with('[') && !raw.contains('"') && raw.contains(|c: char| c.is_ascii_digit());
            match tokens {
                true => RequestError::unsupported("input", "the provider reads text, not tokens; send text"),
                false => RequestError::field("input", "is neither a text nor a list of texts", "send one of these"),
            }
        })?,
    };
    match texts.iter().position(|text| text.is_empty()) {
        _ if texts.is_empty() => Err(RequestError::field("input", "is empty", "send at least one text")),
        Some(at) if texts.len() > 1 => {
            Err(RequestError::field(format!("input[{at}]"), "is empty", "send a text of one character or more"))
        }
        Some(_) => Err(RequestError::field("input", "is empty", "send a text of one character or more")),
        None => Ok(texts),
    }
}

/// Texts that Cohere takes at once.
pub(super) const COHERE_TEXTS: usize = 96;
/// Texts that Gemini takes at once.
const GEMINI_TEXTS: usize = 100;

#[derive(Serialize)]
struct OpenaiRequest<'a> {
    model: &'a str,
    input: &'a [Text<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
}

#[derive(Serialize)]
struct CohereRequest<'a> {
    model: &'a str,
    texts: &'a [Text<'a>],
    input_type: &'static str,
    embedding_types: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u64>,
}

#[derive(Serialize)]
struct GeminiBatch<'a> {
    requests: Vec<GeminiRequest<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeminiRequest<'a> {
    model: &'a str,
    content: GeminiContent<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u64>,
}

#[derive(Serialize)]
struct GeminiContent<'a> {
    parts: [GeminiPart<'a>; 1],
}

#[derive(Serialize)]
struct GeminiPart<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct OllamaRequest<'a> {
    model: &'a str,
    input: &'a [Text<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
}

impl Request<'_> {
    /// For OpenAI and those who follow it, with nothing that one of them may refuse: numbers are what all of them answer
    /// with unless asked otherwise.
    pub(super) fn to_openai(&self, target: &Target<'_>, report: &mut Report) -> Result<Bytes, RequestError> {
        if self.purpose.is_some() {
            report.drop("input_type", NO_COUNTERPART)?;
        }
        bytes(&OpenaiRequest { model: target.model, input: &self.texts, dimensions: self.dimensions })
    }

    /// For Cohere, which demands to know what the vectors are for: `search_document` unless the caller's `input_type`
    /// says another.
    pub(super) fn to_cohere(&self, target: &Target<'_>) -> Result<Bytes, RequestError> {
        self.at_most(COHERE_TEXTS)?;
        bytes(&CohereRequest {
            model: target.model,
            texts: &self.texts,
            input_type: self.purpose.unwrap_or(Purpose::Document).coheres(),
            embedding_types: ["float"],
            output_dimension: self.dimensions,
        })
    }

    /// For Gemini: a batch, also of one.
    pub(super) fn to_gemini(&self, target: &Target<'_>) -> Result<Bytes, RequestError> {
        self.at_most(GEMINI_TEXTS)?;
        let path = gemini_path(target.model);
        let request = |text| GeminiRequest {
            model: path.trim_start_matches('/'),
            content: GeminiContent { parts: [GeminiPart { text }] },
            task_type: self.purpose.map(Purpose::geminis),
            output_dimensionality: self.dimensions,
        };
        bytes(&GeminiBatch { requests: self.texts.iter().map(|text| request(text)).collect() })
    }

    /// For Ollama.
    pub(super) fn to_ollama(&self, target: &Target<'_>, report: &mut Report) -> Result<Bytes, RequestError> {
        if self.purpose.is_some() {
            report.drop("input_type", NO_COUNTERPART)?;
        }
        bytes(&OllamaRequest { model: target.model, input: &self.texts, dimensions: self.dimensions })
    }

    pub(super) fn at_most(&self, most: usize) -> Result<(), RequestError> {
        if self.texts.len() <= most {
            return Ok(());
        }
        Err(RequestError::unsupported("input", format!("the provider takes at most {most} texts at once; send fewer")))
    }
}

pub(super) fn bytes(request: &impl Serialize) -> Result<Bytes, RequestError> {
    serde_json::to_vec(request).map(Bytes::from).map_err(|fault| RequestError::Malformed(fault.to_string()))
}
