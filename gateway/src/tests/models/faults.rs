//! Each way in which a provider can fail has one outcome, which docs/OPERATIONS.md repeats: what the caller is told, what
//! the ledger says, whether another target is asked, and what it costs.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_domain::usage::UsageSource;
use weir_harness::script::{Fault, Script, Wire};
use weir_harness::tls::Authority;

use super::*;

/// Where a fault comes from.
#[derive(Clone, Copy, Debug)]
enum From {
    /// A vendor that behaves so.
    Vendor(fn() -> Script),
    /// A port that nobody listens at.
    Nobody,
    /// A server that says this to whatever it is asked, and then nothing more.
    Server(Says),
}

/// What a server says that is no vendor at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    HugeHead,
    HugeBody,
    UntrustedTls,
    SilentTls,
}

/// One fault, and all that follows from it.
struct Row {
    fault: &'static str,
    from: From,
    stream: bool,
    /// What the caller gets when there is no other target: the status, and the reason in the ledger. That is also the
    /// code in the error, unless the provider's own error has none.
    status: u16,
    code: &'static str,
    outcome: Outcome,
    /// Whether another target is asked.
    next: bool,
    /// What the failed attempt costs: nothing, for sure; or not known, for the provider had the request.
    free: bool,
}

const fn row(
    fault: &'static str,
    from: From,
    (status, code): (u16, &'static str),
    outcome: Outcome,
    free: bool,
) -> Row {
    Row { fault, from, stream: false, status, code, outcome, next: true, free }
}

/// A text that takes longer than the second that the provider has, when it comes byte by byte.
fn drip() -> Script {
    Script::default().on_wire(Wire { cut_every: Some(1), piece_delay_ms: 40, ..Wire::default() })
}

fn events(text: &str) -> Script {
    Script { body: Some(text.to_owned()), ..Script::default() }.header("content-type", "text/event-stream")
}

/// The table in docs/OPERATIONS.md says the same, and a test below holds them together.
const TABLE: [Row; 19] = [
    row("connection refused", From::Nobody, (502, "upstream_unreachable"), Outcome::ConnectFailed, true),
    row(
        "no answer at all",
        From::Vendor(|| Script::fail(Fault::BlackHole)),
        (504, "upstream_timeout"),
        Outcome::Timeout,
        false,
    ),
    row(
        "reset before the head",
        From::Vendor(|| Script::fail(Fault::ResetBeforeHead)),
        (502, "upstream_cut"),
        Outcome::Cut,
        false,
    ),
    row(
        "reset after the head",
        From::Vendor(|| Script::fail(Fault::CutAfterBytes { after: 20 })),
        (502, "upstream_cut"),
        Outcome::Cut,
        false,
    ),
    Row {
        stream: true,
        next: false,
        ..row(
            "cut in the middle of a stream",
            From::Vendor(|| {
                let wire = Wire { event_delay_ms: 5, ..Wire::default() };
                Script::fail(Fault::CutAfterBytes { after: 1_200 }).on_wire(wire)
            }),
            (200, "upstream_cut"),
            Outcome::Cut,
            false,
        )
    },
    row("drip", From::Vendor(drip), (504, "upstream_timeout"), Outcome::Timeout, false),
    row("429", From::Vendor(|| Script::refuse(429)), (429, "rate_limit_exceeded"), Outcome::UpstreamError, true),
    row("500", From::Vendor(|| Script::refuse(500)), (500, "upstream_error"), Outcome::UpstreamError, true),
    row("503", From::Vendor(|| Script::refuse(503)), (503, "upstream_error"), Outcome::UpstreamError, true),
    row("529", From::Vendor(|| Script::refuse(529)), (503, "upstream_error"), Outcome::UpstreamError, true),
    row(
        "malformed JSON",
        From::Vendor(|| Script { body: Some("{\"choices\": [".to_owned()), ..Script::default() }),
        (502, "invalid_upstream_answer"),
        Outcome::UpstreamError,
        false,
    ),
    row(
        "compressed",
        From::Vendor(|| Script::default().header("content-encoding", "gzip")),
        (502, "invalid_upstream_answer"),
        Outcome::UpstreamError,
        false,
    ),
    Row {
        stream: true,
        ..row(
            "error before the first event",
            From::Vendor(|| events("data: {\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}\n\n")),
            (500, "upstream_error"),
            Outcome::UpstreamError,
            true,
        )
    },
    Row {
        stream: true,
        ..row(
            "malformed events",
            From::Vendor(|| events("data: {\"choices\": [\n\ndata: [DONE]\n\n")),
            (502, "invalid_upstream_answer"),
            Outcome::UpstreamError,
            false,
        )
    },
    row(
        "wrong length",
        From::Vendor(|| Script::fail(Fault::LengthTooLong { by: 5 })),
        (502, "upstream_cut"),
        Outcome::Cut,
        false,
    ),
    row("huge head", From::Server(Says::HugeHead), (502, "upstream_cut"), Outcome::Cut, false),
    row("huge body", From::Server(Says::HugeBody), (502, "invalid_upstream_answer"), Outcome::UpstreamError, false),
    row(
        "untrusted certificate",
        From::Server(Says::UntrustedTls),
        (502, "upstream_unreachable"),
        Outcome::ConnectFailed,
        true,
    ),
    row(
        "silence in place of a TLS handshake",
        From::Server(Says::SilentTls),
        (502, "upstream_unreachable"),
        Outcome::ConnectFailed,
        true,
    ),
];

/// A server that is no vendor; it ends when dropped.
struct Server {
    url: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if matches!(says, Says::UntrustedTls | Says::SilentTls) { "https" } else { "http" };
        let task = tokio::spawn(async move {
            let mut calls = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // A gateway that hangs up early is what is wanted here.
                calls.spawn(async move { drop(serve(stream, says).await) });
            }
        });
        Self { url: format!("{scheme}://127.0.0.1:{port}/v1"), task }
    }
}

async fn serve(mut stream: TcpStream, says: Says) -> std::io::Result<()> {
    if says == Says::UntrustedTls {
        let authority = Authority::new().unwrap();
        let config = authority.server(&["127.0.0.1"], &["http/1.1"]).unwrap();
        drop(tokio_rustls::TlsAcceptor::from(config).accept(stream).await);
        return Ok(());
    }
    if says != Says::SilentTls {
        let mut head = vec![0; 64 * 1024];
        let _ = stream.read(&mut head).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n").await?;
    }
    match says {
        Says::HugeHead => {
            let line = format!("x-more: {}\r\n", "a".repeat(8_000));
            for _ in 0..200 {
                stream.write_all(line.as_bytes()).await?;
            }
        }
        Says::HugeBody => {
            stream.write_all(b"transfer-encoding: chunked\r\n\r\n").await?;
            let chunk = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
            for _ in 0..70 {
                stream.write_all(chunk.as_bytes()).await?;
            }
        }
        Says::UntrustedTls | Says::SilentTls => {}
    }
    std::future::pending().await
}

/// A stage whose first vendor fails as the row says; behind it stands a healthy one where `second` asks for it.
async fn stage(row: &Row, second: bool) -> (Stage, Option<Server>) {
    let server = match row.from {
        From::Server(says) => Some(Server::start(says).await),
        From::Vendor(_) | From::Nobody => None,
    };
    let url = match row.from {
        From::Nobody => {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            Some(format!("http://{free}/v1"))
        }
        _ => server.as_ref().map(|server| server.url.clone()),
    };
    let vendors = [Vendor::Openai, Vendor::Openai];
    let retry = json!({"cooldown_ms": 1, "max_attempts": if second { 2 } else { 1 }});
    let stage = Stage::start_with(&vendors[..if second { 2 } else { 1 }], retry, |documents| {
        let one = documents.iter_mut().find(|d| d["kind"] == "Provider" && d["id"] == "one").unwrap();
        one["spec"]["timeouts"] =
            json!({"connect_ms": 1_000, "first_byte_ms": 1_000, "idle_ms": 1_000, "total_ms": 8_000});
        if row.fault == "drip" {
            one["spec"]["timeouts"]["total_ms"] = json!(1_000);
        }
        if let Some(url) = url {
            one["spec"]["base_url"] = json!(url);
        }
    })
    .await;
    if let From::Vendor(script) = row.from {
        stage.vendors[0].next(script());
    }
    (stage, server)
}

async fn ask(stage: &Stage, row: &Row) -> Answered {
    let fields = if row.stream { stream() } else { json!({}) };
    stage.ask(Vendor::Openai, &fields).await
}

/// The code of an error answer, or of the error event at the end of a stream.
fn code(answered: &Answered) -> String {
    let error = |value: &Value| value["error"]["code"].as_str().map(str::to_owned);
    let whole = answered.json().ok().and_then(|body| error(&body));
    let events = weir_harness::sse::parse(&answered.body);
    whole.or_else(|| events.iter().rev().find_map(|event| error(&event.json()))).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_has_one_outcome() {
    _ = rustls::crypto::ring::default_provider().install_default();
    for row in &TABLE {
        let (stage, _server) = stage(row, false).await;
        let answered = ask(&stage, row).await;
        let entry = stage.rows(1).await.remove(0);
        let seen = (answered.status, entry.outcome, entry.attempts.len());
        assert_eq!(seen, (row.status, row.outcome, 1), "{}: {}", row.fault, answered.text());
        let told = if row.code == "upstream_error" { "" } else { row.code };
        assert_eq!(code(&answered), told, "{}: {}", row.fault, answered.text());
        assert_eq!((entry.status, entry.error.as_str()), (row.status, row.code), "{}", row.fault);
        let attempt = &entry.attempts[0];
        assert_eq!(attempt.outcome, row.outcome, "{}", row.fault);
        assert_eq!(attempt.cost == Some(NanoUsd::ZERO), row.free, "{}: {:?}", row.fault, attempt.cost);
        if row.code == "invalid_upstream_answer" {
            let usage = attempt.usage.source;
            assert_eq!((attempt.cost, usage), (None, UsageSource::None), "{}: it may bill any of it", row.fault);
        }
        if row.status == 200 {
            assert!(entry.cost.is_some_and(|cost| cost > NanoUsd::ZERO), "what came is charged: {:?}", entry.cost);
        } else {
            assert_eq!(entry.cost, Some(NanoUsd::ZERO), "{}: nobody pays for no answer", row.fault);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_healthy_second_target_every_call_succeeds_and_is_billed_once() {
    _ = rustls::crypto::ring::default_provider().install_default();
    for row in TABLE.iter().filter(|row| row.next) {
        let (stage, _server) = stage(row, true).await;
        let answered = ask(&stage, row).await;
        answered.heard(Vendor::Openai).unwrap_or_else(|error| panic!("{}: {error:#}", row.fault));
        assert_eq!(answered.header("x-weir-provider"), Some("two"), "{}", row.fault);
        let entry = stage.rows(1).await.remove(0);
        let outcomes: Vec<Outcome> = entry.attempts.iter().map(|attempt| attempt.outcome).collect();
        assert_eq!(outcomes, [row.outcome, Outcome::Ok], "{}", row.fault);
        assert_eq!((entry.cost, entry.usage), (entry.attempts[1].cost, entry.attempts[1].usage), "{}", row.fault);
        assert!(entry.cost.is_some_and(|cost| cost > NanoUsd::ZERO), "{}", row.fault);
        assert_eq!(stage.vendors[1].received().len(), 1, "{}", row.fault);
        assert!(stage.vendors[0].received().len() <= 1, "{}: asked once, never again in silence", row.fault);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_the_first_byte_nothing_is_repeated() {
    for row in TABLE.iter().filter(|row| !row.next) {
        let (stage, _server) = stage(row, true).await;
        let answered = ask(&stage, row).await;
        assert_eq!((answered.status, code(&answered).as_str()), (row.status, row.code), "{}", row.fault);
        assert!(stage.vendors[1].received().is_empty(), "{}", row.fault);
        assert_eq!(stage.rows(1).await[0].attempts.len(), 1, "{}", row.fault);
    }
}

#[test]
fn the_documentation_has_the_same_table() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/OPERATIONS.md");
    let text = std::fs::read_to_string(path).unwrap();
    for row in &TABLE {
        let cost = match (row.status, row.free) {
            (200, _) => "what came",
            (_, true) => "0",
            _ if row.code == "invalid_upstream_answer" => "unknown",
            (_, false) => "estimated or unknown",
        };
        let next = if row.next { "yes" } else { "no" };
        let outcome = row.outcome.as_str();
        let line = format!("| {} | {} | `{}` | `{outcome}` | {next} | {cost} |", row.fault, row.status, row.code);
        assert!(text.lines().any(|have| have == line), "docs/OPERATIONS.md lacks this line:\n{line}");
    }
}
