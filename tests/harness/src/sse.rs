//! Server-sent events: written in every form that the standard allows, and read as a client must.
//! Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.

use serde_json::Value;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its type; `None` where no `event:` line stood.
    pub name: Option<String>,
    /// Its data, lines joined by `\n`.
    pub data: String,
}

impl Event {
    /// An event without a type.
    #[must_use]
    pub fn data(data: impl Into<String>) -> Self {
        Self { name: None, data: data.into() }
    }

    /// An event with the type that its data names itself, as Anthropic sends it.
    #[must_use]
    pub fn typed(value: &Value) -> Self {
        Self { name: value["type"].as_str().map(str::to_owned), data: value.to_string() }
    }

    /// The data as JSON; `Null` where it is none, such as `[DONE]`.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }
}

/// Reads a whole stream. An event without its closing blank line is dropped, as the standard says.
#[must_use]
pub fn parse(bytes: &[u8]) -> Vec<Event> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    let mut events = Vec::new();
    let (mut name, mut data): (Option<String>, Option<String>) = (None, None);
    for line in text.split_inclusive('\n') {
        let Some(line) = line.strip_suffix('\n') else { break };
        if line.is_empty() {
            if let Some(data) = data.take() {
                events.push(Event { name: name.take(), data });
            }
            name = None;
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = Some(value.to_owned()),
            "data" => match &mut data {
                Some(all) => {
                    all.push('\n');
                    all.push_str(value);
                }
                None => data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_the_same() {
        let plain = parse(b"event: a\ndata: 1\n\ndata: x\ndata: y\n\n");
        assert_eq!(plain, [Event { name: Some("a".into()), data: "1".into() }, Event::data("x\ny")]);
        let odd = parse(
            "\u{feff}: hi\r\nevent:a\r\nid: 4\r\ndata:1\r\n\r\n:\r\n\r\ndata: x\r\ndata: y\r\n\r\ndata: cut".as_bytes(),
        );
        assert_eq!(odd, plain);
    }
}
