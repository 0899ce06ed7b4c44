//! What is passed on keeps its bytes, and what it consumed is known as far as the answer or the request says.

use serde_json::{Value, json};
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;

use super::*;
use crate::peek::{peek_for, peek_form};

const TO: Target<'_> = Target::new(WireFormat::Openai, "gpt-image-1");

fn prepared(operation: Operation, body: &str) -> (Peek, UpstreamRequest) {
    let body = Bytes::from(body.to_owned());
    let peek = peek_for(operation, Dialect::Openai, &body).unwrap();
    let prepared = prepare(&peek, &body, &TO).unwrap();
    (peek, prepared)
}

fn read(operation: Operation, wanted: Wanted, body: &str) -> Result<(Answer, Usage), AnswerError> {
    let context = AnswerContext {
        operation,
        upstream: WireFormat::Openai,
        inbound: Dialect::Openai,
        include_usage: false,
        json_array: false,
        estimated_input: 11,
        created: 0,
        request_id: "r".into(),
        tool_names: ToolNames::default(),
        wanted,
    };
    let answer = crate::answer(&context, &Bytes::from(body.to_owned()), &|_: &Usage| Some(NanoUsd(5)))?;
    let usage = answer.usage;
    Ok((answer, usage))
}

#[test]
fn only_the_model_changes_on_the_way_there() {
    for (operation, path) in [
        (Operation::ImageGeneration, "/images/generations"),
        (Operation::Speech, "/audio/speech"),
        (Operation::Moderation, "/moderations"),
        (Operation::Completion, "/completions"),
    ] {
        let (_, sent) = prepared(operation, r#"{ "input":"hé", "model" :"art", "x":[1] }"#);
        assert_eq!(sent.path, path);
        assert_eq!(sent.body, "{ \"input\":\"hé\", \"model\" :\"gpt-image-1\", \"x\":[1] }");
    }
    let (_, streamed) = prepared(Operation::Completion, r#"{"model":"a","prompt":"p","stream":true}"#);
    let streamed: Value = serde_json::from_slice(&streamed.body).unwrap();
    assert_eq!(streamed["stream_options"], json!({"include_usage": true}));
    let anthropic = Target { format: WireFormat::Anthropic, ..TO };
    let body = Bytes::from_static(b"{\"model\":\"a\"}");
    let peek = peek_for(Operation::Speech, Dialect::Openai, &body).unwrap();
    assert!(matches!(prepare(&peek, &body, &anthropic), Err(RequestError::Unsupported { .. })));
}

#[test]
fn the_model_of_a_form_is_replaced_and_nothing_else() {
    let form = |model: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRI\0FF\r\n--b\r\n\
             Content-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--b\r\n\
             Content-Disposition: form-data; name=\"response_format\"\r\n\r\nsrt\r\n--b\r\n\
             Content-Disposition: form-data; name=\"stream\"\r\n\r\ntrue\r\n--b--\r\n"
        )
    };
    let body = Bytes::from(form("voice"));
    let kind = "multipart/form-data; boundary=b";
    let peek = peek_form(Operation::Transcription, Dialect::Openai, kind, &body).unwrap();
    assert_eq!((peek.model.as_str(), peek.stream), ("voice", true));
    let sent = prepare(&peek, &body, &TO).unwrap();
    assert_eq!((sent.body.as_ref(), sent.path.as_ref()), (form("gpt-image-1").as_bytes(), "/audio/transcriptions"));
    assert!(sent.wanted.plain);
    let without = Bytes::from(form("").replace("name=\"model\"", "name=\"other\""));
    assert!(peek_form(Operation::Transcription, Dialect::Openai, kind, &without).is_err());
    assert!(peek_form(Operation::Speech, Dialect::Openai, kind, &body).is_err(), "speech takes no form");
}

#[test]
fn what_a_request_says_of_its_cost_is_known() {
    let (_, image) = prepared(Operation::ImageGeneration, r#"{"model":"a","size":"1024x1536","quality":"hd"}"#);
    let size = ImageSize { width: 1024, height: 1536 };
    assert_eq!((image.wanted.units.image_size, image.wanted.units.image_quality), (size, ImageQuality::Hd));
    let (peek, speech) = prepared(Operation::Speech, r#"{"model":"a","input":"h\u00e9llo"}"#);
    assert_eq!((speech.wanted.units.characters, speech.wanted.plain, peek.stream), (5, true, false));
    let (peek, events) = prepared(Operation::Speech, r#"{"model":"a","input":"x","stream_format":"sse"}"#);
    assert_eq!((events.wanted.plain, peek.stream), (false, true));
}

#[test]
fn images_are_charged_by_tokens_or_by_number_size_and_quality() {
    let counted = r#"{"created":1,"data":[{"b64_json":"eA=="}],"usage":{"total_tokens":9,"input_tokens":4,"output_tokens":5,"input_tokens_details":{"text_tokens":4,"image_tokens":0}}}"#;
    let (answer, usage) = read(Operation::ImageGeneration, Wanted::default(), counted).unwrap();
    assert_eq!((usage.tokens.input_uncached, usage.tokens.image_out, usage.units), (4, 5, Units::default()));
    assert_eq!(serde_json::from_slice::<Value>(&answer.body).unwrap()["usage"]["cost"], json!(0.000_000_005));
    let wanted = Wanted {
        units: Units { image_size: ImageSize { width: 512, height: 512 }, ..Units::default() },
        ..Wanted::default()
    };
    let plain = r#"{"created":1,"data":[{"url":"u"},{"url":"v"}],"quality":"high"}"#;
    let (answer, usage) = read(Operation::ImageEdit, wanted, plain).unwrap();
    assert_eq!(answer.body, plain);
    assert_eq!((usage.units.images, usage.units.image_size.width), (2, 512));
    assert_eq!((usage.units.image_quality, usage.source), (ImageQuality::High, UsageSource::Provider));
}

#[test]
fn transcriptions_are_charged_by_what_the_answer_says_or_by_the_recording() {
    let at = |ms| Wanted { units: Units { audio_in_ms: ms, ..Units::default() }, plain: false, ..Wanted::default() };
    let ms = |wanted, body: &str| {
        let usage = read(Operation::Transcription, wanted, body).unwrap().1;
        (usage.units.audio_in_ms, usage.tokens.input_total(), usage.source)
    };
    let tokens = r#"{"text":"a","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":4,"total_tokens":18}}"#;
    assert_eq!(ms(at(700), tokens), (0, 14, UsageSource::Provider));
    assert_eq!(
        ms(at(700), r#"{"text":"a","usage":{"type":"duration","seconds":3}}"#),
        (3_000, 0, UsageSource::Provider)
    );
    assert_eq!(ms(at(700), r#"{"text":"a","duration":2.5,"segments":[]}"#), (2_500, 0, UsageSource::Provider));
    assert_eq!(ms(at(700), r#"{"text":"a"}"#), (700, 0, UsageSource::Estimated));
    assert_eq!(ms(at(0), r#"{"text":"a"}"#), (0, 0, UsageSource::None), "unknown is not nothing");
    let plain = Wanted { plain: true, ..at(700) };
    let (answer, usage) = read(Operation::SpeechTranslation, plain, "1\n00:00 --> 00:01\nhi\n").unwrap();
    assert_eq!((answer.body.as_ref(), usage.units.audio_in_ms), (b"1\n00:00 --> 00:01\nhi\n".as_slice(), 700));
    let none = read(Operation::Transcription, at(0), r#"{"text":"a"}"#).unwrap().0;
    assert_eq!(none.cost, None);
}

#[test]
fn moderations_and_completions_are_charged_by_tokens() {
    let (_, usage) =
        read(Operation::Moderation, Wanted::default(), r#"{"id":"m","model":"omni","results":[]}"#).unwrap();
    assert_eq!((usage.tokens.input_uncached, usage.source), (11, UsageSource::Mixed));
    let body =
        r#"{"id":"c","choices":[{"text":"12345678","index":0}],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#;
    let (answer, usage) = read(Operation::Completion, Wanted::default(), body).unwrap();
    assert_eq!((usage.tokens.input_uncached, usage.tokens.output_text), (4, 2));
    assert_eq!(answer.response_id.as_deref(), Some("c"));
    let (_, usage) = read(Operation::Completion, Wanted::default(), r#"{"choices":[{"text":"12345678"}]}"#).unwrap();
    assert_eq!((usage.tokens.output_text, usage.source), (2, UsageSource::Estimated));
}

#[test]
fn an_answer_to_something_else_is_refused() {
    for operation in
        [Operation::ImageGeneration, Operation::Transcription, Operation::Moderation, Operation::Completion]
    {
        for body in ["{}", "[]", "", "{\"error\":{\"message\":\"no\"}}", "<html>"] {
            assert!(read(operation, Wanted::default(), body).is_err(), "{operation:?} {body}");
        }
    }
}
