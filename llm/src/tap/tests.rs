//! Usage read from the side is that of the answer, whichever format it has and however it is cut.

use super::*;

fn metered(content_type: &str, body: &str, cut: usize) -> Metered {
    let mut tap = Tap::new(content_type);
    for piece in body.as_bytes().chunks(cut.max(1)) {
        tap.push(piece);
    }
    tap.finish(true)
}

/// The same however it is cut: model, all input, all output.
fn read(content_type: &str, body: &str) -> (Option<String>, Option<(u64, u64)>) {
    let whole = metered(content_type, body, body.len());
    for cut in 1..body.len().min(80) {
        assert_eq!(metered(content_type, body, cut), whole, "{cut}");
    }
    let Metered { model, usage } = whole;
    assert!(usage.is_none_or(|usage| usage.source == UsageSource::Provider));
    (model, usage.map(|usage| (usage.tokens.input_total(), usage.tokens.output_total())))
}

#[test]
fn whole_answers_of_each_format_are_read() {
    for (body, wanted) in [
        (
            r#"{"id":"c","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"message":{"content":"{\"usage\":1}"}}],
               "usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#,
            (Some("gpt-4o-2024-08-06"), Some((9, 3))),
        ),
        (
            r#"{"object":"list","data":[{"embedding":[0.1,0.2]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":5,"total_tokens":5}}"#,
            (Some("text-embedding-3-small"), Some((5, 0))),
        ),
        (
            r#"{"type":"message","model":"claude-sonnet-4-5","usage":{"input_tokens":2,"cache_read_input_tokens":5,"output_tokens":8}}"#,
            (Some("claude-sonnet-4-5"), Some((7, 8))),
        ),
        (
            r#"{"candidates":[],"modelVersion":"gemini-2.5-pro","usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"totalTokenCount":6}}"#,
            (Some("gemini-2.5-pro"), Some((4, 2))),
        ),
        (
            r#"{"object":"response","model":"gpt-5","usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":12}}"#,
            (Some("gpt-5"), Some((9, 3))),
        ),
        // A total, which Anthropic has not, does not hide what only Anthropic counts.
        (
            r#"{"model":"claude","usage":{"input_tokens":2,"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":3},"output_tokens":8,"total_tokens":18}}"#,
            (Some("claude"), Some((10, 8))),
        ),
        (r#"{"object":"list","data":[{"id":"gpt-4o"}]}"#, (None, None)),
        (r#"{"model":"m","usage":null}"#, (Some("m"), None)),
        (r#"{"model":"m","usage":{"minutes":3}}"#, (Some("m"), None)),
        (r#"{"text":"m","usage":{"type":"duration","seconds":3}}"#, (None, Some((0, 0)))),
        ("not json", (None, None)),
    ] {
        let (model, usage) = read("application/json; charset=utf-8", body);
        assert_eq!((model.as_deref(), usage), wanted, "{body}");
    }
}

#[test]
fn streams_of_each_format_are_read() {
    let openai = "data: {\"model\":\"gpt-4o\",\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\n\
                  data: {\"model\":\"gpt-4o\",\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\n\
                  data: [DONE]\n\n";
    let anthropic = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude\",\"usage\":{\"input_tokens\":6,\"output_tokens\":1}}}\n\n\
                     event: ping\ndata: {\"type\":\"ping\"}\n\n\
                     event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":7}}\n\n";
    assert_eq!(read("text/event-stream", openai), (Some("gpt-4o".into()), Some((4, 2))));
    assert_eq!(read("text/event-stream; charset=utf-8", anthropic), (Some("claude".into()), Some((6, 7))));
    assert_eq!(read("text/event-stream", ": nothing\n\n"), (None, None));
    assert_eq!(read("text/plain", openai), (None, None));
}

#[test]
fn an_answer_that_broke_off_has_unknown_usage() {
    let mut tap = Tap::new("text/event-stream");
    tap.push(b"data: {\"type\":\"message_start\",\"message\":{\"model\":\"claude\",\"usage\":{\"input_tokens\":6,\"output_tokens\":1}}}\n\n");
    assert_eq!(tap.finish(false), Metered { model: Some("claude".into()), usage: None });
}

#[test]
fn the_service_tier_is_noted() {
    let body = r#"{"model":"m","service_tier":"flex","usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
    assert_eq!(metered("application/json", body, 3).usage.unwrap().tier, weir_domain::usage::ServiceTier::Flex);
}

#[test]
fn an_event_beyond_the_limit_makes_usage_unknown_and_takes_no_more_memory() {
    let mut tap = Tap::new("text/event-stream");
    tap.push(b"data: {\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\ndata: ");
    for _ in 0..80 {
        tap.push(&[b'x'; 64 << 10]);
    }
    assert!(matches!(tap.form, Form::Other));
    assert_eq!(tap.finish(true), Metered::default());
}

#[test]
fn the_model_of_a_request_is_read_wherever_it_stands() {
    for (body, model) in [
        (r#"{"messages":[{"model":"no"}],"model":"gpt-4o"}"#, Some("gpt-4o")),
        (r#"{"model":7}"#, None),
        (r#"{"model":""}"#, None),
        (r#"{"mod\u0065l":"gpt-4o"}"#, Some("gpt-4o")),
        (r#"{"model":"cheap","mod\u0065l":"gp\u0074-4o"}"#, Some("gpt-4o")),
        (r#"{"model":"cheap","model":null}"#, None),
        ("", None),
    ] {
        let mut tap = ModelTap::default();
        body.as_bytes().iter().for_each(|byte| tap.push(&[*byte]));
        assert_eq!(tap.model().as_deref(), model, "{body}");
    }
}

#[test]
fn tools_that_the_provider_ran_are_counted_as_in_a_translated_answer() {
    let units = |kind: &str, body: &str| {
        let whole = metered(kind, body, body.len());
        for cut in 1..body.len().min(80) {
            assert_eq!(metered(kind, body, cut), whole, "{cut}");
        }
        whole.usage.unwrap().units
    };
    let response = r#"{"id":"r","object":"response","status":"completed","model":"gpt-5","output":[
        {"type":"web_search_call","action":{"type":"search","query":"}]"}},{"type":"reasoning","summary":[]},
        {"type":"web_search_call"},{"type":"code_interpreter_call"},{"type":"code_interpreter_call"},
        {"type":"file_search_call"},{"type":"message","content":[{"type":"output_text","text":"hi"}]}],
        "usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}"#;
    let seen = units("application/json", response);
    assert_eq!((seen.web_searches, seen.file_searches, seen.code_sessions, seen.unlisted), (2, 1, 1, 0));
    let event = format!(
        "event: response.completed\ndata: {{\"type\":\"response.completed\",\"response\":{}}}\n\n",
        response.replace('\n', " ")
    );
    assert_eq!(units("text/event-stream", &event), seen);
    let pending = r#"{"object":"response","status":"queued","model":"m","output":[],"usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}"#;
    assert_eq!(units("application/json", pending).unlisted, 1, "what goes on in the background");
    let drawn = r#"{"object":"response","output":[{"type":"image_generation_call"}],"usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}"#;
    assert_eq!(units("application/json", drawn).unlisted, 1);

    let grounded = r#"{"candidates":[{"content":{"parts":[{"text":"x"}]},"groundingMetadata":{"webSearchQueries":["a","b"],
        "groundingChunks":[{"web":{"uri":"u"}}]}}],"modelVersion":"gemini-3-pro","usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2}}"#;
    assert_eq!(units("application/json", grounded).web_searches, 2);
    let maps = grounded.replace("\"web\"", "\"maps\"");
    assert_eq!((units("application/json", &maps).web_searches, units("application/json", &maps).map_queries), (0, 2));
    let list = format!("[{grounded},\n{{\"usageMetadata\":{{\"promptTokenCount\":4,\"candidatesTokenCount\":9}}}}]");
    assert_eq!(units("application/json", &list).web_searches, 2);
    let events = format!(
        "data: {}\n\ndata: {{\"candidates\":[{{\"finishReason\":\"STOP\"}}],\"modelVersion\":\"gemini-3-pro\",\"usageMetadata\":{{\"promptTokenCount\":4,\"candidatesTokenCount\":9}}}}\n\n",
        grounded.replace('\n', " ")
    );
    assert_eq!(units("text/event-stream", &events).web_searches, 2);

    let anthropic = r#"{"type":"message","model":"claude","usage":{"input_tokens":2,"output_tokens":8,"server_tool_use":{"web_search_requests":3}}}"#;
    assert_eq!(units("application/json", anthropic).web_searches, 3);
}

#[test]
fn what_a_search_model_bills_is_counted_in_the_size_that_the_request_asks_for() {
    let body = r#"{"object":"chat.completion","model":"gpt-4o-search-preview","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3}}"#;
    let of = |request: &str| {
        let mut asked = ModelTap::default();
        asked.push(request.as_bytes());
        let mut tap = Tap::to(Some(&asked), "application/json");
        tap.push(body.as_bytes());
        tap.finish(true).usage.unwrap().units
    };
    assert_eq!(of(r#"{"model":"gpt-4o-search-preview"}"#).web_searches, 1);
    let high = of(r#"{"model":"m","web_search_options":{"search_context_size":"high"}}"#);
    assert_eq!((high.web_searches, high.web_searches_high), (0, 1));
}

#[test]
fn tools_that_are_too_many_to_be_counted_make_the_cost_unknown() {
    let item = r#"{"type":"web_search_call","x":"aaaaaaaa"}"#;
    let items = vec![item; 20_000].join(",");
    let body = format!(
        r#"{{"object":"response","output":[{items}],"usage":{{"input_tokens":9,"output_tokens":3,"total_tokens":12}}}}"#
    );
    assert!(metered("application/json", &body, 4_096).usage.unwrap().units.unlisted > 0);
}
