//! Any error body of a provider becomes a valid, bounded envelope of the caller's dialect, whole and as an event.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_domain::dialect::Dialect;
use weir_fuzz::DIALECTS;
use weir_llm::{error_event, read_error, render_error};

fuzz_target!(|data: &[u8]| {
    for upstream in DIALECTS {
        for status in [400, 401, 429, 500, 529] {
            let error = read_error(upstream.format(), status, None, data);
            for inbound in DIALECTS {
                let envelope: serde_json::Value =
                    serde_json::from_slice(&render_error(inbound, &error)).expect("the envelope is JSON");
                assert!(envelope["error"]["message"].as_str().is_some_and(|m| !m.is_empty() && m.len() < 20_000));
                let kind = if inbound == Dialect::Gemini { "status" } else { "type" };
                assert!(envelope["error"][kind].as_str().is_some_and(|kind| !kind.is_empty()));
                assert!((400..600).contains(&error.caller_status(inbound)));
                let event = String::from_utf8(error_event(inbound, &error).to_vec()).expect("an event is text");
                let end = event.strip_suffix("\n\n").expect("an event ends with a blank line");
                assert!(!end.contains("\n\n") && !end.contains('\r'), "one event: {event:?}");
            }
        }
    }
});
