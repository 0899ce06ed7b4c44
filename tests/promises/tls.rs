//! TLS at the listeners: both protocols by ALPN, a certificate that is renewed under load with no failed request, and
//! a start that says what is wrong with what it was given.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::{Certificate, Client, Version, tls};
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use weir_harness::admin::Admin;
use weir_harness::client::builder;
use weir_harness::config::{Config, Key};
use weir_harness::provider::{FakeProvider, Vendor};
use weir_harness::rest::RestUpstream;
use weir_harness::tls::{Authority, Issued};
use weir_harness::weir::{Setup, Weir};

use crate::stand::{ANTHROPIC_KEY, BINARY, OPENAI_KEY, request, usual};

/// The name in the certificates.
const NAME: &str = "weir.test";

/// Certificate and key as files.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new(issued: &Issued) -> anyhow::Result<Self> {
        let files = Self { dir: tempfile::tempdir()? };
        files.put(issued)?;
        Ok(files)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Replaces both, each in one step, as tools that renew certificates do.
    fn put(&self, issued: &Issued) -> anyhow::Result<()> {
        self.put_one("tls.crt", &issued.certificate)?;
        self.put_one("tls.key", &issued.key)
    }

    fn put_one(&self, name: &str, text: &str) -> anyhow::Result<()> {
        std::fs::write(self.path(".new"), text)?;
        std::fs::rename(self.path(".new"), self.path(name))?;
        Ok(())
    }

    /// Options that give a listener this certificate.
    fn options(&self, listener: &str) -> Vec<String> {
        let option = |what: &str, path: &Path| [format!("--{listener}-tls-{what}"), path.display().to_string()];
        [option("cert", &self.path("tls.crt")), option("key", &self.path("tls.key"))].concat()
    }
}

/// A client that trusts these authorities alone and finds [`NAME`] at `at`.
fn client(authorities: &[&Authority], at: SocketAddr) -> anyhow::Result<reqwest::ClientBuilder> {
    let trusted: Result<Vec<_>, _> = authorities.iter().map(|a| Certificate::from_pem(a.pem().as_bytes())).collect();
    Ok(builder().tls_certs_only(trusted?).resolve(NAME, at).timeout(Duration::from_secs(20)))
}

/// Starts the binary with these options beside the usual ones.
async fn start(config: &Config, options: &[String]) -> anyhow::Result<Weir> {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Setup::new(BINARY, &config.yaml()).arguments(&options).start().await
}

/// The least configuration that is one.
fn little() -> Config {
    Config::new().with("Team", "default", &json!({"name": "Default"}))
}

fn url(at: SocketAddr, path: &str) -> String {
    format!("https://{NAME}:{}{path}", at.port())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_protocols_are_spoken_by_alpn() -> anyhow::Result<()> {
    let authority = Authority::new()?;
    let files = Files::new(&authority.issue(&[NAME])?)?;
    let upstream = RestUpstream::start("shop").await?;
    let openai = FakeProvider::start(Vendor::Openai, OPENAI_KEY).await?;
    let anthropic = FakeProvider::start(Vendor::Anthropic, ANTHROPIC_KEY).await?;
    let key = Key::new(71);
    let config = usual(&openai, &anthropic, &key).service("shop", "/shop", &upstream);
    let weir = start(&config, &files.options("gateway")).await?;
    let at = weir.gateway_address();
    let settings = || client(&[&authority], at);
    for (client, version) in [
        (settings()?.build()?, Version::HTTP_2),
        (settings()?.http1_only().build()?, Version::HTTP_11),
        (settings()?.tls_version_max(tls::Version::TLS_1_2).build()?, Version::HTTP_2),
        (settings()?.tls_version_min(tls::Version::TLS_1_3).build()?, Version::HTTP_2),
    ] {
        for _ in 0..3 {
            let answer = client
                .post(url(at, "/shop/orders/7"))
                .bearer_auth(key.whole())
                .body(weir_harness::rest::pattern(0, 200_000))
                .send()
                .await?;
            assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
            let seen: serde_json::Value = answer.json().await?;
            assert_eq!((&seen["body"]["bytes"], &seen["body"]["is_pattern"]), (&json!(200_000), &json!(true)));
        }
        let body = request(Vendor::Openai, "on-anthropic", &json!({"stream": true}));
        let chat = client.post(url(at, "/v1/chat/completions")).bearer_auth(key.whole()).json(&body).send().await?;
        assert_eq!((chat.status().as_u16(), chat.version()), (200, version));
        assert!(chat.text().await?.trim_end().ends_with("data: [DONE]"));
        assert_eq!(client.get(url(at, "/shop/x")).send().await?.status().as_u16(), 401);
    }
    let seen = upstream.seen();
    assert_eq!(seen.len(), 12);
    for request in seen {
        assert_eq!(request.header("x-forwarded-proto"), Some("https"));
        assert_eq!(request.header("x-forwarded-host"), Some(format!("{NAME}:{}", at.port()).as_str()));
    }
    // Plain HTTP gets no answer there, and the listener is unharmed.
    assert!(builder().build()?.get(format!("http://{at}/-/live")).send().await.is_err());
    assert_eq!(settings()?.build()?.get(url(at, "/-/live")).send().await?.text().await?, "live");
    Ok(())
}

/// Asks without end, over a new connection each time or over one that is kept.
async fn ask(client: impl Fn() -> Client, url: String, stop: Arc<AtomicBool>, good: Arc<AtomicUsize>) -> Vec<String> {
    let mut failures = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let asked = async { client().get(&url).send().await?.error_for_status()?.text().await };
        match asked.await {
            Ok(text) if text == "live" => {
                good.fetch_add(1, Ordering::SeqCst);
            }
            other => failures.push(format!("{other:?}")),
        }
    }
    failures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_shown_without_a_failed_request() -> anyhow::Result<()> {
    let (before, after) = (Authority::new()?, Authority::new()?);
    let files = Files::new(&before.issue(&[NAME])?)?;
    let weir = start(&little(), &files.options("gateway")).await?;
    let at = weir.gateway_address();
    let (stop, good) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let either = client(&[&before, &after], at)?.build()?;
    let fresh = client(&[&before, &after], at)?.pool_max_idle_per_host(0).http1_only().build()?;
    let url = url(at, "/-/live");
    let callers: Vec<_> = [either, fresh]
        .map(|client| tokio::spawn(ask(move || client.clone(), url.clone(), Arc::clone(&stop), Arc::clone(&good))))
        .into();
    let shown = async |authority: &Authority| -> anyhow::Result<bool> {
        Ok(client(&[authority], at)?.build()?.get(&url).send().await.is_ok())
    };
    let until_shown = async |authority: &Authority| -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(5);
        while !shown(authority).await? {
            anyhow::ensure!(Instant::now() < deadline, "not shown: {}", weir.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    };
    assert!(shown(&before).await? && !shown(&after).await?);
    // Half a renewal changes nothing.
    let renewed = after.issue(&[NAME])?;
    files.put_one("tls.crt", &renewed.certificate)?;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(shown(&before).await? && !shown(&after).await?);
    assert!(weir.log().contains("the certificate in use stays"), "{}", weir.log());
    files.put_one("tls.key", &renewed.key)?;
    until_shown(&after).await?;
    assert!(!shown(&before).await?);
    // And back, on the operator's word.
    files.put(&before.issue(&[NAME])?)?;
    weir.signal("HUP").await?;
    until_shown(&before).await?;
    stop.store(true, Ordering::SeqCst);
    for caller in callers {
        let failures = caller.await?;
        assert!(failures.is_empty(), "{failures:?}");
    }
    assert!(good.load(Ordering::SeqCst) > 50, "{good:?} requests are no load");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_admin_api_speaks_tls_and_its_playground_reaches_the_gateway() -> anyhow::Result<()> {
    let authority = Authority::new()?;
    let files = Files::new(&authority.issue(&[NAME])?)?;
    let options = [files.options("gateway"), files.options("admin")].concat();
    let weir = start(&little(), &options).await?;
    let at: SocketAddr = weir.admin_url().trim_start_matches("http://").parse()?;
    let token = std::fs::read_to_string(weir.data_dir().join("admin-token"))?;
    let client = client(&[&authority], at)?.build()?;
    let admin = Admin::through(client.clone(), &format!("https://{NAME}:{}", at.port()), token.trim());
    let made = admin.post("/teams", &json!({"id": "crew", "spec": {"name": "Crew"}})).await?;
    assert_eq!(made["id"], "crew", "{made}");
    // The gateway is called by its address, which stands in no certificate: it is known by the certificate itself.
    let chat = json!({"model": "demo/demo-small", "messages": [{"role": "user", "content": "Hello"}]});
    let answer = admin.post("/playground/chat", &chat).await?;
    assert!(answer.to_string().contains("assistant"), "{answer}");
    // The link to the first account is one for TLS, and so is the cookie.
    let link = std::fs::read_to_string(weir.data_dir().join("setup-link"))?;
    let link = link.split_whitespace().find(|word| word.contains("/setup#token=")).context("no link")?;
    assert!(link.starts_with("https://"), "{link}");
    let setup = json!({"token": link.split_once("token=").context("no token")?.1, "email": "a@example.com",
        "name": "A", "password": "correct horse battery staple"});
    let begun = client.post(format!("https://{NAME}:{}/api/v1/setup", at.port())).json(&setup).send().await?;
    let cookie = begun.headers().get("set-cookie").map(|v| v.to_str().unwrap_or_default().to_owned());
    let (status, text) = (begun.status().as_u16(), begun.text().await?);
    let cookie = cookie.with_context(|| format!("no cookie: {status} {text}"))?;
    assert!(cookie.starts_with("__Host-weir_session=") && cookie.contains("Secure"), "{cookie}");
    assert!(builder().build()?.get(format!("http://{at}/api/v1/health")).send().await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_says_what_is_wrong_with_a_certificate() -> anyhow::Result<()> {
    let authority = Authority::new()?;
    let (one, other) = (authority.issue(&[NAME])?, authority.issue(&[NAME])?);
    let mixed = Issued { certificate: one.certificate.clone(), key: other.key };
    let config = little();
    for listener in ["gateway", "admin"] {
        let refused = start(&config, &Files::new(&mixed)?.options(listener)).await.err().context("started")?;
        let refused = format!("{refused:#}");
        assert!(refused.contains(&format!("--{listener}-tls-cert")), "{refused}");
        assert!(refused.contains("tls.key is not that of the first certificate in"), "{refused}");
        assert!(!refused.contains("PRIVATE KEY"), "{refused}");
        let options = Files::new(&one)?.options(listener);
        let refused = format!("{:#}", start(&config, &options).await.err().context("started without files")?);
        assert!(refused.contains("tls.crt") && refused.contains("No such file"), "{refused}");
        let files = Files::new(&one)?;
        let refused = start(&config, &files.options(listener)[..2]).await.err().context("started without a key")?;
        assert!(format!("{refused:#}").contains(&format!("--{listener}-tls-key")), "{refused:#}");
    }
    let files = Files::new(&authority.issue_expired(&[NAME])?)?;
    let weir = start(&config, &files.options("gateway")).await?;
    assert!(weir.log().contains("the certificate has expired"), "{}", weir.log());
    Ok(())
}

/// Pingora logs through another crate than Weir; what it reports must be found in the same log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_frame_below_reports_is_in_the_log() -> anyhow::Result<()> {
    let authority = Authority::new()?;
    let files = Files::new(&authority.issue(&[NAME])?)?;
    let weir = start(&little(), &files.options("gateway")).await?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(authority.pem().as_bytes())?)?;
    let mut config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let socket = TcpStream::connect(weir.gateway_address()).await?;
    let mut stream = TlsConnector::from(Arc::new(config)).connect(NAME.try_into()?, socket).await?;
    stream.write_all(b"this is no preface of HTTP/2 at all").await?;
    let deadline = Instant::now() + Duration::from_secs(5);
    while !weir.log().contains("pingora_core") {
        anyhow::ensure!(Instant::now() < deadline, "nothing of Pingora's: {}", weir.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
