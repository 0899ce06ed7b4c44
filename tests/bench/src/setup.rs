//! Starts the upstream and the three proxies in front of it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use weir_domain::credential;

use crate::process::{Process, free_address};

/// The core of whatever is measured; load and upstream share the other.
pub(crate) const PROXY_CORE: usize = 0;
const UPSTREAM_CORE: usize = 1;

/// A proxy that listens.
pub(crate) struct Proxy {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process.
    pub(crate) process: Process,
    /// Headers that it needs beside the common ones.
    pub(crate) headers: Vec<(String, String)>,
}

/// Everything that runs.
pub(crate) struct Field {
    /// The upstream, for figures without any proxy.
    pub(crate) upstream: Proxy,
    /// nginx, bare Pingora, Weir.
    pub(crate) proxies: Vec<Proxy>,
    /// A valid API key.
    pub(crate) key: String,
    /// From the start of Weir's process to its first answer.
    pub(crate) start: Duration,
}

/// Starts all. Weir has so many model routes beside those that are called.
///
/// # Errors
/// When a program is missing or does not come up.
pub(crate) fn start(weir: &Path, dir: &Path, stream_upstream: Option<u32>, routes: usize) -> anyhow::Result<Field> {
    let me = std::env::current_exe()?;
    let me = me.to_string_lossy();
    let upstream = free_address()?;
    let process = match stream_upstream {
        None => nginx(dir, "upstream", UPSTREAM_CORE, &upstream_conf(upstream))?,
        Some(events) => {
            let args = ["stream-upstream", &upstream.to_string(), &events.to_string()];
            Process::start(UPSTREAM_CORE, &me, &args, &[], &dir.join("upstream.log"))?
        }
    };
    let mut upstream = Proxy { name: "direct", address: upstream, process, headers: Vec::new() };
    upstream.process.wait(upstream.address)?;

    let at = free_address()?;
    let mut plain = Proxy {
        name: "nginx",
        address: at,
        process: nginx(dir, "proxy", PROXY_CORE, &proxy_conf(at, upstream.address))?,
        headers: Vec::new(),
    };
    plain.process.wait(at)?;

    let at = free_address()?;
    let process = Process::start(
        PROXY_CORE,
        &me,
        &["bare", &at.to_string(), &upstream.address.to_string()],
        &[],
        &dir.join("bare.log"),
    )?;
    let mut bare = Proxy { name: "bare Pingora", address: at, process, headers: Vec::new() };
    bare.process.wait(at)?;

    let key = credential::generate(&std::array::from_fn(|i| (i * 37 % 251) as u8));
    let (gateway, start) = start_weir(weir, dir, upstream.address, &key, routes)?;
    Ok(Field { upstream, proxies: vec![plain, bare, gateway], key, start })
}

fn start_weir(
    weir: &Path,
    dir: &Path,
    upstream: SocketAddr,
    key: &str,
    routes: usize,
) -> anyhow::Result<(Proxy, Duration)> {
    let config = dir.join("weir.yaml");
    fs::write(&config, weir_config(upstream, credential::public_id(key).unwrap_or_default(), routes))?;
    let (at, admin, ops) = (free_address()?, free_address()?, free_address()?);
    let (config, data) = (config.to_string_lossy(), dir.join("data"));
    let (data, listen, admin, ops) = (data.to_string_lossy(), at.to_string(), admin.to_string(), ops.to_string());
    let args = [
        "run",
        "--config",
        &config,
        "--data-dir",
        &data,
        "--gateway-listen",
        &listen,
        "--admin-listen",
        &admin,
        "--ops-listen",
        &ops,
    ];
    let begin = Instant::now();
    let envs = [("WEIR_BENCH_KEY", key), ("WEIR_LOG", "warn")];
    let process = Process::start(PROXY_CORE, &weir.to_string_lossy(), &args, &envs, &dir.join("weir.log"))?;
    let mut proxy = Proxy { name: "Weir", address: at, process, headers: Vec::new() };
    proxy.process.wait(at)?;
    Ok((proxy, begin.elapsed()))
}

fn nginx(dir: &Path, name: &str, core: usize, servers: &str) -> anyhow::Result<Process> {
    let conf = dir.join(format!("{name}.conf"));
    let pid = dir.join(format!("{name}.pid"));
    fs::write(
        &conf,
        format!(
            "daemon off;\nmaster_process off;\nworker_processes 1;\npid {};\nerror_log stderr;\nevents {{ worker_connections 8192; }}\nhttp {{\n  access_log off;\n  keepalive_requests 1000000000;\n  client_max_body_size 0;\n  client_body_buffer_size 2m;\n  client_body_temp_path {}/{name}-body;\n  proxy_temp_path {}/{name}-proxy;\n{servers}}}\n",
            pid.display(),
            dir.display(),
            dir.display(),
        ),
    )?;
    Process::start(core, "nginx", &["-c", &conf.to_string_lossy()], &[], &dir.join(format!("{name}.log")))
}

fn upstream_conf(listen: SocketAddr) -> String {
    let kilobyte = "x".repeat(1024);
    format!(
        "  server {{ listen {listen}; default_type application/json;\n    location /rest {{ return 200 '{kilobyte}'; }}\n    location /v1/chat/completions {{ return 200 '{OPENAI_ANSWER}'; }}\n    location /v1/messages {{ return 200 '{ANTHROPIC_ANSWER}'; }}\n    location /v1/responses {{ return 200 '{OPENAI_ANSWER}'; }}\n    location /v1beta/ {{ return 200 '{GEMINI_ANSWER}'; }}\n  }}\n"
    )
}

fn proxy_conf(listen: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        "  upstream u {{ server {upstream}; keepalive 256; keepalive_requests 1000000000; }}\n  server {{ listen {listen}; location / {{ proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffering off; }} }}\n"
    )
}

/// An answer of OpenAI's, as long as short answers are.
const OPENAI_ANSWER: &str = r#"{"id":"chatcmpl-BenchBenchBenchBenchBench","object":"chat.completion","created":1760000000,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"A weir is a low barrier across a river that raises the water a little, lets it pass over the top, and makes its flow easy to measure and to share out.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":57,"completion_tokens":36,"total_tokens":93,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":null}"#;

/// The same of Anthropic's.
const ANTHROPIC_ANSWER: &str = r#"{"id":"msg_BenchBenchBenchBenchBench","type":"message","role":"assistant","model":"bench","content":[{"type":"text","text":"A weir is a low barrier across a river that raises the water a little, lets it pass over the top, and makes its flow easy to measure and to share out."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":57,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":36,"service_tier":"standard"}}"#;

/// The same of Gemini's.
const GEMINI_ANSWER: &str = r#"{"candidates":[{"content":{"parts":[{"text":"A weir is a low barrier across a river that raises the water a little, lets it pass over the top, and makes its flow easy to measure and to share out."}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":57,"candidatesTokenCount":36,"totalTokenCount":93,"promptTokensDetails":[{"modality":"TEXT","tokenCount":57}]},"modelVersion":"bench","responseId":"BenchBenchBenchBench"}"#;

/// Targets of the route `bench-50`.
const MANY: usize = 50;

fn weir_config(upstream: SocketAddr, key_id: &str, routes: usize) -> String {
    let mut text = String::new();
    for (protocol, version) in [("openai", "v1"), ("anthropic", "v1"), ("gemini", "v1beta")] {
        text.push_str(&format!(
            "kind: Provider\nid: {protocol}-bench\nspec:\n  protocol: {protocol}\n  base_url: http://{upstream}/{version}\n  allow_private_address: true\n  keys: [{{id: main, secret: sk-bench-provider}}]\n---\nkind: Price\nid: {protocol}-bench\nspec: {{provider: {protocol}-bench, model: \"*\", per_million: {{input: \"2.5\", output: \"10\"}}}}\n---\n"
        ));
    }
    let route = |id: &str, targets: &str| format!("kind: ModelRoute\nid: {id}\nspec: {{targets: [{targets}]}}\n---\n");
    let target = |provider: &str, model: &str| format!("{{provider: {provider}-bench, model: {model}}}");
    text.push_str(&route("bench", &target("openai", "bench")));
    text.push_str(&route("bench-anthropic", &target("anthropic", "bench")));
    text.push_str(&route("bench-gemini", &target("gemini", "bench")));
    let many: Vec<String> = (0..MANY).map(|n| target("openai", &format!("bench-{n}"))).collect();
    text.push_str(&route("bench-50", &many.join(", ")));
    for n in 0..routes {
        text.push_str(&route(&format!("catalogue-{n}"), &target("openai", &format!("model-{n}"))));
    }
    text.push_str(&format!(
        "kind: Upstream\nid: rest\nspec: {{targets: [{{url: \"http://{upstream}\"}}], allow_private_address: true}}\n---\nkind: Service\nid: rest\nspec: {{upstream: rest}}\n---\nkind: Route\nid: rest\nspec: {{service: rest, path: /rest}}\n---\nkind: Application\nid: bench\nspec: {{models: [\"*\"], services: [\"*\"]}}\n---\nkind: ApiKey\nid: {key_id}\nspec: {{application: bench, secret: \"env:WEIR_BENCH_KEY\"}}\n"
    ));
    text
}
