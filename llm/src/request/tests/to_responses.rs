//! A chat completion request, or a messages request, becomes a Responses request.

use serde_json::{Value, json};

use super::*;

fn to(model: &'static str) -> Target<'static> {
    Target { format: WireFormat::Responses, max_output_tokens: Some(1_000), ..target(model) }
}

fn from_openai(model: &'static str, body: &Value) -> (Value, Vec<String>) {
    translated_from(Dialect::Openai, body, &to(model)).unwrap()
}

#[test]
fn a_conversation_becomes_items_and_nothing_is_kept_at_the_provider() {
    let body = json!({"model": "m", "stream": true, "stream_options": {"include_usage": true}, "max_tokens": 99, "user": "u",
        "messages": [{"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Look:"},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,BB=="}}]},
            {"role": "assistant", "content": "I ask.", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "one"}],
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": false,
        "response_format": {"type": "json_object"}});
    let (sent, dropped) = from_openai("gpt-4.1", &body);
    assert_eq!(
        sent,
        json!({"model": "gpt-4.1", "instructions": "Be brief.", "stream": true, "store": false,
        "max_output_tokens": 99, "user": "u", "parallel_tool_calls": false,
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look:"},
                {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,BB=="}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I ask."}]},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}"},
            {"type": "function_call_output", "call_id": "c1", "output": "one"}],
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": false}],
        "tool_choice": {"type": "function", "name": "f"}, "text": {"format": {"type": "json_object"}}})
    );
    assert_eq!(dropped, Vec::<String>::new());
}

#[test]
fn a_model_that_reasons_is_asked_in_its_own_words_and_for_what_comes_back() {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "reasoning_effort": "low",
        "max_tokens": 5, "temperature": 0.2, "stop": ["END"], "top_k": 3});
    let (sent, dropped) = from_openai("o4-mini", &body);
    assert_eq!(sent["reasoning"], json!({"effort": "low"}));
    assert_eq!((&sent["include"], &sent["max_output_tokens"]), (&json!(["reasoning.encrypted_content"]), &json!(16)));
    assert!(sent.get("temperature").is_none() && sent.get("stop").is_none());
    assert_eq!(dropped, ["max_tokens", "top_k", "temperature", "stop"]);
    let anthropic = json!({"model": "m", "max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 9000},
        "stop_sequences": ["END"], "messages": [{"role": "user", "content": [
            {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
            {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}]});
    let (sent, dropped) = translated_from(Dialect::Anthropic, &anthropic, &to("gpt-5")).unwrap();
    assert_eq!(sent["reasoning"], json!({"effort": "high", "summary": "auto"}));
    assert_eq!(sent["input"][0]["content"][0], json!({"type": "input_file", "file_url": "https://example.com/a.pdf"}));
    assert_eq!(dropped, ["max_tokens", "stop_sequences", "messages[0].content[1].cache_control"]);
    // A model that does not reason refuses to be asked.
    let (sent, dropped) = from_openai("gpt-4o", &body);
    assert!(sent.get("reasoning").is_none() && sent.get("include").is_none());
    assert_eq!(dropped, ["max_tokens", "reasoning_effort", "top_k", "stop"]);
}

#[test]
fn a_result_with_an_image_stays_one_result() {
    let body = json!({"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "go"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "is_error": true, "content": [
            {"type": "text", "text": "seen"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}]}]}]});
    let (sent, dropped) = translated_from(Dialect::Anthropic, &body, &to("gpt-4.1")).unwrap();
    assert_eq!(
        sent["input"][2]["output"],
        json!([{"type": "input_text", "text": "seen"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"}])
    );
    assert_eq!(dropped, ["messages[2].content[0].is_error"]);
}
