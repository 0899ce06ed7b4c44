//! Reads configuration files: several become one text, with a way back from its lines to theirs.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// Several files as one text of YAML documents.
pub(crate) struct Joined {
    /// All documents.
    pub(crate) text: String,
    /// Per file: the line of `text` (from 1) that holds its first line, and its name.
    parts: Vec<(usize, String)>,
}

// === impl Joined ===

impl Joined {
    /// Reads all files; `-` is stdin.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut joined = Self { text: String::new(), parts: Vec::new() };
        for path in paths {
            let text = read(path)?;
            joined.push(&path.display().to_string(), &text);
        }
        Ok(joined)
    }

    fn push(&mut self, name: &str, text: &str) {
        if !self.parts.is_empty() {
            self.text.push_str("---\n");
        }
        self.parts.push((self.text.lines().count() + 1, name.to_owned()));
        self.text.push_str(text);
        if !text.is_empty() && !text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// `file:line` for a place in the whole text, reported as `name:line` or as `line N`.
    pub(crate) fn locate(&self, place: &str) -> String {
        let line = place.rsplit([':', ' ']).next().and_then(|line| line.parse::<usize>().ok());
        match line.and_then(|line| self.parts.iter().rev().find(|(first, _)| *first <= line).map(|part| (line, part))) {
            Some((line, (first, name))) => format!("{name}:{}", line - first + 1),
            None => self.parts.first().map(|(_, name)| name.clone()).unwrap_or_default(),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        return std::io::read_to_string(std::io::stdin()).context("cannot read stdin");
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(bytes).ok().with_context(|| format!("{} is not text in UTF-8; save it as that", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lead_back_to_the_file_they_came_from() {
        let mut joined = Joined { text: String::new(), parts: Vec::new() };
        joined.push("a.yaml", "x: 1\ny: 2");
        joined.push("b.yaml", "z: 3\n");
        assert_eq!(joined.text, "x: 1\ny: 2\n---\nz: 3\n");
        assert_eq!(joined.locate("config:2"), "a.yaml:2");
        assert_eq!(joined.locate("line 4"), "b.yaml:1");
        assert_eq!(joined.locate("config"), "a.yaml");
    }
}
