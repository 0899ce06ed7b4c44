//! Any error body of a provider becomes a valid, bounded envelope of the caller's dialect, whole and as an event.

use weir_domain::dialect::Dialect;
use weir_llm::{error_event, read_error, render_error};

use crate::context::{DIALECTS, FORMATS, pick};

/// The first byte chooses the format and the status, the second whether AWS names the error; then the body.
pub fn check(data: &[u8]) {
    let [options, named, body @ ..] = data else { return };
    let upstream = pick(&FORMATS, *options);
    let status = pick(&[400, 401, 403, 404, 408, 413, 422, 429, 500, 503, 529], options >> 3);
    let name = String::from_utf8_lossy(body.get(..usize::from(*named)).unwrap_or_default()).into_owned();
    let error = read_error(upstream, status, (*named > 0).then_some(name.as_str()), body);
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
