//! Events as OpenAI documents them, in both versions of the protocol.

use serde_json::{Value, json};
use weir_domain::usage::{Tokens, UsageSource};

use super::*;

fn read(event: Value) -> Option<RealtimeEvent> {
    realtime_event(event.to_string().as_bytes())
}

#[test]
fn a_response_is_counted_by_modality_and_no_token_twice() {
    let event = json!({"type": "response.done", "event_id": "event_1", "response": {"object": "realtime.response",
        "id": "resp_1", "status": "completed", "status_details": null, "output": [], "usage": {
            "total_tokens": 1_253, "input_tokens": 1_132, "output_tokens": 121,
            "input_token_details": {"text_tokens": 119, "audio_tokens": 13, "image_tokens": 1_000, "cached_tokens": 164,
                "cached_tokens_details": {"text_tokens": 60, "audio_tokens": 4, "image_tokens": 100}},
            "output_token_details": {"text_tokens": 30, "audio_tokens": 91}}}});
    let Some(RealtimeEvent::Done(done)) = read(event) else { panic!("not read") };
    assert_eq!((done.response.as_str(), done.status, done.model), ("resp_1", RealtimeStatus::Completed, None));
    let usage = done.usage.unwrap();
    let tokens = Tokens {
        input_uncached: 59,
        cache_read: 60,
        audio_in: 9,
        cache_read_audio: 4,
        image_in: 900,
        cache_read_image: 100,
        output_text: 30,
        audio_out: 91,
        ..Tokens::default()
    };
    assert_eq!((usage.tokens, usage.source), (tokens, UsageSource::Provider));
    assert_eq!((usage.tokens.input_total(), usage.tokens.output_total()), (1_132, 121));
}

#[test]
fn what_a_response_does_not_say_is_unknown_and_never_nothing() {
    for usage in [json!(null), json!({}), json!("much"), json!([1])] {
        let event = json!({"type": "response.done", "response": {"id": "r", "status": "cancelled", "usage": usage}});
        let Some(RealtimeEvent::Done(done)) = read(event) else { panic!("not read") };
        assert_eq!((done.usage, done.status), (None, RealtimeStatus::Cancelled), "{usage}");
    }
    let Some(RealtimeEvent::Done(done)) = read(json!({"type": "response.done"})) else { panic!("not read") };
    assert_eq!(*done, RealtimeDone::default());
}

#[test]
fn a_response_that_failed_says_why() {
    let error = json!({"type": "invalid_request_error", "code": "rate_limit_exceeded", "message": "slow down"});
    let details = json!({"type": "failed", "error": error});
    let event = json!({"type": "response.done",
        "response": {"id": "r", "status": "failed", "status_details": details, "model": "gpt-realtime-2"}});
    let Some(RealtimeEvent::Done(done)) = read(event) else { panic!("not read") };
    assert_eq!((done.status, done.code.as_deref()), (RealtimeStatus::Failed, Some("rate_limit_exceeded")));
    assert_eq!(done.model.as_deref(), Some("gpt-realtime-2"));
    let event = json!({"type": "error", "event_id": "e", "error": {"type": "invalid_request_error", "code": null}});
    assert_eq!(read(event), Some(RealtimeEvent::Error { code: "invalid_request_error".into() }));
    assert_eq!(read(json!({"type": "error"})), Some(RealtimeEvent::Error { code: "error".into() }));
}

#[test]
fn transcriptions_are_counted_in_tokens_or_seconds() {
    let kind = "conversation.item.input_audio_transcription.completed";
    let tokens = json!({"type": "tokens", "total_tokens": 22, "input_tokens": 13, "output_tokens": 9,
        "input_token_details": {"text_tokens": 3, "audio_tokens": 10}});
    let Some(RealtimeEvent::Transcribed { usage: Some(usage) }) =
        read(json!({"type": kind, "item_id": "i", "transcript": "Hey", "usage": tokens}))
    else {
        panic!("not read")
    };
    assert_eq!((usage.tokens.input_uncached, usage.tokens.audio_in, usage.tokens.output_text), (3, 10, 9));
    let Some(RealtimeEvent::Transcribed { usage: Some(usage) }) =
        read(json!({"type": kind, "usage": {"type": "duration", "seconds": 2.5}}))
    else {
        panic!("not read")
    };
    assert_eq!((usage.units.audio_in_ms, usage.tokens), (2_500, Tokens::default()));
    assert_eq!(read(json!({"type": kind})), Some(RealtimeEvent::Transcribed { usage: None }));
    let failed = json!({"type": "conversation.item.input_audio_transcription.failed", "error": {"code": "audio_unintelligible"}});
    assert_eq!(read(failed), Some(RealtimeEvent::Untranscribed { code: "audio_unintelligible".into() }));
}

#[test]
fn the_model_of_transcriptions_is_found_in_both_versions_of_a_session() {
    let model = |session: Value| match read(json!({"type": "session.updated", "session": session})) {
        Some(RealtimeEvent::Session { begins: false, model: None, transcription }) => transcription,
        other => panic!("{other:?}"),
    };
    let whisper = Some("whisper-1".to_owned());
    let named = json!({"model": "whisper-1"});
    assert_eq!(model(json!({"audio": {"input": {"transcription": named}, "output": {}}})), whisper);
    assert_eq!(model(json!({"input_audio_transcription": named})), whisper);
    for none in [json!({}), json!({"audio": {"input": {"transcription": null}}}), json!({"audio": 7})] {
        assert_eq!(model(none), None);
    }
}

#[test]
fn a_session_names_its_model_and_says_whether_it_begins() {
    for (kind, begins) in [("session.created", true), ("session.updated", false)] {
        let session = json!({"model": "gpt-realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}});
        let expected = RealtimeEvent::Session {
            begins,
            model: Some("gpt-realtime".into()),
            transcription: Some("whisper-1".into()),
        };
        assert_eq!(read(json!({"type": kind, "session": session})), Some(expected));
    }
}

#[test]
fn all_else_is_no_concern_of_the_ledger() {
    for message in [
        &b""[..],
        b"{",
        b"\xff\xfe response.done",
        b"[\"response.done\"]",
        b"{\"type\":\"response.output_audio.delta\",\"delta\":\"UklGRg==\"}",
        b"{\"type\":\"response.output_text.delta\",\"delta\":\"response.done\"}",
        b"{\"type\":7,\"response\":\"response.done\"}",
        b"{\"type\":\"response.created\",\"response\":{}}",
    ] {
        assert_eq!(realtime_event(message), None, "{}", String::from_utf8_lossy(message));
    }
    assert_eq!(
        read(json!({"type": "response.created", "response": {"id": "r"}})),
        Some(RealtimeEvent::Began { response: "r".into() })
    );
}

#[test]
fn a_response_is_ended_by_its_id() {
    let cancel: Value = serde_json::from_str(&realtime_cancel("resp_\"1")).unwrap();
    assert_eq!(cancel, json!({"type": "response.cancel", "response_id": "resp_\"1"}));
}
