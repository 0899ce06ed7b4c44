//! docs/CONFLICTS.md names every field of a policy with the default that it has.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::resource::Kind;
use crate::spec;
use crate::yaml;

/// Field and default of each row, by the heading above.
fn tables() -> BTreeMap<String, Vec<(String, String)>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/CONFLICTS.md");
    let text = std::fs::read_to_string(file).unwrap();
    let (mut tables, mut heading) = (BTreeMap::<String, Vec<_>>::new(), String::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix('#') {
            heading = title.trim_start_matches('#').trim().trim_matches('`').to_owned();
        } else if let Some(row) = line.strip_prefix("| `") {
            let mut cells = row.split('|').map(str::trim);
            let field = cells.next().unwrap().trim_end_matches('`').to_owned();
            tables
                .entry(heading.clone())
                .or_default()
                .push((field, cells.next().unwrap().trim_matches('`').to_owned()));
        }
    }
    tables
}

fn properties(schema: &Value) -> Vec<String> {
    let mut names: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}

/// Each default that is told, put in where nothing else is given, changes nothing.
fn keeps_defaults<T: DeserializeOwned + PartialEq + Debug>(heading: &str, rows: &[(String, String)], given: &Value) {
    let plain: T = serde_json::from_value(given.clone()).unwrap();
    for (field, default) in rows.iter().filter(|(_, default)| default != "none" || heading == "validators") {
        // `write_response: none` is a word; elsewhere it says that there is no default.
        if default == "none" && field != "write_response" {
            panic!("{heading}.{field} has no default");
        }
        let value = yaml::from_str::<Value>(default).unwrap();
        let mut with: Map<String, Value> = given.as_object().unwrap().clone();
        with.insert(field.clone(), value);
        let read: T = serde_json::from_value(Value::Object(with)).unwrap_or_else(|e| panic!("{heading}.{field}: {e}"));
        assert_eq!(read, plain, "{heading}.{field}: {default}");
    }
}

#[test]
fn the_reference_names_every_field_and_its_default() {
    let tables = tables();
    let schema = crate::schema::of(Kind::ConflictPolicy);
    let definition = |name: &str| schema["$defs"][name].clone();
    let given = |name: &str| if name == "concurrency" { json!({"name": "a"}) } else { json!({}) };
    let rows = |heading: &str, schema: &Value| {
        let rows = tables.get(heading).unwrap_or_else(|| panic!("no table below {heading}")).clone();
        let mut named: Vec<_> = rows.iter().map(|(field, _)| field.clone()).collect();
        named.sort();
        assert_eq!(named, properties(schema), "{heading}");
        rows
    };
    // `writers` and `status_header` are told with what their absence comes to.
    rows("The block", &schema["properties"]["spec"]);
    rows("Stores", &crate::schema::of(Kind::ConflictStore)["properties"]["spec"]);
    macro_rules! parts {
        ($($heading:literal: $part:ident),* $(,)?) => {$(
            let said = rows($heading, &definition(stringify!($part)));
            keeps_defaults::<spec::$part>($heading, &said, &given($heading));
        )*};
    }
    parts! {
        "validators": Validators,
        "conditional_reads": ConditionalReads,
        "preconditions": Preconditions,
        "preconditions.require": Require,
        "lost_update": LostUpdate,
        "serialize": Serialise,
        "lock": Lock,
        "coalesce": Coalesce,
        "idempotency": Idempotency,
        "concurrency": Concurrency,
        "concurrency[].queue": Queue,
        "concurrency[].adaptive": Adaptive,
        "upstream_conflict": UpstreamConflict,
        "upstream_conflict.backoff": Backoff,
    }
}

#[test]
fn the_examples_of_the_reference_compile() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/CONFLICTS.md");
    let text = std::fs::read_to_string(file).unwrap();
    let service = "kind: Upstream\nid: u\nspec: {targets: [{url: 'https://u.example'}]}\n---\n\
                   kind: Service\nid: orders\nspec: {upstream: u}\n---\n\
                   kind: Provider\nid: openai\nspec: {protocol: openai, base_url: 'https://api.openai.com/v1'}\n---\n";
    let examples: Vec<&str> =
        text.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    assert!(examples.len() >= 2);
    for example in examples.iter().filter(|example| !example.contains("env:")) {
        crate::compile::tests::compile_yaml(&format!("{service}{example}"))
            .unwrap_or_else(|faults| panic!("{faults:#?}\n{example}"));
    }
}
