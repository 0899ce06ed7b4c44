//! `weir call`: one prompt through the gateway, its answer as it comes in, then tokens and cost.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use weir_domain::secret::Secret;

use super::admin_client::{http_client, unreachable};
use super::{Outcome, block_on, terminal};

/// Send one prompt through the gateway
///
/// The answer goes to stdout as it comes in; tokens, cost and who answered go to stderr.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  weir call \"Say hello\"
  weir call --model demo/demo-large --system \"Answer in French\" \"What is a weir?\"")]
pub(crate) struct Args {
    /// Address of the data plane
    #[arg(long, env = "WEIR_GATEWAY_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,
    /// API key of an application
    #[arg(long, env = "WEIR_API_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<String>,
    /// Model route, or provider/model
    #[arg(long, short, env = "WEIR_MODEL", default_value = "demo/demo-small")]
    model: String,
    /// System prompt
    #[arg(long)]
    system: Option<String>,
    /// The prompt; `-` is stdin
    prompt: String,
}

/// The exit code after Ctrl-C, as shells have it: 128 and the number of the signal.
const INTERRUPTED: u8 = 130;

/// What the stream said besides text.
#[derive(Default)]
struct Tally {
    usage: Value,
    error: Option<String>,
    finished: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let Some(key) = args.key.clone().and_then(Secret::new) else {
        bail!("no API key: set WEIR_API_KEY, or make one with `weir key create APPLICATION`");
    };
    block_on(async {
        tokio::select! {
            outcome = call(args, &key) => outcome,
            _ = tokio::signal::ctrl_c() => {
                terminal::say("")?;
                terminal::complain("weir: interrupted; the answer is not whole");
                Ok(ExitCode::from(INTERRUPTED))
            }
        }
    })
}

async fn call(args: &Args, key: &Secret) -> Outcome {
    let begun = Instant::now();
    let base = args.url.trim_end_matches('/');
    let http = http_client("WEIR_GATEWAY_URL", base)?.build()?;
    let mut response = http
        .post(format!("{base}/v1/chat/completions"))
        .bearer_auth(key.expose())
        .json(&body(args, &prompt(&args.prompt)?))
        .send()
        .await
        .map_err(|error| unreachable(base, &error))?;
    if !response.status().is_success() {
        let status = response.status().as_u16();
        bail!("refused ({status}): {}", error_sentence(&response.text().await.unwrap_or_default()));
    }
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (provider, model, attempts) = (header("x-weir-provider"), header("x-weir-model"), header("x-weir-attempts"));
    let mut tally = Tally::default();
    let mut pending = Vec::new();
    while let Some(chunk) = response.chunk().await.context("the answer broke off")? {
        pending.extend_from_slice(&chunk);
        while let Some(end) = pending.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            if !tally.read(String::from_utf8_lossy(&line).trim_end())? {
                // Nobody reads the rest; leaving stops it, and its cost.
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    terminal::say("")?;
    if let Some(error) = tally.error {
        bail!("the answer broke off: {error}");
    }
    if !tally.finished {
        bail!("the answer ended before it was complete");
    }
    let seconds = begun.elapsed().as_secs_f64();
    terminal::complain(&summary(&tally.usage, &format!("{provider}/{model}"), &attempts, seconds));
    Ok(ExitCode::SUCCESS)
}

/// The prompt itself; `-` is stdin.
fn prompt(given: &str) -> anyhow::Result<String> {
    if given == "-" {
        return std::io::read_to_string(std::io::stdin()).context("cannot read the prompt from stdin");
    }
    Ok(given.to_owned())
}

fn body(args: &Args, prompt: &str) -> Value {
    let mut messages = Vec::new();
    if let Some(system) = &args.system {
        messages.push(json!({"role": "system", "content": system}));
    }
    messages.push(json!({"role": "user", "content": prompt}));
    json!({"model": args.model, "messages": messages, "stream": true, "stream_options": {"include_usage": true}})
}

/// The sentence in an error body of the OpenAI dialect, or the body's beginning.
fn error_sentence(body: &str) -> String {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    match (text("/error/message"), text("/detail")) {
        (Some(sentence), _) => sentence.to_owned(),
        // A problem document (RFC 9457) is what the admin API answers with.
        (None, Some(detail)) => format!("{detail}; is --url (WEIR_GATEWAY_URL) the address of the gateway?"),
        (None, None) => body.chars().take(300).collect(),
    }
}

/// `12 tokens in, 40 out · $0.000125 · demo/demo-small · 1 attempt · 0.41 s`
fn summary(usage: &Value, model: &str, attempts: &str, seconds: f64) -> String {
    let count = |field: &str| usage.get(field).and_then(Value::as_u64).unwrap_or_default();
    let cost = match usage.get("cost") {
        // Written out: a tiny cost must not read as `1.2e-6`. Nine digits are the ledger's own precision.
        Some(Value::Number(dollars)) => {
            let digits = format!("{:.9}", dollars.as_f64().unwrap_or_default());
            format!("${}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => "price unknown".to_owned(),
    };
    let attempts = match attempts {
        "" | "1" => "1 attempt".to_owned(),
        more => format!("{more} attempts"),
    };
    format!(
        "{} tokens in, {} out · {cost} · {model} · {attempts} · {seconds:.2} s",
        count("prompt_tokens"),
        count("completion_tokens")
    )
}

// === impl Tally ===

impl Tally {
    /// Takes one line of the event stream (WHATWG HTML section 9.2); only `data:` lines matter here. Tells
    /// whether anybody still reads the answer.
    fn read(&mut self, line: &str) -> anyhow::Result<bool> {
        let Some(data) = line.strip_prefix("data:").map(str::trim_start) else {
            return Ok(true);
        };
        if data == "[DONE]" {
            self.finished = true;
            return Ok(true);
        }
        let event: Value = serde_json::from_str(data).unwrap_or_default();
        if let Some(error) = event.pointer("/error/message").and_then(Value::as_str) {
            self.error = Some(error.to_owned());
        }
        if let Some(usage) = event.get("usage").filter(|u| u.is_object()) {
            self.usage = usage.clone();
        }
        match event.pointer("/choices/0/delta/content").and_then(Value::as_str) {
            Some(text) => terminal::stream(text),
            None => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_tells_tokens_cost_and_who_answered() {
        let usage = json!({"prompt_tokens": 12, "completion_tokens": 40, "cost": 0.000125});
        assert_eq!(
            summary(&usage, "demo/demo-small", "2", 0.414),
            "12 tokens in, 40 out · $0.000125 · demo/demo-small · 2 attempts · 0.41 s"
        );
        assert!(summary(&json!({"cost": 0.000_001_2}), "a/b", "1", 1.0).contains("$0.0000012 "));
        assert!(summary(&json!({"cost": null}), "a/b", "1", 1.0).contains("price unknown"));
    }

    #[test]
    fn an_error_event_and_the_end_are_noticed() {
        let mut tally = Tally::default();
        for line in [": comment", "event: x", "data: {\"error\":{\"message\":\"overloaded\"}}", "data: [DONE]"] {
            assert!(tally.read(line).is_ok_and(|read| read));
        }
        assert_eq!(tally.error.as_deref(), Some("overloaded"));
        assert!(tally.finished);
    }

    #[test]
    fn a_refusal_is_told_in_the_gateways_own_words() {
        assert_eq!(error_sentence(r#"{"error":{"message":"unknown model"}}"#), "unknown model");
        assert_eq!(error_sentence("<html>"), "<html>");
        assert!(
            error_sentence(r#"{"type":"/problems/x","detail":"no such path"}"#).starts_with("no such path; is --url")
        );
    }
}
