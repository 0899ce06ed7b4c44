//! Writes a conversation as a caller of each dialect would.

use serde_json::{Map, Value, json};
use weir_domain::dialect::Dialect;

use super::{Call, Choice, Said, Talk, Turn};

/// The body of a request.
pub(crate) fn write(dialect: Dialect, talk: &Talk) -> Value {
    let mut body = match dialect {
        Dialect::Openai => openai(talk),
        Dialect::Anthropic => anthropic(talk),
        Dialect::Responses => responses(talk),
        Dialect::Gemini => gemini(talk),
    };
    let (temperature, top_p) = match dialect {
        Dialect::Gemini => ("temperature", "topP"),
        _ => ("temperature", "top_p"),
    };
    let place = if dialect == Dialect::Gemini { &mut body["generationConfig"] } else { &mut body };
    for (name, tenths) in [(temperature, talk.temperature), (top_p, talk.top_p)] {
        if let Some(tenths) = tenths {
            place[name] = json!(f64::from(tenths) / 10.0);
        }
    }
    if dialect != Dialect::Gemini {
        body["model"] = json!("m");
    }
    body
}

fn set(body: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        body[name] = value;
    }
}

fn list(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then_some(Value::Array(items))
}

fn openai(talk: &Talk) -> Value {
    let mut messages: Vec<Value> = Vec::new();
    messages.extend(talk.system.iter().map(|text| json!({"role": "system", "content": text})));
    let mut open: &[Call] = &[];
    for turn in &talk.turns {
        match turn {
            Turn::User(said) => {
                let part = |said: &Said| match said {
                    Said::Text(text) => json!({"type": "text", "text": text}),
                    Said::Image(data) => {
                        json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}")}})
                    }
                };
                messages.push(json!({"role": "user", "content": said.iter().map(part).collect::<Value>()}));
            }
            Turn::Model { text, calls } => {
                let mut message = json!({"role": "assistant", "content": text});
                let call = |call: &Call| {
                    json!({"id": call.id, "type": "function",
                        "function": {"name": call.name, "arguments": call.input.to_string()}})
                };
                set(&mut message, "tool_calls", list(calls.iter().map(call).collect()));
                messages.push(message);
                open = calls;
            }
            Turn::Results(results) => messages.extend(
                open.iter()
                    .zip(results)
                    .map(|(call, text)| json!({"role": "tool", "tool_call_id": call.id, "content": text})),
            ),
        }
    }
    let mut body = json!({"messages": messages, "max_completion_tokens": talk.max_tokens});
    let tools = talk.tools.iter().map(|tool| {
        json!({"type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema}})
    });
    set(&mut body, "tools", list(tools.collect()));
    set(&mut body, "stop", list(talk.stop.iter().map(|stop| json!(stop)).collect()));
    set(
        &mut body,
        "tool_choice",
        talk.choice.map(|choice| match choice {
            Choice::Auto => json!("auto"),
            Choice::None => json!("none"),
            Choice::Any => json!("required"),
            Choice::Named(name) => json!({"type": "function", "function": {"name": name}}),
        }),
    );
    body
}

fn anthropic(talk: &Talk) -> Value {
    let mut messages: Vec<Value> = Vec::new();
    let mut open: &[Call] = &[];
    for turn in &talk.turns {
        let (role, blocks): (&str, Vec<Value>) = match turn {
            Turn::User(said) => {
                let block = |said: &Said| match said {
                    Said::Text(text) => json!({"type": "text", "text": text}),
                    Said::Image(data) => {
                        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}})
                    }
                };
                ("user", said.iter().map(block).collect())
            }
            Turn::Model { text, calls } => {
                open = calls;
                let text = text.iter().map(|text| json!({"type": "text", "text": text}));
                let calls =
                    calls.iter().map(|c| json!({"type": "tool_use", "id": c.id, "name": c.name, "input": c.input}));
                ("assistant", text.chain(calls).collect())
            }
            Turn::Results(results) => {
                let block = |(call, text): (&Call, &String)| json!({"type": "tool_result", "tool_use_id": call.id, "content": text});
                ("user", open.iter().zip(results).map(block).collect())
            }
        };
        messages.push(json!({"role": role, "content": blocks}));
    }
    let mut body = json!({"messages": messages, "max_tokens": talk.max_tokens});
    set(&mut body, "system", talk.system.as_ref().map(|text| json!(text)));
    let tools = talk
        .tools
        .iter()
        .map(|tool| json!({"name": tool.name, "description": tool.description, "input_schema": tool.schema}));
    set(&mut body, "tools", list(tools.collect()));
    set(&mut body, "stop_sequences", list(talk.stop.iter().map(|stop| json!(stop)).collect()));
    set(
        &mut body,
        "tool_choice",
        talk.choice.map(|choice| match choice {
            Choice::Auto => json!({"type": "auto"}),
            Choice::None => json!({"type": "none"}),
            Choice::Any => json!({"type": "any"}),
            Choice::Named(name) => json!({"type": "tool", "name": name}),
        }),
    );
    body
}

fn responses(talk: &Talk) -> Value {
    let mut input: Vec<Value> = Vec::new();
    let mut open: &[Call] = &[];
    for turn in &talk.turns {
        match turn {
            Turn::User(said) => {
                let part = |said: &Said| match said {
                    Said::Text(text) => json!({"type": "input_text", "text": text}),
                    Said::Image(data) => {
                        json!({"type": "input_image", "image_url": format!("data:image/png;base64,{data}")})
                    }
                };
                input.push(json!({"role": "user", "content": said.iter().map(part).collect::<Value>()}));
            }
            Turn::Model { text, calls } => {
                open = calls;
                input.extend(text.iter().map(|text| json!({"role": "assistant", "content": text})));
                input.extend(calls.iter().map(|call| {
                    json!({"type": "function_call", "call_id": call.id, "name": call.name,
                        "arguments": call.input.to_string()})
                }));
            }
            Turn::Results(results) => input.extend(
                open.iter()
                    .zip(results)
                    .map(|(c, text)| json!({"type": "function_call_output", "call_id": c.id, "output": text})),
            ),
        }
    }
    let mut body = json!({"input": input, "max_output_tokens": talk.max_tokens, "store": false});
    set(&mut body, "instructions", talk.system.as_ref().map(|text| json!(text)));
    let tools = talk.tools.iter().map(|tool| {
        json!({"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.schema,
            "strict": false})
    });
    set(&mut body, "tools", list(tools.collect()));
    set(
        &mut body,
        "tool_choice",
        talk.choice.map(|choice| match choice {
            Choice::Auto => json!("auto"),
            Choice::None => json!("none"),
            Choice::Any => json!("required"),
            Choice::Named(name) => json!({"type": "function", "name": name}),
        }),
    );
    body
}

fn gemini(talk: &Talk) -> Value {
    let mut contents: Vec<Value> = Vec::new();
    let mut open: &[Call] = &[];
    for turn in &talk.turns {
        let (role, parts): (&str, Vec<Value>) = match turn {
            Turn::User(said) => {
                let part = |said: &Said| match said {
                    Said::Text(text) => json!({"text": text}),
                    Said::Image(data) => json!({"inlineData": {"mimeType": "image/png", "data": data}}),
                };
                ("user", said.iter().map(part).collect())
            }
            Turn::Model { text, calls } => {
                open = calls;
                let text = text.iter().map(|text| json!({"text": text}));
                let calls =
                    calls.iter().map(|c| json!({"functionCall": {"id": c.id, "name": c.name, "args": c.input}}));
                ("model", text.chain(calls).collect())
            }
            Turn::Results(results) => {
                let part = |(call, text): (&Call, &String)| json!({"functionResponse": {"id": call.id, "name": call.name, "response": {"output": text}}});
                ("user", open.iter().zip(results).map(part).collect())
            }
        };
        contents.push(json!({"role": role, "parts": parts}));
    }
    let mut config = json!({"maxOutputTokens": talk.max_tokens});
    set(&mut config, "stopSequences", list(talk.stop.iter().map(|stop| json!(stop)).collect()));
    let mut body = json!({"contents": contents, "generationConfig": config});
    set(&mut body, "systemInstruction", talk.system.as_ref().map(|text| json!({"parts": [{"text": text}]})));
    let tools = talk
        .tools
        .iter()
        .map(|tool| json!({"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.schema}));
    let tools = list(tools.collect()).map(|tools| json!([{"functionDeclarations": tools}]));
    set(&mut body, "tools", tools);
    set(
        &mut body,
        "toolConfig",
        talk.choice.map(|choice| {
            let mut config = Map::new();
            let mode = match choice {
                Choice::Auto => "AUTO",
                Choice::None => "NONE",
                Choice::Any | Choice::Named(_) => "ANY",
            };
            config.insert("mode".to_owned(), json!(mode));
            if let Choice::Named(name) = choice {
                config.insert("allowedFunctionNames".to_owned(), json!([name]));
            }
            json!({"functionCallingConfig": config})
        }),
    );
    body
}
