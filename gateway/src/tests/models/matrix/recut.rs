//! However the network cuts the stream of an upstream that no application speaks as a file of events, the caller's
//! answer is the same, byte for byte: Gemini's events and Bedrock's binary messages.

use weir_harness::script::{Counts, Reply, Script, ToolCall, Wire};

use super::*;

/// Text in characters of two, three and four bytes, and a tool.
fn reply() -> Reply {
    let arguments = r#"{"c":"Zü"}"#.to_owned();
    Reply {
        text: "Ä€🌍\n".to_owned(),
        tools: vec![ToolCall { name: "get".to_owned(), arguments, id: Some("tool_1".to_owned()) }],
        usage: Some(Counts { input: 12, cache_read: 3, output: 9, ..Counts::default() }),
        id: Some("answer_1".to_owned()),
        ..Reply::default()
    }
}

/// The answer without what is new each time: ids that hold the request's, and the second at which it was made.
fn settled(answered: &Answered) -> String {
    let id = answered.header("x-weir-request-id").unwrap_or_default();
    let text = answered.text().replace(id, "REQUEST").replace(&id.replace('-', ""), "REQUEST");
    let mut settled = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\"created") {
        settled.push_str(before);
        rest = after.trim_start_matches(|c: char| c != ',');
    }
    settled + rest
}

/// Cuts at every byte, each for one of the callers in turn, and into pieces of every small size for all of them.
async fn recut(upstream: &Upstream) {
    let matrix = Matrix::start().await;
    for (turn, caller) in Dialect::ALL.into_iter().enumerate() {
        let (expected, length) = asked(&matrix, caller, upstream, Wire::default()).await;
        assert!(expected.contains("Ä€🌍") && expected.contains("Zü"), "{expected}");
        let cuts = (1..length).filter(|at| at % Dialect::ALL.len() == turn);
        let forms = cuts.map(|at| Wire { cut_at: Some(at), ..Wire::default() });
        let small = (1..=9).map(|every| Wire { cut_every: Some(every), ..Wire::default() });
        for form in forms.chain(small) {
            let (seen, _) = asked(&matrix, caller, upstream, form.clone()).await;
            assert_eq!(seen, expected, "{caller:?} to {}, {form:?}", upstream.name);
        }
    }
}

/// The answer to a stream in this form, and how long the vendor's was.
async fn asked(matrix: &Matrix, caller: Dialect, upstream: &Upstream, form: Wire) -> (String, usize) {
    let fake = matrix.fake(upstream.format);
    fake.reset();
    fake.next(Script::say(reply()).on_wire(form));
    let answered = matrix.ask(caller, upstream, Task::Text, true).await;
    answered.heard(caller).unwrap();
    (settled(&answered), fake.received()[0].length)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_gemini_cut_anywhere_give_the_same_answer() {
    recut(UPSTREAMS.iter().find(|upstream| upstream.name == "Gemini").unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_bedrock_cut_anywhere_give_the_same_answer() {
    recut(UPSTREAMS.iter().find(|upstream| upstream.name == "Bedrock").unwrap()).await;
}
