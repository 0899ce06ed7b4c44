//! Tools whose names only the caller's dialect takes: called under others, answered under their own.

use super::*;

/// Two that differ where neither vendor reads, one with characters that none takes, one that fits everywhere.
fn names() -> [String; 4] {
    let long = format!("mcp__a_server_with_a_long_name__{}", "x".repeat(100));
    [format!("{long}_1"), format!("{long}_2"), "files/read.all: \u{e9}".to_owned(), "get_time".to_owned()]
}

/// A conversation in which every tool was called, and the first is to be called now.
fn request(inbound: Dialect) -> Value {
    let names = names();
    let schema = json!({"type": "object", "properties": {}});
    match inbound {
        Dialect::Gemini => {
            let tools = names.each_ref().map(|n| json!({"name": n, "parametersJsonSchema": schema}));
            let calls = names.each_ref().map(|n| json!({"functionCall": {"name": n, "args": {}}}));
            let results =
                names.each_ref().map(|n| json!({"functionResponse": {"name": n, "response": {"output": "ok"}}}));
            json!({"contents": [{"role": "user", "parts": [{"text": "go"}]}, {"role": "model", "parts": calls},
                {"role": "user", "parts": results}], "tools": [{"functionDeclarations": tools}],
                "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [names[0]]}}})
        }
        Dialect::Openai => {
            let tools =
                names.each_ref().map(|n| json!({"type": "function", "function": {"name": n, "parameters": schema}}));
            let calls: Vec<Value> = (0..).zip(&names)
                .map(|(i, n)| json!({"id": format!("c{i}"), "type": "function", "function": {"name": n, "arguments": "{}"}}))
                .collect();
            let mut messages =
                vec![json!({"role": "user", "content": "go"}), json!({"role": "assistant", "tool_calls": calls})];
            messages.extend(
                (0..names.len()).map(|i| json!({"role": "tool", "tool_call_id": format!("c{i}"), "content": "ok"})),
            );
            json!({"model": "m", "messages": messages, "tools": tools,
                "tool_choice": {"type": "function", "function": {"name": names[0]}}})
        }
        Dialect::Anthropic => {
            let tools = names.each_ref().map(|n| json!({"name": n, "input_schema": schema}));
            let calls: Vec<Value> = (0..)
                .zip(&names)
                .map(|(i, n)| json!({"type": "tool_use", "id": format!("c{i}"), "name": n, "input": {}}))
                .collect();
            let results: Vec<Value> = (0..names.len())
                .map(|i| json!({"type": "tool_result", "tool_use_id": format!("c{i}"), "content": "ok"}))
                .collect();
            json!({"model": "m", "max_tokens": 100, "tools": tools, "tool_choice": {"type": "tool", "name": names[0]},
                "messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": calls},
                    {"role": "user", "content": results}]})
        }
        Dialect::Responses => {
            let tools = names.each_ref().map(|n| json!({"type": "function", "name": n, "parameters": schema}));
            let calls = (0..).zip(&names).map(
                |(i, n)| json!({"type": "function_call", "call_id": format!("c{i}"), "name": n, "arguments": "{}"}),
            );
            let results = (0..names.len())
                .map(|i| json!({"type": "function_call_output", "call_id": format!("c{i}"), "output": "ok"}));
            let input: Vec<Value> =
                [json!({"role": "user", "content": "go"})].into_iter().chain(calls).chain(results).collect();
            json!({"model": "m", "input": input, "tools": tools,
                "tool_choice": {"type": "function", "name": names[0]}})
        }
    }
}

/// The names as the upstream reads them: offered, called before, to be called.
fn sent_names(upstream: Dialect, sent: &Value) -> (Vec<String>, Vec<String>, String) {
    let all = |list: &Value, path: &str| -> Vec<String> {
        let found = list.as_array().unwrap().iter().filter_map(|item| item.pointer(path)?.as_str());
        found.map(str::to_owned).collect()
    };
    let (name, calls, choice) = match upstream {
        Dialect::Openai => ("/function/name", "/messages/1/tool_calls", "/tool_choice/function/name"),
        Dialect::Anthropic => ("/name", "/messages/1/content", "/tool_choice/name"),
        Dialect::Responses => ("/name", "/input", "/tool_choice/name"),
        Dialect::Gemini => {
            let declared = all(sent.pointer("/tools/0/functionDeclarations").unwrap(), "/name");
            let called = all(sent.pointer("/contents/1/parts").unwrap(), "/functionCall/name");
            let allowed = sent.pointer("/toolConfig/functionCallingConfig/allowedFunctionNames/0").unwrap();
            let answered = all(sent.pointer("/contents/2/parts").unwrap(), "/functionResponse/name");
            assert_eq!(answered, called);
            return (declared, called, allowed.as_str().unwrap().to_owned());
        }
    };
    let chosen = sent.pointer(choice).unwrap().as_str().unwrap().to_owned();
    (all(&sent["tools"], name), all(sent.pointer(calls).unwrap(), name), chosen)
}

/// What an upstream says that calls each of these tools.
fn calling(upstream: Dialect, names: &[String]) -> (Bytes, Vec<u8>) {
    let mut stream = String::new();
    let mut event = |value: Value| stream.push_str(&format!("data: {value}\n\n"));
    let whole = match upstream {
        Dialect::Openai => {
            let call = |(i, n): (usize, &String)| json!({"index": i, "id": format!("d{i}"), "type": "function", "function": {"name": n, "arguments": "{}"}});
            let calls: Vec<Value> = names.iter().enumerate().map(call).collect();
            for call in &calls {
                event(json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}));
            }
            event(
                json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
            );
            json!({"id": "c", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "tool_calls": calls},
                "finish_reason": "tool_calls"}]})
        }
        Dialect::Anthropic => {
            let block =
                |(i, n): (usize, &String)| json!({"type": "tool_use", "id": format!("d{i}"), "name": n, "input": {}});
            let blocks: Vec<Value> = names.iter().enumerate().map(block).collect();
            event(json!({"type": "message_start", "message": {"id": "msg_1", "model": "m"}}));
            for (index, block) in blocks.iter().enumerate() {
                event(json!({"type": "content_block_start", "index": index, "content_block": block}));
                event(json!({"type": "content_block_stop", "index": index}));
            }
            event(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}));
            event(json!({"type": "message_stop"}));
            json!({"id": "msg_1", "model": "m", "content": blocks, "stop_reason": "tool_use"})
        }
        Dialect::Responses => {
            let call = |(i, n): (usize, &String)| json!({"type": "function_call", "id": format!("fc_{i}"), "call_id": format!("d{i}"), "name": n, "arguments": "{}"});
            let calls: Vec<Value> = names.iter().enumerate().map(call).collect();
            let whole = json!({"id": "resp_1", "model": "m", "status": "completed", "output": calls});
            for (index, call) in calls.iter().enumerate() {
                event(json!({"type": "response.output_item.done", "output_index": index, "item": call}));
            }
            event(json!({"type": "response.completed", "response": whole}));
            whole
        }
        Dialect::Gemini => {
            let parts: Vec<Value> = names.iter().map(|n| json!({"functionCall": {"name": n, "args": {}}})).collect();
            for part in &parts {
                event(json!({"candidates": [{"content": {"parts": [part]}}]}));
            }
            event(json!({"candidates": [{"finishReason": "STOP"}]}));
            json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]})
        }
    };
    (whole.to_string().into(), stream.into_bytes())
}

/// Every name in a caller's answer, in order.
fn told_names(text: &str) -> Vec<String> {
    let documents =
        text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ").unwrap_or(line)).ok());
    let mut names = Vec::new();
    for document in documents {
        collect(&document, &mut names);
    }
    // A stream of the Responses API tells each name when a call begins, when it ends, and at the end of all.
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(fields) => {
            for (name, inner) in fields {
                match inner.as_str().filter(|_| name == "name") {
                    Some(text) => names.push(text.to_owned()),
                    None => collect(inner, names),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_tool_is_called_and_answered_under_a_name_that_its_reader_takes() {
    let plain =
        |name: &String| name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let pairs = DIALECTS.into_iter().flat_map(|inbound| DIALECTS.map(|upstream| (inbound, upstream)));
    for (inbound, upstream) in pairs.filter(|(inbound, upstream)| inbound != upstream) {
        let body = Bytes::from(request(inbound).to_string());
        let seen = peeked(inbound, &body, false).unwrap();
        let made = prepare(inbound, &seen, &body, &Target { strict: true, ..target(upstream) }).unwrap();
        let (offered, called, chosen) = sent_names(upstream, &serde_json::from_slice(&made.body).unwrap());
        assert!(offered.iter().all(plain), "{offered:?}");
        assert_eq!(offered.iter().collect::<std::collections::HashSet<_>>().len(), 4, "{offered:?}");
        assert_eq!((&called, &chosen, offered[3].as_str()), (&offered, &offered[0], "get_time"));
        assert_eq!(prepare(inbound, &seen, &body, &target(upstream)).unwrap().body, made.body, "the same each time");

        let context = answering(inbound, upstream, &seen, &made);
        let (whole, stream) = calling(upstream, &offered);
        let answered = answer(&context, &whole, &price).unwrap();
        assert_eq!(told_names(std::str::from_utf8(&answered.body).unwrap()), names());
        let run = |pieces: &[&[u8]]| {
            let mut translator = StreamTranslator::new(context.clone(), Arc::new(price));
            let mut out = BytesMut::new();
            pieces.iter().for_each(|piece| translator.push(piece, &mut out).unwrap());
            translator.finish(&mut out).unwrap();
            String::from_utf8(out.to_vec()).unwrap()
        };
        let uncut = run(&[&stream]);
        assert_eq!(told_names(&uncut), names(), "{uncut}");
        for cut in 1..stream.len() {
            let (left, right) = stream.split_at(cut);
            assert_eq!(run(&[left, right]), uncut, "cut at {cut}");
        }
    }
}

#[test]
fn a_name_that_the_model_made_up_is_passed_on() {
    let body = Bytes::from(request(Dialect::Anthropic).to_string());
    let seen = peeked(Dialect::Anthropic, &body, false).unwrap();
    let made = prepare(Dialect::Anthropic, &seen, &body, &target(Dialect::Openai)).unwrap();
    let (whole, _) = calling(Dialect::Openai, &["unheard_of".to_owned()]);
    let answered = answer(&answering(Dialect::Anthropic, Dialect::Openai, &seen, &made), &whole, &price).unwrap();
    assert_eq!(told_names(std::str::from_utf8(&answered.body).unwrap()), ["unheard_of"]);
}
