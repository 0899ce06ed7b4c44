//! Single traits of streams that the recorded ones do not show by themselves.

use proptest::prelude::*;

use super::*;

fn recording(dialect: Dialect, name: &str) -> String {
    fs::read_to_string(fixtures().join(dialect.as_str()).join(format!("{name}.sse"))).unwrap()
}

fn outcome(upstream: Dialect, inbound: Dialect, name: &str) -> Outcome {
    run(&context(upstream, inbound), [recording(upstream, name).as_bytes()])
}

#[test]
fn within_a_dialect_a_stream_is_the_same_bytes_but_for_the_cost() {
    let stream = recording(Dialect::Anthropic, "text");
    let expected =
        stream.replace(r#""usage":{"output_tokens":15}"#, r#""usage":{"output_tokens":15,"cost":0.000001718}"#);
    assert_eq!(outcome(Dialect::Anthropic, Dialect::Anthropic, "text").out, expected);
    let stream = recording(Dialect::Openai, "text");
    let expected =
        stream.replace(r#""rejected_prediction_tokens":0}}"#, r#""rejected_prediction_tokens":0},"cost":0.000002013}"#);
    assert_eq!(outcome(Dialect::Openai, Dialect::Openai, "text").out, expected);
}

#[test]
fn a_usage_chunk_that_the_caller_did_not_ask_for_is_taken_out_and_nothing_else() {
    let stream = recording(Dialect::Openai, "text");
    let silent = AnswerContext { include_usage: false, ..context(Dialect::Openai, Dialect::Openai) };
    let usage_chunk = stream.split_inclusive("\n\n").find(|event| event.contains(r#""choices":[]"#)).unwrap();
    let seen = run(&silent, [stream.as_bytes()]);
    assert_eq!(seen.out, stream.replace(usage_chunk, ""));
    assert_eq!((seen.usage.tokens.cache_read, seen.cost), (1792, Some(NanoUsd(2013))));
    let silent = AnswerContext { include_usage: false, ..context(Dialect::Anthropic, Dialect::Openai) };
    let seen = run(&silent, [recording(Dialect::Anthropic, "text").as_bytes()]);
    assert!(!seen.out.contains("usage") && seen.out.ends_with("data: [DONE]\n\n"));
}

#[test]
fn who_asked_for_usage_gets_it_even_from_a_provider_that_cannot_be_asked() {
    let stream = concat!(
        r#"data: {"id":"c","model":"m","choices":[{"delta":{"content":"12345678"},"finish_reason":"stop"}]}"#,
        "\n\ndata: [DONE]\n\n"
    );
    let seen = run(&context(Dialect::Openai, Dialect::Openai), [stream.as_bytes()]);
    let last = &checks::events(&seen.out)[1];
    assert_eq!((&last["usage"]["prompt_tokens"], &last["usage"]["completion_tokens"]), (&100.into(), &2.into()));
    assert_eq!(seen.usage.source, UsageSource::Estimated);
}

#[test]
fn an_unknown_price_is_null_on_the_wire() {
    let mut translator =
        StreamTranslator::new(context(Dialect::Openai, Dialect::Anthropic), Arc::new(|_: &Usage| None));
    let mut out = BytesMut::new();
    translator.push(recording(Dialect::Openai, "text").as_bytes(), &mut out).unwrap();
    assert!(String::from_utf8_lossy(&out).contains(r#""output_tokens":17,"cost":null}"#));
}

#[test]
fn a_stream_without_its_first_event_or_with_a_late_one_still_begins_once_and_first() {
    let text = |words: &str| {
        format!(
            "data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{words}\"}}}}\n\n"
        )
    };
    let start = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\"}}\n\n";
    let end = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
    for stream in [format!("{}{}{end}", text("a"), text("b")), format!("{}{start}{}{end}", text("a"), text("b"))] {
        let seen = run(&context(Dialect::Anthropic, Dialect::Openai), [stream.as_bytes()]);
        checks::openai("no start", &seen);
        assert_eq!(seen.out.matches("\"role\"").count(), 1, "{}", seen.out);
    }
}

#[test]
fn what_follows_the_end_is_nothing() {
    for behind in [": comment\n\n", "data: {\"half\": ", "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n"] {
        let stream = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}]}}\n\ndata: [DONE]\n\n{behind}");
        let seen = run(&context(Dialect::Openai, Dialect::Anthropic), [stream.as_bytes()]);
        assert_eq!((seen.error.as_ref(), seen.complete), (None, true), "{behind:?}");
        let end = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        assert!(seen.out.ends_with(end), "{behind:?}: {}", seen.out);
    }
}

#[test]
fn an_error_before_the_first_word_can_be_retried_and_costs_nothing() {
    for inbound in DIALECTS {
        let seen = outcome(Dialect::Anthropic, inbound, "error-first");
        assert!(matches!(&seen.error, Some(StreamError::Provider(error)) if error.status == 529), "{seen:?}");
        assert_eq!((seen.has_content, seen.usage), (false, Usage::default()));
        assert_eq!(outcome(Dialect::Openai, inbound, "error-first").usage, Usage::default());
    }
}

#[test]
fn an_error_after_the_first_word_keeps_what_came_before_and_never_looks_like_an_end() {
    for (upstream, inbound) in [(Dialect::Openai, Dialect::Anthropic), (Dialect::Anthropic, Dialect::Openai)] {
        let seen = outcome(upstream, inbound, "error-late");
        assert!(seen.has_content && seen.out.contains("Half an ") && !seen.complete);
        assert!(!seen.out.contains("[DONE]") && !seen.out.contains("message_stop"));
        assert_eq!(seen.usage.tokens.output_text, 2);
    }
}

#[test]
fn a_cut_stream_is_an_error_with_estimated_usage() {
    let seen = outcome(Dialect::Openai, Dialect::Openai, "cut");
    assert_eq!((seen.error, seen.finish), (Some(StreamError::Cut), None));
    assert_eq!((seen.usage.source, seen.usage.tokens.input_uncached), (UsageSource::Estimated, 100));
    // Anthropic has told its input at the start.
    let seen = outcome(Dialect::Anthropic, Dialect::Openai, "cut");
    assert_eq!((seen.error, seen.usage.source), (Some(StreamError::Cut), UsageSource::Mixed));
    assert_eq!((seen.usage.tokens.input_uncached, seen.usage.tokens.cache_read), (472, 1000));
    assert_eq!(run(&context(Dialect::Openai, Dialect::Openai), []).error, Some(StreamError::Cut));
}

#[test]
fn a_stream_that_named_its_finish_is_complete_without_its_last_event() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n";
    for inbound in DIALECTS {
        let seen = run(&context(Dialect::Openai, inbound), [stream.as_bytes()]);
        assert_eq!((seen.error, seen.complete), (None, true));
        let end = match inbound {
            Dialect::Openai => "data: [DONE]\n\n",
            Dialect::Anthropic => "{\"type\":\"message_stop\"}\n\n",
            Dialect::Responses => "}}\n\n",
            Dialect::Gemini => "\"responseId\":\"0199-r\"}\n\n",
        };
        assert!(seen.out.ends_with(end), "{}", seen.out);
    }
}

#[test]
fn a_stream_that_ends_without_naming_its_finish_still_has_one_for_its_caller() {
    let silent = [
        (
            WireFormat::Anthropic,
            concat!(
                "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\"}}\n\n",
                "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\"}}\n\n",
                "data: {\"type\":\"content_block_stop\",\"index\":0}\n\ndata: {\"type\":\"message_stop\"}\n\n",
            ),
            "tool_calls",
        ),
        (WireFormat::Anthropic, "data: {\"type\":\"message_stop\"}\n\n", "stop"),
        (
            WireFormat::Cohere,
            "data: {\"type\":\"message-start\",\"id\":\"c\"}\n\ndata: {\"type\":\"message-end\",\"delta\":{}}\n\n",
            "stop",
        ),
    ];
    for (upstream, stream, finish) in silent {
        let seen = run(&context(upstream, Dialect::Openai), [stream.as_bytes()]);
        checks::openai("silent", &seen);
        assert!(seen.out.contains(&format!("\"finish_reason\":\"{finish}\"")), "{}", seen.out);
    }
}

#[test]
fn cached_input_of_every_kind_is_told_to_callers_of_every_dialect_as_it_is_charged() {
    let stream = concat!(
        r#"data: {"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],"usageMetadata":{"#,
        r#""promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":1,"totalTokenCount":101,"#,
        r#""promptTokensDetails":[{"modality":"TEXT","tokenCount":40},{"modality":"AUDIO","tokenCount":60}],"#,
        r#""cacheTokensDetails":[{"modality":"TEXT","tokenCount":20},{"modality":"AUDIO","tokenCount":40}]}}"#,
        "\n\n"
    );
    for (inbound, told) in [
        (Dialect::Openai, r#""cached_tokens":60"#),
        (Dialect::Responses, r#""cached_tokens":60"#),
        (Dialect::Anthropic, r#""input_tokens":40,"cache_creation_input_tokens":0,"cache_read_input_tokens":60"#),
        (Dialect::Gemini, r#""cachedContentTokenCount":60"#),
    ] {
        let seen = run(&context(WireFormat::Gemini, inbound), [stream.as_bytes()]);
        assert!(seen.out.contains(told), "{}", seen.out);
        assert_eq!((seen.usage.tokens.cache_read, seen.usage.tokens.cache_read_audio), (20, 40));
    }
}

#[test]
fn half_an_event_at_the_end_is_not_passed_on_and_a_whole_one_is_ended() {
    let whole = r#"data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}"#;
    let same = context(Dialect::Openai, Dialect::Openai);
    let silent = AnswerContext { include_usage: false, ..same.clone() };
    assert_eq!(run(&silent, [whole.as_bytes()]).out, format!("{whole}\n\ndata: [DONE]\n\n"));
    let seen = run(&silent, [&whole.as_bytes()[..whole.len() - 1]]);
    assert_eq!((seen.out.as_str(), seen.error), ("", Some(StreamError::Cut)));
    // Who asked for usage gets it here too.
    assert!(run(&same, [whole.as_bytes()]).out.contains(r#""usage":{"prompt_tokens":100,"#));
}

#[test]
fn calls_without_ids_that_share_an_index_are_told_apart_by_their_names() {
    let call = |function: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":0,\"function\":{function}}}]}}}}]}}\n\n"
        )
    };
    let stream = [
        call(r#"{"name":"a","arguments":"{\"x\":"}"#),
        call(r#"{"arguments":"1}"}"#),
        call(r#"{"name":"b","arguments":"{}"}"#),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let seen = run(&context(Dialect::Openai, Dialect::Anthropic), [stream.as_bytes()]);
    checks::anthropic("calls", &seen);
    for part in
        [r#""id":"call_0199r_0","name":"a""#, r#""id":"call_0199r_1","name":"b""#, r#""stop_reason":"tool_use""#]
    {
        assert!(seen.out.contains(part), "{}", seen.out);
    }
}

#[test]
fn a_call_whose_pieces_have_an_id_each_is_one_call() {
    let piece = |index: &str, id: &str, function: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{{index}\"id\":\"{id}\",\"function\":{function}}}]}}}}]}}\n\n"
        )
    };
    for (first, second) in [("\"index\":0,", "\"index\":1,"), ("", "")] {
        let stream = [
            piece(first, "t-1", r#"{"name":"a","arguments":""}"#),
            piece(first, "t-2", r#"{"arguments":"{\"x\":"}"#),
            piece(first, "t-3", r#"{"arguments":"1}"}"#),
            piece(second, "t-4", r#"{"name":"b","arguments":"{"}"#),
            piece(second, "t-5", r#"{"arguments":"}"}"#),
            "data: [DONE]\n\n".to_owned(),
        ]
        .concat();
        let seen = run(&context(Dialect::Openai, Dialect::Anthropic), [stream.as_bytes()]);
        checks::anthropic("calls", &seen);
        assert_eq!(seen.out.matches(r#""type":"tool_use""#).count(), 2, "{}", seen.out);
        assert!(seen.out.contains(r#""id":"t-1","name":"a""#) && seen.out.contains(r#""id":"t-4","name":"b""#));
    }
}

#[test]
fn what_follows_a_call_that_has_ended_opens_no_block_without_a_name() {
    let piece = |call: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\n");
    let stream = [
        piece(r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#),
        piece(r#"{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}"#),
        piece(r#"{"index":0,"function":{"arguments":"\n"}}"#),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let seen = run(&context(Dialect::Openai, Dialect::Anthropic), [stream.as_bytes()]);
    checks::anthropic("calls", &seen);
    assert_eq!(seen.out.matches(r#""type":"tool_use""#).count(), 2, "{}", seen.out);
    assert!(!seen.out.contains(r#""name":"","#), "{}", seen.out);
}

#[test]
fn a_call_of_another_kind_than_a_function_is_reported_and_no_tool_without_a_name() {
    let delta = |call: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\n");
    let stream = [
        delta(r#"{"index":0,"id":"a","type":"custom","custom":{"name":"g","input":""}}"#),
        delta(r#"{"index":0,"custom":{"input":"free text"}}"#),
        delta(r#"{"index":1,"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}"#),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let seen = run(&context(Dialect::Openai, Dialect::Anthropic), [stream.as_bytes()]);
    checks::anthropic("calls", &seen);
    assert_eq!(seen.out.matches("\"tool_use\",\"id\"").count(), 1, "{}", seen.out);
    assert_eq!(seen.dropped, ["choices[].message.tool_calls[]"]);
}

#[test]
fn a_role_alone_is_no_content() {
    let mut translator = StreamTranslator::new(context(Dialect::Openai, Dialect::Anthropic), Arc::new(price));
    let mut out = BytesMut::new();
    let role = b"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    translator.push(role, &mut out).unwrap();
    assert!(!translator.has_content());
    translator.push(b"data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n", &mut out).unwrap();
    assert!(translator.has_content());
}

#[test]
fn a_model_at_work_is_told_from_one_that_only_pings() {
    let working = |upstream: Dialect, events: &[&str]| {
        let mut translator = StreamTranslator::new(context(upstream, Dialect::Anthropic), Arc::new(price));
        for event in events {
            translator.push(format!("data: {event}\n\n").as_bytes(), &mut BytesMut::new()).unwrap();
        }
        assert!(!translator.has_content());
        translator.is_working()
    };
    let start = r#"{"type":"message_start","message":{"id":"msg_1","model":"m"}}"#;
    let hidden =
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#;
    let search = r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search"}}"#;
    assert!(!working(Dialect::Anthropic, &[start, r#"{"type":"ping"}"#]));
    assert!(working(Dialect::Anthropic, &[start, hidden]) && working(Dialect::Anthropic, &[start, search]));
    assert!(!working(Dialect::Openai, &[r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#]));
    assert!(working(Dialect::Openai, &[r#"{"choices":[{"delta":{"images":[{"url":"x"}]}}]}"#]));
}

#[test]
fn what_is_no_json_is_forwarded_to_its_own_dialect_and_refused_by_another() {
    let stream = b"data: hello\n\n";
    let seen = run(&context(Dialect::Openai, Dialect::Openai), [stream.as_slice()]);
    assert_eq!((seen.out.as_bytes(), seen.error), (stream.as_slice(), Some(StreamError::Cut)));
    let mut translator = StreamTranslator::new(context(Dialect::Openai, Dialect::Anthropic), Arc::new(price));
    let result = translator.push(stream, &mut BytesMut::new());
    assert!(matches!(result, Err(StreamError::Malformed(_))));
}

#[test]
fn an_error_event_has_the_form_of_the_callers_dialect() {
    let error = WireError::gateway(crate::ErrorKind::Timeout, "too slow");
    assert_eq!(
        error_event(Dialect::Anthropic, &error),
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"timeout_error\",\"message\":\"too slow\"}}\n\n"
    );
    assert_eq!(
        error_event(Dialect::Openai, &error),
        "data: {\"error\":{\"message\":\"too slow\",\"type\":\"server_error\",\"param\":null,\"code\":\"timeout\"}}\n\n"
    );
}

#[test]
fn a_gemini_caller_who_asks_for_a_list_gets_one_whole_document() {
    for (name, upstream, bytes) in recorded() {
        let list = AnswerContext { json_array: true, ..context(upstream, Dialect::Gemini) };
        let mut translator = StreamTranslator::new(list, Arc::new(price));
        let mut out = BytesMut::new();
        let result = translator.push(&bytes, &mut out).and_then(|()| translator.finish(&mut out));
        if let Err(error) = &result {
            translator.fail(&error.to_wire(), &mut out);
        }
        let told: Vec<Value> = serde_json::from_slice(&out).unwrap_or_else(|fault| panic!("{name}: {fault} {out:?}"));
        let failed = told.last().is_some_and(|last| last["error"]["code"].is_u64());
        assert_eq!(failed, result.is_err(), "{name}");
        let events = checks::events(&run(&context(upstream, Dialect::Gemini), [bytes.as_slice()]).out);
        assert_eq!(events.len(), told.len() - usize::from(failed), "{name}");
    }
}

/// Found by fuzzing: as an event of its own a damaged one hurts nobody else, within a list it hurts all.
#[test]
fn a_damaged_event_ends_a_list_and_does_not_make_it_unreadable() {
    for damaged in ["data: {\"candidates\": [}\n\n", "data: [DONE]\n\n", "data: \u{1}\n\n"] {
        let list = AnswerContext { json_array: true, ..context(Dialect::Gemini, Dialect::Gemini) };
        let mut translator = StreamTranslator::new(list, Arc::new(price));
        let mut out = BytesMut::new();
        translator
            .push(b"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]}}]}\n\n", &mut out)
            .unwrap();
        let error = translator.push(damaged.as_bytes(), &mut out).unwrap_err();
        translator.fail(&error.to_wire(), &mut out);
        let told: Vec<Value> = serde_json::from_slice(&out).unwrap();
        assert!(told.len() == 2 && told[1]["error"]["code"].is_u64(), "{damaged}: {told:?}");
        let events = run(&context(Dialect::Gemini, Dialect::Gemini), [damaged.as_bytes()]);
        assert_eq!(events.out, damaged);
    }
}

#[test]
fn an_error_that_google_puts_bare_into_a_stream_is_no_silent_end() {
    for inbound in DIALECTS {
        let bytes = fs::read(fixtures().join("gemini/error-late.sse")).unwrap();
        let seen = run(&context(Dialect::Gemini, inbound), [bytes.as_slice()]);
        let Some(StreamError::Provider(error)) = seen.error else { panic!("{:?}", seen.error) };
        assert_eq!((error.status, error.kind), (503, crate::ErrorKind::Overloaded));
    }
}

#[test]
fn an_event_of_sixteen_megabytes_passes() {
    let text = "x".repeat(16 << 20);
    let stream = format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":\"stop\"}}]}}\n\ndata: [DONE]\n\n"
    );
    let seen = run(&context(Dialect::Openai, Dialect::Anthropic), stream.as_bytes().chunks(64 << 10));
    assert_eq!((seen.error, seen.usage.tokens.output_text), (None, 4 << 20));
}

proptest! {
    /// Streams with bytes changed at random: no panic, no end that the upstream has not sent, and the same result
    /// however they are cut.
    #[test]
    fn damaged_streams_never_panic_and_never_end_well_by_accident(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
        inbound in prop::sample::select(&DIALECTS[..]),
    ) {
        let recorded = recorded();
        let (_, upstream, mut bytes) = recorded[which.index(recorded.len())].clone();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let context = context(upstream, inbound);
        let read = |pieces: [&[u8]; 2]| {
            let mut translator = StreamTranslator::new(context.clone(), Arc::new(price));
            let mut out = BytesMut::new();
            let result = pieces.iter().try_for_each(|piece| translator.push(piece, &mut out));
            let result = result.and_then(|()| translator.finish(&mut out));
            (out, translator.usage(), translator.is_complete(), result)
        };
        let whole = read([&bytes, b""]);
        prop_assert!(whole.3.is_err() || whole.2);
        let (left, right) = bytes.split_at(cut.index(bytes.len()));
        prop_assert_eq!(read([left, right]), whole);
    }
}

/// Events of Gemini's for [`rich`].
const GEMINIS: (&[&str], &[&str]) = (
    &[
        r#"{"candidates":[{"content":{"parts":[{"executableCode":{"code":"1"}},{"text":"x","mood":"glad"}]},"mood":1}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"second"}]},"index":1}],"news":1}"#,
        r#"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}}]}"#,
        r#"{"candidates":[{"finishReason":"STOP","citationMetadata":{"citationSources":[1]},"groundingMetadata":{"groundingChunks":[1]}}]}"#,
    ],
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

const OPENAIS: (&[&str], &[&str]) = (
    &[
        r#"{"id":"c","object":"chat.completion.chunk","model":"m","obfuscation":"q","choices":[{"index":0,"delta":{"role":"assistant","content":"x"}}]}"#,
        r#"{"choices":[{"index":1,"delta":{"content":"second"}}]}"#,
        r#"{"citations":["https://x"],"choices":[{"index":0,"delta":{"annotations":[{"type":"url_citation"}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"function_call":{"name":"f","arguments":""},"mood":"glad"},"logprobs":{"content":[]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":[{"type":"reference","reference_ids":[1]}]},"finish_reason":"stop"}]}"#,
        "[DONE]",
    ],
    &[
        "choices[1..]",
        "choices[].logprobs",
        "choices[].message.*",
        "choices[].message.annotations",
        "choices[].message.content[]",
        "choices[].message.function_call",
        "citations",
    ],
);

/// Streams with parts that the other dialect has no place for, and the names by which they are reported.
fn rich(upstream: Dialect) -> (String, &'static [&'static str]) {
    let (events, names): (&[&str], &[&str]) = match upstream {
        Dialect::Anthropic => (
            &[
                r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[]}}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search"}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
                r#"{"type":"content_block_stop","index":0}"#,
                r#"{"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","content":[]}}"#,
                r#"{"type":"content_block_start","index":2,"content_block":{"type":"of tomorrow, with words"}}"#,
                r#"{"type":"content_block_start","index":3,"content_block":{"type":"text","text":"","citations":[]}}"#,
                r#"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"x"}}"#,
                r#"{"type":"content_block_delta","index":3,"delta":{"type":"citations_delta","citation":{"cited_text":"y"}}}"#,
                r#"{"type":"content_block_delta","index":3,"delta":{"type":"mood_delta","mood":"glad"}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END","container":{"id":"k"}}}"#,
                r#"{"type":"message_stop"}"#,
            ],
            &[
                "*",
                "content[]",
                "content[].*",
                "content[].citations",
                "content[].server_tool_use",
                "content[].web_search_tool_result",
                "stop_sequence",
            ],
        ),
        Dialect::Gemini => GEMINIS,
        Dialect::Openai => OPENAIS,
        Dialect::Responses => (
            &[
                r#"{"type":"response.created","response":{"id":"resp_1","model":"m","output":[]}}"#,
                r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"web_search_call","id":"ws_1"}}"#,
                r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call","id":"ws_1"}}"#,
                r#"{"type":"response.output_text.delta","output_index":1,"delta":"x","logprobs":[{"token":"x"}]}"#,
                r#"{"type":"response.of.tomorrow","mood":"glad"}"#,
                r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"message","id":"m","content":[
                {"type":"output_text","text":"x","annotations":[{"type":"url_citation"}],"mood":"glad"}]}}"#,
                r#"{"type":"response.completed","response":{"id":"resp_1","output":[],"status":"completed"}}"#,
            ],
            &["output[]", "output[].content[].*", "output[].content[].annotations", "output[].content[].logprobs"],
        ),
    };
    (events.iter().map(|event| format!("data: {}\n\n", event.replace('\n', " "))).collect(), names)
}

#[test]
fn what_the_callers_dialect_cannot_hold_is_named_however_the_stream_is_cut() {
    use Dialect::{Anthropic, Gemini, Openai, Responses};
    for (upstream, inbound) in [
        (Anthropic, Openai),
        (Openai, Anthropic),
        (Openai, Responses),
        (Responses, Anthropic),
        (Responses, Openai),
        (Gemini, Openai),
        (Gemini, Anthropic),
        (Gemini, Responses),
        (Openai, Gemini),
        (Anthropic, Gemini),
        (Responses, Gemini),
    ] {
        let (stream, names) = rich(upstream);
        for cut in 0..=stream.len() {
            let (left, right) = stream.as_bytes().split_at(cut);
            let seen = run(&context(upstream, inbound), [left, right]);
            assert_eq!((seen.error, seen.dropped.as_slice()), (None, names), "cut at {cut}");
        }
        let forwarded = run(&context(upstream, upstream), [stream.as_bytes()]);
        assert_eq!(forwarded.dropped, Vec::<&str>::new(), "within a dialect all of it arrives");
    }
}

/// Some say `stop` although a tool is called, or that one is called which nobody here knows.
#[test]
fn what_is_passed_on_has_one_finish_whole_and_streamed() {
    use Finish::{ContentFilter, Length, Stop, ToolCalls};
    let call = r#""tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]"#;
    for (message, reason, finish) in [
        (call, "stop", ToolCalls),
        (call, "new", ToolCalls),
        (call, "length", Length),
        (r#""content":"x""#, "stop", Stop),
        (r#""content":null,"refusal":"No.""#, "stop", ContentFilter),
        (r#""tool_calls":[{"id":"c","type":"custom","custom":{"name":"f","input":"x"}}]"#, "tool_calls", ToolCalls),
        (r#""function_call":{"name":"f","arguments":"{}"}"#, "function_call", ToolCalls),
    ] {
        let of = |name: &str| format!(r#"{{"choices":[{{"{name}":{{{message}}},"finish_reason":"{reason}"}}]}}"#);
        let context = context(Dialect::Openai, Dialect::Openai);
        let whole = answer(&context, &Bytes::from(of("message")), &price).unwrap();
        let stream = format!("data: {}\n\ndata: [DONE]\n\n", of("delta"));
        assert_eq!(whole.finish, Some(finish), "{message} {reason}");
        assert_eq!(run(&context, [stream.as_bytes()]).finish, Some(finish), "{message} {reason}");
    }
    let call = r#"{"type":"tool_use","id":"c","name":"f","input":{}}"#;
    for (reason, finish) in [("tool_use", ToolCalls), ("end_turn", ToolCalls), ("max_tokens", Length)] {
        let context = context(Dialect::Anthropic, Dialect::Anthropic);
        let whole = format!(r#"{{"content":[{call}],"stop_reason":"{reason}"}}"#);
        let stream = format!(
            "data: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{call}}}\n\n\
             data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{reason}\"}}}}\n\n\
             data: {{\"type\":\"message_stop\"}}\n\n"
        );
        assert_eq!(answer(&context, &Bytes::from(whole), &price).unwrap().finish, Some(finish), "{reason}");
        assert_eq!(run(&context, [stream.as_bytes()]).finish, Some(finish), "{reason}");
    }
}

/// The caller was told that it is whole; an error behind that would be taken for one of the answer.
#[test]
fn what_is_damaged_behind_the_end_of_an_answer_does_not_take_it_back() {
    let whole = fs::read_to_string(fixtures().join("bedrock/text.events")).unwrap();
    // Without its `messageStop`, the last event alone says that it is over.
    let unfinished: String = whole.split_inclusive('\n').filter(|line| !line.contains("messageStop")).collect();
    for text in [whole, unfinished] {
        let context = context(WireFormat::Bedrock, Dialect::Openai);
        let stream = framed(&text);
        let wanted = run(&context, [stream.as_slice()]);
        assert_eq!((wanted.complete, &wanted.error), (true, &None));
        let strange = message(&[(":message-type", "of tomorrow")], b"{}");
        for behind in [&strange[..], b"no message at all", &strange[..7]] {
            let stream = [&stream, behind, &strange].concat();
            assert_eq!(run(&context, [stream.as_slice()]), wanted);
            assert_eq!(run(&context, stream.chunks(5)), wanted);
        }
    }
}
