//! Any body, either dialect, to either dialect: an error that says something, or a body that is JSON. Within a dialect
//! nothing changes that is not named; a strict target changes nothing at all.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use weir_domain::dialect::Dialect;
use weir_fuzz::{DIALECTS, json, peeked};
use weir_llm::{Target, prepare};

fuzz_target!(|data: &[u8]| {
    let body = Bytes::copy_from_slice(data);
    for inbound in DIALECTS {
        let peeked = match peeked(inbound, &body) {
            Ok(peeked) => peeked,
            Err(error) => {
                assert!(!error.to_wire().message.is_empty());
                continue;
            }
        };
        for dialect in DIALECTS {
            for strict in [false, true] {
                let target =
                    Target { format: dialect.format(), model: "other", max_output_tokens: Some(100), stream_options: true, strict, betas: &[] };
                match prepare(inbound, &peeked, &body, &target) {
                    Ok(made) => {
                        assert!(!strict || made.dropped.is_empty());
                        let Some(sent) = json(&made.body) else { continue };
                        // Gemini's model stands in the path.
                        assert!(dialect == Dialect::Gemini || sent["model"] == "other");
                        if inbound == dialect && made.dropped.is_empty() {
                            assert_eq!(json(&body).map(rest), Some(rest(sent)));
                        }
                    }
                    Err(error) => assert!(!error.to_wire().message.is_empty()),
                }
            }
        }
    }
});

/// All but what Weir sets within a dialect.
fn rest(mut body: Value) -> Value {
    for field in ["model", "stream_options"] {
        body.as_object_mut().map(|fields| fields.remove(field));
    }
    body
}
