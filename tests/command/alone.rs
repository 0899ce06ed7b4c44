//! What the command does with no server running: help, schemas, checks, and refusals to start.

use std::fs;
use std::net::TcpListener;

use serde_json::Value;

use crate::invoke::{Said, run, weir};

const GOOD: &str = "kind: Team\nid: shop\n---\nkind: ModelRoute\nid: fast\nteam: shop\nspec:\n  targets:\n    - {provider: demo, model: demo-small}\n";

#[test]
fn help_shows_every_subcommand_with_examples() {
    let dir = tempfile::tempdir().unwrap();
    let help = run(dir.path(), &["--help"]);
    assert_eq!(help.code, Some(0));
    for name in ["run", "gateway", "admin", "check", "plan", "apply", "export", "key", "call", "schema", "version"] {
        assert!(help.out.contains(&format!("\n  {name} ")), "{name} is missing:\n{}", help.out);
        let own = run(dir.path(), &[name, "--help"]);
        assert_eq!(own.code, Some(0), "{name}: {}", own.err);
    }
    assert!(help.out.contains("Examples:"));
}

#[test]
fn every_kind_has_a_schema_and_an_unknown_kind_is_told_the_known_ones() {
    let dir = tempfile::tempdir().unwrap();
    let one = run(dir.path(), &["schema", "Provider"]);
    let schema: Value = serde_json::from_str(&one.out).expect("a schema is JSON");
    assert_eq!(schema["properties"]["kind"]["const"], "Provider");
    let all: Value = serde_json::from_str(&run(dir.path(), &["schema"]).out).expect("schemas are JSON");
    assert_eq!(all.as_object().map(serde_json::Map::len), Some(11));
    let unknown = run(dir.path(), &["schema", "Gadget"]);
    assert_ne!(unknown.code, Some(0));
    assert!(unknown.err.contains("the kinds are Team, ConflictStore"), "{}", unknown.err);
}

#[test]
fn a_file_without_faults_passes_the_check_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("good.yaml"), GOOD).unwrap();
    let said = run(dir.path(), &["check", "good.yaml"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out, "No faults in 2 resource(s).\n");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the check made something beside the file");
}

#[test]
fn every_fault_of_every_file_is_told_with_file_line_resource_and_field() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.yaml"), "kind: Team\nid: shop\n---\nkind: Team\nid: Bad Id\n").unwrap();
    let bad = "# routes\nkind: ModelRoute\nid: fast\nspec:\n  targets:\n    - {provider: nobody, model: m}\n---\n\
               kind: Provider\nid: p\nspec: {protocol: openai, base_url: ':', surprise: 1}\n";
    fs::write(dir.path().join("b.yaml"), bad).unwrap();
    let said = run(dir.path(), &["check", "a.yaml", "b.yaml"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let places: Vec<_> =
        said.out.lines().map(|line| line.splitn(4, ": ").take(3).collect::<Vec<_>>().join(": ")).collect();
    let wanted = [
        "a.yaml:5: Team/Bad Id: id",
        "b.yaml:6: ModelRoute/fast: spec.targets[0].provider",
        "b.yaml:10: Provider/p: spec.surprise",
        "b.yaml:10: Provider/p: spec.base_url",
    ];
    assert_eq!(places, wanted, "{}", said.out);
    assert!(said.err.contains("4 fault(s)"), "{}", said.err);
}

#[test]
fn a_fault_of_shape_hides_no_other_and_faults_come_in_the_order_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let text = "kind: Application\nid: till\nteam: shop\nspec: {models: [fast, slow, nowhere], services: [till]}\n---\n\
                kind: Team\nid: shop\nspec:\n  nam: Shop\n  request_log:\n    bodies: sometimes\n    redact:\n      \
                patterns: ['(', ')']\n---\n\
                kind: ModelRoute\nid: fast\nspec: {targets: [{provider: p, model: m, weight: lots}, {provider: gone}]}\n---\n\
                kind: Modelroute\nid: slow\n---\n\
                kind: Provider\nid: p\nspec:\n  protocol: openai\n  base_url: https://api.example.com/v1\n  keys:\n    \
                - {id: Main, secret: 'env:'}\n";
    fs::write(dir.path().join("all.yaml"), text).unwrap();
    let said = run(dir.path(), &["check", "all.yaml"]);
    let places: Vec<_> =
        said.out.lines().map(|line| line.splitn(4, ": ").take(3).collect::<Vec<_>>().join(": ")).collect();
    let wanted = [
        "all.yaml:4: Application/till: spec.models[2]",
        "all.yaml:4: Application/till: spec.services[0]",
        "all.yaml:9: Team/shop: spec.nam",
        "all.yaml:11: Team/shop: spec.request_log.bodies",
        "all.yaml:13: Team/shop: spec.request_log.redact.patterns[0]",
        "all.yaml:13: Team/shop: spec.request_log.redact.patterns[1]",
        "all.yaml:17: ModelRoute/fast: spec.targets[0].weight",
        "all.yaml:17: ModelRoute/fast: spec.targets[1]",
        "all.yaml:17: ModelRoute/fast: spec.targets[1].provider",
        "all.yaml:19: kind: \"Modelroute\" is not a kind; the kinds are Team, ConflictStore, ConflictPolicy, Provider, Price, \
         ModelRoute, Upstream, Service, Route, Application, ApiKey",
        "all.yaml:28: Provider/p: spec.keys[0].secret",
        "all.yaml:28: Provider/p: spec.keys[0].id",
    ];
    assert_eq!(places, wanted, "{}", said.out);
}

#[test]
fn a_document_that_is_no_yaml_hides_no_other_and_what_it_may_hold_is_not_missed() {
    let dir = tempfile::tempdir().unwrap();
    let text = "kind: Team\nid: a\nid: b\n---\nkind: Team\nid: x\nteam: a\nspec: {nam: 1}\n---\n- kind: Team\n";
    fs::write(dir.path().join("list.yaml"), text).unwrap();
    let said = run(dir.path(), &["check", "list.yaml"]);
    assert_eq!(said.out.lines().count(), 3, "{}", said.out);
    for wanted in [
        "list.yaml:3: document: column 1: duplicate mapping key: id\n",
        "list.yaml:8: Team/x: spec.nam: ",
        "list.yaml:10: a resource is a mapping with kind, id, team and spec\n",
    ] {
        assert!(said.out.contains(wanted), "{wanted}{}", said.out);
    }
}

#[test]
fn a_fingerprint_of_an_export_passes_the_check_and_what_looks_like_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let provider = |secret: &str| {
        format!(
            "kind: Provider\nid: p\nspec: {{protocol: openai, base_url: 'https://api.example.com/v1', keys: [{{id: a, secret: \
             '{secret}'}}], headers: {{x-auth-token: '{secret}'}}}}\n"
        )
    };
    fs::write(dir.path().join("p.yaml"), provider("sealed:0123456789abcdef")).unwrap();
    let said = run(dir.path(), &["check", "p.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "No faults in 1 resource(s).\n"), "{said:?}");
    for bad in ["sealed:", "sealed:0123", "sealed:0123456789ABCDEF", "sealed:0123456789abcdef.x"] {
        fs::write(dir.path().join("p.yaml"), provider(bad)).unwrap();
        let said = run(dir.path(), &["check", "p.yaml"]);
        assert_eq!((said.code, said.out.matches("is no fingerprint").count()), (Some(1), 2), "{bad}: {said:?}");
    }
}

#[test]
fn a_reference_across_files_holds_and_a_broken_one_is_a_fault() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("team.yaml"), "kind: Team\nid: shop\n").unwrap();
    fs::write(dir.path().join("app.yaml"), "kind: Application\nid: till\nteam: shop\nspec: {models: ['*']}\n").unwrap();
    assert_eq!(run(dir.path(), &["check", "app.yaml", "team.yaml"]).code, Some(0));
    let alone = run(dir.path(), &["check", "app.yaml"]);
    assert_eq!(alone.code, Some(1));
    assert!(alone.out.contains("app.yaml:3: Application/till: team: there is no Team \"shop\""), "{}", alone.out);
    assert!(alone.err.contains("give all files together") && alone.err.contains("weir plan"), "{}", alone.err);
}

/// A provider and an upstream with a secret each, in two ways.
fn with_secrets(key: &str, ca: &str) -> String {
    format!(
        "kind: Provider\nid: openai\nspec:\n  protocol: openai\n  base_url: https://api.openai.com/v1\n  keys:\n    \
         - id: main\n      secret: '{key}'\n---\nkind: Upstream\nid: shop\nspec:\n  targets: [{{url: 'https://example.com'}}]\n  \
         tls: {{ca: '{ca}'}}\n"
    )
}

#[test]
fn secrets_are_looked_up_only_when_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("p.yaml"), with_secrets("env:NO_SUCH_VARIABLE_IS_SET", "file:no/such/file")).unwrap();
    let said = run(dir.path(), &["check", "p.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "No faults in 2 resource(s).\n"), "{said:?}");

    let said = run(dir.path(), &["check", "--secrets", "p.yaml"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for (line, field, name) in [
        (8, "Provider/openai: spec.keys[0].secret", "NO_SUCH_VARIABLE_IS_SET"),
        (14, "Upstream/shop: spec.tls.ca", "no/such/file"),
    ] {
        let fault = said.out.lines().find(|l| l.starts_with(&format!("p.yaml:{line}: {field}: ")));
        assert!(fault.is_some_and(|f| f.contains(name)), "{field}: {}", said.out);
    }

    fs::write(dir.path().join("ca.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    fs::write(dir.path().join("p.yaml"), with_secrets("env:IT_IS_SET", "file:ca.pem")).unwrap();
    let mut command = weir(dir.path());
    let said: Said = command.args(["check", "--secrets", "p.yaml"]).env("IT_IS_SET", "sk-1").output().unwrap().into();
    assert_eq!(said.out, "No faults in 2 resource(s), and the secrets that they name are there.\n", "{said:?}");
}

#[test]
fn a_secret_of_no_form_is_a_fault_even_when_none_is_looked_up_and_is_not_quoted() {
    let dir = tempfile::tempdir().unwrap();
    for (key, ca, line) in [
        ("env:", "file:x", 8),
        ("env:sk-canary=1", "file:x", 8),
        ("  ", "file:x", 8),
        ("env:A", "file:", 14),
        ("env:A", "canary is no PEM", 14),
    ] {
        fs::write(dir.path().join("p.yaml"), with_secrets(key, ca)).unwrap();
        let said = run(dir.path(), &["check", "p.yaml"]);
        assert_eq!(said.code, Some(1), "{key} {ca}: {said:?}");
        assert!(said.out.starts_with(&format!("p.yaml:{line}: ")) && !said.out.contains("canary"), "{}", said.out);
    }
}

#[test]
fn a_key_whose_secret_is_elsewhere_passes_the_check() {
    let dir = tempfile::tempdir().unwrap();
    let keys = format!(
        "{GOOD}---\nkind: Application\nid: till\nteam: shop\nspec: {{models: [fast]}}\n---\nkind: ApiKey\n\
                        id: 3kq0zr8p1m5x7y2a\nspec: {{application: till, secret: 'env:TILL_KEY'}}\n"
    );
    fs::write(dir.path().join("keys.yaml"), &keys).unwrap();
    assert_eq!(run(dir.path(), &["check", "keys.yaml"]).code, Some(0));
    let said = run(dir.path(), &["check", "--secrets", "keys.yaml"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.starts_with("keys.yaml:18: ApiKey/3kq0zr8p1m5x7y2a: spec.secret: "), "{}", said.out);
    assert!(said.out.contains("TILL_KEY"), "{}", said.out);
}

#[test]
fn text_that_is_no_yaml_is_told_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.yaml"), GOOD).unwrap();
    fs::write(dir.path().join("b.yaml"), "kind: Team\nid: [b\nspec: }\n").unwrap();
    let said = run(dir.path(), &["check", "a.yaml", "b.yaml"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.starts_with("b.yaml:3: document: column "), "{}", said.out);
}

#[test]
fn a_file_that_is_not_there_is_told_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let said = run(dir.path(), &["check", "absent.yaml"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("cannot read absent.yaml"), "{}", said.err);
}

#[test]
fn a_port_in_use_is_told_with_the_option_to_change_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    for option in ["--gateway-listen", "--admin-listen", "--ops-listen"] {
        let mut arguments = vec!["run"];
        for (other, free) in
            [("--gateway-listen", "127.0.0.1:0"), ("--admin-listen", "127.0.0.1:0"), ("--ops-listen", "127.0.0.1:0")]
        {
            arguments.extend([other, if other == option { taken.as_str() } else { free }]);
        }
        let said = run(dir.path(), &arguments);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(
            said.err.contains(&format!("cannot listen at {taken}; give another address with {option}")),
            "{said:?}"
        );
        assert!(said.out.is_empty());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "a refused start left something behind");
    }
}

#[test]
fn a_start_with_a_faulty_file_is_refused_with_every_fault() {
    let dir = tempfile::tempdir().unwrap();
    let bad = "kind: Team\nid: Bad Id\n---\nkind: Application\nid: a\nspec: {models: [nothing]}\n";
    fs::write(dir.path().join("weir.yaml"), bad).unwrap();
    let said = run(
        dir.path(),
        &[
            "run",
            "--config",
            "weir.yaml",
            "--gateway-listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ],
    );
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("weir.yaml:2: Team/Bad Id: id"), "{}", said.err);
    assert!(said.out.is_empty(), "it must not say that it listens");
}

#[test]
fn a_data_directory_that_cannot_be_made_is_told_by_name() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let said = run(
        dir.path(),
        &[
            "run",
            "--data-dir",
            "file/data",
            "--gateway-listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
            "--ops-listen",
            "127.0.0.1:0",
        ],
    );
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("file/data"), "{}", said.err);
    assert_eq!(said.err.lines().filter(|l| l.starts_with("weir: ")).count(), 1, "one sentence: {}", said.err);
}

#[test]
fn a_malformed_option_is_told_with_an_example() {
    let dir = tempfile::tempdir().unwrap();
    for (option, value, hint) in [
        ("--trusted-proxy", "10.0.0.0/99", "10.0.0.0/8"),
        ("--gateway-listen", "somewhere", "--gateway-listen"),
        ("--log-format", "xml", "text, json"),
    ] {
        let said = run(dir.path(), &["run", option, value]);
        assert_eq!(said.code, Some(64), "{said:?}");
        assert!(said.err.contains(hint) && said.err.contains(value), "{}", said.err);
    }
}

#[test]
fn without_a_server_client_commands_say_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let no_token = run(dir.path(), &["export"]);
    assert_eq!(no_token.code, Some(1));
    assert!(no_token.err.contains("set WEIR_ADMIN_TOKEN"), "{}", no_token.err);
    // Port 9 (discard) of the loopback: nobody listens there.
    let nobody = run(dir.path(), &["export", "--url", "http://127.0.0.1:9", "--token", "t"]);
    assert!(nobody.err.contains("nobody answers at http://127.0.0.1:9"), "{}", nobody.err);
    let no_key = run(dir.path(), &["call", "hello"]);
    assert!(no_key.err.contains("set WEIR_API_KEY"), "{}", no_key.err);
}
