//! Finds what must have arrived in a request of the formats that providers alone speak: Cohere, Ollama, Bedrock.

use serde_json::Value;

use super::read::{Reader, items, string};

impl Reader {
    pub(super) fn cohere(&mut self, body: &Value) {
        for message in items(&body["messages"]) {
            let (role, content) = (string(&message["role"]), &message["content"]);
            match role {
                "system" => self.system(string(content)),
                "tool" => {
                    let documents: String = items(content).map(|part| string(&part["document"]["data"])).collect();
                    self.result(string(&message["tool_call_id"]), &documents);
                }
                _ => self.said(role == "assistant", message),
            }
        }
        self.functions(body);
        self.parameters(body, ["max_tokens", "temperature", "p", "stop_sequences"]);
        self.choice(&string(&body["tool_choice"]).to_ascii_lowercase(), "");
    }

    /// Calls have no ids: the results are those of the calls just before, in their order.
    pub(super) fn ollama(&mut self, body: &Value) {
        let (mut made, mut answered) = (0_usize, 0_usize);
        for message in items(&body["messages"]) {
            let (role, content) = (string(&message["role"]), string(&message["content"]));
            match role {
                "system" => self.system(content),
                "tool" => {
                    self.result(&answered.to_string(), content);
                    answered += 1;
                }
                _ => {
                    let model = role == "assistant";
                    self.text(model, content);
                    items(&message["images"]).for_each(|image| self.data_url(model, string(image)));
                    answered = if model { made } else { answered };
                    for call in items(&message["tool_calls"]) {
                        let function = &call["function"];
                        self.call(&made.to_string(), string(&function["name"]), function["arguments"].clone());
                        made += 1;
                    }
                }
            }
        }
        self.functions(body);
        self.parameters(&body["options"], ["num_predict", "temperature", "top_p", "stop"]);
    }

    pub(super) fn bedrock(&mut self, body: &Value) {
        items(&body["system"]).for_each(|block| self.system(string(&block["text"])));
        for message in items(&body["messages"]) {
            let model = message["role"] == "assistant";
            for block in items(&message["content"]) {
                if let Some(call) = block.get("toolUse") {
                    self.call(string(&call["toolUseId"]), string(&call["name"]), call["input"].clone());
                } else if let Some(result) = block.get("toolResult") {
                    let text: String = items(&result["content"]).map(|part| string(&part["text"])).collect();
                    self.result(string(&result["toolUseId"]), &text);
                } else if let Some(image) = block.get("image") {
                    assert_eq!(image["format"], "png");
                    self.data_url(model, string(&image["source"]["bytes"]));
                } else {
                    self.text(model, string(&block["text"]));
                }
            }
        }
        for tool in items(&body["toolConfig"]["tools"]) {
            let tool = &tool["toolSpec"];
            self.tool(&tool["name"], &tool["description"], &tool["inputSchema"]["json"]);
        }
        self.parameters(&body["inferenceConfig"], ["maxTokens", "temperature", "topP", "stopSequences"]);
        let choice = &body["toolConfig"]["toolChoice"];
        let kind = ["any", "tool"].into_iter().find(|kind| choice.get(kind).is_some()).unwrap_or_default();
        self.choice(kind, string(&choice["tool"]["name"]));
    }

    fn functions(&mut self, body: &Value) {
        for tool in items(&body["tools"]) {
            let function = &tool["function"];
            self.tool(&function["name"], &function["description"], &function["parameters"]);
        }
    }
}
