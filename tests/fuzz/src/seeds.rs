//! Where fuzzing begins: the recorded fixtures of every format, requests of each dialect, and what is kept in `corpus/`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use weir_domain::dialect::{Dialect, WireFormat};

use crate::context::{DIALECTS, FORMATS};
use crate::operations::{BETWEEN, FORM, OPERATIONS};
use crate::talk::{Source, write};

/// Where the kept inputs of a target lie.
#[must_use]
pub fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// Every input of a target that is made rather than kept.
#[must_use]
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "request" => requests(),
        "answer" => of_files("json", |format| vec![vec![place(&FORMATS, format)]]),
        "error" => {
            of_files("", |format| vec![vec![place(&FORMATS, format), 0], vec![place(&FORMATS, format) | 0x38, 9]])
        }
        "stream" => streams(),
        "frames" => of_files("events", |_| (0..4).map(|inbound| vec![inbound, 77, 0]).collect()),
        "round_trip" => round_trips(),
        "tap" => taps(),
        "operations" => operations(),
        _ => Vec::new(),
    }
}

fn place<T: PartialEq + Copy>(list: &[T], wanted: T) -> u8 {
    let at = list.iter().position(|one| *one == wanted).expect("it is in the list");
    u8::try_from(at).expect("the list is short")
}

/// Every recorded file of an ending (any when it is empty), behind each of some prefixes.
fn of_files(ending: &str, prefixes: impl Fn(WireFormat) -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../llm/fixtures");
    let mut all = Vec::new();
    for format in FORMATS {
        let mut paths: Vec<PathBuf> = fs::read_dir(fixtures.join(format.as_str()))
            .expect("each format has fixtures")
            .map(|entry| entry.expect("it can be read").path())
            .filter(|path| path.is_file() && (ending.is_empty() || path.extension().is_some_and(|e| e == ending)))
            .collect();
        paths.sort();
        for path in paths {
            let data = fs::read(&path).expect("it can be read");
            all.extend(prefixes(format).into_iter().map(|prefix| [prefix, data.clone()].concat()));
        }
    }
    all
}

/// Conversations of many shapes, in each dialect.
fn talks() -> Vec<(Dialect, Vec<u8>)> {
    let mut all = Vec::new();
    for seed in 0_u8..6 {
        let bytes: Vec<u8> = (0..400_u32).map(|at| decision(seed, at)).collect();
        let talk = Source(&bytes).talk();
        all.extend(DIALECTS.map(|dialect| (dialect, write(dialect, &talk).to_string().into_bytes())));
    }
    all
}

/// A byte that looks drawn by chance, the same each time.
fn decision(seed: u8, at: u32) -> u8 {
    let mixed = (at + 1).wrapping_mul(0x9e37_79b9) ^ u32::from(seed).wrapping_mul(0x85eb_ca6b);
    (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d).to_be_bytes()[0]
}

/// The fields that conversations of [`talks`] do not have.
const RICH: [(Dialect, &str); 4] = [
    (
        Dialect::Openai,
        r##"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}}]},{"role":"assistant","content":"x","reasoning_content":"r","thinking_blocks":[{"type":"thinking","thinking":"r","signature":"s"}]},{"role":"user","content":"go"}],"response_format":{"type":"json_schema","json_schema":{"name":"a","strict":true,"schema":{"type":"object","properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"type":["string","null"],"minLength":2}}}}},"reasoning_effort":"high","seed":7,"frequency_penalty":0.5,"logit_bias":{"1":2},"user":"u","parallel_tool_calls":false,"stream":true,"stream_options":{"include_usage":false},"n":1}"##,
    ),
    (
        Dialect::Anthropic,
        r##"{"model":"m","max_tokens":9000,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":[{"type":"document","title":"t","source":{"type":"base64","media_type":"application/pdf","data":"AA=="}},{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"r","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":[1,2.5]}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":[{"type":"text","text":"no"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]}]}],"thinking":{"type":"enabled","budget_tokens":2048},"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}}},"metadata":{"user_id":"u"},"tool_choice":{"type":"any","disable_parallel_tool_use":true},"tools":[{"name":"f","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search"}],"top_k":5,"stream":true}"##,
    ),
    (
        Dialect::Responses,
        r##"{"model":"m","instructions":"s","input":[{"role":"developer","content":"d"},{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"},{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}]},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"r"}],"encrypted_content":"e"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"o"}],"tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true},{"type":"web_search"}],"text":{"format":{"type":"json_schema","name":"a","schema":{"type":"object"},"strict":true},"verbosity":"low"},"reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"],"store":false,"previous_response_id":null,"truncation":"disabled","stream":true}"##,
    ),
    (
        Dialect::Gemini,
        r##"{"system_instruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"hi"},{"fileData":{"mimeType":"image/png","fileUri":"https://example.com/a.png"}}]},{"role":"model","parts":[{"text":"r","thought":true},{"functionCall":{"name":"f","args":{}},"thoughtSignature":"c2ln"}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"error":"no"}}}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true,"enum":["x"]}},"propertyOrdering":["a"]}}]},{"googleSearch":{}}],"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}},"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT"},"thinkingConfig":{"thinkingBudget":512,"includeThoughts":true},"seed":3,"presencePenalty":0.1,"topK":4},"safetySettings":[],"cachedContent":"cachedContents/x"}"##,
    ),
];

fn requests() -> Vec<Vec<u8>> {
    let rich = RICH.map(|(dialect, body)| (dialect, body.as_bytes().to_vec()));
    let mut all = Vec::new();
    for (dialect, body) in talks().into_iter().chain(rich) {
        for options in [0, 0x10, 0x20, 0x40] {
            all.push([&[place(&DIALECTS, dialect) | options][..], &body].concat());
        }
    }
    all
}

fn streams() -> Vec<Vec<u8>> {
    let prefixes = |format| {
        let format = place(&FORMATS, format);
        (0..4).map(move |inbound| vec![format, 100, inbound]).chain([vec![format, 3, 0x23], vec![format, 200, 0x10]])
    };
    let mut all = of_files("sse", |format| prefixes(format).collect());
    all.extend(of_files("ndjson", |format| prefixes(format).collect()));
    all
}

fn round_trips() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for pair in 0_u8..16 {
        for seed in 0..8 {
            all.push(std::iter::once(pair).chain((0..300).map(|at| decision(seed, at))).collect());
        }
    }
    let rich = RICH.map(|(dialect, body)| (dialect, body.as_bytes().to_vec()));
    for (dialect, body) in talks().into_iter().chain(rich) {
        for there in 0..4 {
            all.push([&[place(&DIALECTS, dialect) | there << 2 | 0x40][..], &body].concat());
        }
    }
    all
}

fn taps() -> Vec<Vec<u8>> {
    let mut all = of_files("sse", |_| vec![vec![1, 50]]);
    for whole in of_files("json", |_| vec![vec![]]) {
        let value: Value = serde_json::from_slice(&whole).expect("fixtures are JSON");
        all.push([&[0, 90][..], value.to_string().as_bytes()].concat());
        all.push([&[0, 20][..], &whole].concat());
    }
    all
}

/// Requests for embeddings and for a rerank.
const EMBED: &str = r#"{"model":"m","input":["a","b"],"dimensions":8,"encoding_format":"base64","input_type":"query"}"#;
const RERANK: &str = r#"{"model":"m","query":"q","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true}"#;

/// An operation's place, a request, and an answer to it.
const OPERATED: [(u8, &str, &str); 13] = [
    (
        0,
        EMBED,
        r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2]}],"model":"m","usage":{"prompt_tokens":5,"total_tokens":5}}"#,
    ),
    (0, EMBED, r#"{"id":"i","embeddings":{"float":[[0.1,2],[3,4e-2]]},"meta":{"billed_units":{"input_tokens":2}}}"#),
    (0, EMBED, r#"{"embeddings":[{"values":[0.1]},{"values":[0.2]}],"usageMetadata":{"promptTokenCount":2}}"#),
    (0, EMBED, r#"{"model":"m","embeddings":[[0.1],[0.2]],"prompt_eval_count":3}"#),
    (
        1,
        RERANK,
        r#"{"id":"i","results":[{"index":0,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}"#,
    ),
    (
        1,
        RERANK,
        r#"{"model":"m","results":[{"index":1,"relevance_score":0.5,"document":{"text":"b"}}],"usage":{"total_tokens":9}}"#,
    ),
    (
        2,
        r#"{"model":"m","prompt":"a","stream":true,"max_tokens":5}"#,
        "data: {\"choices\":[{\"text\":\"ab\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n",
    ),
    (
        2,
        r#"{"model":"m","prompt":["a","b"]}"#,
        r#"{"id":"c","choices":[{"text":"x","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
    ),
    (
        3,
        r#"{"model":"m","prompt":"a","size":"1024x1024","quality":"hd","n":2}"#,
        r#"{"created":1,"data":[{"url":"u"},{"b64_json":"AA=="}],"usage":{"input_tokens":1,"output_tokens":2,"input_tokens_details":{"image_tokens":1}}}"#,
    ),
    (
        3,
        r#"{"model":"m","prompt":"a","stream":true}"#,
        "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"usage\":{\"input_tokens\":3,\"output_tokens\":5,\"total_tokens\":8}}\n\n",
    ),
    (6, r#"{"model":"m","input":"hello","voice":"v"}"#, "RIFF\0\0\0\0WAVE"),
    (
        6,
        r#"{"model":"m","input":"hello","voice":"v","stream_format":"sse"}"#,
        "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":3,\"output_tokens\":9,\"total_tokens\":12}}\n\n",
    ),
    (9, r#"{"model":"m","input":["a"]}"#, r#"{"id":"i","model":"m","results":[{"flagged":false}]}"#),
];

/// A request of each operation, and an answer to it.
fn operations() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = OPERATED
        .iter()
        .map(|(operation, body, answer)| [&[*operation, 99][..], body.as_bytes(), BETWEEN, answer.as_bytes()].concat())
        .collect();
    let mark = FORM.rsplit_once('=').map(|(_, mark)| mark).expect("it names one");
    for operation in [4, 5, 7, 8] {
        assert!(OPERATIONS[usize::from(operation)].takes_form());
        let form = format!(
            "--{mark}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--{mark}\r\nContent-Disposition: form-data; \
             name=\"response_format\"\r\n\r\nverbose_json\r\n--{mark}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\
             \r\nContent-Type: audio/wav\r\n\r\nRIFF$\0\0\0WAVEfmt \u{10}\0\0\0\u{1}\0\u{1}\0@\u{1f}\0\0@\u{1f}\0\0\u{1}\0\u{8}\0data\0\0\0\0\r\n--{mark}--\r\n"
        );
        let answer = br#"{"text":"hi","duration":2.5,"usage":{"type":"duration","seconds":3},"data":[{"url":"u"}]}"#;
        all.push([&[operation, 40][..], form.as_bytes(), BETWEEN, answer].concat());
    }
    all
}
