//! Reads the meaning of a `generateContent` request.

use serde_json::{Value, json};

use super::check::camel;
use crate::provider::prompt::{Choice, History, Prompt, image, text_bytes};

pub(in crate::provider) fn prompt(request: &Value) -> Prompt {
    let request = &camel(request);
    let contents = request["contents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_words = |c: &&Value| c["role"] != "model" && !(text(c).is_empty() && images(c).is_empty());
    let last_user = contents.iter().rev().find(is_words).unwrap_or(&Value::Null);
    let config = &request["generationConfig"];
    let choice = &request["toolConfig"]["functionCallingConfig"];
    Prompt {
        history: history(contents),
        system: text(&request["systemInstruction"]),
        user: text(last_user),
        images: images(last_user),
        results: results(contents),
        tools: tools(request),
        choice: match (choice["mode"].as_str(), choice["allowedFunctionNames"][0].as_str()) {
            (Some("NONE"), _) => Choice::None,
            (Some("ANY"), Some(name)) => Choice::Tool(name.to_owned()),
            (Some("ANY"), None) => Choice::Any,
            _ => Choice::Auto,
        },
        parallel: true,
        schema: config.get("responseSchema").map(plain).or_else(|| config.get("responseJsonSchema").cloned()),
        json: config["responseMimeType"] == "application/json",
        thinking: config["thinkingConfig"]["includeThoughts"] == true,
        max_tokens: config["maxOutputTokens"].as_u64(),
        stop: config["stopSequences"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|s| s.as_str().map(str::to_owned))
            .collect(),
        bytes: text_bytes(&request["contents"])
            + text_bytes(&request["systemInstruction"])
            + text_bytes(&request["tools"]),
    }
}

fn history(contents: &[Value]) -> Vec<String> {
    let mut history = History::default();
    for content in contents {
        if content["role"] != "model" {
            history.user(&text(content), &images(content));
        }
        for part in parts(content) {
            if content["role"] == "model" && part["thought"] != true {
                history.assistant(part["text"].as_str().unwrap_or_default());
            }
            if let Some(call) = part.get("functionCall") {
                history.call("", call["name"].as_str().unwrap_or_default(), &call["args"]);
            }
            if let Some(result) = part.get("functionResponse") {
                history.named_result(result["name"].as_str().unwrap_or_default(), &said(result));
            }
        }
    }
    history.lines()
}

fn parts(content: &Value) -> impl Iterator<Item = &Value> {
    content["parts"].as_array().into_iter().flatten()
}

/// The text of a turn, without the blank that stands where there is none.
fn text(content: &Value) -> String {
    let texts = parts(content).filter_map(|part| part["text"].as_str()).filter(|text| !text.trim().is_empty());
    texts.collect::<Vec<_>>().join("\n")
}

fn images(content: &Value) -> Vec<String> {
    let of = |part: &Value| {
        if let Some(blob) = part.get("inlineData") {
            let data = blob["data"].as_str().unwrap_or_default().replace('-', "+").replace('_', "/");
            let found = image(blob["mimeType"].as_str().unwrap_or_default(), &data);
            return Some(found.unwrap_or_else(|| "a broken image".to_owned()));
        }
        part["fileData"]["fileUri"].as_str().map(|uri| format!("the image at {uri}"))
    };
    parts(content).filter_map(of).collect()
}

/// Results behind the last answer.
fn results(contents: &[Value]) -> Vec<(String, String)> {
    let last = contents.iter().rposition(|c| c["role"] == "model").map_or(0, |at| at + 1);
    let responses = contents[last..].iter().flat_map(parts).filter_map(|part| part.get("functionResponse"));
    responses.map(|r| (r["name"].as_str().unwrap_or("?").to_owned(), said(r))).collect()
}

/// What a tool gave back: the text of `output` or `result`, else the object.
fn said(result: &Value) -> String {
    let response = &result["response"];
    let plain = response["output"].as_str().or(response["result"].as_str());
    plain.map_or_else(|| response.to_string(), str::to_owned)
}

fn tools(request: &Value) -> Vec<(String, Value)> {
    let tools = request["tools"].as_array().into_iter().flatten();
    let functions = tools.flat_map(|t| t["functionDeclarations"].as_array().into_iter().flatten());
    functions
        .filter_map(|f| {
            let schema = f.get("parametersJsonSchema").cloned().unwrap_or_else(|| plain(&f["parameters"]));
            Some((f["name"].as_str()?.to_owned(), schema))
        })
        .collect()
}

/// Google's schema in the words of JSON Schema, as far as answers are made from it.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match (name.as_str(), value.as_str()) {
                ("type", Some(kind)) => (name.clone(), json!(kind.to_lowercase())),
                _ => (name.clone(), plain(value)),
            })
            .collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}
