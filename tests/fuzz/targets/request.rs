//! Any body, either dialect, to either dialect: an error that says something, or a body that is JSON.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use weir_domain::dialect::Dialect;
use weir_llm::{Target, peek, prepare};

fuzz_target!(|data: &[u8]| {
    for inbound in [Dialect::Openai, Dialect::Anthropic] {
        let body = Bytes::copy_from_slice(data);
        let peeked = match peek(inbound, &body) {
            Ok(peeked) => peeked,
            Err(error) => {
                assert!(!error.to_wire().message.is_empty());
                continue;
            }
        };
        for dialect in [Dialect::Openai, Dialect::Anthropic] {
            let target =
                Target { dialect, model: "other", max_output_tokens: Some(100), stream_options: true, strict: false };
            if let Ok(request) = prepare(inbound, &peeked, &body, &target) {
                let value: serde_json::Value =
                    serde_json::from_slice(&request.body).expect("the upstream's body is JSON");
                assert_eq!(value["model"], "other");
            }
        }
    }
});
