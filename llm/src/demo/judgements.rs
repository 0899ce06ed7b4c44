//! Moderation of the demo provider: a category's score is 1 when one of its words stands in the text, else 0.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::request::fingerprint;
use super::vectors::words;
use crate::error::{ErrorKind, WireError};

/// The model that judges.
pub(super) const MODEL: &str = "demo-moderation";

/// OpenAI's categories, and the words by which this model knows them.
const CATEGORIES: [(&str, &[&str]); 13] = [
    ("harassment", &["idiot", "stupid"]),
    ("harassment/threatening", &[]),
    ("hate", &["hate"]),
    ("hate/threatening", &[]),
    ("illicit", &["steal", "smuggle"]),
    ("illicit/violent", &["bomb"]),
    ("self-harm", &["suicide"]),
    ("self-harm/instructions", &[]),
    ("self-harm/intent", &[]),
    ("sexual", &["sex"]),
    ("sexual/minors", &[]),
    ("violence", &["attack", "bomb", "kill"]),
    ("violence/graphic", &[]),
];

/// Answers a moderation whose model is [`MODEL`].
///
/// # Errors
/// What the caller is to be told.
pub(super) fn answer(request: &Value) -> Result<Value, WireError> {
    let texts = texts(request.get("input").unwrap_or(&Value::Null)).ok_or_else(|| {
        let message = "input: send a text, a list of texts, or a list of parts with a text";
        WireError::gateway(ErrorKind::InvalidRequest, message).with_param("input")
    })?;
    let results: Vec<Value> = texts.iter().map(|text| judged(text)).collect();
    let id = format!("modr-{:016x}", fingerprint(texts.concat().as_bytes()));
    Ok(json!({"id": id, "model": MODEL, "results": results}))
}

/// Texts, each judged for itself; parts of one input are judged as one, images among them as nothing.
fn texts(input: &Value) -> Option<Vec<String>> {
    match input {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_object) => {
            let parts = list.iter().filter_map(|part| part.get("text").and_then(Value::as_str));
            Some(vec![parts.collect::<Vec<_>>().join("\n")])
        }
        Value::Array(list) if !list.is_empty() => list.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn judged(text: &str) -> Value {
    let said: HashSet<String> = words(text).collect();
    let (mut categories, mut scores) = (Map::new(), Map::new());
    for (name, known) in CATEGORIES {
        let found = known.iter().any(|word| said.contains(*word));
        categories.insert(name.to_owned(), found.into());
        scores.insert(name.to_owned(), json!(if found { 1.0 } else { 0.0 }));
    }
    let flagged = categories.values().any(|found| found == true);
    json!({"flagged": flagged, "categories": categories, "category_scores": scores})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_judged_for_itself_and_parts_as_one() {
        let told = answer(&json!({"input": ["a walk", "a Bomb!"]})).unwrap();
        assert_eq!((&told["results"][0]["flagged"], &told["results"][1]["flagged"]), (&json!(false), &json!(true)));
        let both = &told["results"][1]["categories"];
        assert_eq!(
            (&both["violence"], &both["illicit/violent"], &both["hate"]),
            (&json!(true), &json!(true), &json!(false))
        );
        let parts = json!([{"type": "text", "text": "I hate"}, {"type": "image_url", "image_url": {"url": "x"}}]);
        let told = answer(&json!({"input": parts})).unwrap();
        assert_eq!(
            (told["results"].as_array().unwrap().len(), &told["results"][0]["category_scores"]["hate"]),
            (1, &json!(1.0))
        );
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for input in [json!(null), json!([]), json!(7), json!(["a", 7])] {
            assert_eq!(answer(&json!({"input": input})).unwrap_err().param.as_deref(), Some("input"));
        }
    }
}
