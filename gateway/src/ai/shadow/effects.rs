//! Whether a copy of a chat could do more than answer: what is kept at a vendor, what lies in a vendor's account, and tools
//! that a vendor runs. Such a chat has no shadow.

use serde_json::Value;
use weir_domain::dialect::Dialect;
use weir_llm::Peek;

/// Names of what lies in one vendor's account, wherever they stand.
const STATE: [&str; 11] = [
    "file_id",
    "file_ids",
    "fileUri",
    "file_uri",
    "previous_response_id",
    "conversation",
    "container",
    "cachedContent",
    "cached_content",
    "vector_store_ids",
    "mcp_servers",
];

/// Whether it could. What cannot be read could.
pub(super) fn has_any(inbound: Dialect, peek: &Peek, body: &[u8]) -> bool {
    if peek.binding.is_some() {
        return true;
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return true };
    // The Responses API keeps every response unless it is told not to.
    let is_kept = match inbound {
        Dialect::Responses => body["store"] != false,
        Dialect::Openai | Dialect::Anthropic | Dialect::Gemini => body["store"] == true,
    };
    let prompt = inbound == Dialect::Responses && body.get("prompt").is_some_and(|prompt| !prompt.is_null());
    is_kept || prompt || body["background"] == true || runs_tools(inbound, &body) || names_state(&body)
}

/// Whether there are tools that the caller does not run itself.
fn runs_tools(inbound: Dialect, body: &Value) -> bool {
    let is_callers = |tool: &Value| match inbound {
        Dialect::Gemini => tool.as_object().is_some_and(|tool| {
            tool.keys().all(|name| matches!(name.as_str(), "functionDeclarations" | "function_declarations"))
        }),
        _ => matches!(tool["type"].as_str(), None | Some("function" | "custom")),
    };
    body["tools"].as_array().is_some_and(|tools| !tools.iter().all(is_callers))
}

fn names_state(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.get("type").is_some_and(|kind| kind == "item_reference")
                || fields
                    .iter()
                    .any(|(name, value)| STATE.contains(&name.as_str()) && !value.is_null() || names_state(value))
        }
        Value::Array(items) => items.iter().any(names_state),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_no_more_than_answer_may_be_copied() {
        let has_any = |dialect, body: Value| has_any(dialect, &Peek::default(), body.to_string().as_bytes());
        let function = json!([{"type": "function", "function": {"name": "f"}}]);
        for (dialect, body) in [
            (Dialect::Openai, json!({"messages": [{"role": "user", "content": "Hi"}], "tools": function})),
            (Dialect::Openai, json!({"messages": [], "store": false, "conversation": null})),
            (Dialect::Anthropic, json!({"messages": [], "tools": [{"name": "f", "input_schema": {}}]})),
            (Dialect::Gemini, json!({"contents": [], "tools": [{"functionDeclarations": []}]})),
            (Dialect::Responses, json!({"input": "Hi", "store": false})),
        ] {
            assert!(!has_any(dialect, body.clone()), "{body}");
        }
        for (dialect, body) in [
            (Dialect::Openai, json!({"messages": [], "store": true})),
            (Dialect::Openai, json!({"messages": [{"content": [{"type": "file", "file": {"file_id": "file-1"}}]}]})),
            (Dialect::Anthropic, json!({"messages": [], "mcp_servers": [{"url": "https://x.example"}]})),
            (Dialect::Anthropic, json!({"messages": [], "tools": [{"type": "code_execution_20250825", "name": "x"}]})),
            (Dialect::Gemini, json!({"contents": [], "tools": [{"codeExecution": {}}]})),
            (Dialect::Gemini, json!({"contents": [], "cachedContent": "cachedContents/1"})),
            (Dialect::Responses, json!({"input": "Hi"})),
            (Dialect::Responses, json!({"input": "Hi", "store": false, "tools": [{"type": "mcp"}]})),
            (Dialect::Responses, json!({"input": "Hi", "store": false, "previous_response_id": "resp_1"})),
            (Dialect::Responses, json!({"input": [{"type": "item_reference", "id": "rs_1"}], "store": false})),
        ] {
            assert!(has_any(dialect, body.clone()), "{body}");
        }
        assert!(super::has_any(Dialect::Openai, &Peek::default(), b"{"), "what cannot be read");
    }
}
