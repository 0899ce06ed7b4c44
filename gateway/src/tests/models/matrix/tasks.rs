//! What is asked, in each dialect in which it can be asked, and what a model must have understood.

use serde_json::{Value, json};
use weir_harness::chat::Dialect;

/// A 1 × 1 pixel, 70 bytes.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// An image that is elsewhere.
const ADDRESS: &str = "https://images.example/cat.png";
/// What Google takes in the place of a signature, for a call that none of its models made.
/// Source: <https://ai.google.dev/gemini-api/docs/thought-signatures>.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Text,
    OneTool,
    ParallelTools,
    Image,
    ImageAddress,
    Schema,
    Reasoning,
    History,
}

/// What a model must have understood, and what it then says.
pub(super) struct Meaning {
    pub(super) history: Vec<&'static str>,
    pub(super) says: &'static str,
    /// The cities that the tool is called for.
    pub(super) calls: &'static [&'static str],
    pub(super) offers_tool: bool,
    pub(super) thinks: bool,
}

impl Task {
    pub(super) const ALL: [Self; 8] = [
        Self::Text,
        Self::OneTool,
        Self::ParallelTools,
        Self::Image,
        Self::ImageAddress,
        Self::Schema,
        Self::Reasoning,
        Self::History,
    ];

    pub(super) fn meaning(self) -> Meaning {
        let plain = Meaning { history: Vec::new(), says: "", calls: &[], offers_tool: false, thinks: false };
        match self {
            Self::Text => Meaning {
                history: vec!["user Grüße, 世界 🌍"],
                says: "You said “Grüße, 世界 🌍” — 好的 🌍. System said “Be brief.”.",
                ..plain
            },
            Self::OneTool => Meaning {
                history: vec!["user What is the weather in Paris?"],
                calls: &["Paris"],
                offers_tool: true,
                ..plain
            },
            Self::ParallelTools => Meaning {
                history: vec!["user Compare the weather in Paris and Tokyo"],
                calls: &["Paris", "Tokyo"],
                offers_tool: true,
                ..plain
            },
            Self::Image => Meaning {
                history: vec!["user What is this? [image/png of 70 bytes]"],
                says: "You said “What is this?” — 好的 🌍. System said “Be brief.”. I see image/png of 70 bytes.",
                ..plain
            },
            Self::ImageAddress => Meaning {
                history: vec!["user What is this? [the image at https://images.example/cat.png]"],
                says: "You said “What is this?” — 好的 🌍. System said “Be brief.”. I see the image at \
                       https://images.example/cat.png.",
                ..plain
            },
            Self::Schema => Meaning { history: vec!["user Name a city"], says: r#"{"city":"Name a city"}"#, ..plain },
            Self::Reasoning => Meaning {
                history: vec!["user Think first"],
                says: "You said “Think first” — 好的 🌍. System said “Be brief.”.",
                thinks: true,
                ..plain
            },
            Self::History => Meaning {
                history: vec![
                    "user Hello there",
                    "assistant Hello. Where are you?",
                    "user Compare the weather in Paris and Tokyo",
                    r#"call get_weather {"city":"Paris"}"#,
                    r#"call get_weather {"city":"Tokyo"}"#,
                    "result get_weather 21 °C",
                    "result get_weather 17 °C",
                    "assistant Paris is warmer.",
                    "user And in Oslo?",
                    r#"call get_weather {"city":"Oslo"}"#,
                    "result get_weather 4 °C",
                ],
                says: "You said “And in Oslo?” — 好的 🌍. System said “Be brief.”. get_weather returned “4 °C”.",
                offers_tool: true,
                ..plain
            },
        }
    }

    /// The request, without model and stream.
    pub(super) fn request(self, caller: Dialect) -> Value {
        let mut body = match caller {
            Dialect::Openai => openai(self),
            Dialect::Responses => responses(self),
            Dialect::Anthropic => anthropic(self),
            Dialect::Gemini => gemini(self),
        };
        if self.meaning().offers_tool {
            body["tools"] = json!([tool(caller)]);
        }
        body
    }

    fn words(self) -> &'static str {
        match self {
            Self::Text => "Grüße, 世界 🌍",
            Self::OneTool => "What is the weather in Paris?",
            Self::ParallelTools => "Compare the weather in Paris and Tokyo",
            Self::Image | Self::ImageAddress => "What is this?",
            Self::Schema => "Name a city",
            Self::Reasoning => "Think first",
            Self::History => "And in Oslo?",
        }
    }
}

fn city() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": false})
}

/// The same as Google's clients write it.
fn google_city() -> Value {
    json!({"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]})
}

fn tool(caller: Dialect) -> Value {
    let (name, description) = ("get_weather", "The weather in a city");
    match caller {
        Dialect::Openai => json!({"type": "function",
            "function": {"name": name, "description": description, "parameters": city()}}),
        Dialect::Responses => json!({"type": "function", "name": name, "description": description,
            "parameters": city(), "strict": false}),
        Dialect::Anthropic => json!({"name": name, "description": description, "input_schema": city()}),
        Dialect::Gemini => json!({"functionDeclarations": [
            {"name": name, "description": description, "parameters": google_city()}]}),
    }
}

fn data_url() -> String {
    format!("data:image/png;base64,{PNG}")
}

fn openai(task: Task) -> Value {
    let image =
        |url: &str| json!([{"type": "text", "text": task.words()}, {"type": "image_url", "image_url": {"url": url}}]);
    let content = match task {
        Task::Image => image(&data_url()),
        Task::ImageAddress => image(ADDRESS),
        _ => json!(task.words()),
    };
    let call = |id: &str, city: &str| {
        json!({"id": id, "type": "function",
        "function": {"name": "get_weather", "arguments": json!({"city": city}).to_string()}})
    };
    let result = |id: &str, text: &str| json!({"role": "tool", "tool_call_id": id, "content": text});
    let mut messages = vec![json!({"role": "system", "content": "Be brief."})];
    if task == Task::History {
        messages.extend([
            json!({"role": "user", "content": "Hello there"}),
            json!({"role": "assistant", "content": "Hello. Where are you?"}),
            json!({"role": "user", "content": "Compare the weather in Paris and Tokyo"}),
            json!({"role": "assistant", "content": null, "tool_calls": [call("c1", "Paris"), call("c2", "Tokyo")]}),
            result("c1", "21 °C"),
            result("c2", "17 °C"),
            json!({"role": "assistant", "content": "Paris is warmer."}),
        ]);
    }
    messages.push(json!({"role": "user", "content": content}));
    if task == Task::History {
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": [call("c3", "Oslo")]}));
        messages.push(result("c3", "4 °C"));
    }
    let mut body = json!({"messages": messages, "max_completion_tokens": 8_000});
    match task {
        Task::Schema => {
            let format = json!({"name": "place", "schema": city(), "strict": true});
            body["response_format"] = json!({"type": "json_schema", "json_schema": format});
        }
        Task::Reasoning => body["reasoning_effort"] = json!("low"),
        _ => {}
    }
    body
}

fn responses(task: Task) -> Value {
    let image = |url: &str| {
        json!([{"type": "input_text", "text": task.words()},
        {"type": "input_image", "image_url": url, "detail": "auto"}])
    };
    let content = match task {
        Task::Image => image(&data_url()),
        Task::ImageAddress => image(ADDRESS),
        _ => json!(task.words()),
    };
    let call = |id: &str, city: &str| {
        json!({"type": "function_call", "call_id": id, "name": "get_weather",
        "arguments": json!({"city": city}).to_string()})
    };
    let result = |id: &str, text: &str| json!({"type": "function_call_output", "call_id": id, "output": text});
    let mut input = Vec::new();
    if task == Task::History {
        input.extend([
            json!({"role": "user", "content": "Hello there"}),
            json!({"role": "assistant", "content": "Hello. Where are you?"}),
            json!({"role": "user", "content": "Compare the weather in Paris and Tokyo"}),
            call("c1", "Paris"),
            call("c2", "Tokyo"),
            result("c1", "21 °C"),
            result("c2", "17 °C"),
            json!({"role": "assistant", "content": "Paris is warmer."}),
        ]);
    }
    input.push(json!({"role": "user", "content": content}));
    if task == Task::History {
        input.extend([call("c3", "Oslo"), result("c3", "4 °C")]);
    }
    let mut body = json!({"instructions": "Be brief.", "input": input, "max_output_tokens": 8_000, "store": false});
    match task {
        Task::Schema => {
            let format = json!({"type": "json_schema", "name": "place", "schema": city(), "strict": true});
            body["text"] = json!({"format": format});
        }
        Task::Reasoning => body["reasoning"] = json!({"effort": "low", "summary": "auto"}),
        _ => {}
    }
    body
}

fn anthropic(task: Task) -> Value {
    let image = |source: Value| json!([{"type": "text", "text": task.words()}, {"type": "image", "source": source}]);
    let content = match task {
        Task::Image => image(json!({"type": "base64", "media_type": "image/png", "data": PNG})),
        Task::ImageAddress => image(json!({"type": "url", "url": ADDRESS})),
        _ => json!(task.words()),
    };
    let call =
        |id: &str, city: &str| json!({"type": "tool_use", "id": id, "name": "get_weather", "input": {"city": city}});
    let result = |id: &str, text: &str| json!({"type": "tool_result", "tool_use_id": id, "content": text});
    let mut messages = Vec::new();
    if task == Task::History {
        messages.extend([
            json!({"role": "user", "content": "Hello there"}),
            json!({"role": "assistant", "content": "Hello. Where are you?"}),
            json!({"role": "user", "content": "Compare the weather in Paris and Tokyo"}),
            json!({"role": "assistant", "content": [call("c1", "Paris"), call("c2", "Tokyo")]}),
            json!({"role": "user", "content": [result("c1", "21 °C"), result("c2", "17 °C")]}),
            json!({"role": "assistant", "content": "Paris is warmer."}),
        ]);
    }
    messages.push(json!({"role": "user", "content": content}));
    if task == Task::History {
        messages.push(json!({"role": "assistant", "content": [call("c3", "Oslo")]}));
        messages.push(json!({"role": "user", "content": [result("c3", "4 °C")]}));
    }
    let mut body = json!({"system": "Be brief.", "messages": messages, "max_tokens": 8_000});
    match task {
        Task::Schema => body["output_config"] = json!({"format": {"type": "json_schema", "schema": city()}}),
        Task::Reasoning => body["thinking"] = json!({"type": "enabled", "budget_tokens": 2_048}),
        _ => {}
    }
    body
}

/// Google's clients send no ids of calls.
fn gemini(task: Task) -> Value {
    let said = |role: &str, text: &str| json!({"role": role, "parts": [{"text": text}]});
    let mut parts = vec![json!({"text": task.words()})];
    match task {
        Task::Image => parts.push(json!({"inlineData": {"mimeType": "image/png", "data": PNG}})),
        Task::ImageAddress => parts.push(json!({"fileData": {"mimeType": "image/png", "fileUri": ADDRESS}})),
        _ => {}
    }
    let call = |city: &str| json!({"functionCall": {"name": "get_weather", "args": {"city": city}}});
    let result = |text: &str| json!({"functionResponse": {"name": "get_weather", "response": {"output": text}}});
    let mut contents = Vec::new();
    if task == Task::History {
        contents.extend([
            said("user", "Hello there"),
            said("model", "Hello. Where are you?"),
            said("user", "Compare the weather in Paris and Tokyo"),
            json!({"role": "model", "parts": [call("Paris"), call("Tokyo")]}),
            json!({"role": "user", "parts": [result("21 °C"), result("17 °C")]}),
            said("model", "Paris is warmer."),
        ]);
    }
    contents.push(json!({"role": "user", "parts": parts}));
    if task == Task::History {
        let mut signed = call("Oslo");
        signed["thoughtSignature"] = json!(NO_SIGNATURE);
        contents.push(json!({"role": "model", "parts": [signed]}));
        contents.push(json!({"role": "user", "parts": [result("4 °C")]}));
    }
    let mut config = json!({"maxOutputTokens": 8_000});
    match task {
        Task::Schema => {
            config["responseMimeType"] = json!("application/json");
            config["responseSchema"] = google_city();
        }
        Task::Reasoning => config["thinkingConfig"] = json!({"thinkingBudget": 2_048, "includeThoughts": true}),
        _ => {}
    }
    json!({"systemInstruction": {"parts": [{"text": "Be brief."}]}, "contents": contents, "generationConfig": config})
}
