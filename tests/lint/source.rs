//! Finds the text files of the tree that the rules look at.

use std::fs;
use std::path::Path;

/// One file: its path below the root with `/`, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What is made by tools or belongs to others.
const SKIPPED: [&str; 9] =
    ["target", "node_modules", "dist", "weir-data", "generated", "test-results", "__pycache__", "data", "corpus"];
const KINDS: [&str; 11] = ["rs", "ts", "tsx", "sh", "py", "mjs", "toml", "yaml", "yml", "md", "sql"];

/// Every text file of the tree.
pub(crate) fn tree() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    walk(&root, "", &mut found);
    found
}

fn walk(directory: &Path, prefix: &str, found: &mut Vec<Source>) {
    let entries = fs::read_dir(directory).expect("the tree is readable");
    for entry in entries {
        let entry = entry.expect("the tree is readable");
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type().expect("the tree is readable").is_dir() {
            walk(&entry.path(), &format!("{path}/"), found);
        } else if name.rsplit_once('.').is_some_and(|(_, kind)| KINDS.contains(&kind)) {
            // A file that another process removes meanwhile is no finding.
            if let Ok(text) = fs::read_to_string(entry.path()) {
                found.push(Source { path, text });
            }
        }
    }
}

impl Source {
    /// Whether its name ends so.
    pub(crate) fn is(&self, kinds: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, kind)| kinds.contains(&kind))
    }

    /// Whether a tool wrote it.
    pub(crate) fn generated(&self) -> bool {
        self.path.ends_with(".d.ts")
    }

    /// Whether it only tests.
    pub(crate) fn tests(&self) -> bool {
        let file = self.path.rsplit('/').next().unwrap_or_default();
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.contains("/e2e/")
            || file == "tests.rs"
            || file.contains(".test.")
    }

    /// A finding in line `number` (from 1).
    pub(crate) fn finding(&self, number: usize, problem: &str) -> String {
        format!("{}:{number}: {problem}", self.path)
    }
}
