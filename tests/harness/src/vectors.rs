//! Vectors of texts, and documents in the order of a query, as each vendor is asked for them and answers; what is not
//! written in the vendor's own format is refused.
//! Sources: <https://platform.openai.com/docs/api-reference/embeddings>, <https://ai.google.dev/api/embeddings>,
//! <https://docs.cohere.com/reference/embed>, <https://docs.cohere.com/reference/rerank>,
//! <https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>.

use base64::Engine as _;
use serde_json::{Value, json};

/// How many numbers a vector has that nobody asked a number for.
const DIMENSIONS: u64 = 3;

/// What a vendor answers, or why it refuses.
type Made = Result<Value, String>;

/// Refuses fields that the vendor does not know, and demands those that it wants.
pub(crate) fn check(body: &Value, wanted: &[&str], known: &[&str]) -> Result<(), String> {
    let object = body.as_object().ok_or("the body is no object")?;
    if let Some(missing) = wanted.iter().find(|field| !object.contains_key(**field)) {
        return Err(format!("{missing} is missing"));
    }
    let unknown = object.keys().find(|key| !wanted.contains(&key.as_str()) && !known.contains(&key.as_str()));
    unknown.map_or(Ok(()), |field| Err(format!("unknown field: {field}")))
}

/// A vector of a text, by its place and length; 0.1 is no binary fraction, so that a lost digit shows.
fn vector(at: usize, text: &str, dimensions: &Value) -> Vec<Value> {
    let mut vector = vec![json!(at), json!(text.len()), json!(0.1)];
    let wanted = usize::try_from(dimensions.as_u64().unwrap_or(DIMENSIONS)).unwrap_or(usize::MAX);
    vector.resize(wanted.min(4_096), json!(0.1));
    vector
}

fn texts<'a>(field: &str, list: &'a Value) -> Result<Vec<&'a str>, String> {
    let list = list.as_array().filter(|list| !list.is_empty()).ok_or_else(|| format!("{field}: not a list"))?;
    list.iter().map(|text| text.as_str().ok_or_else(|| format!("{field}: not a list of texts"))).collect()
}

fn vectors(texts: &[&str], dimensions: &Value) -> Vec<Vec<Value>> {
    texts.iter().enumerate().map(|(at, text)| vector(at, text, dimensions)).collect()
}

/// How many tokens are told: not what any estimate comes to, so that a count that was made up shows.
fn tokens(texts: &[&str]) -> usize {
    texts.len() + 3
}

/// `POST /v1/embeddings`; tokens in the place of texts are read too.
pub(crate) fn openai(body: &Value) -> Made {
    check(body, &["model", "input"], &["encoding_format", "dimensions", "user"])?;
    let one;
    let texts = match &body["input"] {
        Value::String(text) => vec![text.as_str()],
        list if list[0].is_u64() => {
            one = list.to_string();
            vec![one.as_str()]
        }
        list => texts("input", list)?,
    };
    let written = |vector: Vec<Value>| match body["encoding_format"].as_str() {
        None | Some("float") => Ok(Value::Array(vector)),
        #[expect(clippy::cast_possible_truncation, reason = "what the format is")]
        Some("base64") => {
            let bytes: Vec<u8> =
                vector.iter().flat_map(|n| (n.as_f64().unwrap_or_default() as f32).to_le_bytes()).collect();
            Ok(json!(base64::engine::general_purpose::STANDARD.encode(bytes)))
        }
        Some(other) => Err(format!("encoding_format: {other}")),
    };
    let made = vectors(&texts, &body["dimensions"]).into_iter().enumerate();
    let data: Vec<Value> = made
        .map(|(at, vector)| Ok(json!({"object": "embedding", "index": at, "embedding": written(vector)?})))
        .collect::<Result<_, String>>()?;
    let usage = json!({"prompt_tokens": tokens(&texts), "total_tokens": tokens(&texts)});
    Ok(json!({"object": "list", "data": data, "model": body["model"], "usage": usage}))
}

/// `POST /v1beta/models/{model}:batchEmbedContents`.
pub(crate) fn gemini(model: &str, body: &Value) -> Made {
    check(body, &["requests"], &[])?;
    let requests = body["requests"].as_array().filter(|list| !list.is_empty()).ok_or("requests: not a list")?;
    let mut made = Vec::new();
    for (at, request) in requests.iter().enumerate() {
        if request.get("model").is_none() {
            return Err(format!("requests[{at}].model is missing"));
        }
        made.push(gemini_values(model, at, request).map_err(|problem| format!("requests[{at}].{problem}"))?);
    }
    Ok(json!({"embeddings": made, "usageMetadata": {"promptTokenCount": requests.len() + 3}}))
}

/// `POST /v1beta/models/{model}:embedContent`, where the model need not be repeated.
pub(crate) fn gemini_one(model: &str, body: &Value) -> Made {
    let made = gemini_values(model, 0, body)?;
    Ok(json!({"embedding": made, "usageMetadata": {"promptTokenCount": 4}}))
}

fn gemini_values(model: &str, at: usize, request: &Value) -> Made {
    check(request, &["content"], &["model", "taskType", "title", "outputDimensionality"])?;
    if request.get("model").is_some_and(|named| *named != json!(format!("models/{model}"))) {
        return Err(format!("model: {}, not models/{model}", request["model"]));
    }
    let text = request["content"]["parts"][0]["text"].as_str().ok_or("content.parts[0].text: missing")?;
    Ok(json!({"values": vector(at, text, &request["outputDimensionality"])}))
}

/// `POST /v2/embed` at Cohere.
pub(crate) fn cohere(body: &Value) -> Made {
    check(body, &["model", "texts", "input_type", "embedding_types"], &["output_dimension", "truncate"])?;
    let texts = texts("texts", &body["texts"])?;
    let meta = json!({"api_version": {"version": "2"}, "billed_units": {"input_tokens": tokens(&texts)}});
    let made = json!({"float": vectors(&texts, &body["output_dimension"])});
    Ok(json!({"id": "e-1", "embeddings": made, "texts": texts, "meta": meta}))
}

/// `POST /v2/rerank` at Cohere: the longest document first.
pub(crate) fn cohere_rerank(body: &Value) -> Made {
    check(body, &["model", "query", "documents"], &["top_n", "max_tokens_per_doc"])?;
    let documents = texts("documents", &body["documents"])?;
    let mut order: Vec<usize> = (0..documents.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(documents[*at].len()));
    let most = body["top_n"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(order.len());
    let results = order.iter().take(most).map(|index| json!({"index": index, "relevance_score": 0.98}));
    let results: Vec<Value> = results.collect();
    Ok(json!({"id": "r-1", "results": results, "meta": {"billed_units": {"search_units": 1}}}))
}

/// `POST /api/embed` at Ollama.
pub(crate) fn ollama(body: &Value) -> Made {
    check(body, &["model", "input"], &["truncate", "options", "keep_alive", "dimensions"])?;
    let texts = texts("input", &body["input"])?;
    let made = vectors(&texts, &body["dimensions"]);
    Ok(json!({"model": body["model"], "embeddings": made, "prompt_eval_count": tokens(&texts)}))
}

/// `POST /model/{model}/invoke` with Titan's second model of texts, which takes one at a time.
pub(crate) fn titan(body: &Value) -> Made {
    check(body, &["inputText"], &["dimensions", "normalize", "embeddingTypes"])?;
    let text = body["inputText"].as_str().ok_or("inputText: not a text")?;
    Ok(json!({"embedding": vector(0, text, &body["dimensions"]), "inputTextTokenCount": tokens(&[text])}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_was_merely_passed_on_is_refused() {
        let openais = json!({"model": "m", "input": ["a", "bcd"], "encoding_format": "base64"});
        assert!(openai(&openais).is_ok());
        for made in
            [gemini("m", &openais), cohere(&openais), cohere_rerank(&openais), ollama(&openais), titan(&openais)]
        {
            assert!(made.is_err(), "{made:?}");
        }
        let other = json!({"requests": [{"model": "models/other", "content": {"parts": [{"text": "a"}]}}]});
        assert_eq!(gemini("m", &other).unwrap_err(), "requests[0].model: \"models/other\", not models/m");
        assert!(gemini_one("m", &other).is_err() && gemini_one("m", &openais).is_err());
    }

    #[test]
    fn base64_holds_the_same_numbers() {
        let made =
            openai(&json!({"model": "m", "input": "abc", "dimensions": 2, "encoding_format": "base64"})).unwrap();
        let written = made["data"][0]["embedding"].as_str().unwrap();
        let bytes = base64::engine::general_purpose::STANDARD.decode(written).unwrap();
        assert_eq!(bytes, [0_f32, 3.0].map(f32::to_le_bytes).concat());
        let plain = openai(&json!({"model": "m", "input": "abc", "dimensions": 2})).unwrap();
        assert_eq!(plain["data"][0]["embedding"], json!([0, 3]));
    }
}
