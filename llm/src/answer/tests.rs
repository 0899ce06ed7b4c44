//! Whole answers: forwarded within a dialect, translated between two, priced in both cases.

use weir_domain::usage::{ServiceTier, UsageSource};

use super::*;

fn context(upstream: Dialect, inbound: Dialect) -> AnswerContext {
    AnswerContext {
        operation: Operation::Chat,
        upstream: upstream.format(),
        inbound,
        include_usage: false,
        json_array: false,
        estimated_input: 100,
        created: 1_700_000_000,
        request_id: "0199-r".into(),
        tool_names: ToolNames::default(),
        wanted: Wanted::default(),
    }
}

/// A nano-dollar per input token, ten per output token.
fn price(usage: &Usage) -> Option<NanoUsd> {
    let nanos = usage.tokens.input_total() + 10 * usage.tokens.output_total();
    i64::try_from(nanos).ok().map(NanoUsd)
}

fn answered(upstream: Dialect, inbound: Dialect, body: &str) -> (Answer, String) {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let answer = answer(&context(upstream, inbound), &body, &price).unwrap();
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    (answer, text)
}

const OPENAI: &str = r#"{"id":"chatcmpl-A1","object":"chat.completion","created":1,"model":"gpt-x","choices":[{"index":0,
 "message":{"role":"assistant","content":"Hi \u00e9","refusal":null},"finish_reason":"stop"}],
 "usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":6}}}"#;

#[test]
fn within_a_dialect_only_the_cost_is_added() {
    let (answer, text) = answered(Dialect::Openai, Dialect::Openai, OPENAI);
    assert_eq!(text, OPENAI.replace(r#""cached_tokens":6}}"#, r#""cached_tokens":6},"cost":0.00000005}"#));
    assert_eq!(answer.usage.source, UsageSource::Provider);
    assert_eq!((answer.usage.tokens.cache_read, answer.cost), (6, Some(NanoUsd(50))));
    assert_eq!((answer.finish, answer.upstream_model.as_deref()), (Some(Finish::Stop), Some("gpt-x")));
}

#[test]
fn an_unknown_price_is_null_and_never_nothing() {
    let body = Bytes::from_static(OPENAI.as_bytes());
    let context = context(Dialect::Openai, Dialect::Openai);
    let answer = answer(&context, &body, &|_: &Usage| None).unwrap();
    assert!(String::from_utf8_lossy(&answer.body).ends_with(r#""cost":null}}"#));
    assert_eq!(answer.cost, None);
}

#[test]
fn an_openai_answer_becomes_a_message() {
    let (answer, text) = answered(Dialect::Openai, Dialect::Anthropic, OPENAI);
    assert_eq!(
        text,
        concat!(
            r#"{"id":"msg_A1","type":"message","role":"assistant","model":"gpt-x","content":[{"type":"text","text":"Hi é"}],"#,
            r#""stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":4,"cache_creation_input_tokens":0,"#,
            r#""cache_read_input_tokens":6,"output_tokens":4,"cost":0.00000005}}"#
        )
    );
    assert_eq!(answer.cost, Some(NanoUsd(50)));
}

#[test]
fn a_message_with_reasoning_and_parallel_calls_becomes_a_completion() {
    let body = r#"{"id":"msg_01","type":"message","role":"assistant","model":"claude-x","content":[
        {"type":"thinking","thinking":"hm","signature":"sig"},{"type":"redacted_thinking","data":"xx"},
        {"type":"text","text":"Look."},{"type":"tool_use","id":"toolu_1","name":"a","input":{"x": 1}},
        {"type":"tool_use","id":"toolu_2","name":"b","input":{}}],"stop_reason":"tool_use","stop_sequence":null,
        "usage":{"input_tokens":3,"cache_read_input_tokens":2,"cache_creation_input_tokens":5,"output_tokens":7}}"#;
    let (answer, text) = answered(Dialect::Anthropic, Dialect::Openai, body);
    assert_eq!(
        text,
        concat!(
            r#"{"id":"chatcmpl-01","object":"chat.completion","created":1700000000,"model":"claude-x","choices":[{"index":0,"#,
            r#""message":{"role":"assistant","content":"Look.","refusal":null,"reasoning_content":"hm","thinking_blocks":["#,
            r#"{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"redacted_thinking","data":"xx"}],"tool_calls":["#,
            r#"{"id":"toolu_1","type":"function","function":{"name":"a","arguments":"{\"x\": 1}"}},"#,
            r#"{"id":"toolu_2","type":"function","function":{"name":"b","arguments":"{}"}}]},"#,
            r#""logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":10,"completion_tokens":7,"#,
            r#""total_tokens":17,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":5,"audio_tokens":0},"#,
            r#""completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0},"cost":0.00000008}}"#
        )
    );
    assert_eq!((answer.usage.tokens.input_uncached, answer.usage.tokens.cache_write_5m), (3, 5));
}

#[test]
fn arguments_that_are_no_object_are_wrapped_and_missing_ids_are_made() {
    let body = r#"{"choices":[{"message":{"content":null,"tool_calls":[
        {"function":{"name":"a","arguments":""}},{"id":"","function":{"name":"b","arguments":"not json"}},
        {"id":"c1","function":{"name":"c","arguments":{"already":"object"}}}]},"finish_reason":"stop"}]}"#;
    let (answer, text) = answered(Dialect::Openai, Dialect::Anthropic, body);
    assert!(text.contains(r#"{"type":"tool_use","id":"call_0199r_0","name":"a","input":{}}"#), "{text}");
    assert!(text.contains(r#"{"type":"tool_use","id":"call_0199r_1","name":"b","input":{"arguments":"not json"}}"#));
    assert!(text.contains(r#"{"type":"tool_use","id":"c1","name":"c","input":{"already":"object"}}"#));
    assert!(text.contains(r#""stop_reason":"tool_use""#));
    assert_eq!((answer.usage.source, answer.usage.tokens.input_uncached), (UsageSource::Estimated, 100));
}

#[test]
fn a_refusal_is_a_refusal_in_both_directions() {
    let openai = r#"{"choices":[{"message":{"content":null,"refusal":"No."},"finish_reason":"stop"}]}"#;
    let (answer, text) = answered(Dialect::Openai, Dialect::Anthropic, openai);
    assert!(text.contains(r#""content":[{"type":"text","text":"No."}],"stop_reason":"refusal""#));
    assert_eq!(answer.finish, Some(Finish::ContentFilter));
    // In words it ends a completion like any other.
    let responses =
        r#"{"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"No."}]}]}"#;
    let (_, text) = answered(Dialect::Responses, Dialect::Openai, responses);
    assert!(text.contains(r#""refusal":"No.""#) && text.contains(r#""finish_reason":"stop""#), "{text}");
    let anthropic = r#"{"content":[],"stop_reason":"refusal"}"#;
    let (_, text) = answered(Dialect::Anthropic, Dialect::Openai, anthropic);
    assert!(text.contains(r#""content":"","refusal":null}"#) && text.contains(r#""finish_reason":"content_filter""#));
}

#[test]
fn a_prompt_that_google_blocked_is_an_empty_answer_that_was_filtered() {
    let blocked =
        r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7},"modelVersion":"g"}"#;
    let (answer, text) = answered(Dialect::Gemini, Dialect::Openai, blocked);
    assert!(text.contains(r#""content":"","refusal":null}"#) && text.contains(r#""finish_reason":"content_filter""#));
    assert_eq!((answer.usage.tokens.input_uncached, answer.usage.tokens.output_total()), (7, 0));
    let (_, text) = answered(Dialect::Gemini, Dialect::Anthropic, blocked);
    assert!(text.contains(r#""content":[],"stop_reason":"refusal""#), "{text}");
    let (forwarded, text) = answered(Dialect::Gemini, Dialect::Gemini, blocked);
    assert!(
        text.starts_with(r#"{"promptFeedback":{"blockReason":"SAFETY"}"#) && text.contains(r#","cost":"#),
        "{text}"
    );
    assert_eq!(forwarded.finish, Some(Finish::ContentFilter));
}

#[test]
fn an_answer_becomes_one_of_geminis_and_its_reasoning_can_come_back() {
    let anthropic = r#"{"id":"msg_01","type":"message","role":"assistant","model":"claude-x","content":[
        {"type":"thinking","thinking":"hm","signature":"sig"},{"type":"text","text":"Look."},
        {"type":"tool_use","id":"toolu_1","name":"a","input":{"x": 1}}],"stop_reason":"tool_use",
        "usage":{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":7}}"#;
    let (_, text) = answered(Dialect::Anthropic, Dialect::Gemini, anthropic);
    assert_eq!(
        text,
        concat!(
            r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},"#,
            r#"{"text":"","thought":true,"thoughtSignature":"d2VpcjpzaWc6c2ln"},{"text":"Look."},"#,
            r#"{"functionCall":{"id":"toolu_1","name":"a","args":{"x": 1}}}]},"finishReason":"STOP","index":0}],"#,
            r#""usageMetadata":{"promptTokenCount":5,"cachedContentTokenCount":2,"candidatesTokenCount":7,"#,
            r#""totalTokenCount":12,"cost":0.000000075},"modelVersion":"claude-x","responseId":"01"}"#
        )
    );
}

#[test]
fn usage_without_a_number_is_estimated_from_the_answer_and_says_so() {
    let body = r#"{"choices":[{"message":{"content":"12345678"},"finish_reason":"stop"}]}"#;
    let (answer, text) = answered(Dialect::Openai, Dialect::Openai, body);
    assert_eq!((text.as_str(), answer.usage.source), (body, UsageSource::Estimated));
    assert_eq!((answer.usage.tokens.input_uncached, answer.usage.tokens.output_text), (100, 2));
}

#[test]
fn an_error_with_status_200_is_an_error() {
    let body = Bytes::from_static(br#"{"error":{"message":"m","code":502}}"#);
    for inbound in [Dialect::Openai, Dialect::Anthropic] {
        let result = answer(&context(Dialect::Openai, inbound), &body, &price);
        assert!(matches!(result, Err(AnswerError::Provider(error)) if error.status == 502));
    }
    for bad in ["", "[]", "{}", "<html>"] {
        for upstream in [Dialect::Openai, Dialect::Anthropic] {
            for inbound in [Dialect::Openai, Dialect::Anthropic] {
                let result = answer(&context(upstream, inbound), &Bytes::from_static(bad.as_bytes()), &price);
                assert!(matches!(result, Err(AnswerError::Malformed(_))), "{bad} {upstream} {inbound}");
            }
        }
    }
}

#[test]
fn each_stop_reason_has_its_finish_reason() {
    for (stop, finish) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("of-tomorrow", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
    ] {
        let body = format!(
            r#"{{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{{"type":"text","text":"x"}}],
            "stop_reason":"{stop}","usage":{{"input_tokens":1,"output_tokens":1}}}}"#
        );
        let (_, text) = answered(Dialect::Anthropic, Dialect::Openai, &body);
        assert!(text.contains(&format!(r#""finish_reason":"{finish}""#)), "{stop}: {text}");
    }
}

#[test]
fn what_plain_rates_do_not_cover_is_null_and_never_a_wrong_number() {
    let priority = OPENAI.replacen('{', r#"{"service_tier":"priority","#, 1);
    let searched = r#"{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"x"}],
        "stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1,"server_tool_use":{"web_search_requests":1}}}"#;
    let is_plain = |usage: &Usage| usage.units.is_empty() && usage.tier == ServiceTier::Standard;
    let by_rates = |usage: &Usage| is_plain(usage).then(|| price(usage)).flatten();
    for (upstream, body) in [(Dialect::Openai, priority.as_str()), (Dialect::Anthropic, searched)] {
        for inbound in [Dialect::Openai, Dialect::Anthropic] {
            let body = Bytes::copy_from_slice(body.as_bytes());
            let answer = answer(&context(upstream, inbound), &body, &by_rates).unwrap();
            assert!(String::from_utf8_lossy(&answer.body).contains(r#""cost":null"#), "{upstream:?} {inbound:?}");
            assert!(!is_plain(&answer.usage) && answer.cost.is_none());
        }
    }
}

/// [`rich`] of Gemini's.
const GEMINIS: (&str, &[&str]) = (
    r#"{"candidates":[{"content":{"role":"model","parts":[{"executableCode":{"code":"1"}},
            {"inlineData":{"mimeType":"image/png","data":"AA=="}},{"text":"x","mood":"glad"},
            {"functionCall":{"id":"1","name":"f","args":{},"willContinue":true}}]},"finishReason":"STOP","index":0,"mood":1,
            "safetyRatings":[],"citationMetadata":{"citationSources":[{"uri":"cited_text"}]},
            "groundingMetadata":{"groundingChunks":[1]},"urlContextMetadata":{}},
            {"content":{"parts":[{"text":"second"}]},"index":1}],"news":1,
            "usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}}"#,
    &[
        "*",
        "candidates[1..]",
        "candidates[].*",
        "candidates[].citationMetadata",
        "candidates[].content.parts[].*",
        "candidates[].content.parts[].executableCode",
        "candidates[].content.parts[].inlineData",
        "candidates[].groundingMetadata",
    ],
);

/// An answer with everything that the other dialect has no place for, and the names by which that is reported.
fn rich(upstream: Dialect) -> (&'static str, &'static [&'static str]) {
    match upstream {
        Dialect::Anthropic => (
            r#"{"id":"msg_1","type":"message","role":"assistant","model":"c","container":{"id":"k"},"content":[
            {"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}},
            {"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]},
            {"type":"tool_use","id":"nameless"},{"type":"of tomorrow, with\r\nwords: of the vendor"},
            {"type":"text","text":"x","citations":[{"type":"char_location","cited_text":"y"}]},
            {"type":"text","text":"z","citations":[],"mood":"glad"},
            {"type":"tool_use","id":"toolu_1","name":"f","input":{},"caller":{"type":"code_execution_20250825"}}],
            "stop_reason":"stop_sequence","stop_sequence":"END","usage":{"input_tokens":1,"output_tokens":1}}"#,
            &[
                "*",
                "content[]",
                "content[].*",
                "content[].caller",
                "content[].citations",
                "content[].server_tool_use",
                "content[].web_search_tool_result",
                "stop_sequence",
            ],
        ),
        Dialect::Gemini => GEMINIS,
        Dialect::Openai => (
            r#"{"id":"c","object":"chat.completion","created":1,"model":"m","system_fingerprint":"fp","citations":["https://x"],
            "news\r\nof: tomorrow":1,"choices":[{"index":0,"finish_reason":"stop","logprobs":{"content":[]},"filter":{"a":1},
            "message":{"role":"assistant","content":[{"type":"text","text":"x"},{"type":"reference","reference_ids":[1]}],
            "annotations":[{"type":"url_citation"}],"audio":{"id":"a"},"function_call":{"name":"f","arguments":"{}"},"mood":"glad",
            "tool_calls":[{"id":"1","type":"custom","custom":{"name":"g","input":"i"}},
            {"id":"2","type":"function","function":{"name":"f"},"extra_content":{"vendor":1}}]}},
            {"index":1,"message":{"content":"second"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
            &[
                "*",
                "choices[1..]",
                "choices[].*",
                "choices[].logprobs",
                "choices[].message.*",
                "choices[].message.annotations",
                "choices[].message.audio",
                "choices[].message.content[]",
                "choices[].message.function_call",
                "choices[].message.tool_calls[]",
                "choices[].message.tool_calls[].extra_content",
                "citations",
            ],
        ),
        Dialect::Responses => rich_response(),
    }
}

fn rich_response() -> (&'static str, &'static [&'static str]) {
    (
        r#"{"id":"resp_1","object":"response","model":"m","status":"completed","error":null,"output":[
            {"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search"}},
            {"type":"function_call","id":"fc_1","call_id":"1","name":"f","arguments":"{}","namespace":"n","mood":"glad"},
            {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"x",
            "annotations":[{"type":"url_citation","cited_text":"y"}],"logprobs":[{"token":"x"}],"mood":"glad"}]}],
            "moderation":{"input":{}},"usage":{"input_tokens":1,"output_tokens":1}}"#,
        &[
            "moderation",
            "output[]",
            "output[].*",
            "output[].content[].*",
            "output[].content[].annotations",
            "output[].content[].logprobs",
            "output[].namespace",
        ],
    )
}

#[test]
fn what_the_callers_dialect_cannot_hold_is_named_and_only_when_translated() {
    use Dialect::{Anthropic, Gemini, Openai, Responses};
    for (upstream, inbound) in [
        (Anthropic, Openai),
        (Openai, Anthropic),
        (Anthropic, Responses),
        (Openai, Responses),
        (Responses, Openai),
        (Gemini, Openai),
        (Gemini, Anthropic),
        (Gemini, Responses),
        (Openai, Gemini),
        (Anthropic, Gemini),
        (Responses, Gemini),
    ] {
        let (body, names) = rich(upstream);
        let (translated, text) = answered(upstream, inbound, body);
        assert_eq!(translated.dropped, names);
        assert!(!text.contains("cited_text") && !text.contains("second"), "{text}");
        // Within its dialect all of it arrives.
        let (forwarded, text) = answered(upstream, upstream, body);
        assert_eq!(forwarded.dropped, Vec::<&str>::new());
        assert!(text.contains("cited_text") || text.contains("second"), "{text}");
    }
}

#[test]
fn what_providers_always_send_is_not_reported() {
    let openai = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","system_fingerprint":null,"service_tier":"default",
        "choices":[{"index":0,"message":{"role":"assistant","content":"x","refusal":null,"annotations":[],"audio":null,
        "function_call":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"},
        "extra_content":{"google":{"thought_signature":"sig"}}}]},
        "logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
    let anthropic = r#"{"id":"msg_1","type":"message","role":"assistant","model":"c","container":null,"content":[
        {"type":"text","text":"x","citations":null},{"type":"thinking","thinking":"t","signature":"s"},
        {"type":"tool_use","id":"1","name":"f","input":{},"caller":{"type":"direct"}}],
        "stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}"#;
    let gemini = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"t","thought":true},
        {"text":"x","thoughtSignature":"c2ln"},{"functionCall":{"name":"f","args":{}},"thoughtSignature":"c2ln"}]},
        "finishReason":"STOP","index":0,"safetyRatings":[{"category":"HARM_CATEGORY_HATE_SPEECH"}],"avgLogprobs":-0.1,
        "tokenCount":3,"citationMetadata":{},"groundingMetadata":{}}],"promptFeedback":{"safetyRatings":[]},
        "usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1},"modelVersion":"g","responseId":"r"}"#;
    assert_eq!(answered(Dialect::Gemini, Dialect::Openai, gemini).0.dropped, Vec::<&str>::new());
    assert_eq!(answered(Dialect::Openai, Dialect::Anthropic, openai).0.dropped, Vec::<&str>::new());
    assert_eq!(answered(Dialect::Anthropic, Dialect::Openai, anthropic).0.dropped, Vec::<&str>::new());
    let responses = include_str!("../../fixtures/responses/text.json");
    assert_eq!(answered(Dialect::Responses, Dialect::Openai, responses).0.dropped, Vec::<&str>::new());
}
