//! What differs between two contents, field by field.

use serde_json::Value;

use crate::config::FieldDiff;

/// Compares two values; absent means that the whole is new or goes.
pub(crate) fn diff(before: Option<&Value>, after: Option<&Value>) -> Vec<FieldDiff> {
    let mut found = Vec::new();
    walk("", before, after, &mut found);
    found
}

fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<FieldDiff>) {
    match (before, after) {
        (Some(a), Some(b)) if a == b => {}
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for (key, value) in a {
                walk(&join(path, key), Some(value), b.get(key), found);
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                walk(&join(path, key), None, Some(value), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                walk(&format!("{path}[{index}]"), a.get(index), b.get(index), found);
            }
        }
        (None, Some(Value::Object(b))) if path.is_empty() || path == "spec" => {
            for (key, value) in b {
                walk(&join(path, key), None, Some(value), found);
            }
        }
        (None, None) => {}
        _ => found.push(FieldDiff { path: path.to_owned(), before: before.cloned(), after: after.cloned() }),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({"team": "a", "spec": {"targets": [{"weight": 1}, {"weight": 2}], "gone": true}});
        let after = json!({"team": "a", "spec": {"targets": [{"weight": 1}, {"weight": 3}], "new": null}});
        let found = diff(Some(&before), Some(&after));
        let paths: Vec<&str> = found.iter().map(|d| d.path.as_str()).collect();
        assert_eq!(paths, ["spec.targets[1].weight", "spec.gone", "spec.new"]);
        assert_eq!((&found[0].before, &found[0].after), (&Some(json!(2)), &Some(json!(3))));
        assert!(diff(Some(&before), Some(&before)).is_empty());
    }

    #[test]
    fn a_new_resource_is_told_field_by_field() {
        let after = json!({"team": "a", "spec": {"x": {"y": 1}}});
        let paths: Vec<String> = diff(None, Some(&after)).into_iter().map(|d| d.path).collect();
        assert_eq!(paths, ["team", "spec.x"]);
    }
}
