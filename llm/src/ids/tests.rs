//! Ids are replaced where they stand, and nothing else is, however the text is cut.

use proptest::prelude::*;

use super::*;

fn ids() -> Ids {
    Ids::named(Arc::new(|id: &str| format!("<{id}>")))
}

fn rewritten(text: &[u8], events: bool, cut: usize) -> Vec<u8> {
    let (mut rewriter, mut out) = (ids().rewriter(events).unwrap(), BytesMut::new());
    for piece in text.chunks(cut.max(1)) {
        rewriter.push(piece, &mut out);
    }
    rewriter.finish(&mut out);
    out.to_vec()
}

fn is(text: &str, events: bool, expected: &str) {
    for cut in 1..=text.len() {
        let seen = String::from_utf8(rewritten(text.as_bytes(), events, cut)).unwrap();
        assert_eq!(seen, expected, "pieces of {cut}");
    }
}

#[test]
fn ids_of_a_response_and_of_its_items_are_replaced_and_nothing_else() {
    is(
        r#"{ "id" : "resp_1", "previous_response_id":"resp_0","model":"id","metadata":{"id":"resp_1","x":["id"]},
           "output":[{"id":"rs_1","type":"reasoning","summary":[{"id":"s"}]},{"type":"message","id":"msg_1","content":
           [{"type":"output_text","text":"\"id\":\"resp_1\"","annotations":[{"id":"a","file_id":"f"}]}]}],
           "text":{"id":"t"},"item":null,"reasoning":{"output":[{"id":"no"}]},"conversation":{"id":"conv_1"}}"#,
        false,
        r#"{ "id" : "<resp_1>", "previous_response_id":"<resp_0>","model":"id","metadata":{"id":"resp_1","x":["id"]},
           "output":[{"id":"<rs_1>","type":"reasoning","summary":[{"id":"s"}]},{"type":"message","id":"<msg_1>","content":
           [{"type":"output_text","text":"\"id\":\"resp_1\"","annotations":[{"id":"a","file_id":"f"}]}]}],
           "text":{"id":"t"},"item":null,"reasoning":{"output":[{"id":"no"}]},"conversation":{"id":"conv_1"}}"#,
    );
    is(
        r#"{"object":"list","data":[{"id":"msg_1","approval_request_id":"mcpr_1"},{"id":null}],"first_id":"msg_1","last_id":""}"#,
        false,
        r#"{"object":"list","data":[{"id":"<msg_1>","approval_request_id":"<mcpr_1>"},{"id":null}],"first_id":"<msg_1>","last_id":""}"#,
    );
}

#[test]
fn ids_in_the_data_of_events_are_replaced_and_other_fields_are_not() {
    is(
        ": {\"id\":\"c\"}\r\nid: 7\r\nevent: response.created\r\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\
         \"output\":[{\"id\":\"msg_1\"}]}}\r\n\r\ndata:{\"item_id\":\"msg_1\",\"delta\":\"id\",\ndata: \"item\":{\"id\":\"msg_2\"}}\n\n\
         data: {\"torn\":\"\n\ndata: {\"item_id\":\"msg_1\",\"part\":{\"id\":\"no\"}}\n\ndata: [DONE]\n\n",
        true,
        ": {\"id\":\"c\"}\r\nid: 7\r\nevent: response.created\r\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"<resp_1>\",\
         \"output\":[{\"id\":\"<msg_1>\"}]}}\r\n\r\ndata:{\"item_id\":\"<msg_1>\",\"delta\":\"id\",\ndata: \"item\":{\"id\":\"<msg_2>\"}}\n\n\
         data: {\"torn\":\"\n\ndata: {\"item_id\":\"<msg_1>\",\"part\":{\"id\":\"no\"}}\n\ndata: [DONE]\n\n",
    );
}

#[test]
fn what_is_no_id_that_could_be_given_stays() {
    let long = "x".repeat(MAX_ID + 1);
    for text in [
        format!(r#"{{"id":"{long}","model":"m"}}"#),
        r#"{"id":"a\"b","model":"m"}"#.to_owned(),
        r#"{"i\u0064":"resp_1"}"#.to_owned(),
        r#"{"id":"cut"#.to_owned(),
        r#"[[[[[[[[{"id":"deep"}]]]]]]]]"#.to_owned(),
        "<html>".to_owned(),
        String::new(),
    ] {
        for cut in [1, 2, 7, 4_096] {
            assert_eq!(rewritten(text.as_bytes(), false, cut), text.as_bytes(), "{text}");
        }
    }
    assert_eq!(Ids::default().rewrite(Bytes::from_static(b"{\"id\":\"resp_1\"}")), &b"{\"id\":\"resp_1\"}"[..]);
}

#[test]
fn more_ids_than_are_remembered_are_all_replaced() {
    let item = |n: usize, id: &str| format!(r#"{{"id":"{}"}}"#, id.replace('#', &n.to_string()));
    let list = |id: &str| (0..200).map(|n| item(n % 50, id)).collect::<Vec<_>>().join(",");
    let text = format!(r#"{{"output":[{}]}}"#, list("msg_#"));
    assert_eq!(rewritten(text.as_bytes(), false, 99), format!(r#"{{"output":[{}]}}"#, list("<msg_#>")).as_bytes());
}

proptest! {
    #[test]
    fn any_bytes_are_the_same_however_they_are_cut(
        bytes in prop::collection::vec(prop::sample::select(&b"{}[],:\"\\ \n\ridatem_output"[..]), 0..200),
        cut in 1_usize..40,
        events: bool,
    ) {
        prop_assert_eq!(rewritten(&bytes, events, cut), rewritten(&bytes, events, bytes.len()));
    }
}

fn context(ids: Ids) -> crate::AnswerContext {
    crate::AnswerContext {
        operation: weir_domain::operation::Operation::Chat,
        upstream: weir_domain::dialect::WireFormat::Responses,
        inbound: weir_domain::dialect::Dialect::Responses,
        include_usage: false,
        json_array: false,
        estimated_input: 1,
        created: 0,
        request_id: "r".into(),
        tool_names: crate::ToolNames::default(),
        wanted: crate::Wanted::default().with_ids(ids),
    }
}

fn unknown(_: &weir_domain::usage::Usage) -> Option<weir_domain::money::NanoUsd> {
    None
}

/// The ids of a recorded answer, in quotation marks.
fn with_names(text: &str, ids: &[&str]) -> String {
    ids.iter().fold(text.to_owned(), |text, id| text.replace(&format!("\"{id}\""), &format!("\"<{id}>\"")))
}

#[test]
fn an_answer_that_is_passed_on_has_the_callers_ids_whole_and_streamed_and_so_has_its_failure() {
    let whole = include_str!("../../fixtures/responses/text.json");
    let value: serde_json::Value = serde_json::from_str(whole).unwrap();
    let ids_of = |response: &serde_json::Value| {
        let items = response["output"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
        items.chain([response["id"].as_str().unwrap().to_owned()]).collect::<Vec<_>>()
    };
    let plain = crate::answer(&context(Ids::default()), &Bytes::from_static(whole.as_bytes()), &unknown).unwrap();
    let named = crate::answer(&context(ids()), &Bytes::from_static(whole.as_bytes()), &unknown).unwrap();
    let own = ids_of(&value);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    assert_eq!(std::str::from_utf8(&named.body).unwrap(), with_names(std::str::from_utf8(&plain.body).unwrap(), &own));
    assert_ne!(named.body, plain.body);
    assert_eq!((named.usage, named.response_id), (plain.usage, plain.response_id), "for ourselves it stays what it is");

    let stream = include_str!("../../fixtures/responses/text.sse");
    let run = |ids: Ids, cut: usize| {
        let mut translator = crate::StreamTranslator::new(context(ids), Arc::new(unknown));
        let mut out = BytesMut::new();
        for piece in stream.as_bytes().chunks(cut) {
            translator.push(piece, &mut out).unwrap();
        }
        translator.finish(&mut out).unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    };
    let plain = run(Ids::default(), stream.len());
    let last = plain.lines().rev().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let own = ids_of(&serde_json::from_str::<serde_json::Value>(last).unwrap()["response"]);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    for cut in [1, 2, 3, 50, stream.len()] {
        assert_eq!(run(ids(), cut), with_names(&plain, &own), "pieces of {cut}");
    }
    assert_ne!(with_names(&plain, &own), plain);

    let mut translator = crate::StreamTranslator::new(context(ids()), Arc::new(unknown));
    let mut out = BytesMut::new();
    translator.push(stream.split_inclusive("\n\n").next().unwrap().as_bytes(), &mut out).unwrap();
    out.clear();
    translator.fail(&crate::WireError::gateway(crate::ErrorKind::Internal, "it broke"), &mut out);
    let failed = String::from_utf8(out.to_vec()).unwrap();
    let id = own.last().unwrap();
    assert!(failed.contains(&format!("\"<{id}>\"")) && !failed.contains(&format!("\"{id}\"")), "{failed}");
}
