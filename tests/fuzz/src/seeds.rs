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
        "sealed" => kept_at_providers(),
        "batch" => batches(),
        "realtime" => sessions(),
        "redaction" => bodies(),
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
    for way in (0_u8..12).map(|way| 0x80 | way) {
        for seed in 8..14 {
            all.push(std::iter::once(way).chain((0..300).map(|at| decision(seed, at))).collect());
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

/// A batch, an upload and a file, as their vendors describe them.
const OBJECTS: [&str; 5] = [
    r#"{"id":"batch_1","object":"batch","endpoint":"/v1/chat/completions","created_at":1711471533,"status":"completed","input_file_id":"file-in","output_file_id":"file-out","error_file_id":null,"model":"gpt-5","usage":{"input_tokens":10,"output_tokens":20,"total_tokens":30},"request_counts":{"total":2,"completed":2},"metadata":{"id":"batch_1","f":0.1}}"#,
    r#"{"id":"msgbatch_01","type":"message_batch","processing_status":"ended","created_at":"2026-11-01T10:00:00Z","request_counts":{"succeeded":1,"errored":0},"results_url":"https://api.anthropic.com/v1/messages/batches/msgbatch_01/results"}"#,
    r#"{"id":"upload_1","object":"upload","status":"completed","file":{"id":"file-3","object":"file","bytes":9}}"#,
    r#"{"id":"0198f2c4-7b1e-7c3a","object":"file","purpose":"batch","file_id":"ab\"c","batch_id":"","upload_id":"wrid-x"}"#,
    r#"{"id":"12","object":"batch","created_at":1711471533.5,"status":"in_progress"}"#,
];

/// Ids, bodies that name them, and answers about them.
fn kept_at_providers() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (at, id) in ["file-6F2ksm", "12", "wrid-1", "p\u{e4}d", "msgbatch_01Hkc", "0198f2c4-7b1e"].iter().enumerate() {
        let cut = decision(3, u32::try_from(at).expect("it is small"));
        all.push([&[0, cut][..], format!("{id}\nbatch_{at}\nopenai\nmain").as_bytes()].concat());
    }
    let bodies: [&[u8]; 4] = [
        b"{\"input_file_id\":\"\x01\",\"endpoint\":\"/v1/chat/completions\",\"n\":[\"\x02\",\"\x03\",\"\x04\",\"\x05\"]}",
        b"{\"text\":\"see \x01 and \\\"\x01\\\"\",\"\x01\":{\"file-wrid\":\"wrid\"},\"a\":\"file-wridAAAA\"}",
        b"\"\x01\"\x02\"\x01\"\"\x02\"wridwrid\"\x01",
        b"{\"a\":\"x_\x01\",\"b\":\"\x01x\"}",
    ];
    all.extend(bodies.iter().zip([3, 60, 90, 200]).map(|(body, cut)| [&[1, cut][..], body].concat()));
    all.extend(
        OBJECTS.iter().zip([5, 40, 7, 250, 30]).map(|(answer, cut)| [&[2, cut][..], answer.as_bytes()].concat()),
    );
    all
}

/// Results of batches in both vendors' forms, and the objects of batches.
fn batches() -> Vec<Vec<u8>> {
    let files: [(u8, &str); 4] = [
        (
            0,
            r#"{"id":"b","custom_id":"1","response":{"status_code":200,"request_id":"r","body":{"id":"c","model":"gpt-5","choices":[{"message":{"content":"a \"b\" {"}}],"usage":{"prompt_tokens":5,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":2}}}},"error":null}
{"custom_id":"2","response":null,"error":{"code":"batch_expired","message":"late"}}

{"custom_id":"3","error":null,"response":{"body":{"error":{"message":"no"}},"status_code":400}}
{"custom_id":"4","response":{"status_code":200,"body":{"model":"gpt"#,
        ),
        (
            0,
            r#" {"response" : { "body" : {"usage" : {"input_tokens":3,"output_tokens":4},"model":"m","output":[{"type":"web_search_call"}]} , "status_code" : 200 } }
[1]
{"response":[],"error":{}}
{"response":null,"error":"late"}"#,
        ),
        (
            1,
            r#"{"custom_id":"1","result":{"type":"succeeded","message":{"id":"m","type":"message","model":"claude","content":[{"type":"text","text":"x"}],"usage":{"input_tokens":5,"output_tokens":6,"cache_read_input_tokens":1,"cache_creation":{"ephemeral_1h_input_tokens":2}}}}}
{"custom_id":"2","result":{"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"no"}}}}
{"result":{"message":{"model":"claude","usage":{"input_tokens":1,"output_tokens":1}},"type":"expired"}}
"#,
        ),
        (1, "{\"result\":{\"type\":\"canceled\"}}\r\n{\"custom_id\":{\"result\":{\"type\":\"succeeded\"}}}\n\n"),
    ];
    let files = files.iter().flat_map(|(vendor, file)| [(*vendor, *file, 30), (*vendor, *file, 141)]);
    let objects = OBJECTS.iter().map(|object| (0, *object, 7));
    files.chain(objects).map(|(vendor, file, cut)| [&[vendor, cut][..], file.as_bytes()].concat()).collect()
}

/// What is said in a realtime session.
const SAID: [&str; 7] = [
    r#"{"type":"session.created","session":{"model":"gpt-realtime","audio":{"input":{"transcription":{"model":"whisper-1"}}}}}"#,
    r#"{"type":"session.updated","session":{"input_audio_transcription":{"model":"gpt-4o-transcribe"}}}"#,
    r#"{"type":"response.created","response":{"id":"resp_1"}}"#,
    r#"{"type":"response.done","response":{"id":"resp_1","status":"completed","usage":{"total_tokens":30,"input_tokens":10,"output_tokens":20,"input_token_details":{"text_tokens":4,"audio_tokens":6,"cached_tokens":2,"cached_tokens_details":{"audio_tokens":1}},"output_token_details":{"text_tokens":5,"audio_tokens":15}}}}"#,
    r#"{"type":"response.done","response":{"id":"resp_2","status":"failed","status_details":{"error":{"code":"rate_limit_exceeded"}}}}"#,
    r#"{"type":"conversation.item.input_audio_transcription.completed","transcript":"hi","usage":{"type":"duration","seconds":3}}"#,
    r#"{"type":"error","error":{"type":"invalid_request_error","code":"session_expired"}}"#,
];

/// Frames of sessions, made of lines and as bytes.
fn sessions() -> Vec<Vec<u8>> {
    let said = SAID.map(|said| format!("t{said}\n")).concat();
    let mixed: &[u8] =
        b"\xf4{\"type\":\"res\nping\n+ponse.done\"}\nlong\nqpong\nbinary\n\xe2open\n+end\nhuge\nt\ncbye\n\xf4a\ntno\n";
    let mut all = Vec::new();
    for options in 0_u8..8 {
        all.push([&[options, options.wrapping_mul(33)][..], said.as_bytes()].concat());
        all.push([&[options, options.wrapping_mul(57)][..], mixed].concat());
    }
    let wire: [&[u8]; 7] = [
        b"\x81\x05hello\x89\0\x88\x02\x03\xe8",
        b"\x01\x02ab\x80\x01c\x82\x7e\0\x03xyz\x81\x7f\0\0\0\0\0\0\0\x01a",
        b"\x81\x7f\xff\0\0\0\0\0\0\0",
        b"\xc1\0",
        b"\x09\0",
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        b"\x01\x80aaaa\x8a\x80aaaa\x80\x81aaaab",
    ];
    all.extend(wire.iter().zip([0, 0, 6, 0, 0, 1, 1]).map(|(wire, options)| [&[options | 0x40, 9][..], wire].concat()));
    all
}

/// Bodies with something in them that must not be kept: bytes from 1 to 7 stand for it.
fn bodies() -> Vec<Vec<u8>> {
    let bodies: [&[u8]; 12] = [
        b"{\"messages\":[{\"name\":\"Ann\",\"content\":\"mail \x04, card \x06, \x07 or +49 (0)30 1234-567\"}],\"ssn\":{\"a\":[1]},\"a/b\":2}",
        b"{\"a\":\"x\x01y\",\"\x01\":1,\"n\":4111111111111111,\"f\":0.1,\"e\":1e3,\"c\":\"\x02\",\"d\":\"Badger \x05\"}",
        b"{\"arguments\":\"{\\\"ssn\\\": \\\"1-2-3\\\", \\\"to\\\": \\\"ann\\\\u0040mail.example\\\"}\",\"Gr\xc3\xb6\xc3\x9fe\":true}",
        b"data:image/png;name=\x01;base64,AAAA",
        b"{\"url\":\"see data:\x04;base64,QUJD and data:image/png;base64,iVBORw0KGgo=\"}",
        b"{\"ssn\": \"12\", \"b\": \"x \x03",
        b"[note] \x04 and \x01\x01",
        b"{\"to\": \"\x02\", \"ssn\": \"123-45\", \"n\": 1}",
        b"so \x05, \x06. \x07! \\u0073k \x03",
        b"somebody-4712",
        b"two words \\n",
        b"\xff\xfe",
    ];
    let long = [b"all is well, ".repeat(30), b"\x01 and \x04".to_vec(), b" more".repeat(9)].concat();
    let mut all = Vec::new();
    for body in bodies.iter().copied().chain([&long[..]]) {
        for options in 0_u8..16 {
            all.push([&[options, options.wrapping_mul(29)][..], body].concat());
        }
    }
    all
}
