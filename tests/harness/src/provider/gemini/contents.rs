//! What Gemini refuses in the conversation: parts, the order of calls and results, signatures of thought.
//! Source: <https://ai.google.dev/gemini-api/docs/thought-signatures>.

use base64::Engine as _;
use serde_json::Value;

use super::check::{Checked, Kind, Members, invalid, members};
use super::{is_third, signature};

const CONTENT: Members = &[("role", Kind::Text), ("parts", Kind::List)];
const PART: Members = &[
    ("text", Kind::Text),
    ("thought", Kind::Bool),
    ("thoughtSignature", Kind::Text),
    ("inlineData", Kind::Message),
    ("fileData", Kind::Message),
    ("functionCall", Kind::Message),
    ("functionResponse", Kind::Message),
    ("executableCode", Kind::Message),
    ("codeExecutionResult", Kind::Message),
    ("toolCall", Kind::Message),
    ("toolResponse", Kind::Message),
    ("videoMetadata", Kind::Message),
    ("mediaResolution", Kind::Message),
];
/// The members of which a part has exactly one.
const DATA: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];
const BLOB: Members = &[("mimeType", Kind::Text), ("data", Kind::Text), ("displayName", Kind::Text)];
const FILE: Members = &[("mimeType", Kind::Text), ("fileUri", Kind::Text), ("displayName", Kind::Text)];
const CALL: Members = &[("id", Kind::Text), ("name", Kind::Text), ("args", Kind::Message)];
const RESPONSE: Members = &[
    ("id", Kind::Text),
    ("name", Kind::Text),
    ("response", Kind::Message),
    ("parts", Kind::List),
    ("willContinue", Kind::Bool),
    ("scheduling", Kind::Text),
];
/// What Google takes in the place of a signature, for calls that no model of its own made.
const NO_SIGNATURE: [&str; 2] = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];

pub(super) fn check(model: &str, request: &Value) -> Checked<()> {
    if let Some(system) = request.get("systemInstruction") {
        members(system, CONTENT, "system_instruction")?;
        each_part(system, "system_instruction")?;
    }
    let contents = request["contents"].as_array().map(Vec::as_slice).unwrap_or_default();
    if contents.is_empty() {
        return invalid("* GenerateContentRequest.contents: contents is not specified\n");
    }
    for (at, content) in contents.iter().enumerate() {
        let place = format!("contents[{at}]");
        members(content, CONTENT, &place)?;
        if !matches!(content["role"].as_str(), None | Some("user" | "model")) {
            return invalid("Please use a valid role: user, model.");
        }
        if parts(content).is_empty() {
            let problem = "contents.parts must not be empty.";
            return invalid(format!("* GenerateContentRequest.{place}.parts: {problem}"));
        }
        each_part(content, &place)?;
    }
    let contents = whole_answers(contents);
    turns(&contents)?;
    if is_third(model) { signatures(&contents) } else { Ok(()) }
}

fn parts(content: &Value) -> &[Value] {
    content["parts"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn count(content: &Value, kind: &str) -> usize {
    parts(content).iter().filter(|part| part.get(kind).is_some()).count()
}

fn each_part(content: &Value, place: &str) -> Checked<()> {
    for (n, part) in parts(content).iter().enumerate() {
        let here = format!("{place}.parts[{n}]");
        members(part, PART, &here)?;
        if DATA.iter().filter(|name| part.get(name).is_some()).count() != 1 {
            let problem = "required oneof field 'data' must have one initialized field";
            return invalid(format!("* GenerateContentRequest.{here}.data: {problem}"));
        }
        members(&part["inlineData"], BLOB, &format!("{here}.inline_data"))?;
        members(&part["fileData"], FILE, &format!("{here}.file_data"))?;
        members(&part["functionCall"], CALL, &format!("{here}.function_call"))?;
        members(&part["functionResponse"], RESPONSE, &format!("{here}.function_response"))?;
        if part.get("inlineData").is_some() {
            blob(&part["inlineData"], &here)?;
        }
        for name in ["functionCall", "functionResponse"] {
            if part.get(name).is_some_and(|data| data["name"].as_str().is_none_or(str::is_empty)) {
                return invalid(format!("* GenerateContentRequest.{here}.{name}.name: Name cannot be empty."));
            }
        }
        if part.get("functionResponse").is_some_and(|data| !data["response"].is_object()) {
            return invalid(format!("* GenerateContentRequest.{here}.function_response.response: required."));
        }
    }
    Ok(())
}

fn blob(blob: &Value, here: &str) -> Checked<()> {
    let data = blob["data"].as_str().unwrap_or_default().replace('-', "+").replace('_', "/");
    if base64::engine::general_purpose::STANDARD.decode(&data).is_err() {
        return invalid(format!("Invalid value at '{here}.inline_data.data' (TYPE_BYTES), Base64 decoding failed"));
    }
    let kind = blob["mimeType"].as_str().unwrap_or_default();
    if kind.is_empty() {
        return invalid(format!("* GenerateContentRequest.{here}.inline_data.mime_type: mimeType parameter missing"));
    }
    if kind.starts_with("image/") && super::super::prompt::image(kind, &data).is_none() {
        return invalid(
            "Unable to process input image. Please retry or report in https://developers.generativeai.google",
        );
    }
    Ok(())
}

/// Pieces of a streamed answer, which Google's clients keep as a content each, are one answer.
fn whole_answers(contents: &[Value]) -> Vec<Value> {
    let mut whole: Vec<Value> = Vec::with_capacity(contents.len());
    for content in contents {
        match whole.last_mut() {
            Some(last) if last["role"] == "model" && content["role"] == "model" => {
                if let Some(before) = last["parts"].as_array_mut() {
                    before.extend(parts(content).iter().cloned());
                }
            }
            _ => whole.push(content.clone()),
        }
    }
    whole
}

/// Results stand directly behind their calls, as many and alone.
fn turns(contents: &[Value]) -> Checked<()> {
    let mut before: Option<&Value> = None;
    for content in contents {
        let (calls, results) = (count(content, "functionCall"), count(content, "functionResponse"));
        if calls > 0 && before.is_none_or(|before| before["role"] == "model") {
            return invalid(
                "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
            );
        }
        let expected = before.map_or(0, |before| count(before, "functionCall"));
        let whole = results == expected && results == parts(content).len();
        if (results > 0 && !whole) || (expected > 0 && results == 0) {
            return invalid(
                "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
            );
        }
        if results > 0
            && before.is_some_and(|before| names(before, "functionCall") != names(content, "functionResponse"))
        {
            return invalid("Please ensure that function response parts are in the order of the function call parts.");
        }
        before = Some(content);
    }
    Ok(())
}

fn names(content: &Value, kind: &str) -> Vec<String> {
    let data = parts(content).iter().filter_map(|part| part.get(kind));
    data.map(|data| data["name"].as_str().unwrap_or_default().to_owned()).collect()
}

/// In the current turn, which begins with the last words of the user, the first call of each answer is signed. What is
/// signed anywhere was signed by this vendor.
fn signatures(contents: &[Value]) -> Checked<()> {
    let speaks = |content: &Value| content["role"] != "model" && count(content, "functionResponse") == 0;
    let current = contents.iter().rposition(speaks).unwrap_or(0);
    for (at, content) in contents.iter().enumerate() {
        let calls = parts(content).iter().filter(|part| part.get("functionCall").is_some());
        for (n, part) in calls.enumerate() {
            let call = &part["functionCall"];
            let name = call["name"].as_str().unwrap_or_default();
            match part["thoughtSignature"].as_str() {
                None if n == 0 && at > current => {
                    return invalid(format!(
                        "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{name}` , position {}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
                        at + 1
                    ));
                }
                Some(given)
                    if !NO_SIGNATURE.contains(&given)
                        && given.replace('-', "+").replace('_', "/") != signature(name, &call["args"]) =>
                {
                    return invalid("Corrupted thought signature.");
                }
                _ => {}
            }
        }
    }
    Ok(())
}
