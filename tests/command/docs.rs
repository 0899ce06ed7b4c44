//! The documentation is true: its configurations pass the check, its commands run, its links lead somewhere.
//!
//! A fenced block opened with "yaml weir" is a configuration; one opened with "sh test" is run by bash, next to that file's
//! configurations, against a server as quick-start.sh leaves it, with the programs of docs/examples running. A block opened
//! with "text seen" says what the commands before it print: `…` in it stands for anything, and as a line for any lines.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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

/// Whether what was printed is what a document shows.
fn is_as_shown(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line.trim() == "…" => (0..=printed.len()).any(|n| is_as_shown(rest, &printed[n..])),
        Some((line, rest)) => {
            printed.split_first().is_some_and(|(first, more)| is_line_as_shown(line, first) && is_as_shown(rest, more))
        }
    }
}

fn is_line_as_shown(shown: &str, printed: &str) -> bool {
    let pieces: Vec<&str> = shown.split('…').collect();
    let [first, middle @ .., last] = &pieces[..] else { return shown == printed };
    let Some(mut left) = printed.strip_prefix(first) else { return false };
    for piece in middle {
        let Some((_, after)) = left.split_once(piece) else { return false };
        left = after;
    }
    left.ends_with(last)
}

/// The blocks of commands of a document, each with its line and what the document says that it prints.
fn examples(text: &str) -> Vec<(usize, String, Option<String>)> {
    let mut found: Vec<_> = blocks(text, "sh test").into_iter().map(|(line, block)| (line, block, None)).collect();
    for (line, seen) in blocks(text, "text seen") {
        let of = found.iter_mut().rev().find(|(begin, ..)| *begin < line).unwrap();
        assert!(of.2.replace(seen).is_none(), "line {line}: these commands have been seen already");
    }
    found
}

/// A program of docs/examples, until it is dropped.
struct Example {
    process: Child,
    url: String,
}

// === impl Example ===

impl Example {
    fn start(name: &str) -> Self {
        let program = root().join("docs/examples").join(name);
        let mut process =
            Command::new("python3").arg(program).arg("0").stdout(Stdio::piped()).spawn().expect("python3 is there");
        let mut url = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn what_is_shown_is_compared() {
    let same = |shown: &str, printed: &str| {
        is_as_shown(&shown.lines().collect::<Vec<_>>(), &printed.lines().collect::<Vec<_>>())
    };
    assert!(same("a", "a") && same("a…c", "abc") && same("a…", "a") && same("a\n…\nd", "a\nb\nc\nd"));
    assert!(same("…\nd", "d") && same("…b…d", "abcd") && same("", ""));
    assert!(!same("a", "b") && !same("a", "a\nb") && !same("a\nb", "a") && !same("a…c", "ab\nc"));
    assert!(!same("a…c", "abd") && !same("…b…d", "acd") && !same("a…a", "a"));
    let document = "```sh test\none\n```\n```text seen\n1\n```\n```sh test\ntwo\n```\n";
    let expected = [(2, "one\n".to_owned(), Some("1\n".to_owned())), (8, "two\n".to_owned(), None)];
    assert_eq!(examples(document), expected);
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
    let (plain, fenced) = (Example::start("plain.py"), Example::start("fenced.py"));
    let (mut ran, mut compared) = (0, 0);
    for (document, text) in documents() {
        let dir = tempfile::tempdir().unwrap();
        for (_, block) in blocks(&text, "yaml weir") {
            fs::write(dir.path().join("weir.yaml"), &block).unwrap();
        }
        symlink(root().join("docs"), dir.path().join("docs")).unwrap();
        for (line, block, shown) in examples(&text) {
            let path = format!("{}:{}", Path::new(WEIR).parent().unwrap().display(), std::env::var("PATH").unwrap());
            let mut command = Command::new("bash");
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
                .env("PLAIN_URL", &plain.url)
                .env("FENCED_URL", &fenced.url)
                .envs(SECRETS.map(|name| (name, "sk-test")));
            let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
            let printed = String::from_utf8_lossy(&output.stdout);
            let said = format!("{printed}{}", String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success(), "{document}:{line}: {}\n{block}\n{said}", output.status);
            ran += 1;
            let Some(shown) = shown else { continue };
            let (lines, printed): (Vec<_>, Vec<_>) = (shown.lines().collect(), printed.lines().collect());
            assert!(
                is_as_shown(&lines, &printed),
                "{document}:{line}: {block}\nis to print\n{shown}\nand printed\n{said}"
            );
            compared += 1;
        }
    }
    assert!(ran > 0 && compared > 0, "no command was found");
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
