//! A stream, put together as the caller's SDK puts it together, is the message of the whole answer: the same blocks, in
//! the same order, each with its own text, signature and input.

use serde_json::{Map, Value, json};

use super::*;

/// A stream, and the whole answer that says the same.
type Twin = (&'static str, WireFormat, Vec<u8>, Value);

fn sse(events: &[Value]) -> Vec<u8> {
    let line = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    events.iter().map(line).collect::<String>().into_bytes()
}

/// Reasoning of the Responses API, of which nothing may be shown, and of which several items may follow each other.
fn of_responses() -> Vec<Twin> {
    let sealed = |id: &str, summary: &[&str]| {
        let parts: Vec<Value> = summary.iter().map(|text| json!({"type": "summary_text", "text": text})).collect();
        json!({"type": "reasoning", "id": id, "summary": parts, "encrypted_content": format!("gAAAA-{id}")})
    };
    let said = json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "Four.", "annotations": [], "logprobs": []}]});
    let response = |output: &[Value], status: &str| {
        json!({"id": "resp_1", "object": "response", "status": status, "model": "gpt-5", "output": output,
            "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}})
    };
    let streamed = |items: &[Value]| {
        let mut events = vec![json!({"type": "response.created", "response": response(&[], "in_progress")})];
        for (index, item) in items.iter().enumerate() {
            events.push(json!({"type": "response.output_item.added", "output_index": index,
                "item": {"type": item["type"], "id": item["id"], "summary": []}}));
            for (part, text) in item["summary"].as_array().into_iter().flatten().enumerate() {
                events.push(json!({"type": "response.reasoning_summary_text.delta", "output_index": index,
                    "summary_index": part, "delta": text["text"]}));
            }
            for text in item["content"].as_array().into_iter().flatten() {
                events.push(json!({"type": "response.output_text.delta", "output_index": index, "content_index": 0,
                    "delta": text["text"]}));
            }
            events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
        }
        events.push(json!({"type": "response.completed", "response": response(items, "completed")}));
        sse(&events)
    };
    let hidden = [sealed("rs_1", &[]), said.clone()];
    let twice = [sealed("rs_1", &["First."]), sealed("rs_2", &["Second."]), said.clone()];
    let hidden_twice = [sealed("rs_1", &[]), sealed("rs_2", &[]), sealed("rs_3", &["Third."]), said];
    let items: [(_, &[Value]); 3] = [
        ("reasoning of which nothing is shown", &hidden),
        ("two items of reasoning in a row", &twice),
        ("hidden reasoning, twice, and some that is shown", &hidden_twice),
    ];
    items.map(|(name, items)| (name, WireFormat::Responses, streamed(items), response(items, "completed"))).into()
}

/// Blocks of every kind, of which some show nothing.
fn of_messages() -> Twin {
    let blocks = json!([
        {"type": "thinking", "thinking": "", "signature": "sig-a"},
        {"type": "thinking", "thinking": "Then.", "signature": "sig-b"},
        {"type": "redacted_thinking", "data": "hid"},
        {"type": "text", "text": "Four."},
        {"type": "thinking", "thinking": "", "signature": "sig-c"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}}
    ]);
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": blocks,
        "stop_reason": "tool_use", "usage": {"input_tokens": 9, "output_tokens": 5}});
    let delta = |index: usize, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let mut events = vec![json!({"type": "message_start", "message": {"id": "msg_1", "model": "claude", "content": [],
        "usage": {"input_tokens": 9, "output_tokens": 1}}})];
    for (index, block) in blocks.as_array().unwrap().iter().enumerate() {
        let kind = block["type"].as_str().unwrap();
        let start = match kind {
            "thinking" => json!({"type": kind, "thinking": "", "signature": ""}),
            "text" => json!({"type": kind, "text": ""}),
            "tool_use" => json!({"type": kind, "id": block["id"], "name": block["name"], "input": {}}),
            _ => block.clone(),
        };
        events.push(json!({"type": "content_block_start", "index": index, "content_block": start}));
        match kind {
            "thinking" => {
                if block["thinking"] != "" {
                    events.push(delta(index, json!({"type": "thinking_delta", "thinking": block["thinking"]})));
                }
                events.push(delta(index, json!({"type": "signature_delta", "signature": block["signature"]})));
            }
            "text" => events.push(delta(index, json!({"type": "text_delta", "text": block["text"]}))),
            "tool_use" if block["input"] != json!({}) => {
                let input = block["input"].to_string();
                events.push(delta(index, json!({"type": "input_json_delta", "partial_json": input})));
            }
            _ => {}
        }
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}}));
    events.push(json!({"type": "message_stop"}));
    ("blocks of every kind", WireFormat::Anthropic, sse(&events), message)
}

fn of_converse() -> Twin {
    let converse = json!({"output": {"message": {"role": "assistant", "content": [
        {"reasoningContent": {"reasoningText": {"text": "One.", "signature": "sig-a"}}},
        {"reasoningContent": {"reasoningText": {"text": "Two.", "signature": "sig-b"}}},
        {"text": "Four."}]}}, "stopReason": "end_turn", "usage": {"inputTokens": 9, "outputTokens": 5}});
    let frames = framed(
        r#"event messageStart {"role":"assistant"}
event contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"One."}}}
event contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"sig-a"}}}
event contentBlockStop {"contentBlockIndex":0}
event contentBlockDelta {"contentBlockIndex":1,"delta":{"reasoningContent":{"text":"Two."}}}
event contentBlockDelta {"contentBlockIndex":1,"delta":{"reasoningContent":{"signature":"sig-b"}}}
event contentBlockStop {"contentBlockIndex":1}
event contentBlockDelta {"contentBlockIndex":2,"delta":{"text":"Four."}}
event contentBlockStop {"contentBlockIndex":2}
event messageStop {"stopReason":"end_turn"}
event metadata {"usage":{"inputTokens":9,"outputTokens":5}}"#,
    );
    ("two blocks of reasoning in a row", WireFormat::Bedrock, frames, converse)
}

/// The content of a message as the Messages SDKs put it together: a signature takes the place of the one before.
fn message_of_stream(events: &[Value]) -> Value {
    let (mut blocks, mut inputs) = (Vec::<Value>::new(), Vec::<String>::new());
    for event in events {
        let at = event["index"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or_default();
        match event["type"].as_str().unwrap_or_default() {
            "content_block_start" => {
                assert_eq!(at, blocks.len());
                blocks.push(event["content_block"].clone());
                inputs.push(String::new());
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                for field in ["text", "thinking"] {
                    if let Some(more) = delta[field].as_str() {
                        let whole = format!("{}{more}", blocks[at][field].as_str().unwrap());
                        blocks[at][field] = json!(whole);
                    }
                }
                if delta["signature"].is_string() {
                    blocks[at]["signature"] = delta["signature"].clone();
                }
                inputs[at].push_str(delta["partial_json"].as_str().unwrap_or_default());
            }
            _ => {}
        }
    }
    for (block, input) in blocks.iter_mut().zip(inputs) {
        if !input.is_empty() {
            block["input"] = serde_json::from_str(&input).unwrap();
        }
    }
    Value::Array(blocks)
}

/// The message of a completion: texts are joined, lists by the `index` of their entries.
fn completion_of_stream(events: &[Value]) -> Value {
    let mut message = Map::new();
    for event in events {
        let delta = &event["choices"][0]["delta"];
        for field in ["content", "refusal", "reasoning_content"] {
            if let Some(more) = delta[field].as_str() {
                let whole = message.get(field).and_then(Value::as_str).unwrap_or_default();
                message.insert(field.into(), json!(format!("{whole}{more}")));
            }
        }
        for (field, inner) in [("thinking_blocks", None), ("tool_calls", Some("function"))] {
            for entry in delta[field].as_array().into_iter().flatten() {
                let list = message.entry(field).or_insert_with(|| json!([])).as_array_mut().unwrap();
                let at = usize::try_from(entry["index"].as_u64().unwrap()).unwrap();
                let mut entry = entry.clone();
                entry.as_object_mut().unwrap().remove("index");
                match list.get_mut(at) {
                    None => list.push(entry),
                    Some(before) => {
                        let (before, more) = (&mut before[inner.unwrap()], &entry[inner.unwrap()]["arguments"]);
                        let whole = format!("{}{}", before["arguments"].as_str().unwrap(), more.as_str().unwrap());
                        before["arguments"] = json!(whole);
                    }
                }
            }
        }
    }
    plain(&Value::Object(message))
}

/// A completion's message without what stands for nothing, and with arguments as what they say.
fn plain(message: &Value) -> Value {
    let mut message = message.clone();
    message.as_object_mut().unwrap().retain(|name, value| name != "role" && !value.is_null() && *value != "");
    for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
        let arguments = call["function"]["arguments"].as_str().unwrap().to_owned();
        call["function"]["arguments"] = serde_json::from_str(&arguments).unwrap();
    }
    message
}

/// Parts of one text are one.
fn parts<'a>(answers: impl IntoIterator<Item = &'a Value>) -> Vec<Value> {
    let mut parts = Vec::<Value>::new();
    for answer in answers {
        for part in answer["candidates"][0]["content"]["parts"].as_array().into_iter().flatten() {
            if part["text"] == "" && part.get("thoughtSignature").is_none() {
                continue;
            }
            match parts.last_mut().filter(|last| last["text"].is_string() && part["text"].is_string()) {
                Some(last) if last["thought"] == part["thought"] && last.get("thoughtSignature").is_none() => {
                    let text = format!("{}{}", last["text"].as_str().unwrap(), part["text"].as_str().unwrap());
                    *last = part.clone();
                    last["text"] = json!(text);
                }
                _ => parts.push(part.clone()),
            }
        }
    }
    parts
}

/// The items of a response, without ids, which are made anew for each, and with arguments as what they say.
fn items(response: &Value) -> Value {
    let mut output = response["output"].clone();
    for item in output.as_array_mut().unwrap() {
        item.as_object_mut().unwrap().remove("id");
        if let Some(arguments) = item["arguments"].as_str() {
            item["arguments"] = serde_json::from_str(arguments).unwrap();
        }
    }
    output
}

#[test]
fn a_stream_put_together_is_the_whole_answer_block_by_block() {
    let twins = recorded().into_iter().filter_map(|(name, format, stream)| {
        let whole = fs::read(fixtures().join(format.as_str()).join(format!("{name}.json"))).ok()?;
        Some((name, format, stream, serde_json::from_slice(&whole).unwrap()))
    });
    let odd = of_responses().into_iter().chain([of_messages(), of_converse()]);
    let odd = odd.map(|(name, format, stream, whole)| (name.to_owned(), format, stream, whole));
    let (mut compared, mut wrong) = (0, Vec::new());
    for (name, format, stream, whole) in twins.chain(odd) {
        for inbound in DIALECTS.into_iter().filter(|inbound| format.dialect() != Some(*inbound)) {
            let context = context(format, inbound);
            let body = answer(&context, &Bytes::from(whole.to_string()), &price).unwrap().body;
            let body: Value = serde_json::from_slice(&body).unwrap();
            let seen = run(&context, [stream.as_slice()]);
            assert_eq!(seen.error, None, "{name} to {inbound}");
            let events = checks::events(&seen.out);
            let (streamed, whole) = match inbound {
                Dialect::Anthropic => (message_of_stream(&events), body["content"].clone()),
                Dialect::Openai => (completion_of_stream(&events), plain(&body["choices"][0]["message"])),
                Dialect::Responses => (items(&events.last().unwrap()["response"]), items(&body)),
                Dialect::Gemini => (json!(parts(&events)), json!(parts([&body]))),
            };
            if streamed != whole {
                wrong.push(format!("{} {name} to {inbound}:\n  stream {streamed}\n  whole  {whole}", format.as_str()));
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 90, "{compared}");
}
