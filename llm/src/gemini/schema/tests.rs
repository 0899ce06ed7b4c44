//! What becomes of a JSON Schema on its way to Gemini.

use serde_json::json;

use super::*;

fn fitted(schema: Value) -> (Value, Vec<String>) {
    let fitted = fit(&Raw::parse(&schema.to_string()).unwrap()).unwrap_or_else(|unfit| panic!("{unfit:?}"));
    (serde_json::from_str(fitted.schema.get()).unwrap(), fitted.dropped.into_iter().collect())
}

#[test]
fn what_breaks_gemini_is_taken_out_and_named() {
    let (schema, dropped) = fitted(json!({
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false,
        "properties": {
            "n": {"type": "integer", "exclusiveMinimum": 0, "description": "How many."},
            "mail": {"type": "string", "format": "email", "default": "x"},
            "at": {"type": "string", "format": "date-time"},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["n", "gone"],
    }));
    let expected = json!({"type": "OBJECT", "properties": {
        "n": {"type": "INTEGER", "description": "How many.\n\n{exclusiveMinimum: 0}"},
        "mail": {"type": "STRING", "description": "{format: \"email\", default: \"x\"}"},
        "at": {"type": "STRING", "format": "date-time"},
        "map": {"type": "OBJECT"},
    }, "required": ["n"]});
    assert_eq!(schema, expected);
    assert_eq!(dropped, ["additionalProperties", "default", "exclusiveMinimum", "format"]);
}

#[test]
fn references_are_put_in_and_one_without_an_end_is_cut() {
    let (schema, dropped) = fitted(json!({
        "type": "object", "properties": {"a": {"$ref": "#/$defs/node", "description": "The tree."}},
        "$defs": {"node": {"type": "object", "properties": {"name": {"$ref": "#/$defs/name"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}, "name": {"type": "string"}},
    }));
    let expected = json!({"type": "OBJECT", "properties": {"a": {"type": "OBJECT", "properties": {
        "name": {"type": "STRING"}, "children": {"type": "ARRAY", "items": {"type": "OBJECT"}}},
        "description": "The tree."}}});
    assert_eq!((schema, dropped), (expected, vec!["$ref".to_owned()]));
}

#[test]
fn definitions_that_multiply_do_not_fill_the_memory() {
    let mut defs = Map::new();
    for n in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
        defs.insert(format!("d{n}"), json!({"type": "object", "properties": {"a": next, "b": next}}));
    }
    defs.insert("d40".to_owned(), json!({"type": "string"}));
    let schema = json!({"$ref": "#/$defs/d0", "$defs": defs}).to_string();
    assert!(matches!(fit(&Raw::parse(&schema).unwrap()), Err(Unfit::TooLarge)));
}

#[test]
fn alternatives_null_and_fixed_values_become_what_gemini_has() {
    for (given, expected, dropped) in [
        (json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), json!({"type": "STRING", "nullable": true}), vec![]),
        (json!({"type": ["integer", "null"]}), json!({"type": "INTEGER", "nullable": true}), vec![]),
        (
            json!({"type": ["string", "number"], "description": "d"}),
            json!({"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}], "description": "d"}),
            vec![],
        ),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "boolean"}]}),
            json!({"anyOf": [{"type": "STRING"}, {"type": "BOOLEAN"}]}),
            vec![],
        ),
        (json!({"const": "C"}), json!({"type": "STRING", "enum": ["C"]}), vec![]),
        (json!({"enum": ["a", null]}), json!({"nullable": true, "type": "STRING", "enum": ["a"]}), vec![]),
        (
            json!({"type": "integer", "enum": [1, 2]}),
            json!({"type": "INTEGER", "description": "{one of: [1,2]}"}),
            vec!["enum"],
        ),
        (
            json!({"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "number"}}, "required": ["b"]}]}),
            json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}, "b": {"type": "NUMBER"}}, "required": ["a", "b"]}),
            vec![],
        ),
        (json!({"type": "array"}), json!({"type": "ARRAY", "items": {"type": "STRING"}}), vec!["items"]),
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]}),
            json!({"type": "ARRAY", "items": {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]}}),
            vec!["prefixItems"],
        ),
    ] {
        let (schema, names) = fitted(given.clone());
        assert_eq!(schema, expected, "{given}");
        assert_eq!(names, dropped, "{given}");
    }
}

#[test]
fn an_object_without_properties_is_told_from_one_with() {
    let is_empty = |schema: Value| {
        fit(&Raw::parse(&schema.to_string()).unwrap()).unwrap_or_else(|unfit| panic!("{unfit:?}")).is_empty
    };
    assert!(is_empty(json!({})) && is_empty(json!({"type": "object", "properties": {}})));
    assert!(!is_empty(json!({"type": "object", "properties": {"a": {}}})) && !is_empty(json!({"type": "string"})));
    assert!(matches!(fit(&Raw::parse("[]").unwrap()), Err(Unfit::NotAnObject)));
}

#[test]
fn a_chain_of_references_takes_no_stack_and_copies_take_no_memory() {
    let link = |n: usize| {
        let next = format!("#/$defs/d{}", n + 1);
        (format!("d{n}"), json!({"type": "object", "properties": {"a": {"$ref": next}}}))
    };
    let mut chain: Map<String, Value> = (0..4_900).map(link).collect();
    chain.insert("d4900".into(), json!({"type": "string"}));
    let deep = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": chain}).to_string();
    assert!(matches!(fit(&Raw::parse(&deep).unwrap()), Err(Unfit::TooLarge)));

    let heavy = json!({"type": "string", "description": "x".repeat(200_000)});
    let many: Map<String, Value> = (0..900).map(|n| (format!("p{n}"), json!({"$ref": "#/$defs/heavy"}))).collect();
    let wide = json!({"type": "object", "properties": many, "$defs": {"heavy": heavy}}).to_string();
    assert!(matches!(fit(&Raw::parse(&wide).unwrap()), Err(Unfit::TooLarge)));
}

#[test]
fn a_type_is_taken_once_however_often_it_is_named() {
    let schema = json!({"type": vec!["string"; 100_000]}).to_string();
    let fitted: Value = serde_json::from_str(fit(&Raw::parse(&schema).unwrap()).unwrap().schema.get()).unwrap();
    assert_eq!(fitted, json!({"type": "STRING"}));
}
