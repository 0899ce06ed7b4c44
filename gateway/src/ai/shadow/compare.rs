//! What an answer says, so that two can be compared: texts and calls of tools, whatever the dialect and however it came.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde_json::Value;
use weir_domain::dialect::Dialect;
use weir_domain::operation::Operation;
use weir_domain::usage::Usage;
use weir_llm::{AnswerContext, Peek, StreamTranslator, ToolNames, Wanted};

/// One of the answers that a call asks for.
#[derive(Debug, Default)]
pub(super) struct Said {
    text: String,
    /// Name and input of each call of a tool, in order.
    calls: BTreeMap<u64, (String, String)>,
}

impl PartialEq for Said {
    /// The same text, and the same calls: their inputs are JSON, in which neither blanks nor the order of names say
    /// anything.
    fn eq(&self, other: &Self) -> bool {
        let call = |(name, input): &(String, String)| {
            let read = serde_json::from_str::<Value>(input);
            (name.clone(), read.unwrap_or_else(|_| Value::from(input.as_str())))
        };
        self.text == other.text && self.calls.values().map(call).eq(other.calls.values().map(call))
    }
}

/// Reads an answer that went, or would have gone, to a caller. `None` when it cannot be read.
pub(super) fn read(inbound: Dialect, peek: &Peek, body: &Bytes) -> Option<BTreeMap<u64, Said>> {
    if peek.json_array {
        return None;
    }
    // One form to read in the place of four: every dialect can be written as OpenAI's chat completions.
    let context = AnswerContext {
        operation: Operation::Chat,
        upstream: inbound.format(),
        inbound: Dialect::Openai,
        include_usage: false,
        json_array: false,
        estimated_input: 0,
        created: 0,
        request_id: String::new(),
        tool_names: ToolNames::default(),
        wanted: Wanted::default(),
    };
    let free = |_: &Usage| None;
    let mut said = BTreeMap::new();
    if !peek.stream {
        let answer = weir_llm::answer(&context, body, &free).ok()?;
        add(&mut said, &serde_json::from_slice(&answer.body).ok()?, "message");
        return Some(said);
    }
    let mut translator = StreamTranslator::new(context, Arc::new(free));
    let mut events = BytesMut::new();
    translator.push(body, &mut events).ok()?;
    translator.finish(&mut events).ok()?;
    for line in std::str::from_utf8(&events).ok()?.lines() {
        // The last event, `[DONE]`, is no JSON.
        if let Some(chunk) = line.strip_prefix("data:").and_then(|data| serde_json::from_str(data.trim()).ok()) {
            add(&mut said, &chunk, "delta");
        }
    }
    Some(said)
}

/// Adds what a whole answer, or a piece of one, says.
fn add(said: &mut BTreeMap<u64, Said>, chunk: &Value, part: &str) {
    for (at, choice) in (0_u64..).zip(chunk["choices"].as_array().into_iter().flatten()) {
        let one = said.entry(choice["index"].as_u64().unwrap_or(at)).or_default();
        let message = &choice[part];
        one.text.push_str(message["content"].as_str().unwrap_or_default());
        one.text.push_str(message["refusal"].as_str().unwrap_or_default());
        for (at, call) in (0_u64..).zip(message["tool_calls"].as_array().into_iter().flatten()) {
            let (name, input) = one.calls.entry(call["index"].as_u64().unwrap_or(at)).or_default();
            name.push_str(call["function"]["name"].as_str().unwrap_or_default());
            input.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole(dialect: Dialect, body: &Value) -> BTreeMap<u64, Said> {
        read(dialect, &Peek::default(), &Bytes::from(body.to_string())).unwrap()
    }

    fn openai(text: &str, arguments: &str) -> Value {
        let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}});
        let message = json!({"role": "assistant", "content": text, "tool_calls": [call]});
        json!({"id": "x", "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]})
    }

    #[test]
    fn what_is_said_is_compared_and_not_how_it_is_written() {
        let one = whole(Dialect::Openai, &openai("Hi", r#"{"a": 1, "b": [2]}"#));
        assert_eq!(one, whole(Dialect::Openai, &openai("Hi", r#"{"b":[2],"a":1}"#)));
        assert_ne!(one, whole(Dialect::Openai, &openai("Hi!", r#"{"b":[2],"a":1}"#)));
        assert_ne!(one, whole(Dialect::Openai, &openai("Hi", r#"{"b":[2],"a":2}"#)));
        let content = json!([{"type": "text", "text": "Hi"},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"b": [2], "a": 1}}]);
        let other = json!({"id": "m", "type": "message", "role": "assistant", "model": "m", "content": content,
            "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 1}});
        assert_eq!(one, whole(Dialect::Anthropic, &other));
        assert!(read(Dialect::Openai, &Peek::default(), &Bytes::from_static(b"<html>")).is_none());
    }

    #[test]
    fn a_stream_says_what_its_pieces_say_together() {
        let piece = |delta: Value| {
            json!({"id": "x", "object": "chat.completion.chunk", "model": "m",
                "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
        };
        let stream = |cuts: &[&str]| {
            let mut text = String::new();
            for cut in cuts {
                text.push_str(&format!("data: {}\n\n", piece(json!({"content": cut}))));
            }
            let end = json!({"id": "x", "object": "chat.completion.chunk", "model": "m",
                "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
            text.push_str(&format!("data: {end}\n\ndata: [DONE]\n\n"));
            let mut streamed = Peek::default();
            streamed.stream = true;
            read(Dialect::Openai, &streamed, &Bytes::from(text)).unwrap()
        };
        assert_eq!(stream(&["Hel", "lo"]), stream(&["Hello"]));
        assert_ne!(stream(&["Hel", "lo"]), stream(&["Hello", "!"]));
        assert_eq!(stream(&["Hello"])[&0].text, "Hello");
    }
}
