//! What a caller asks who wants a realtime session: the model and the handshake of its WebSocket (RFC 6455 section 4).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{
    HeaderName, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use pingora_http::RequestHeader;
use weir_llm::{ErrorKind, WireError};

use crate::ai::endpoint::decode;

/// The subprotocol that OpenAI's browser clients offer, and want back.
pub(super) const SUBPROTOCOL: &str = "realtime";
/// Subprotocols that choose a version of the vendor's API.
const VERSIONS: &str = "openai-beta.";
/// What of a caller's head goes on: the version of the API, and by whom the caller is used.
const PASSED_ON: [HeaderName; 2] =
    [HeaderName::from_static("openai-beta"), HeaderName::from_static("openai-safety-identifier")];
/// Query parameters that are told of when they are not passed on.
const MAX_DROPPED: usize = 16;

/// A wish for a session.
pub(super) struct Asked {
    /// The model that is named.
    pub(super) model: String,
    /// Whether the session only writes down what is said. The provider is not told the model of it then: which model
    /// writes is a matter of the session.
    pub(super) transcribes: bool,
    /// Parameters of the query that are not passed on.
    pub(super) dropped: Vec<String>,
    /// Whether the caller wants [`SUBPROTOCOL`] back.
    pub(super) wants_subprotocol: bool,
    /// What is offered to the provider.
    subprotocols: Vec<String>,
    /// What else of the head goes on, the handshake's key first.
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A refusal, and the header that its status asks for.
pub(super) type Refused = Box<(WireError, Option<(HeaderName, HeaderValue)>)>;

/// Reads a request.
///
/// # Errors
/// It asks for no WebSocket, for one that is not of RFC 6455, or names no model.
pub(super) fn read(head: &RequestHeader, upgrades: bool) -> Result<Asked, Refused> {
    if !upgrades {
        let sentence = "GET /v1/realtime is a WebSocket: ask with HTTP/1.1, Connection: Upgrade and Upgrade: websocket";
        return Err(upgrade_required(sentence, UPGRADE, "websocket"));
    }
    if head.headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let sentence = "Sec-WebSocket-Version: only 13 is spoken here";
        return Err(upgrade_required(sentence, SEC_WEBSOCKET_VERSION, "13"));
    }
    let key = head.headers.get(SEC_WEBSOCKET_KEY).filter(|key| is_key(key)).cloned();
    let Some(key) = key else {
        return Err(invalid("Sec-WebSocket-Key: must be 16 bytes in base64 (RFC 6455 section 4.1)", None));
    };
    let (model, transcribes, dropped) = query(head.uri.query().unwrap_or_default())?;
    let offered = offered(head);
    let mut headers = vec![(SEC_WEBSOCKET_KEY, key)];
    for name in &PASSED_ON {
        headers.extend(head.headers.get_all(name).iter().map(|value| (name.clone(), value.clone())));
    }
    let wants_subprotocol = offered.iter().any(|one| one == SUBPROTOCOL);
    let known = |one: &String| one == SUBPROTOCOL || one.starts_with(VERSIONS);
    let subprotocols = offered.into_iter().filter(known).collect();
    Ok(Asked { model, transcribes, dropped, wants_subprotocol, subprotocols, headers })
}

impl Asked {
    /// Completes the head that goes to the provider. Extensions are not offered: compressed messages could not be read.
    pub(super) fn complete(&self, head: &mut RequestHeader) -> pingora_core::Result<()> {
        head.insert_header(http::header::CONNECTION, "Upgrade")?;
        head.insert_header(UPGRADE, "websocket")?;
        head.insert_header(SEC_WEBSOCKET_VERSION, "13")?;
        if !self.subprotocols.is_empty() {
            head.insert_header(SEC_WEBSOCKET_PROTOCOL, self.subprotocols.join(", "))?;
        }
        for (name, value) in &self.headers {
            head.append_header(name.clone(), value.clone())?;
        }
        Ok(())
    }

    /// Whether the caller offered a subprotocol; one that it did not offer would end its connection.
    pub(super) fn offers(&self, subprotocol: &str) -> bool {
        self.subprotocols.iter().any(|one| one == subprotocol)
    }

    /// The model that the provider is to be told of, where it is told.
    pub(super) fn named<'m>(&self, model: &'m str) -> Option<&'m str> {
        (!self.transcribes).then_some(model)
    }
}

fn query(query: &str) -> Result<(String, bool, Vec<String>), Refused> {
    let (mut model, mut intent) = (None, None);
    let mut dropped = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "model" if model.is_some() => {
                return Err(invalid("model: stands twice in the query; name one", Some("model")));
            }
            "model" => model = Some(decode(value)),
            "intent" => intent = Some(decode(value)),
            "call_id" => {
                let sentence = "call_id: calls are not made through this gateway, so none can be joined; open a session \
                                with ?model=";
                return Err(invalid(sentence, Some("call_id")));
            }
            name if dropped.len() < MAX_DROPPED => dropped.push(format!("query.{}", decode(name))),
            _ => {}
        }
    }
    let transcribes = match intent.as_deref() {
        None | Some("conversation") => false,
        Some("transcription") => true,
        Some(_) => return Err(invalid("intent: must be conversation or transcription", Some("intent"))),
    };
    match model.filter(|model| !model.is_empty()) {
        Some(model) => Ok((model, transcribes, dropped)),
        None => Err(invalid("model: missing in the query; open the session with ?model=NAME", Some("model"))),
    }
}

fn offered(head: &RequestHeader) -> Vec<String> {
    let values = head.headers.get_all(SEC_WEBSOCKET_PROTOCOL);
    let lists = values.iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(|one| one.trim().to_owned()).collect()
}

fn is_key(value: &HeaderValue) -> bool {
    BASE64_STANDARD.decode(value.as_bytes()).is_ok_and(|bytes| bytes.len() == 16)
}

fn invalid(sentence: &str, param: Option<&str>) -> Refused {
    let error = WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("invalid_realtime_request");
    Box::new((WireError { param: param.map(str::to_owned), ..error }, None))
}

fn upgrade_required(sentence: &str, name: HeaderName, value: &'static str) -> Refused {
    let mut error = WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("upgrade_required");
    error.status = 426;
    Box::new((error, Some((name, HeaderValue::from_static(value)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(path: &str, fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut head = RequestHeader::build("GET", path.as_bytes(), None).unwrap();
        for (name, value) in
            [("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")].iter().chain(fields)
        {
            head.insert_header(*name, *value).unwrap();
        }
        head
    }

    fn refused(head: &RequestHeader, upgrades: bool) -> (u16, String) {
        let Err(refused) = read(head, upgrades) else { panic!("not refused") };
        (refused.0.status, refused.0.message)
    }

    #[test]
    fn the_model_stands_in_the_query_and_nothing_else_goes_on() {
        let fields = [
            ("sec-websocket-protocol", "realtime, openai-organization.o, openai-beta.realtime-v1"),
            ("sec-websocket-extensions", "permessage-deflate"),
            ("openai-beta", "realtime=v1"),
            ("cookie", "a=b"),
        ];
        let asked = read(&head("/v1/realtime?model=demo%2Fvoice&voice=x", &fields), true).unwrap_or_else(|_| panic!());
        assert_eq!((asked.model.as_str(), asked.named("m"), asked.wants_subprotocol), ("demo/voice", Some("m"), true));
        assert_eq!(asked.dropped, ["query.voice"]);
        let mut sent = RequestHeader::build("GET", b"/", None).unwrap();
        asked.complete(&mut sent).unwrap();
        let get = |name: &str| sent.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(get("sec-websocket-protocol"), Some("realtime, openai-beta.realtime-v1"));
        assert_eq!((get("openai-beta"), get("upgrade")), (Some("realtime=v1"), Some("websocket")));
        assert_eq!((get("sec-websocket-extensions"), get("cookie")), (None, None));
        assert!(asked.offers("realtime") && !asked.offers("openai-organization.o"));
    }

    #[test]
    fn a_session_that_writes_down_tells_the_provider_no_model() {
        let path = "/v1/realtime?intent=transcription&model=a";
        let asked = read(&head(path, &[]), true).unwrap_or_else(|_| panic!());
        assert_eq!((asked.model.as_str(), asked.named("m"), asked.wants_subprotocol), ("a", None, false));
    }

    #[test]
    fn what_is_no_wish_for_a_session_is_refused_with_what_would_be() {
        let good = "/v1/realtime?model=a";
        assert_eq!(refused(&head(good, &[]), false).0, 426);
        assert_eq!(refused(&head(good, &[("sec-websocket-version", "8")]), true).0, 426);
        for key in ["", "short", "dGhlIHNhbXBsZSBub25j"] {
            assert!(refused(&head(good, &[("sec-websocket-key", key)]), true).1.starts_with("Sec-WebSocket-Key"));
        }
        for (path, word) in [
            ("/v1/realtime", "model"),
            ("/v1/realtime?model=", "model"),
            ("/v1/realtime?model=a&model=b", "model"),
            ("/v1/realtime?model=a&intent=dance", "intent"),
            ("/v1/realtime?call_id=rtc_1", "call_id"),
        ] {
            let (status, sentence) = refused(&head(path, &[]), true);
            assert!(status == 400 && sentence.starts_with(word), "{path}: {sentence}");
        }
    }
}
