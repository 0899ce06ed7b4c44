//! Takes a stream that was kept apart into its events, as they came: for people who look at it, not for translation.

use serde_json::value::RawValue;
use weir_domain::bodies::Event;
use weir_domain::dialect::WireFormat;

use crate::event_stream::{Message, MessageKind, MessageParser};
use crate::lines::LineParser;
use crate::sse::{Frame, SseParser};

/// The events of a stream, or of its begin; `cut`: it goes on behind `bytes`, so that its last event may be half of one
/// and is left out. What is damaged ends the list.
#[must_use]
pub fn raw_events(format: WireFormat, bytes: &[u8], cut: bool) -> Vec<Event> {
    let mut events = Vec::new();
    if bytes.trim_ascii_start().starts_with(b"[") {
        elements(bytes, &mut events);
        return events;
    }
    let mut note = |frame: Frame<'_>| {
        events.extend(event(&frame));
        Ok::<(), ()>(())
    };
    // What cannot be parsed any further is left out, as said.
    match format {
        WireFormat::Openai
        | WireFormat::Anthropic
        | WireFormat::Responses
        | WireFormat::Gemini
        | WireFormat::Cohere => {
            let mut parser = SseParser::default();
            if parser.push(bytes, &mut note).is_ok() && !cut {
                _ = parser.finish(&mut note);
            }
        }
        WireFormat::Ollama => {
            let mut parser = LineParser::default();
            if parser.push(bytes, &mut note).is_ok() && !cut {
                _ = parser.finish(&mut note);
            }
        }
        WireFormat::Bedrock => {
            _ = MessageParser::default().push(bytes, |message| {
                events.push(of_message(&message));
                Ok::<(), ()>(())
            });
        }
    }
    events
}

fn event(frame: &Frame<'_>) -> Option<Event> {
    let data = String::from_utf8_lossy(frame.data.as_ref()?).into_owned();
    let raw = String::from_utf8_lossy(frame.raw);
    let name = raw.lines().find_map(|line| line.strip_prefix("event:")).map(str::trim).unwrap_or_default();
    Some(Event { name: name.to_owned(), data })
}

fn of_message(message: &Message<'_>) -> Event {
    let payload = String::from_utf8_lossy(message.payload).into_owned();
    match message.kind {
        MessageKind::Event | MessageKind::Exception => Event { name: message.name.to_owned(), data: payload },
        MessageKind::Error => Event { name: message.name.to_owned(), data: message.says.to_owned() },
    }
}

/// The elements of a list that comes element by element.
fn elements(bytes: &[u8], events: &mut Vec<Event>) {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.trim_start().strip_prefix('[').unwrap_or_default();
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let Some(Ok(value)) = values.next() else { break };
        events.push(Event { name: String::new(), data: value.get().to_owned() });
        rest = rest.get(values.byte_offset()..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(format: WireFormat, text: &str, cut: bool) -> Vec<(String, String)> {
        let events = raw_events(format, text.as_bytes(), cut);
        events.into_iter().map(|event| (event.name, event.data)).collect()
    }

    fn pair(name: &str, data: &str) -> (String, String) {
        (name.to_owned(), data.to_owned())
    }

    #[test]
    fn streams_of_text_are_taken_apart_and_half_an_event_is_left_out() {
        let text = ": ping\n\nevent: a\ndata: {\"n\":1}\n\ndata: [DONE]";
        let both = [pair("a", "{\"n\":1}"), pair("", "[DONE]")];
        assert_eq!(names(WireFormat::Anthropic, text, false), both);
        assert_eq!(names(WireFormat::Openai, text, true), both[..1]);
        let lines = "{\"n\":1}\n\n{\"n\":2}";
        assert_eq!(names(WireFormat::Ollama, lines, false), [pair("", "{\"n\":1}"), pair("", "{\"n\":2}")]);
        assert_eq!(names(WireFormat::Ollama, lines, true), [pair("", "{\"n\":1}")]);
        let list = " [{\"n\":1}\n,\r\n{\"n\":\"é,[\"},{\"n\":";
        assert_eq!(names(WireFormat::Gemini, list, true), [pair("", "{\"n\":1}"), pair("", "{\"n\":\"é,[\"}")]);
        assert!(names(WireFormat::Gemini, "[", false).is_empty());
    }

    #[test]
    fn binary_messages_are_taken_apart_up_to_what_is_damaged() {
        let whole = crate::event_stream::tests::event("contentBlockDelta", r#"{"n":1}"#);
        let mut bytes = [whole.clone(), whole].concat();
        let events = raw_events(WireFormat::Bedrock, &bytes, false);
        assert_eq!(events.len(), 2);
        assert_eq!((events[0].name.as_str(), events[0].data.as_str()), ("contentBlockDelta", r#"{"n":1}"#));
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert_eq!(raw_events(WireFormat::Bedrock, &bytes, false).len(), 1, "what came before the damage stands");
    }
}
