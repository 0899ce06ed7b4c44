//! Any error body of a provider becomes a valid envelope of the caller's dialect.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_domain::dialect::Dialect;
use weir_llm::{error_event, read_error, render_error};

fuzz_target!(|data: &[u8]| {
    let status = data.first().map_or(500, |b| 400 + u16::from(*b));
    for upstream in [Dialect::Openai, Dialect::Anthropic] {
        let error = read_error(upstream, status, data);
        for inbound in [Dialect::Openai, Dialect::Anthropic] {
            let envelope: serde_json::Value =
                serde_json::from_slice(&render_error(inbound, &error)).expect("the envelope is JSON");
            assert!(envelope["error"]["message"].as_str().is_some_and(|m| !m.is_empty() && m.len() < 20_000));
            assert!(error_event(inbound, &error).ends_with(b"\n\n"));
        }
    }
});
