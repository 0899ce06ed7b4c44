//! A provider's own API, passed on as it is: whose key, whose account, what is metered.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use weir_domain::credential::Allow;
use weir_domain::ledger::{Outcome, Traffic};
use weir_domain::money::NanoUsd;
use weir_domain::usage::UsageSource;
use weir_harness::script::{Fault, Script};

use super::*;

/// Vendors `one` (OpenAI) and `two` (Anthropic); the application may call these natively.
async fn stage(allowed: &[&str]) -> Stage {
    let allowed = json!(allowed);
    Stage::start_with(&[Vendor::Openai, Vendor::Anthropic], json!({}), |documents| {
        documents[1]["spec"]["providers"] = allowed;
    })
    .await
}

impl Stage {
    async fn native(&self, method: &str, path: &str, body: Option<&Value>) -> Answered {
        let request = weir_harness::client::client().request(method.parse().unwrap(), self.world.url(path));
        let request = request
            .bearer_auth(&self.world.key)
            .header("anthropic-version", "2023-06-01")
            .header("openai-organization", "org-of-the-caller")
            .header("cookie", "session=1")
            .header("x-goog-api-key", "AIza-of-the-caller")
            .header("x-weir-provider", "forged");
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        self.caller.send(request).await.unwrap()
    }
}

#[tokio::test]
async fn a_call_reaches_the_vendor_as_it_is_with_its_own_key_and_is_charged() {
    let stage = stage(&["*"]).await;
    for (at, (path, dialect)) in [
        ("/providers/one/chat/completions", Vendor::Openai),
        ("/providers/two/v1/messages?beta=true&key=k", Vendor::Anthropic),
    ]
    .into_iter()
    .enumerate()
    {
        for stream in [false, true] {
            let mut sent = body(dialect, "m-native", &json!({"stream": stream}));
            if stream && dialect == Vendor::Openai {
                sent["stream_options"] = json!({"include_usage": true});
            }
            let answered = stage.native("POST", path, Some(&sent)).await;
            assert_eq!(answered.status, 200, "{}", answered.text());
            let received = stage.vendors[at].received().pop().unwrap();
            assert_eq!(received.json(), sent);
            let head = |name: &str| received.head.header(name);
            assert_eq!(head("host"), Some(stage.vendors[at].address().to_string().as_str()));
            assert_eq!(head("accept-encoding"), Some("identity"));
            for name in ["cookie", "x-goog-api-key", "openai-organization", "x-weir-provider", "x-forwarded-for"] {
                assert_eq!(head(name), None, "{name}");
            }
            let shown = format!("{:?} {}", received.head.headers, received.head.target);
            assert!(!shown.contains("weir_") && !shown.contains("key=k"), "{shown}");
            assert_eq!(answered.header("x-weir-provider"), Some(["one", "two"][at]));
            assert!(answered.header("x-weir-request-id").is_some());
        }
    }
    for (row, (provider, stream)) in
        stage.rows(4).await.into_iter().zip([("one", false), ("one", true), ("two", false), ("two", true)])
    {
        assert_eq!((row.traffic, row.outcome, row.provider.as_str()), (Traffic::Ai, Outcome::Ok, provider), "{row:?}");
        assert!(row.path.starts_with(&format!("/providers/{provider}/")), "{}", row.path);
        assert_eq!((row.model.as_str(), row.upstream_model.as_str()), ("m-native", "m-native"));
        assert_eq!((row.usage.source, row.stream), (UsageSource::Provider, stream));
        let tokens = row.usage.tokens;
        assert!(tokens.input_total() > 0 && tokens.output_total() > 0, "{tokens:?}");
        let nanos = i64::try_from(tokens.input_total() * 1_000 + tokens.output_total() * 10_000).unwrap();
        assert_eq!(row.cost, Some(NanoUsd(nanos)), "{tokens:?}");
        assert_eq!((row.attempts.len(), row.attempts[0].provider_key.as_str()), (1, "main"));
        assert_eq!((row.attempts[0].cost, row.attempts[0].target.as_str()), (row.cost, "m-native"));
        assert!(row.attempts[0].price.starts_with("price-"), "{}", row.attempts[0].price);
    }
}

#[tokio::test]
async fn what_an_answer_does_not_say_is_unknown_and_never_nothing() {
    let stage = stage(&["one", "two"]).await;
    let listed = stage.native("GET", "/providers/one/models", None).await;
    assert_eq!((listed.status, listed.json().unwrap()["object"].as_str()), (200, Some("list")));
    stage.vendors[1].next(Script { fault: Some(Fault::CutAfterBytes { after: 400 }), ..Script::default() });
    let request = body(Vendor::Anthropic, "m", &stream());
    let cut = weir_harness::client::client()
        .post(stage.world.url("/providers/two/messages"))
        .header("x-api-key", &stage.world.key)
        .header("content-type", "application/json")
        .body(request.to_string());
    assert!(stage.caller.send(cut).await.is_err());
    stage.vendors[1].next(Script { status: Some(429), ..Script::default() });
    let refused =
        stage.native("POST", "/providers/two/messages", Some(&body(Vendor::Anthropic, "m", &json!({})))).await;
    assert_eq!(refused.status, 429);
    let rows = stage.rows(3).await;
    assert_eq!((rows[0].outcome, rows[0].usage.source, rows[0].cost), (Outcome::Ok, UsageSource::None, None));
    assert_eq!((rows[1].outcome, rows[1].usage.source, rows[1].cost), (Outcome::Cut, UsageSource::None, None));
    assert_eq!(
        (rows[2].outcome, rows[2].cost),
        (Outcome::UpstreamError, Some(NanoUsd::ZERO)),
        "an error costs nothing"
    );
}

#[tokio::test]
async fn nobody_may_who_is_not_listed_and_nobody_learns_which_providers_there_are() {
    let stage = stage(&["one"]).await;
    let mut said = Vec::new();
    for provider in ["two", "nope"] {
        let refused = stage.native("GET", &format!("/providers/{provider}/models"), None).await;
        assert_eq!(refused.status, 403);
        let problem = refused.json().unwrap();
        assert_eq!(problem["code"], "provider_not_allowed");
        said.push(problem["detail"].as_str().unwrap().replace(provider, "it"));
    }
    assert_eq!(said[0], said[1]);
    // Dots lead to where they say, and what may be called there counts; what servers read differently is refused.
    for (path, status) in [
        ("/providers/one/../two/models", 403),
        ("/providers/one/%2e%2e/two/models", 403),
        ("/providers/one/%2e%2e%2ftwo/models", 400),
        ("/providers/one/..;/two/models", 400),
        ("/providers/one//models", 200),
        ("/providers/one/http://two.example/models", 404),
    ] {
        let mut raw = TcpStream::connect(stage.world.at.gateway).await.unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
            stage.world.key
        );
        raw.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        raw.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    let stranger = weir_harness::client::client().get(stage.world.url("/providers/one/models"));
    assert_eq!(stage.caller.send(stranger).await.unwrap().status, 401);
}

#[tokio::test]
async fn a_key_that_narrows_models_reaches_no_provider_unless_it_names_it() {
    let stage = stage(&["*"]).await;
    let allow = |name: &str| Some(Allow::compile(&[name.to_owned()]));
    for (models, providers, status) in
        [(None, None, 200), (allow("chat"), None, 403), (allow("chat"), allow("one"), 200), (None, allow("two"), 403)]
    {
        let credential = Credential { models, providers, ..credential(&stage.world.key, "web") };
        let shown = format!("{credential:?}");
        stage.world.live.credentials(CredentialChange::Replace(vec![credential]));
        assert_eq!(stage.native("GET", "/providers/one/models", None).await.status, status, "{shown}");
    }
}

#[tokio::test]
async fn a_body_beyond_any_limit_of_memory_is_streamed_both_ways() {
    const LENGTH: usize = 40 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 1 << 16];
        let (mut read, mut head) = (0, Vec::new());
        while !head.windows(4).any(|w| w == b"\r\n\r\n") {
            let n = stream.read(&mut buffer).await.unwrap();
            head.extend_from_slice(&buffer[..n]);
        }
        let at = head.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        read += head.len() - at;
        // The answer begins before the request has ended: what was held back would never come. Reading waits for no
        // writing, as in any server that is read from while it is written to: how much the sockets hold decides nothing.
        let begin =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {LENGTH}\r\n\r\n");
        let (mut reading, mut writing) = stream.into_split();
        let (arrived, mut echoed) = tokio::sync::mpsc::unbounded_channel();
        arrived.send(read).unwrap();
        let writer = tokio::spawn(async move {
            writing.write_all(begin.as_bytes()).await.unwrap();
            while let Some(length) = echoed.recv().await {
                writing.write_all(&vec![b'z'; length]).await.unwrap();
            }
        });
        while read < LENGTH {
            let n = reading.read(&mut buffer).await.unwrap();
            assert!(n > 0);
            arrived.send(n).unwrap();
            read += n;
        }
        drop(arrived);
        writer.await.unwrap();
        String::from_utf8_lossy(&head[..at]).into_owned()
    });
    let spec = json!({"protocol": "openai", "base_url": base, "allow_private_address": true,
        "keys": [{"id": "main", "secret": "sk-hand"}], "headers": {"openai-project": "p1"}});
    let documents = [
        json!({"kind": "Provider", "id": "hand", "spec": spec}),
        json!({"kind": "Application", "id": "web", "spec": {"providers": ["hand"]}}),
    ];
    let budget = |settings: &mut Settings| {
        settings.max_ai_body_bytes = 1 << 20;
        settings.body_budget_bytes = 1 << 20;
    };
    let stage = Stage::on(&documents, Vec::new(), budget).await;
    let request = weir_harness::client::client()
        .put(stage.world.url("/providers/hand/files/1/part"))
        .header("api-key", &stage.world.key)
        .body(vec![b'y'; LENGTH]);
    let answered = stage.caller.send(request).await.unwrap();
    assert_eq!((answered.status, answered.body.len()), (200, LENGTH));
    let head = server.await.unwrap().to_lowercase();
    assert!(head.starts_with("put /v1/files/1/part http/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: bearer sk-hand\r\n") && head.contains("openai-project: p1\r\n"), "{head}");
    assert!(!head.contains("api-key") && !head.contains("weir_"), "{head}");
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.request_bytes, row.response_bytes, row.cost), (LENGTH as u64, LENGTH as u64, None));
}

#[tokio::test]
async fn a_provider_without_an_address_or_that_is_off_is_told_so() {
    let stage = Stage::start_with(&[Vendor::Openai], json!({}), |documents| {
        documents[1]["spec"]["providers"] = json!(["*"]);
        documents[2]["spec"]["disabled"] = json!(true);
    })
    .await;
    let off = stage.native("GET", "/providers/one/models", None).await;
    assert_eq!((off.status, &off.json().unwrap()["error"]["code"]), (503, &json!("provider_disabled")));
    let demo = stage.native("GET", "/providers/demo/models", None).await;
    assert_eq!((demo.status, &demo.json().unwrap()["error"]["code"]), (404, &json!("provider_without_api")));
    for row in stage.rows(2).await {
        assert_eq!((row.outcome, row.cost), (Outcome::Refused, Some(NanoUsd::ZERO)));
    }
}

#[tokio::test]
async fn files_lie_with_the_one_provider_that_the_application_may_call() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 27\r\n\r\n{\"id\":\"f1\",\"object\":\"file\"}";
    assert!(answer.ends_with("\r\n\r\n{\"id\":\"f1\",\"object\":\"file\"}"));
    let (base, server) = wire::by_hand(vec![vec![answer], vec![answer]]).await;
    let provider = json!({"protocol": "openai", "base_url": base, "allow_private_address": true,
        "keys": [{"id": "main", "secret": "sk-hand"}]});
    let documents = |providers: &[&str]| {
        vec![
            json!({"kind": "Provider", "id": "hand", "spec": provider}),
            json!({"kind": "Provider", "id": "second", "spec": provider}),
            json!({"kind": "Application", "id": "web", "spec": {"models": ["*"], "providers": providers}}),
        ]
    };
    let stage = Stage::on(&documents(&["hand"]), Vec::new(), |_| {}).await;
    let post = |path: &str, named: Option<&str>| {
        let request = weir_harness::client::client().post(stage.world.url(path)).bearer_auth(&stage.world.key);
        let request = request.header("content-type", "multipart/form-data; boundary=b").body("--b--");
        let request = match named {
            Some(name) => request.header("x-weir-provider", name),
            None => request,
        };
        stage.caller.send(request)
    };
    assert_eq!(post("/v1/files", None).await.unwrap().status, 200);
    assert_eq!(post("/v1/uploads", Some("hand")).await.unwrap().status, 200);
    for head in server.await.unwrap() {
        assert!(head.starts_with("post /v1/files http/1.1") || head.starts_with("post /v1/uploads "), "{head}");
        assert!(head.contains("authorization: bearer sk-hand") && !head.contains("x-weir-"), "{head}");
    }
    let refused = post("/v1/files", Some("second")).await.unwrap();
    assert_eq!((refused.status, &refused.json().unwrap()["error"]["code"]), (403, &json!("provider_not_allowed")));
    for row in &stage.rows(3).await[..2] {
        let free = Some(NanoUsd::ZERO);
        assert_eq!((row.provider.as_str(), row.traffic, row.cost), ("hand", Traffic::Ai, free), "{row:?}");
    }
    let install = |providers: &[&str]| {
        let text: Vec<String> = documents(providers).iter().map(Value::to_string).collect();
        stage.world.install(&text.join("\n---\n"));
    };
    install(&["*"]);
    let both = post("/v1/files", None).await.unwrap();
    assert_eq!((both.status, &both.json().unwrap()["error"]["code"]), (400, &json!("provider_ambiguous")));
    install(&[]);
    let none = post("/v1/files", None).await.unwrap();
    assert_eq!((none.status, &none.json().unwrap()["error"]["code"]), (403, &json!("provider_not_allowed")));
}
