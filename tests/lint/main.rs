//! The shape of the tree, checked: purpose lines, sizes, forbidden words and the import rule (docs/STYLE.md).

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

mod rules;
mod source;

use source::Source;

/// Fails with every finding of `rule` over the whole tree, so that one run shows all there is to mend.
fn check(rule: fn(&Source) -> Vec<String>) {
    let tree = source::tree();
    assert!(tree.len() > 50, "only {} files found: is the test run from its package?", tree.len());
    let findings: Vec<String> = tree.iter().flat_map(rule).collect();
    assert!(findings.is_empty(), "{} finding(s):\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn every_file_says_its_purpose_in_its_first_line() {
    check(rules::purpose);
}

#[test]
fn no_file_is_longer_than_its_purpose() {
    check(rules::size);
}

#[test]
fn nothing_is_marked_unfinished_or_switched_off() {
    check(rules::words);
}

#[test]
fn no_module_is_named_after_nothing() {
    check(rules::names);
}

#[test]
fn imports_run_one_way() {
    check(rules::imports);
}

#[test]
fn nothing_depends_on_one_machine() {
    check(rules::places);
}

/// The rules are tested too: each must find what it is for.
mod each_rule_bites {
    use super::rules;
    use super::source::Source;

    fn findings(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
        rule(&Source { path: path.to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn purpose() {
        assert_eq!(findings(rules::purpose, "gateway/src/x.rs", "use std::fmt;\n"), 1);
        assert_eq!(findings(rules::purpose, "gateway/src/x.rs", "//! Does x.\n"), 0);
        assert_eq!(findings(rules::purpose, "portal/src/x.tsx", "import x from 'x'\n"), 1);
        assert_eq!(findings(rules::purpose, "portal/src/x.tsx", "// Shows x.\n"), 0);
    }

    #[test]
    fn size() {
        let long = "//! Long.\n".repeat(401);
        assert_eq!(findings(rules::size, "gateway/src/x.rs", &long), 1);
        assert_eq!(findings(rules::size, "gateway/src/x/tests.rs", &long), 0);
    }

    #[test]
    fn words() {
        assert_eq!(findings(rules::words, "llm/src/x.rs", &format!("// {}: later\n", "TO".to_owned() + "DO")), 1);
        assert_eq!(findings(rules::words, "llm/src/x.rs", &format!("#[{}(dead_code)]\n", "allow")), 1);
        assert_eq!(findings(rules::words, "llm/src/x.rs", "let method = method;\n"), 0);
    }

    #[test]
    fn names() {
        assert_eq!(findings(rules::names, "llm/src/utils.rs", ""), 1);
        assert_eq!(findings(rules::names, "llm/src/helpers/mod.rs", ""), 1);
        assert_eq!(findings(rules::names, "llm/src/sse.rs", ""), 0);
    }

    #[test]
    fn imports() {
        assert_eq!(findings(rules::imports, "gateway/src/x.rs", "use sqlx::Row;\n"), 1);
        assert_eq!(findings(rules::imports, "gateway/src/x.rs", "    let a = weir_admin_api::x();\n"), 1);
        assert_eq!(findings(rules::imports, "admin-api/src/x.rs", "use weir_gateway::x;\n"), 1);
        assert_eq!(findings(rules::imports, "admin-api/src/usage.rs", "use sqlx::Row;\n"), 1);
        assert_eq!(findings(rules::imports, "admin-api/src/store/usage.rs", "use sqlx::Row;\n"), 0);
        assert_eq!(findings(rules::imports, "domain/src/x.rs", "use weir_llm::x;\n"), 1);
        assert_eq!(findings(rules::imports, "src/cli/x.rs", "use pingora_core::x;\n"), 1);
        assert_eq!(findings(rules::imports, "src/cli/x.rs", "// as pingora_core::x does\n"), 0);
    }

    #[test]
    fn places() {
        assert_eq!(findings(rules::places, "docs/x.md", &format!("cd /{}/someone\n", "home")), 1);
        assert_eq!(findings(rules::places, "docs/x.md", "cd weir\n"), 0);
    }
}
