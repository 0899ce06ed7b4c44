//! Finds in a request of any dialect what must have arrived, in whichever of its forms the dialect has it.

use serde_json::{Value, json};
use weir_domain::dialect::WireFormat;

use super::{Item, Substance, squeezed};

/// What a provider would understand of a body.
pub(crate) fn read(format: WireFormat, body: &Value) -> Substance {
    let mut reader = Reader::default();
    match format {
        WireFormat::Openai => reader.openai(body),
        WireFormat::Anthropic => reader.anthropic(body),
        WireFormat::Responses => reader.responses(body),
        WireFormat::Gemini => reader.gemini(body),
        WireFormat::Cohere => reader.cohere(body),
        WireFormat::Ollama => reader.ollama(body),
        WireFormat::Bedrock => reader.bedrock(body),
    }
    reader.found
}

#[derive(Default)]
pub(super) struct Reader {
    found: Substance,
    /// The ids of the calls so far.
    ids: Vec<String>,
}

pub(super) fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 20")]
fn tenths(value: &Value) -> Option<u64> {
    value.as_f64().map(|number| (number * 10.0).round() as u64)
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// The text of a result, which Google's dialect wraps into an object.
fn unwrapped(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(object)) if object.len() == 1 && object.contains_key("output") => {
            squeezed(string(&object["output"]))
        }
        _ => squeezed(text),
    }
}

/// A schema without what each vendor writes in its own way.
fn plain_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => object
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "additionalProperties" | "propertyOrdering"))
            .map(|(name, value)| match value {
                Value::String(kind) if name == "type" => (name.clone(), json!(kind.to_ascii_lowercase())),
                value => (name.clone(), plain_schema(value)),
            })
            .collect(),
        Value::Array(list) => list.iter().map(plain_schema).collect(),
        plain => plain.clone(),
    }
}

impl Reader {
    pub(super) fn system(&mut self, text: &str) {
        self.found.system.push_str(&squeezed(text));
    }

    pub(super) fn text(&mut self, model: bool, text: &str) {
        self.found.say(model, Item::Text(squeezed(text)));
    }

    pub(super) fn data_url(&mut self, model: bool, url: &str) {
        let data = url.strip_prefix("data:image/png;base64,").unwrap_or(url);
        self.found.say(model, Item::Image(data.to_owned()));
    }

    pub(super) fn call(&mut self, id: &str, name: &str, input: Value) {
        self.ids.push(id.to_owned());
        self.found.say(true, Item::Call(name.to_owned(), input));
    }

    pub(super) fn result(&mut self, id: &str, text: &str) {
        let of = self.ids.iter().rposition(|known| known == id);
        let of = of.unwrap_or_else(|| panic!("a result of {id}, which was not called: {:?}", self.ids));
        self.found.say(false, Item::Result(of, unwrapped(text)));
    }

    pub(super) fn tool(&mut self, name: &Value, description: &Value, schema: &Value) {
        self.found.tools.push((string(name).to_owned(), string(description).to_owned(), plain_schema(schema)));
    }

    pub(super) fn parameters(&mut self, body: &Value, names: [&str; 4]) {
        self.found.max_tokens = body[names[0]].as_u64();
        self.found.temperature = tenths(&body[names[1]]);
        self.found.top_p = tenths(&body[names[2]]);
        self.found.stop = items(&body[names[3]]).map(|stop| string(stop).to_owned()).collect();
        self.found.stop.extend(body[names[3]].as_str().map(str::to_owned));
    }

    pub(super) fn choice(&mut self, kind: &str, name: &str) {
        self.found.choice = match kind {
            "none" | "NONE" => Some("none".to_owned()),
            "any" | "required" | "ANY" if name.is_empty() => Some("any".to_owned()),
            "tool" | "function" | "ANY" => Some(format!("named {name}")),
            _ => None,
        };
    }

    /// What a message says, shows and calls, where OpenAI's shape of it is spoken.
    pub(super) fn said(&mut self, model: bool, message: &Value) {
        let content = &message["content"];
        self.text(model, string(content));
        for part in items(content) {
            match string(&part["type"]) {
                "image_url" => self.data_url(model, string(&part["image_url"]["url"])),
                _ => self.text(model, string(&part["text"])),
            }
        }
        for call in items(&message["tool_calls"]) {
            let function = &call["function"];
            let input = parsed(string(&function["arguments"]));
            self.call(string(&call["id"]), string(&function["name"]), input);
        }
    }

    fn openai(&mut self, body: &Value) {
        for message in items(&body["messages"]) {
            let (role, content) = (string(&message["role"]), &message["content"]);
            let texts =
                || format!("{}{}", string(content), items(content).map(|p| string(&p["text"])).collect::<String>());
            match role {
                "system" | "developer" => self.found.system.push_str(&squeezed(&texts())),
                "tool" => self.result(string(&message["tool_call_id"]), &texts()),
                _ => self.said(role == "assistant", message),
            }
        }
        for tool in items(&body["tools"]) {
            let function = &tool["function"];
            self.tool(&function["name"], &function["description"], &function["parameters"]);
        }
        let limit = if body["max_tokens"].is_null() { "max_completion_tokens" } else { "max_tokens" };
        self.parameters(body, [limit, "temperature", "top_p", "stop"]);
        let choice = &body["tool_choice"];
        let kind = choice.as_str().unwrap_or_else(|| string(&choice["type"]));
        self.choice(kind, string(&choice["function"]["name"]));
    }

    fn anthropic(&mut self, body: &Value) {
        let system: String = items(&body["system"]).map(|block| string(&block["text"])).collect();
        self.found.system = squeezed(&format!("{}{system}", string(&body["system"])));
        for message in items(&body["messages"]) {
            let model = message["role"] == "assistant";
            self.text(model, string(&message["content"]));
            for block in items(&message["content"]) {
                match string(&block["type"]) {
                    "image" => self.data_url(model, string(&block["source"]["data"])),
                    "tool_use" => self.call(string(&block["id"]), string(&block["name"]), block["input"].clone()),
                    "tool_result" => {
                        let parts: String = items(&block["content"]).map(|part| string(&part["text"])).collect();
                        let text = format!("{}{parts}", string(&block["content"]));
                        self.result(string(&block["tool_use_id"]), &text);
                    }
                    _ => self.text(model, string(&block["text"])),
                }
            }
        }
        for tool in items(&body["tools"]) {
            self.tool(&tool["name"], &tool["description"], &tool["input_schema"]);
        }
        self.parameters(body, ["max_tokens", "temperature", "top_p", "stop_sequences"]);
        self.choice(string(&body["tool_choice"]["type"]), string(&body["tool_choice"]["name"]));
    }

    fn responses(&mut self, body: &Value) {
        self.found.system = squeezed(string(&body["instructions"]));
        self.text(false, string(&body["input"]));
        for item in items(&body["input"]) {
            match string(&item["type"]) {
                "function_call" => {
                    let input = parsed(string(&item["arguments"]));
                    self.call(string(&item["call_id"]), string(&item["name"]), input);
                }
                "function_call_output" => {
                    let parts: String = items(&item["output"]).map(|part| string(&part["text"])).collect();
                    self.result(string(&item["call_id"]), &format!("{}{parts}", string(&item["output"])));
                }
                _ => {
                    let content = &item["content"];
                    let model = item["role"] == "assistant";
                    if matches!(string(&item["role"]), "system" | "developer") {
                        let parts: String = items(content).map(|part| string(&part["text"])).collect();
                        self.found.system.push_str(&squeezed(&format!("{}{parts}", string(content))));
                        continue;
                    }
                    self.text(model, string(content));
                    for part in items(content) {
                        match string(&part["type"]) {
                            "input_image" => self.data_url(model, string(&part["image_url"])),
                            _ => self.text(model, string(&part["text"])),
                        }
                    }
                }
            }
        }
        for tool in items(&body["tools"]) {
            self.tool(&tool["name"], &tool["description"], &tool["parameters"]);
        }
        self.parameters(body, ["max_output_tokens", "temperature", "top_p", "stop"]);
        let choice = &body["tool_choice"];
        let kind = choice.as_str().unwrap_or_else(|| string(&choice["type"]));
        self.choice(kind, string(&choice["name"]));
    }

    fn gemini(&mut self, body: &Value) {
        let system: String = items(&body["systemInstruction"]["parts"]).map(|part| string(&part["text"])).collect();
        self.found.system = squeezed(&system);
        for content in items(&body["contents"]) {
            let model = content["role"] == "model";
            for part in items(&content["parts"]) {
                if let Some(call) = part.get("functionCall") {
                    let input = call.get("args").cloned().unwrap_or_else(|| json!({}));
                    self.call(string(&call["id"]), string(&call["name"]), input);
                } else if let Some(result) = part.get("functionResponse") {
                    self.result(string(&result["id"]), &result["response"].to_string());
                } else if let Some(image) = part.get("inlineData") {
                    self.data_url(model, string(&image["data"]));
                } else {
                    self.text(model, string(&part["text"]));
                }
            }
        }
        for tool in items(&body["tools"]).flat_map(|tools| items(&tools["functionDeclarations"])) {
            let given = tool.get("parameters").or_else(|| tool.get("parametersJsonSchema"));
            self.tool(&tool["name"], &tool["description"], given.unwrap_or(&Value::Null));
        }
        let config = &body["generationConfig"];
        self.parameters(config, ["maxOutputTokens", "temperature", "topP", "stopSequences"]);
        let config = &body["toolConfig"]["functionCallingConfig"];
        self.choice(string(&config["mode"]), string(&config["allowedFunctionNames"][0]));
    }
}
