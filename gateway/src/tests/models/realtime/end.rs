//! How sessions end: cut by either side, revoked, drained, too long; and what is charged then.

use super::*;

/// The close that ends a session.
async fn ended(client: &mut Client) -> Option<(u16, String)> {
    loop {
        if let Err(end) = client.next().await {
            return end.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_dies_in_a_response_leaves_an_unknown_cost_and_the_caller_is_told() {
    for (fake, whole) in [("reset", true), ("hang-up", true), ("half-frame", false)] {
        let stage = stage(1, |_| {}).await;
        let mut client = stage.connect("/v1/realtime?model=voice").await;
        client.ask("one", "text", "").await;
        let done = client.hear("response.done").await;
        client.ask("two", "text", fake).await;
        client.hear("response.created").await;
        if whole {
            assert_eq!(ended(&mut client).await.map(|end| end.0), Some(1011), "{fake}");
        } else {
            // The vendor waits in the middle of a frame; the caller leaves.
            drop(client);
        }
        let rows = stage.rows(3).await;
        assert_eq!((rows[0].outcome, rows[0].usage.tokens), (Outcome::Ok, counted(&done)));
        let outcome = if whole { Outcome::Cut } else { Outcome::Aborted };
        assert_eq!((rows[1].outcome, rows[1].cost, rows[1].usage.source), (outcome, None, UsageSource::None), "{fake}");
        assert_eq!((rows[2].outcome, rows[2].cost), (outcome, Some(NanoUsd::ZERO)), "{fake}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_of_the_vendor_reaches_the_caller_as_it_is() {
    let stage = stage(1, |_| {}).await;
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.ask("bye", "text", "close").await;
    assert_eq!(ended(&mut client).await, Some((1001, "the session has ended".to_owned())));
    drop(client);
    let rows = stage.rows(2).await;
    assert_eq!((rows[0].outcome, rows[0].cost), (Outcome::Cut, None), "its response had begun");
    assert_eq!((rows[1].outcome, rows[1].error.as_str()), (Outcome::Ok, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_leaves_in_a_response_pays_what_the_vendor_says_it_cost() {
    for polite in [true, false] {
        let stage = stage(1, |_| {}).await;
        let mut client = stage.connect("/v1/realtime?model=voice").await;
        client.ask("a long story", "audio", "hold").await;
        client.hear("response.created").await;
        if polite {
            client.close().await;
        } else {
            drop(client);
        }
        let rows = stage.rows(2).await;
        let tokens = rows[0].usage.tokens;
        // The response was ended early, and the vendor said what it had consumed by then.
        assert_eq!((rows[0].outcome, rows[0].usage.source), (Outcome::Aborted, UsageSource::Provider), "{polite}");
        assert!(tokens.audio_out > 0, "{tokens:?}");
        assert_eq!(rows[0].cost, Some(cost(&tokens)));
        assert_eq!(rows[0].attempts[0].aborted, Some(weir_domain::ledger::Aborted::Drained));
        assert_eq!(rows[1].outcome, if polite { Outcome::Ok } else { Outcome::Aborted });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_ends_its_sessions_within_seconds() {
    let stage = stage(1, |_| {}).await;
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.ask("one", "audio", "hold").await;
    client.hear("response.created").await;
    let revoked = Credential { revoked: true, ..credential(&stage.world.key, "web") };
    stage.world.live.credentials(CredentialChange::Upsert(vec![revoked]));
    let begun = std::time::Instant::now();
    let end = ended(&mut client).await.unwrap();
    assert_eq!((end.0, end.1.as_str()), (1008, "the API key is not valid any more"));
    assert!(begun.elapsed() < Duration::from_secs(3));
    drop(client);
    let rows = stage.rows(2).await;
    assert_eq!((rows[1].outcome, rows[1].error.as_str()), (Outcome::Refused, "revoked_api_key"));
    assert_eq!(rows[0].usage.source, UsageSource::Provider, "what was under way is counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_a_right_away_holds_for_sessions_and_what_changes_a_route_does_not() {
    let stage = stage(2, |_| {}).await;
    let provider = |name: &str, at: usize, off: bool| {
        let mut spec = weir_harness::config::provider(&stage.vendors[at], KEY);
        spec["disabled"] = json!(off);
        json!({"kind": "Provider", "id": name, "spec": spec})
    };
    let install = |targets: &[&str], models: Value, off: bool| {
        let targets: Vec<Value> = targets.iter().map(|name| json!({"provider": name, "model": "m"})).collect();
        let documents = [
            provider("one", 0, off),
            provider("two", 1, false),
            json!({"kind": "ModelRoute", "id": "voice", "spec": {"targets": targets}}),
            json!({"kind": "Application", "id": "web", "spec": {"models": models}}),
        ];
        let text: Vec<String> = documents.iter().map(Value::to_string).collect();
        stage.world.install(&text.join("\n---\n"));
    };
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.hear("session.created").await;
    install(&["two"], json!(["*"]), false);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    client.ask("still here", "text", "").await;
    client.hear("response.done").await;
    install(&["two"], json!(["demo/demo-small"]), false);
    assert_eq!(ended(&mut client).await.map(|end| end.0), Some(1008));
    drop(client);
    install(&["one"], json!(["*"]), false);
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.hear("session.created").await;
    install(&["one"], json!(["*"]), true);
    assert_eq!(ended(&mut client).await.map(|end| end.0), Some(1001));
    drop(client);
    let rows = stage.rows(3).await;
    assert_eq!((rows[1].error.as_str(), rows[2].error.as_str()), ("model_not_allowed", "provider_disabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_have_an_idle_and_a_total_limit() {
    let idle = stage(1, |settings| settings.realtime_idle = Duration::from_millis(700)).await;
    let mut client = idle.connect("/v1/realtime?model=voice").await;
    // Pings are no conversation.
    client.socket.send(Message::Ping("x".into())).await.unwrap();
    assert_eq!(ended(&mut client).await.map(|end| end.0), Some(1001));
    drop(client);
    assert_eq!(idle.rows(1).await[0].error, "session_idle");
    let total = stage(1, |settings| settings.realtime_total = Duration::from_millis(1_200)).await;
    let mut client = total.connect("/v1/realtime?model=voice").await;
    let create = json!({"type": "response.create", "response": {"output_modalities": ["text"]}});
    let talk = async {
        // Never silent for long: what ends it is its age.
        while client.socket.send(Message::text(create.to_string())).await.is_ok() {
            loop {
                match client.next().await {
                    Ok(event) if event["type"] == "response.done" => break,
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), talk).await.expect("it has no end");
    drop(client);
    for _ in 0..300 {
        if total.world.ledger.0.lock().iter().any(|row| row.error == "session_too_long") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("{:?}", total.world.ledger.0.lock());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_sessions_in_a_pause_and_those_that_have_none_before_the_grace_is_over() {
    let stage = stage(1, |settings| settings.grace = Duration::from_secs(6)).await;
    let mut quiet = stage.connect("/v1/realtime?model=voice").await;
    quiet.hear("session.created").await;
    let mut busy = stage.connect("/v1/realtime?model=voice").await;
    busy.ask("a long story", "audio", "hold").await;
    busy.hear("response.created").await;
    stage.world.shutdown.begin();
    let begun = std::time::Instant::now();
    let (first, second) = tokio::join!(ended(&mut quiet), ended(&mut busy));
    assert_eq!((first.map(|end| end.0), second.map(|end| end.0)), (Some(1001), Some(1001)));
    assert!((Duration::from_secs(2)..Duration::from_secs(6)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    drop((quiet, busy));
    let Stage { world, vendors, .. } = stage;
    let (ended, rows) = tokio::task::spawn_blocking(move || world.stop()).await.unwrap();
    assert!(ended.drained, "{rows:?}");
    assert_eq!(rows.iter().filter(|row| row.error == "draining").count(), 2, "{rows:?}");
    let counted = rows.iter().find(|row| row.usage.source == UsageSource::Provider);
    assert!(counted.is_some_and(|row| row.cost.is_some()), "{rows:?}");
    drop(vendors);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_names_a_model_which_its_caller_may_not_use_ends() {
    let stage = stage(1, |_| {}).await;
    let permit = |models: Value| {
        let targets = json!([{"provider": "one", "model": "m-one"}]);
        let documents = [
            json!({"kind": "Provider", "id": "one", "spec": weir_harness::config::provider(&stage.vendors[0], KEY)}),
            json!({"kind": "ModelRoute", "id": "voice", "spec": {"targets": targets}}),
            json!({"kind": "Application", "id": "web", "spec": {"models": models}}),
        ];
        let text: Vec<String> = documents.iter().map(Value::to_string).collect();
        stage.world.install(&text.join("\n---\n"));
    };
    let transcribe = |model: &str| {
        let session = json!({"audio": {"input": {"transcription": {"model": model}}}});
        json!({"type": "session.update", "session": session})
    };
    permit(json!(["voice", "one/whisper-1"]));
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    for model in ["m-one", "whisper-1"] {
        client.say(transcribe(model)).await;
        client.hear("session.updated").await;
        client.ask("still here", "text", "").await;
        client.hear("response.done").await;
    }
    client.say(transcribe("gpt-4o-transcribe")).await;
    let (code, sentence) = ended(&mut client).await.unwrap();
    assert!(code == 1008 && sentence.contains("transcription model"), "{code} {sentence}");
    drop(client);
    let mut client = stage.connect("/v1/realtime?model=voice").await;
    client.say(transcribe("whisper-1")).await;
    client.hear("session.updated").await;
    permit(json!(["voice"]));
    assert_eq!(ended(&mut client).await.map(|end| end.0), Some(1008), "a right that is taken away");
    drop(client);
    let rows = stage.rows(4).await;
    for row in &rows[2..] {
        assert_eq!((row.outcome, row.error.as_str()), (Outcome::Refused, "model_not_allowed"));
    }
}
