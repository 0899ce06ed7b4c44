//! Every recorded stream: its golden translation, the same however it is cut, and valid for its caller's dialect.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use serde_json::Value;
use weir_domain::dialect::WireFormat;
use weir_domain::operation::Operation;
use weir_domain::usage::UsageSource;

use super::*;
use crate::answer::answer;
use crate::error::{WireError, error_event};
use crate::event_stream::tests::message;

mod checks;
mod put_together;
mod single;

const DIALECTS: [Dialect; 4] = [Dialect::Openai, Dialect::Anthropic, Dialect::Responses, Dialect::Gemini];
const FORMATS: [WireFormat; 7] = [
    WireFormat::Openai,
    WireFormat::Anthropic,
    WireFormat::Responses,
    WireFormat::Bedrock,
    WireFormat::Gemini,
    WireFormat::Cohere,
    WireFormat::Ollama,
];

fn context(upstream: impl Into<WireFormat>, inbound: Dialect) -> AnswerContext {
    AnswerContext {
        operation: Operation::Chat,
        upstream: upstream.into(),
        inbound,
        include_usage: true,
        json_array: false,
        estimated_input: 100,
        created: 1_700_000_000,
        request_id: "0199-r".into(),
        tool_names: crate::ToolNames::default(),
        wanted: crate::Wanted::default(),
    }
}

/// A nano-dollar per input token, ten per output token.
fn price(usage: &Usage) -> Option<NanoUsd> {
    let nanos = usage.tokens.input_total() + 10 * usage.tokens.output_total();
    i64::try_from(nanos).ok().map(NanoUsd)
}

/// What came of a stream.
#[derive(Debug, PartialEq)]
struct Outcome {
    out: String,
    usage: Usage,
    cost: Option<NanoUsd>,
    finish: Option<Finish>,
    model: Option<String>,
    id: Option<String>,
    dropped: Vec<&'static str>,
    has_content: bool,
    complete: bool,
    error: Option<StreamError>,
}

fn run<'a>(context: &AnswerContext, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut translator = StreamTranslator::new(context.clone(), Arc::new(price));
    let mut out = BytesMut::new();
    let mut result = Ok(());
    for piece in pieces {
        result = result.and_then(|()| translator.push(piece, &mut out));
    }
    result = result.and_then(|()| translator.finish(&mut out));
    Outcome {
        out: String::from_utf8(out.to_vec()).unwrap(),
        usage: translator.usage(),
        cost: translator.cost(),
        finish: translator.finish_reason(),
        model: translator.upstream_model().map(str::to_owned),
        id: translator.response_id().map(str::to_owned),
        dropped: translator.dropped(),
        has_content: translator.has_content(),
        complete: translator.is_complete(),
        error: result.err(),
    }
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Name, format and bytes of every recorded stream.
fn recorded() -> Vec<(String, WireFormat, Vec<u8>)> {
    let mut all = Vec::new();
    for format in FORMATS {
        for entry in fs::read_dir(fixtures().join(format.as_str())).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("sse" | "ndjson") => all.push((name, format, fs::read(&path).unwrap())),
                Some("events") => all.push((name, format, framed(&fs::read_to_string(&path).unwrap()))),
                _ => {}
            }
        }
    }
    all.sort_by_key(|(name, format, _)| (format.as_str(), name.clone()));
    assert!(all.len() >= 44);
    all
}

/// The binary messages of a stream that is kept as text: a line `event NAME PAYLOAD` or `exception NAME PAYLOAD` each.
/// A last line `cut` takes half of the message before it away.
fn framed(text: &str) -> Vec<u8> {
    let (mut bytes, mut last) = (Vec::new(), 0);
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line == "cut" {
            bytes.truncate(bytes.len() - last / 2);
            break;
        }
        let mut words = line.splitn(3, ' ');
        let (kind, name, payload) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap_or_default());
        let of_kind = format!(":{kind}-type");
        let headers = [(&*of_kind, name), (":content-type", "application/json"), (":message-type", kind)];
        let message = message(&headers, payload.as_bytes());
        last = message.len();
        bytes.extend(message);
    }
    bytes
}

fn all_pairs() -> impl Iterator<Item = (String, AnswerContext, Vec<u8>)> {
    recorded().into_iter().flat_map(|(name, upstream, bytes)| {
        DIALECTS.map(|inbound| {
            (format!("{}-{name}.to-{inbound}", upstream.as_str()), context(upstream, inbound), bytes.clone())
        })
    })
}

#[test]
fn golden_each_stream_for_each_caller() {
    let mut wrong = Vec::new();
    for (name, context, bytes) in all_pairs() {
        let outcome = run(&context, [bytes.as_slice()]);
        let mut text = outcome.out.clone();
        let tokens = serde_json::to_string(&outcome.usage).unwrap();
        writeln!(text, "---\n{tokens}\ncost {:?} finish {:?}", outcome.cost, outcome.finish).unwrap();
        writeln!(text, "model {:?} id {:?}", outcome.model, outcome.id).unwrap();
        writeln!(text, "content {} complete {}", outcome.has_content, outcome.complete).unwrap();
        writeln!(text, "error {:?}", outcome.error).unwrap();
        let path = fixtures().join("golden").join(format!("{name}.txt"));
        if std::env::var_os("WEIR_BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "differ from their golden files: {wrong:?}");
}

/// One test per upstream dialect: they run side by side.
#[test]
fn every_stream_of_chat_completions_cut_at_every_byte_gives_the_same_answer() {
    cut_everywhere(Dialect::Openai);
}

#[test]
fn every_stream_of_messages_cut_at_every_byte_gives_the_same_answer() {
    cut_everywhere(Dialect::Anthropic);
}

#[test]
fn every_stream_of_responses_cut_at_every_byte_gives_the_same_answer() {
    cut_everywhere(Dialect::Responses);
}

fn cut_everywhere(upstream: Dialect) {
    for (name, context, bytes) in all_pairs().filter(|(_, context, _)| context.upstream == upstream.format()) {
        let whole = run(&context, [bytes.as_slice()]);
        for cut in 1..bytes.len() {
            let (left, right) = bytes.split_at(cut);
            assert_eq!(run(&context, [left, right]), whole, "{name} cut at {cut}");
        }
        for size in [1, 2, 3, 7] {
            assert_eq!(run(&context, bytes.chunks(size)), whole, "{name} in pieces of {size}");
        }
    }
}

#[test]
fn every_translation_keeps_to_its_dialect() {
    for (name, context, bytes) in all_pairs() {
        let outcome = run(&context, [bytes.as_slice()]);
        if context.upstream.dialect() == Some(context.inbound) {
            continue;
        }
        match context.inbound {
            Dialect::Openai => checks::openai(&name, &outcome),
            Dialect::Anthropic => checks::anthropic(&name, &outcome),
            Dialect::Responses => checks::responses(&name, &outcome),
            Dialect::Gemini => checks::gemini(&name, &outcome),
        }
    }
}

#[test]
fn a_stream_and_a_whole_answer_agree_on_usage_and_content() {
    let mut compared = 0;
    for (name, context, bytes) in all_pairs() {
        let twin = name.split_once('-').unwrap().1.rsplit_once(".to-").unwrap().0;
        let path = fixtures().join(context.upstream.as_str()).join(format!("{twin}.json"));
        let Ok(body) = fs::read(path) else { continue };
        let whole = answer(&context, &Bytes::from(body), &price).unwrap();
        let streamed = run(&context, [bytes.as_slice()]);
        assert_eq!((whole.usage, whole.cost, whole.finish), (streamed.usage, streamed.cost, streamed.finish), "{name}");
        assert_eq!(whole.dropped, streamed.dropped, "{name}");
        let body: Value = serde_json::from_slice(&whole.body).unwrap();
        assert_eq!(
            checks::content_of_whole(context.inbound, &body),
            checks::content_of_stream(context.inbound, &streamed),
            "{name}"
        );
        compared += 1;
    }
    assert_eq!(compared, 124);
}
