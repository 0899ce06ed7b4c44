//! No input panics, whatever it is; and what comes out is JSON wherever JSON is promised.

use proptest::prelude::*;

use super::*;
use crate::{models_list, read_error, render_error};

/// Names that the code looks for, so that random objects reach deep into it.
const NAMES: [&str; 100] = [
    "input",
    "output",
    "summary",
    "encrypted_content",
    "call_id",
    "item",
    "output_index",
    "response",
    "status",
    "instructions",
    "reasoning",
    "effort",
    "contents",
    "parts",
    "thought",
    "thoughtSignature",
    "inlineData",
    "inline_data",
    "mimeType",
    "fileData",
    "fileUri",
    "functionCall",
    "functionResponse",
    "args",
    "systemInstruction",
    "functionDeclarations",
    "parametersJsonSchema",
    "toolConfig",
    "functionCallingConfig",
    "mode",
    "generationConfig",
    "maxOutputTokens",
    "stopSequences",
    "responseSchema",
    "thinkingConfig",
    "thinkingBudget",
    "candidates",
    "usageMetadata",
    "promptTokenCount",
    "model",
    "messages",
    "role",
    "content",
    "type",
    "text",
    "image_url",
    "url",
    "file",
    "file_data",
    "tool_calls",
    "id",
    "function",
    "name",
    "arguments",
    "tool_call_id",
    "tools",
    "parameters",
    "input_schema",
    "tool_choice",
    "stop",
    "stop_sequences",
    "stream",
    "stream_options",
    "include_usage",
    "max_tokens",
    "temperature",
    "thinking",
    "signature",
    "budget_tokens",
    "reasoning_effort",
    "output_config",
    "format",
    "schema",
    "response_format",
    "json_schema",
    "system",
    "source",
    "media_type",
    "data",
    "tool_use_id",
    "is_error",
    "input",
    "cache_control",
    "metadata",
    "user_id",
    "choices",
    "message",
    "finish_reason",
    "usage",
    "prompt_tokens",
    "output_tokens",
    "error",
    "code",
    "delta",
    "thinking_blocks",
    "tool_plan",
    "billed_units",
    "input_tokens",
    "done_reason",
    "citations",
];

const WORDS: [&str; 39] = [
    "message",
    "function_call",
    "function_call_output",
    "input_text",
    "output_text",
    "weir-x1.s.sig",
    "model",
    "ANY",
    "OBJECT",
    "d2VpcjpzaWc6YQ==",
    "image/png",
    "user",
    "assistant",
    "system",
    "tool",
    "text",
    "image",
    "image_url",
    "file",
    "document",
    "tool_use",
    "tool_result",
    "thinking",
    "redacted_thinking",
    "function",
    "base64",
    "url",
    "auto",
    "required",
    "any",
    "json_schema",
    "json_object",
    "enabled",
    "adaptive",
    "high",
    "{\"a\":1}",
    "data:image/png;base64,AA==",
    "",
    "\u{e9}\u{1f980}\r\n\"\\",
];

/// JSON that looks like requests and answers.
fn lookalike() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0u64..5000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(&WORDS[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 96, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(&NAMES[..]), inner, 0..8).prop_map(|map| {
                Value::Object(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

/// A request whose outer form is right.
fn request() -> impl Strategy<Value = Value> {
    let message = (prop::sample::select(&["user", "assistant", "tool", "system"][..]), lookalike(), lookalike())
        .prop_map(|(role, content, more)| {
            let mut message = more.as_object().cloned().unwrap_or_default();
            message.insert("role".into(), role.into());
            message.insert("content".into(), content);
            Value::Object(message)
        });
    (prop::collection::vec(message, 0..5), lookalike()).prop_map(|(messages, more)| {
        let mut request = more.as_object().cloned().unwrap_or_default();
        request.insert("model".into(), "m".into());
        let contents: Vec<Value> = messages.iter().map(|message| {
            json!({"role": if message["role"] == "assistant" { "model" } else { "user" }, "parts": [message["content"]]})
        }).collect();
        request.insert("contents".into(), contents.into());
        request.insert("messages".into(), messages.clone().into());
        request.insert("input".into(), messages.into());
        Value::Object(request)
    })
}

/// All pairs. What is made is JSON; within a dialect nothing changes but `model` and `stream_options`.
fn check_request(body: &Bytes, strict: bool) {
    for inbound in DIALECTS {
        let Ok(seen) = peeked(inbound, body, false) else { continue };
        for format in FORMATS {
            let target = Target { strict, ..target(format) };
            let Ok(made) = prepare(inbound, &seen, body, &target) else { continue };
            let mut sent: Value = serde_json::from_slice(&made.body).unwrap();
            assert!(!strict || made.dropped.is_empty());
            match format {
                WireFormat::Gemini => assert!(made.path.starts_with("/models/demo-small:generateContent")),
                WireFormat::Bedrock => assert!(made.path.starts_with("/model/demo-small/converse"), "{}", made.path),
                _ => assert_eq!(sent["model"], "demo-small"),
            }
            // What was taken out is reported; nothing else may differ.
            if format == inbound.format() && made.dropped.is_empty() {
                let mut original: Value = serde_json::from_slice(body).unwrap();
                for value in [&mut sent, &mut original] {
                    let object = value.as_object_mut().unwrap();
                    object.remove("model");
                    object.remove("stream_options");
                }
                assert_eq!(sent, original);
            }
        }
    }
}

fn check_answer(body: &Bytes) {
    let seen = Peek::default();
    for upstream in FORMATS {
        for inbound in DIALECTS {
            if let Ok(answer) = answer(&context(inbound, upstream, &seen), body, &price) {
                serde_json::from_slice::<Value>(&answer.body).unwrap();
            }
            let error = read_error(upstream, 500, None, body);
            serde_json::from_slice::<Value>(&render_error(inbound, &error)).unwrap();
        }
    }
    assert!(demo::respond(body).status >= 200);
}

proptest! {
    #[test]
    fn any_json_as_request(body in prop_oneof![request(), lookalike()], strict in any::<bool>()) {
        check_request(&Bytes::from(body.to_string()), strict);
    }

    #[test]
    fn any_json_as_answer(body in lookalike()) {
        let bytes = Bytes::from(body.to_string());
        check_answer(&bytes);
        check_answer(&Bytes::from(json!({"choices": [{"message": body, "finish_reason": "stop"}]}).to_string()));
        check_answer(&Bytes::from(json!({"content": [body], "usage": body}).to_string()));
        check_answer(&Bytes::from(json!({"message": body, "usage": body, "done": true}).to_string()));
        check_answer(&Bytes::from(json!({"output": [body], "usage": body}).to_string()));
        check_answer(&Bytes::from(json!({"candidates": [{"content": {"parts": [body]}}], "usageMetadata": body}).to_string()));
    }

    #[test]
    fn any_json_as_event(bodies in prop::collection::vec(lookalike(), 0..6)) {
        for upstream in FORMATS {
            for inbound in DIALECTS {
                let mut translator = StreamTranslator::new(context(inbound, upstream, &Peek::default()), Arc::new(price));
                let mut out = BytesMut::new();
                for body in &bodies {
                    for event in [body.clone(), json!({"choices": [{"delta": body}], "usage": body}),
                        json!({"type": "content_block_delta", "index": 0, "delta": body}),
                        json!({"candidates": [{"content": {"parts": [body]}, "finishReason": body}], "usageMetadata": body}),
                        json!({"type": "content-delta", "delta": {"message": {"content": body}}}),
                        json!({"type": "tool-call-start", "delta": {"message": {"tool_calls": body}}}),
                        json!({"type": "message-end", "delta": body}),
                        json!({"message": body, "done": false}),
                        json!({"type": "response.output_item.done", "output_index": 0, "item": body}),
                        json!({"type": "response.completed", "response": body})] {
                        let framed = match upstream {
                            WireFormat::Ollama => format!("{event}\n"),
                            _ => format!("data: {event}\n\n"),
                        };
                        let _ = translator.push(framed.as_bytes(), &mut out);
                    }
                }
                let _ = translator.finish(&mut out);
            }
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let bytes = Bytes::from(bytes);
        check_request(&bytes, false);
        check_answer(&bytes);
    }

    #[test]
    fn a_model_of_any_name_is_listed(id in ".*") {
        let entry = crate::ModelEntry { id: id.clone(), created: 0, owned_by: "x".into(), display_name: None, modality: None };
        for dialect in DIALECTS {
            let list: Value = serde_json::from_slice(&models_list(dialect, std::slice::from_ref(&entry))).unwrap();
            let shown = match dialect {
                Dialect::Gemini => (&list["models"][0]["name"], format!("models/{id}")),
                Dialect::Openai | Dialect::Anthropic | Dialect::Responses => (&list["data"][0]["id"], id.clone()),
            };
            prop_assert_eq!(shown.0, &Value::from(shown.1));
        }
    }
}
