//! The documentation is true: its configurations pass the check, its commands run, its links lead somewhere.
//!
//! A fenced block opened with "yaml weir" is a configuration; one opened with "sh test" is run by bash, next to that file's
//! configurations, against a server as quick-start.sh leaves it.

use std::fs;
use std::path::{Path, PathBuf};

use weir_harness::weir::Setup;

use crate::invoke::{WEIR, run};

/// What quick-start.sh configures, and a key in the clear, which an export has as a fingerprint.
const QUICK: &str = "kind: ModelRoute\nid: chat\nspec:\n  targets:\n    - {provider: demo, model: demo-small}\n---\n\
                     kind: Application\nid: quick-start\nspec: {models: ['*'], services: ['*']}\n---\n\
                     kind: Provider\nid: sealed\nspec:\n  protocol: openai\n  base_url: https://api.example.com/v1\n  \
                     keys: [{id: main, secret: sk-in-the-clear}]\n";

/// Variables that configurations in the documentation name.
const SECRETS: [&str; 3] = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every document, by its path below the root.
fn documents() -> Vec<(String, String)> {
    let mut paths = vec![PathBuf::from("README.md")];
    for folder in ["docs", "docs/adr"] {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let names = entries.map(|e| PathBuf::from(folder).join(e.unwrap().file_name()));
        paths.extend(names.filter(|p| p.extension().is_some_and(|e| e == "md")));
    }
    paths.into_iter().map(|p| (p.display().to_string(), fs::read_to_string(root().join(&p)).unwrap())).collect()
}

/// The blocks of a document that were opened with `marker`, each with its line.
fn blocks(text: &str, marker: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.trim_end()) {
            (Some(_), "```") => found.extend(open.take()),
            (Some((_, block)), line) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, line) if line == format!("```{marker}") => open = Some((index + 2, String::new())),
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    found
}

#[test]
fn every_configuration_passes_the_check() {
    let mut checked = 0;
    for (document, text) in documents() {
        for (line, block) in blocks(&text, "yaml weir") {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("weir.yaml"), &block).unwrap();
            // The variables that it names are not set here, as in CI.
            let said = run(dir.path(), &["check", "weir.yaml"]);
            assert_eq!(said.code, Some(0), "{document}:{line}: {said:?}");
            checked += 1;
        }
    }
    assert!(checked > 0, "no configuration was found");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_runs() {
    let setup = SECRETS.iter().fold(Setup::new(WEIR, ""), |setup, name| setup.environment(name, "sk-test"));
    let server = setup.start().await.unwrap();
    fs::write(server.dir().join("quick.yaml"), QUICK).unwrap();
    let token = fs::read_to_string(server.data_dir().join("admin-token")).unwrap().trim().to_owned();
    let admin = ["--url", &server.admin_url(), "--token", &token];
    let apply = run(server.dir(), &[&["apply", "quick.yaml"][..], &admin].concat());
    assert_eq!(apply.code, Some(0), "{apply:?}");
    let key = run(server.dir(), &[&["key", "create", "quick-start"][..], &admin].concat()).out.trim().to_owned();
    let mut ran = 0;
    for (document, text) in documents() {
        let dir = tempfile::tempdir().unwrap();
        for (_, block) in blocks(&text, "yaml weir") {
            fs::write(dir.path().join("weir.yaml"), &block).unwrap();
        }
        for (line, block) in blocks(&text, "sh test") {
            let path = format!("{}:{}", Path::new(WEIR).parent().unwrap().display(), std::env::var("PATH").unwrap());
            let mut command = std::process::Command::new("bash");
            command
                .args(["-euo", "pipefail", "-c", &block])
                .current_dir(dir.path())
                .env("PATH", path)
                .env("WEIR_GATEWAY_URL", server.gateway())
                .env("WEIR_ADMIN_URL", server.admin_url())
                .env("WEIR_ADMIN_TOKEN", &token)
                .env("WEIR_OPS_URL", server.ops_url().unwrap())
                .env("WEIR_API_KEY", &key)
                .env("WEIR_MODEL", "chat")
                .env("WEIR_DATA_DIR", server.data_dir())
                .envs(SECRETS.map(|name| (name, "sk-test")));
            let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
            let said =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success(), "{document}:{line}: {}\n{block}\n{said}", output.status);
            ran += 1;
        }
    }
    assert!(ran > 0, "no command was found");
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    for (document, text) in documents() {
        let folder = root().join(&document).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            assert!(folder.join(file).exists(), "{document}: {target} leads nowhere");
        }
    }
}

#[test]
fn the_style_guide_names_the_limits_that_are_checked() {
    let style = fs::read_to_string(root().join("docs/STYLE.md")).unwrap();
    let clippy = fs::read_to_string(root().join("clippy.toml")).unwrap();
    let rules = fs::read_to_string(root().join("tests/lint/rules.rs")).unwrap();
    assert!(style.contains("At most 400 lines, functions at most 60"));
    assert!(rules.contains("MAX_LINES: usize = 400;") && clippy.contains("too-many-lines-threshold = 60"));
}

#[test]
fn every_metric_that_is_named_exists() {
    let places = ["gateway/src/telemetry/metrics.rs", "gateway/src/ai/pool/view.rs", "gateway/src/ai/shadow/counts.rs"];
    let source = places.map(|path| fs::read_to_string(root().join(path)).unwrap()).concat();
    let dashboard = fs::read_to_string(root().join("deploy/grafana/weir.json")).unwrap();
    let operations = fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap();
    let mut named = 0;
    for text in [dashboard, operations] {
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        // `weir_gateway=debug` is a log filter, not a metric.
        for metric in words.filter_map(|w| w.strip_prefix("weir_")).filter(|m| *m != "gateway") {
            let metric = metric.trim_end_matches("_bucket");
            let (name, line) = (format!("\"{metric}\""), format!("# TYPE weir_{metric} "));
            assert!(source.contains(&name) || source.contains(&line), "weir_{metric} is no metric");
            named += 1;
        }
    }
    assert!(named > 10, "only {named} metrics were found");
}
