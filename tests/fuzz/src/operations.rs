//! What is no chat: embeddings, rerank, images, speech, transcriptions, moderations, completions; forms with files; and
//! the demo provider. The request to every format of providers, and an answer to it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::operation::Operation;
use weir_llm::{AnswerContext, StreamTranslator, UpstreamRequest, accepted, answer, demo, peek_form, prepare};

use crate::context::{FORMATS, Flat, check_refusal, check_size, check_tokens, context, json, pick, target};

/// The operations.
pub(crate) const OPERATIONS: [Operation; 10] = [
    Operation::Embeddings,
    Operation::Rerank,
    Operation::Completion,
    Operation::ImageGeneration,
    Operation::ImageEdit,
    Operation::ImageVariation,
    Operation::Speech,
    Operation::Transcription,
    Operation::SpeechTranslation,
    Operation::Moderation,
];
/// What stands between a request and the answer to it.
pub(crate) const BETWEEN: &[u8] = b"\n===\n";
/// Of requests that begin like a form.
pub(crate) const FORM: &str = "multipart/form-data; boundary=XX";

/// First byte: the operation. Second byte: how the answer is cut. Then the request, and after [`BETWEEN`] the answer.
pub fn check(data: &[u8]) {
    let [operation, cut, rest @ ..] = data else { return };
    let operation = pick(&OPERATIONS, *operation);
    let end = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (body, answered) = match end {
        Some(at) => (&rest[..at], &rest[at + BETWEEN.len()..]),
        None => (rest, &[][..]),
    };
    let (body, answered) = (Bytes::copy_from_slice(body), Bytes::copy_from_slice(answered));
    let content_type = if body.starts_with(b"--") { FORM } else { "application/json" };
    let seen = match peek_form(operation, Dialect::Openai, content_type, &body) {
        Ok(seen) => seen,
        Err(error) => return check_refusal(&error),
    };
    for format in FORMATS {
        let made = match prepare(Dialect::Openai, &seen, &body, &target(format, false)) {
            Ok(made) => made,
            Err(error) => {
                check_refusal(&error);
                continue;
            }
        };
        assert!(made.path.starts_with('/') && made.path.bytes().all(|b| b.is_ascii_graphic()), "{}", made.path);
        check_size(&made.body, &body);
        if seen.is_form() {
            let again = peek_form(operation, Dialect::Openai, content_type, &made.body).expect("it is still a form");
            assert_eq!(again.model, "other");
        } else {
            json(&made.body);
        }
        check_answers(operation, format, &made, &answered, usize::from(*cut));
    }
    check_demo(&body);
}

fn check_answers(operation: Operation, format: WireFormat, made: &UpstreamRequest, answered: &Bytes, cut: usize) {
    let context = AnswerContext { operation, wanted: made.wanted.clone(), ..context(format, Dialect::Openai) };
    check_tokens(&accepted(&context));
    if let Ok(read) = answer(&context, answered, &Flat) {
        check_tokens(&read.usage);
        let translated =
            matches!(format, WireFormat::Cohere | WireFormat::Gemini | WireFormat::Ollama | WireFormat::Bedrock);
        if translated || operation == Operation::Completion {
            json(&read.body);
        }
    }
    if operation.passed_on_at().is_none() {
        return;
    }
    let run = |pieces: &[&[u8]]| {
        let mut translator = StreamTranslator::new(context.clone(), Arc::new(Flat));
        let mut out = BytesMut::new();
        let pushed = pieces.iter().try_for_each(|piece| translator.push(piece, &mut out));
        let error = pushed.and_then(|()| translator.finish(&mut out)).err();
        (out.to_vec(), translator.usage(), error)
    };
    let whole = run(&[answered]);
    check_tokens(&whole.1);
    let (left, right) = answered.split_at(cut * answered.len() / 256);
    assert_eq!(whole, run(&[left, right]), "cut at {}", left.len());
}

/// The demo provider answers anything, and only its models that are made to fail fail.
fn check_demo(body: &Bytes) {
    for path in ["/chat/completions", "/embeddings", "/rerank", "/images/generations", "/audio/speech", "/moderations"]
    {
        let answered = demo::respond_at(path, body);
        let failing = body.windows(10).any(|window| window == b"demo-error");
        assert!(failing || (200..500).contains(&answered.status), "{path}: {}", answered.status);
        if answered.content_type == "application/json" {
            json(&answered.chunks.concat());
        }
    }
}
