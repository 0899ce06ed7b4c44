//! Realtime sessions: real WebSockets through the whole data plane, in front of a fake vendor that is strict.

mod end;
mod handshake;
mod wire;

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WebSocketError, Message};
use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_domain::usage::{Tokens, UsageSource};
use weir_harness::script::Script;

use super::*;

/// How long an event is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client of a session.
struct Client {
    socket: WebSocketStream<TcpStream>,
    response: Response,
}

/// What each dimension costs, for a million tokens: numbers that no two sums of which are alike.
fn prices() -> Value {
    json!({"input": "4", "output": "16", "cache_read": "0.4", "audio_in": "32", "audio_out": "64",
        "cache_read_audio": "0.3"})
}

fn cost(tokens: &Tokens) -> NanoUsd {
    let nanos = tokens.input_uncached * 4_000
        + tokens.output_text * 16_000
        + tokens.cache_read * 400
        + tokens.audio_in * 32_000
        + tokens.audio_out * 64_000
        + tokens.cache_read_audio * 300;
    NanoUsd(i64::try_from(nanos).unwrap())
}

/// Vendors whose realtime models have prices for each dimension.
async fn stage(vendors: usize, change: impl FnOnce(&mut Settings) + Send) -> Stage {
    let (mut fakes, mut documents, mut targets) = (Vec::new(), Vec::new(), Vec::new());
    for name in ["one", "two"].into_iter().take(vendors) {
        let fake = FakeProvider::start(Vendor::Openai, KEY).await.unwrap();
        let mut spec = weir_harness::config::provider(&fake, KEY);
        spec["timeouts"] = json!({"connect_ms": 2_000, "first_byte_ms": 1_500, "idle_ms": 1_500});
        documents.push(json!({"kind": "Provider", "id": name, "spec": spec}));
        let price = json!({"provider": name, "model": format!("m-{name}"), "per_million": prices()});
        documents.push(json!({"kind": "Price", "id": format!("price-{name}"), "spec": price}));
        let price = json!({"provider": name, "model": "whisper-1", "per_unit": {"audio_in_second": "0.0001"}});
        documents.push(json!({"kind": "Price", "id": format!("price-whisper-{name}"), "spec": price}));
        targets.push(json!({"provider": name, "model": format!("m-{name}"), "priority": targets.len()}));
        fakes.push(fake);
    }
    let retry = json!({"cooldown_ms": 1});
    documents.push(json!({"kind": "ModelRoute", "id": "voice", "spec": {"targets": targets, "retry": retry}}));
    documents.push(json!({"kind": "Application", "id": "web", "spec": {"models": ["*"], "providers": ["*"]}}));
    Stage::on(&documents, fakes, change).await
}

impl Stage {
    fn request(&self, path: &str) -> Request {
        let mut request = format!("ws://{}{path}", self.world.at.gateway).into_client_request().unwrap();
        let key = format!("Bearer {}", self.world.key).parse().unwrap();
        request.headers_mut().insert("authorization", key);
        request
    }

    async fn connect(&self, path: &str) -> Client {
        Client::connect(self.request(path)).await.unwrap()
    }

    /// The refusal of a handshake: its status and body.
    async fn refused(&self, request: Request) -> (u16, Value) {
        match Client::connect(request).await {
            Err(WebSocketError::Http(answer)) => {
                let body = answer.body().as_deref().unwrap_or_default();
                (answer.status().as_u16(), serde_json::from_slice(body).unwrap_or(Value::Null))
            }
            Ok(_) => panic!("not refused"),
            Err(other) => panic!("{other}"),
        }
    }
}

impl Client {
    async fn connect(request: Request) -> Result<Self, WebSocketError> {
        let address = request.uri().authority().unwrap().as_str().to_owned();
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, response) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self { socket, response })
    }

    async fn say(&mut self, event: Value) {
        self.socket.send(Message::text(event.to_string())).await.unwrap();
    }

    /// The next event, or how the session ended.
    async fn next(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("nothing was said");
            match message {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The next event of a kind.
    async fn hear(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Ok(event) if event["type"] == kind => return event,
                Ok(_) => {}
                Err(end) => panic!("{kind} did not come, but {end:?}"),
            }
        }
    }

    /// Says a text and asks for a response, which does as `fake` says.
    async fn ask(&mut self, text: &str, modality: &str, fake: &str) {
        let content = json!([{"type": "input_text", "text": text}]);
        let item = json!({"type": "message", "role": "user", "content": content});
        self.say(json!({"type": "conversation.item.create", "item": item})).await;
        let response = json!({"output_modalities": [modality], "metadata": {"fake": fake}});
        self.say(json!({"type": "response.create", "response": response})).await;
    }

    /// Ends the session as clients do.
    async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        while let Some(Ok(_)) = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("no end") {}
    }
}

/// The usage of an event, as it is to stand in the ledger.
fn counted(event: &Value) -> Tokens {
    let usage = &event["response"]["usage"];
    let number = |path: &str| usage.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    let cached = |kind: &str| number(&format!("/input_token_details/cached_tokens_details/{kind}_tokens"));
    Tokens {
        input_uncached: number("/input_token_details/text_tokens") - cached("text"),
        cache_read: cached("text"),
        audio_in: number("/input_token_details/audio_tokens") - cached("audio"),
        cache_read_audio: cached("audio"),
        output_text: number("/output_token_details/text_tokens"),
        audio_out: number("/output_token_details/audio_tokens"),
        ..Tokens::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_text_and_sound_is_charged_to_the_nano_dollar_while_it_runs() {
    let stage = stage(1, |_| {}).await;
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    assert_eq!(client.hear("session.created").await["session"]["model"], "m-one");
    client.ask("hello there", "text", "").await;
    let first = client.hear("response.done").await;
    let sound = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, vec![1_u8; 48_000]);
    client.say(json!({"type": "input_audio_buffer.append", "audio": sound})).await;
    client.say(json!({"type": "input_audio_buffer.commit"})).await;
    client.ask("and now speak", "audio", "").await;
    let second = client.hear("response.done").await;
    // The session still runs, and its rows are there.
    let rows = stage.rows(2).await;
    for (row, event) in rows.iter().zip([&first, &second]) {
        let tokens = counted(event);
        assert_eq!((row.usage.tokens, row.usage.source), (tokens, UsageSource::Provider));
        assert_eq!((row.outcome, row.cost), (Outcome::Ok, Some(cost(&tokens))));
        assert_eq!((row.provider.as_str(), row.model.as_str(), row.upstream_model.as_str()), ("one", "voice", "m-one"));
        assert_eq!((row.application.as_str(), row.status, row.stream), ("web", 101, true));
        let [attempt] = row.attempts.as_slice() else { panic!("{row:?}") };
        assert_eq!((attempt.provider_key.as_str(), attempt.price.as_str()), ("main", "price-one"));
        assert_eq!((attempt.usage, attempt.cost), (row.usage, row.cost));
    }
    let tokens = rows[1].usage.tokens;
    assert!(tokens.audio_in > 0 && tokens.audio_out > 0 && tokens.cache_read > 0, "{tokens:?}");
    client.close().await;
    let rows = stage.rows(3).await;
    let session = &rows[2];
    assert_eq!((session.outcome, session.error.as_str(), session.status), (Outcome::Ok, "", 101));
    assert_eq!((session.cost, session.usage.source), (Some(NanoUsd::ZERO), UsageSource::None));
    assert_eq!((session.attempts.len(), session.attempts[0].cost), (1, Some(NanoUsd::ZERO)));
    assert!(session.request_bytes > 64_000 && session.response_bytes > 1_000, "{session:?}");
    let id = session.id.as_str();
    assert!(rows[..2].iter().all(|row| row.id != id && row.at >= session.at));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_down_is_charged_by_its_own_model_and_unknown_is_not_free() {
    let stage = stage(1, |_| {}).await;
    let mut client = stage.connect("/v1/realtime?model=voice&intent=transcription").await;
    let heard = stage.vendors[0].received()[0].head.target.clone();
    assert_eq!(heard, "/v1/realtime?intent=transcription");
    let sound = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, vec![1_u8; 72_000]);
    for model in ["whisper-1", "unpriced"] {
        let session = json!({"audio": {"input": {"transcription": {"model": model}}}});
        client.say(json!({"type": "session.update", "session": session})).await;
        client.say(json!({"type": "input_audio_buffer.append", "audio": sound})).await;
        client.say(json!({"type": "input_audio_buffer.commit"})).await;
        client.hear("conversation.item.input_audio_transcription.completed").await;
    }
    let rows = stage.rows(2).await;
    assert_eq!((rows[0].upstream_model.as_str(), rows[0].usage.units.audio_in_ms), ("whisper-1", 1_500));
    assert_eq!((rows[0].cost, rows[0].attempts[0].price.as_str()), (Some(NanoUsd(150_000)), "price-whisper-one"));
    assert_eq!((rows[1].upstream_model.as_str(), rows[1].usage.tokens.audio_in), ("unpriced", 15));
    assert_eq!((rows[1].cost, rows[1].attempts[0].price.as_str()), (None, ""));
    client.close().await;
    stage.rows(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_a_cheaper_model_behind_a_dearer_one_does_not_pay_the_cheaper_ones_price() {
    let stage = stage(1, |_| {}).await;
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    let sound = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, vec![1_u8; 48_000]);
    for models in [&["m-one"][..], &["m-one"], &["whisper-1"], &["m-one"]] {
        for model in models {
            let session = json!({"audio": {"input": {"transcription": {"model": model}}}});
            client.say(json!({"type": "session.update", "session": session})).await;
        }
        client.say(json!({"type": "input_audio_buffer.append", "audio": sound})).await;
        client.say(json!({"type": "input_audio_buffer.commit"})).await;
        client.hear("conversation.item.input_audio_transcription.completed").await;
    }
    let rows = stage.rows(4).await;
    let known: Vec<bool> = rows.iter().map(|row| row.cost.is_some()).collect();
    assert_eq!(known, [true, true, false, false], "which of two wrote what is not told");
    assert_eq!((rows[1].cost, rows[1].attempts[0].price.as_str()), (Some(NanoUsd(352_000)), "price-one"));
    assert!(rows[2].usage.units.audio_in_ms == 1_000 && rows[2].attempts[0].price.is_empty(), "{:?}", rows[2]);
    client.close().await;
    stage.rows(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_without_usage_has_no_known_cost_and_one_that_failed_has_none() {
    let stage = stage(1, |_| {}).await;
    stage.vendors[0].next(Script {
        wire: weir_harness::script::Wire { no_usage: true, ..Default::default() },
        ..Script::default()
    });
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.ask("one", "text", "").await;
    client.hear("response.done").await;
    client.ask("two", "text", "fail").await;
    client.hear("response.done").await;
    let rows = stage.rows(2).await;
    assert_eq!((rows[0].outcome, rows[0].cost, rows[0].usage.source), (Outcome::Ok, None, UsageSource::None));
    assert_eq!((rows[1].outcome, rows[1].cost), (Outcome::UpstreamError, Some(NanoUsd::ZERO)));
    assert_eq!(rows[1].error, "rate_limit_exceeded");
    client.close().await;
    stage.rows(3).await;
}
