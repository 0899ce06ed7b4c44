//! Results of batches as the vendors document them, and what they say.

use serde_json::json;

use super::*;

fn lines(dialect: Dialect, text: &str, cut: usize) -> Vec<BatchLine> {
    let (mut lines, mut seen) = (BatchLines::new(dialect), Vec::new());
    for piece in text.as_bytes().chunks(cut) {
        lines.push(piece, |line| seen.push(line));
    }
    lines.finish(|line| seen.push(line));
    seen
}

/// Model, input and output tokens, cached ones; `None` where usage is unknown.
fn told(line: &BatchLine) -> (bool, Option<&str>, Option<[u64; 3]>) {
    let tokens = line.metered.usage.map(|usage| {
        assert_eq!(usage.tier, ServiceTier::Batch, "whatever the answer says");
        [usage.tokens.input_total(), usage.tokens.output_total(), usage.tokens.cache_read]
    });
    (line.succeeded, line.metered.model.as_deref(), tokens)
}

fn openai() -> String {
    let chat = json!({"id": "batch_req_1", "custom_id": "a", "response": {"status_code": 200, "request_id": "r1", "body": {
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06", "service_tier": "default",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "{\"usage\":{\"prompt_tokens\":9}} \\ \n é"}}],
        "usage": {"prompt_tokens": 24, "completion_tokens": 15, "total_tokens": 39,
            "prompt_tokens_details": {"cached_tokens": 4}}}}, "error": null});
    let embedding = json!({"custom_id": "b", "response": {"body": {"object": "list", "data": [{"embedding": [0.1, 0.2]}],
        "model": "text-embedding-3-small", "usage": {"prompt_tokens": 8, "total_tokens": 8}}, "status_code": 200}});
    let failed = json!({"custom_id": "c", "response": {"status_code": 400, "body": {"error": {"message": "no",
        "usage": {"prompt_tokens": 99}}}}, "error": null});
    let expired = json!({"custom_id": "d", "response": null, "error": {"code": "batch_expired", "message": "late"}});
    let silent = json!({"custom_id": "e", "response": {"status_code": 200, "body": {"model": "m", "usage": null}}});
    format!("{chat}\n{embedding}\r\n\n{failed}\n{expired}\n{silent}")
}

#[test]
fn results_of_openai_are_read_however_they_are_cut() {
    let text = openai();
    let whole = lines(Dialect::Openai, &text, text.len());
    let seen: Vec<_> = whole.iter().map(told).collect();
    assert_eq!(
        seen,
        [
            (true, Some("gpt-4o-2024-08-06"), Some([24, 15, 4])),
            (true, Some("text-embedding-3-small"), Some([8, 0, 0])),
            (false, None, None),
            (false, None, None),
            (true, Some("m"), None),
        ]
    );
    assert!(whole.iter().all(|line| line.understood));
    for cut in 1..text.len() {
        assert_eq!(lines(Dialect::Openai, &text, cut), whole, "pieces of {cut}");
    }
}

#[test]
fn tools_that_a_response_of_a_batch_tells_of_are_counted_with_its_usage() {
    let item =
        |kind: &str| json!({"type": kind, "id": "x", "content": [{"type": "output_text", "text": "web_search_call"}]});
    let output = ["web_search_call", "message", "web_search_call", "file_search_call"].map(item);
    let line = json!({"custom_id": "a", "response": {"status_code": 200, "body": {"id": "resp_1", "object": "response",
        "status": "completed", "model": "gpt-5", "output": output, "usage": {"input_tokens": 20,
            "input_tokens_details": {"cached_tokens": 5}, "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 27}}}, "error": null});
    let text = line.to_string();
    for cut in 1..text.len() {
        let [line] = &lines(Dialect::Openai, &text, cut)[..] else { panic!("one line") };
        let usage = line.metered.usage.unwrap();
        assert_eq!(
            (usage.units.web_searches, usage.units.file_searches, usage.tier),
            (2, 1, ServiceTier::Batch),
            "{cut}"
        );
        assert_eq!((usage.tokens.input_total(), usage.tokens.reasoning, usage.tokens.cache_read), (20, 2, 5));
    }
    let batch = json!({"id": "batch_1", "object": "batch", "endpoint": "/v1/responses", "created_at": 1_711_471_533.5,
        "status": "completed", "model": "gpt-5", "request_counts": {"total": 1, "completed": 1, "failed": 0},
        "usage": {"input_tokens": 20, "output_tokens": 7, "total_tokens": 27}});
    let state = BatchState::read(batch.to_string().as_bytes()).unwrap();
    assert_eq!((state.metered.usage, state.made), (None, 1_711_471_533), "the sums do not say what tools did");
}

#[test]
fn a_line_that_does_not_say_what_became_of_its_request_is_not_understood() {
    let understood =
        |dialect, text: &str| lines(dialect, text, 5).iter().map(|line| line.understood).collect::<Vec<_>>();
    let body = json!({"model": "m", "usage": {"prompt_tokens": 5, "completion_tokens": 5}});
    for good in [
        json!({"response": {"status_code": 500, "body": null}, "error": null}),
        json!({"error": {"code": "batch_expired"}, "response": null}),
    ] {
        assert_eq!(understood(Dialect::Openai, &format!("{good}\n")), [true], "{good}");
        assert_eq!(understood(Dialect::Openai, good.to_string().trim_end_matches('}')), [false], "torn: {good}");
    }
    for bad in [
        json!({"response": {"body": body}}).to_string(),
        json!({"response": {"status_code": "200", "body": body}}).to_string(),
        json!({"response": {"status_code": null, "body": body}}).to_string(),
        json!({"response": null, "error": null}).to_string(),
        json!({"response": null}).to_string(),
        json!({"response": "null", "error": {}}).to_string(),
        json!({"error": {"code": "x"}}).to_string(),
        json!({"result": {"type": "succeeded", "message": body}}).to_string(),
        "{}".into(),
        "null".into(),
        "<html>".into(),
    ] {
        assert_eq!(understood(Dialect::Openai, &format!("\n{bad}\n \n")), [false], "{bad}");
    }
    let of = |kind: serde_json::Value| json!({"custom_id": "a", "result": {"type": kind, "message": body}}).to_string();
    for (kind, good) in
        [("succeeded", true), ("errored", true), ("canceled", true), ("expired", true), ("halved", false)]
    {
        assert_eq!(understood(Dialect::Anthropic, &of(json!(kind))), [good], "{kind}");
    }
    assert_eq!(understood(Dialect::Anthropic, &of(json!(null))), [false]);
    assert_eq!(understood(Dialect::Anthropic, &openai()), [false; 5], "another vendor's");
}

#[test]
fn results_of_anthropic_are_read_however_they_are_cut() {
    let good = json!({"custom_id": "a", "result": {"type": "succeeded", "message": {"id": "msg_1", "type": "message",
        "role": "assistant", "model": "claude-sonnet-4-5", "content": [{"type": "text", "text": "}{ \"usage\": 1"}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 11, "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 5, "output_tokens": 36, "service_tier": "batch"}}}});
    let failed = json!({"custom_id": "b", "result": {"type": "errored",
        "error": {"type": "invalid_request_error", "message": "no"}}});
    let text = format!("{good}\n{failed}\n");
    let whole = lines(Dialect::Anthropic, &text, text.len());
    let seen: Vec<_> = whole.iter().map(told).collect();
    assert_eq!(seen, [(true, Some("claude-sonnet-4-5"), Some([16, 36, 5])), (false, None, None)]);
    for cut in 1..text.len() {
        assert_eq!(lines(Dialect::Anthropic, &text, cut), whole, "pieces of {cut}");
    }
}

#[test]
fn a_line_of_any_length_takes_no_memory_and_hides_nothing() {
    let image = "x".repeat(1 << 20);
    let line = json!({"response": {"status_code": 200, "body": {"data": [{"b64_json": image}], "model": "gpt-image-1",
        "output_format": "png", "usage": {"input_tokens": 50, "output_tokens": 4160, "total_tokens": 4210,
            "input_tokens_details": {"text_tokens": 50, "image_tokens": 0}}}}});
    let mut lines = BatchLines::new(Dialect::Openai);
    let text = format!("{line}\n");
    let mut seen = Vec::new();
    for piece in text.as_bytes().chunks(64 << 10) {
        lines.push(piece, |line| seen.push(line));
        assert!(lines.scan.kept() < 32 << 10);
    }
    assert_eq!(seen.len(), 1);
    let usage = seen[0].metered.usage.unwrap();
    assert_eq!((usage.tokens.input_total(), usage.tokens.output_total()), (50, 4160));
}

#[test]
fn what_is_no_json_yields_nothing_that_counts() {
    for text in [
        "",
        "\n\n",
        "null\n",
        "[]\n[[1]]",
        "}}}{{{\n",
        "{\"response\":\n{\"body\":{\"usage\":{\"prompt_tokens\":1}}}",
        "\"x",
    ] {
        for line in lines(Dialect::Openai, text, 3) {
            assert_eq!(
                (line.understood, line.succeeded, &line.metered),
                (false, false, &Metered::default()),
                "{text:?}"
            );
        }
    }
    let early = "{\"response\":{\"status_code\":200,\"body\":{\"model\":\"m\",\"usage\":{\"prompt_tokens\":5,";
    let cut_off = &lines(Dialect::Openai, early, 7)[0];
    assert_eq!((told(cut_off), cut_off.understood), ((true, Some("m"), None), false), "cut off");
}

#[test]
fn a_batch_says_whether_it_has_ended_and_what_it_consumed() {
    let batch = |fields: serde_json::Value| {
        let mut batch = json!({"id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "created_at": 1_711_471_533,
            "status": "completed", "model": "gpt-5-2025-08-07", "request_counts": {"total": 2, "completed": 2, "failed": 0},
            "usage": {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 40}, "output_tokens": 30,
                "output_tokens_details": {"reasoning_tokens": 10}, "total_tokens": 130}});
        for (name, value) in fields.as_object().unwrap() {
            batch[name] = value.clone();
        }
        BatchState::read(batch.to_string().as_bytes()).unwrap()
    };
    let done = batch(json!({}));
    assert_eq!((done.made, done.ended, done.succeeded), (1_711_471_533, true, Some(2)));
    assert_eq!(done.metered.model.as_deref(), Some("gpt-5-2025-08-07"));
    let usage = done.metered.usage.unwrap();
    assert_eq!((usage.tier, usage.tokens.input_uncached, usage.tokens.cache_read), (ServiceTier::Batch, 60, 40));
    assert_eq!((usage.tokens.output_text, usage.tokens.reasoning), (20, 10));
    assert!(!batch(json!({"status": "finalizing"})).ended);
    let zeros = json!({"input_tokens": 0, "output_tokens": 0, "total_tokens": 0});
    assert_eq!(batch(json!({"usage": zeros})).metered.usage, None, "an old batch, whose usage is not counted");
    assert_eq!(batch(json!({"usage": null})).metered.usage, None);

    let anthropic = json!({"id": "msgbatch_1", "type": "message_batch", "processing_status": "ended",
        "request_counts": {"processing": 0, "succeeded": 0, "errored": 1, "canceled": 0, "expired": 0},
        "created_at": "2024-08-20T18:37:24.100435Z"});
    let ended = BatchState::read(anthropic.to_string().as_bytes()).unwrap();
    assert_eq!((ended.made, ended.ended, ended.succeeded), (1_724_179_044, true, Some(0)));
    assert_eq!(ended.metered.usage, None);
    for other in [json!({"object": "file", "id": "file-1"}), json!([]), json!({"error": {"message": "no"}})] {
        assert_eq!(BatchState::read(other.to_string().as_bytes()), None);
    }
}
