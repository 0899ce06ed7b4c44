//! The reader against the fakes: whole and streamed answers mean the same, and bad streams are refused.

use serde_json::{Value, json};

use super::*;
use crate::provider::FakeProvider;
use crate::script::{Counts, Fault, Reply, Script, Wire as Form};

fn request(dialect: Vendor, stream: bool) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": stream});
    match dialect {
        Vendor::Openai if stream => body["stream_options"] = json!({"include_usage": true}),
        Vendor::Openai => {}
        Vendor::Anthropic => body["max_tokens"] = json!(100),
    }
    body
}

async fn fake(dialect: Vendor) -> (FakeProvider, Caller) {
    let fake = FakeProvider::start(dialect, "k").await.unwrap();
    let caller = Caller::new(&format!("http://{}", fake.address()), "k");
    (fake, caller)
}

#[tokio::test]
async fn a_stream_means_what_the_whole_answer_means() {
    let usage = Some(Counts { input: 9, cache_read: 4, output: 5, reasoning: 2, ..Counts::default() });
    let call = |name: &str, arguments: &str, id: &str| crate::script::ToolCall {
        name: name.into(),
        arguments: arguments.into(),
        id: Some(id.into()),
    };
    let tools = vec![call("a", r#"{"x":"ä"}"#, "c1"), call("b", "{}", "c2")];
    let replies = [
        Reply { usage, ..Reply::text("Grüße 🌍 und mehr") },
        Reply { usage, tools, text: "First".into(), ..Reply::default() },
    ];
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        let (fake, caller) = fake(dialect).await;
        for reply in &replies {
            fake.next_times(2, Script::say(reply.clone()));
            let whole = caller.ask(dialect, &request(dialect, false)).await.unwrap().heard(dialect).unwrap();
            let mut streamed = caller.ask(dialect, &request(dialect, true)).await.unwrap().heard(dialect).unwrap();
            if let (Some(s), Some(w)) = (&mut streamed.usage, &whole.usage) {
                s.reasoning = w.reasoning;
            }
            assert_eq!(whole, streamed);
            assert_eq!((whole.text.as_str(), whole.tools.len()), (reply.text.as_str(), reply.tools.len()));
            assert_eq!(whole.usage.map(|u| (u.input, u.cache_read, u.output)), Some((13, 4, 7)));
        }
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_is_no_answer() {
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        let (fake, caller) = fake(dialect).await;
        for fault in [Fault::EndAfterEvents { after: 3 }, Fault::ErrorEvent { after: 2 }] {
            fake.next(Script::fail(fault));
            let answered = caller.ask(dialect, &request(dialect, true)).await.unwrap();
            assert!(answered.heard(dialect).is_err());
        }
        fake.next(Script::default().on_wire(Form {
            crlf: true,
            comments: true,
            multi_line: true,
            bom: true,
            ..Form::default()
        }));
        caller.ask(dialect, &request(dialect, true)).await.unwrap().heard(dialect).unwrap();
    }
}

#[tokio::test]
async fn refusals_have_the_shape_of_the_dialect() {
    for (dialect, kind) in [(Vendor::Openai, "requests"), (Vendor::Anthropic, "rate_limit_error")] {
        let (fake, caller) = fake(dialect).await;
        fake.next(Script::refuse(429));
        let answered = caller.ask(dialect, &request(dialect, false)).await.unwrap();
        assert_eq!((answered.status, answered.error(dialect).unwrap().0.as_str()), (429, kind));
    }
}
