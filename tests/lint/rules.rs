//! The rules, each a function from one file to its findings.

use crate::source::Source;

const MAX_LINES: usize = 400;

/// The first line says what the file is for.
pub(crate) fn purpose(source: &Source) -> Vec<String> {
    let mut lines = source.text.lines();
    let first = lines.next().unwrap_or_default();
    let said = if source.is(&["rs"]) {
        first.strip_prefix("//! ").is_some_and(is_sentence)
    } else if source.is(&["ts", "tsx"]) {
        // A test is named after what it tests; declarations are generated.
        source.path.contains(".test.") || source.generated() || first.starts_with("// ") || first.starts_with("/** ")
    } else if source.is(&["sh"]) {
        first.starts_with("#!") && lines.next().is_some_and(|l| l.starts_with("# "))
    } else {
        true
    };
    if said { Vec::new() } else { vec![source.finding(1, "the first line must say what the file is for")] }
}

fn is_sentence(text: &str) -> bool {
    text.split_whitespace().count() >= 2
}

/// At most 400 lines: a longer file has more than one purpose. Tests are free.
pub(crate) fn size(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if source.is(&["rs", "ts", "tsx"]) && !source.tests() && !source.generated() && lines > MAX_LINES {
        return vec![source.finding(lines, &format!("{lines} lines; split it by purpose ({MAX_LINES} at most)"))];
    }
    Vec::new()
}

/// Nothing unfinished, no lint switched off without a reason, no test left out. The words are put
/// together here, so that this file does not find itself.
pub(crate) fn words(source: &Source) -> Vec<String> {
    if source.generated() || !source.is(&["rs", "ts", "tsx", "sh", "py", "mjs", "sql"]) {
        return Vec::new();
    }
    let unfinished = [["TO", "DO"], ["FIX", "ME"], ["X", "XX"], ["not yet ", "implemented"], ["un", "implemented!("]];
    let unfinished_rust = ["place", "holder"].concat();
    let switched_off =
        [["#[al", "low("], ["#![al", "low("], ["#[ig", "nore"], ["eslint-", "disable"], ["@ts-", "ignore"]];
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        if source.is(&["rs"]) && has_word(line, &unfinished_rust) {
            findings.push(source.finding(index + 1, "a stand-in: finish it"));
        }
        for word in unfinished.iter().map(|w| w.concat()) {
            if has_word(line, &word) {
                findings.push(source.finding(index + 1, &format!("{word}: finish it, or write an issue")));
            }
        }
        for word in switched_off.iter().map(|w| w.concat()) {
            // A test that another test runs in a process of its own is not left out.
            if line.contains(&word) && !line.contains("the process's half of") {
                findings
                    .push(source.finding(index + 1, &format!("{word}: use #[expect(…, reason)], or mend the cause")));
            }
        }
    }
    findings
}

/// Whether `word` stands in `line` with no letter before or after it.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !letter(before) && (!word.ends_with(char::is_alphanumeric) || !letter(after))
    })
}

/// A module is named after what it does; these names say nothing.
pub(crate) fn names(source: &Source) -> Vec<String> {
    let empty = ["util", "utils", "helper", "helpers", "common", "manager", "misc", "stuff"];
    if !source.is(&["rs", "ts", "tsx"]) {
        return Vec::new();
    }
    let mut parts = source.path.split('/').map(|part| part.split('.').next().unwrap_or_default());
    if parts.any(|part| empty.contains(&part)) {
        return vec![source.finding(1, "name it after what it does")];
    }
    Vec::new()
}

/// One forbidden dependency: code below `within` (but not below `except`) must not name `crates`.
struct Ban {
    within: &'static [&'static str],
    except: &'static [&'static str],
    crates: &'static [&'static str],
    reason: &'static str,
}

const BANS: [Ban; 7] = [
    Ban {
        within: &["domain/"],
        except: &[],
        crates: &["weir_llm", "weir_gateway", "weir_admin_api", "tokio", "axum", "reqwest"],
        reason: "domain is pure data and rules",
    },
    Ban {
        within: &["conflict/"],
        except: &[],
        crates: &["weir_llm", "weir_gateway", "weir_admin_api", "axum", "reqwest"],
        reason: "the engine of conflict policies knows no server",
    },
    Ban {
        within: &["llm/"],
        except: &[],
        crates: &["weir_gateway", "weir_admin_api", "tokio", "axum", "reqwest"],
        reason: "llm is sans-IO: bytes in, values out",
    },
    Ban {
        within: &["gateway/"],
        except: &[],
        crates: &["weir_admin_api", "axum", "reqwest"],
        reason: "the planes never import each other",
    },
    Ban {
        within: &["admin-api/"],
        except: &[],
        crates: &["weir_gateway", "weir_llm"],
        reason: "the planes never import each other",
    },
    Ban {
        within: &["domain/", "llm/", "gateway/", "admin-api/src/", "conflict/src/", "src/"],
        except: &["admin-api/src/store", "conflict/src/store"],
        crates: &["sqlx", "redis"],
        reason: "SQL and Redis stay in admin-api/src/store and conflict/src/store",
    },
    Ban {
        within: &["domain/", "llm/", "admin-api/", "src/"],
        except: &[],
        crates: &["pingora", "pingora_core", "pingora_http", "pingora_proxy"],
        reason: "only the data plane touches the wire",
    },
];

/// Imports run one way: domain <- llm <- gateway, domain <- admin-api, and the binary sees both.
pub(crate) fn imports(source: &Source) -> Vec<String> {
    if !source.is(&["rs"]) {
        return Vec::new();
    }
    let below = |prefixes: &[&str]| prefixes.iter().any(|p| source.path.starts_with(p));
    let mut findings = Vec::new();
    for ban in BANS.iter().filter(|ban| below(ban.within) && !below(ban.except)) {
        for (index, line) in source.text.lines().enumerate() {
            let code = line.trim_start();
            let named = |name: &&&str| has_word(code, &format!("{name}::")) || has_word(code, &format!("use {name};"));
            if let (false, Some(name)) = (code.starts_with("//"), ban.crates.iter().find(named)) {
                findings.push(source.finding(index + 1, &format!("{name} has no place here: {}", ban.reason)));
            }
        }
    }
    findings
}

/// No path of one person's machine.
pub(crate) fn places(source: &Source) -> Vec<String> {
    let homes = [["/ro", "ot/"], ["/ho", "me/"], ["/Us", "ers/"], ["/wo", "rk/"]].map(|p| p.concat());
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        for home in homes.iter().filter(|home| line.match_indices(home.as_str()).any(|(at, _)| starts_path(line, at))) {
            findings.push(source.finding(index + 1, &format!("{home}: a path of one machine")));
        }
    }
    findings
}

/// Whether the `/` at `at` begins an absolute path, and is not part of an address or of a longer path.
fn starts_path(line: &str, at: usize) -> bool {
    line[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || "\"'`=:([".contains(c))
}
