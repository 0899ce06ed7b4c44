//! Shows what a plan would change: one block per resource, one line per field.

use serde::Deserialize;
use serde_json::Value;

use super::terminal::{Style, paint};

/// What a plan would do, as the admin API tells it.
#[derive(Deserialize)]
pub(crate) struct Plan {
    /// The revision it was computed on.
    pub(crate) base: i64,
    /// What would change.
    pub(crate) changes: Vec<Change>,
}

/// One resource that changes.
#[derive(Deserialize)]
pub(crate) struct Change {
    action: Action,
    kind: String,
    id: String,
    diff: Vec<FieldDiff>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Create,
    Update,
    Delete,
}

#[derive(Deserialize)]
struct FieldDiff {
    path: String,
    before: Option<Value>,
    after: Option<Value>,
}

/// The changes as text, with a closing line of counts.
pub(crate) fn render(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "No changes: what runs is what the files say.".to_owned();
    }
    let mut text = String::new();
    let mut counts = [0_usize; 3];
    for change in changes {
        let (mark, style, count) = match change.action {
            Action::Create => ("+", Style::Added, 0),
            Action::Update => ("~", Style::Changed, 1),
            Action::Delete => ("-", Style::Removed, 2),
        };
        counts[count] += 1;
        text.push_str(&paint(style, &format!("{mark} {}/{}", change.kind, change.id)));
        text.push('\n');
        for field in &change.diff {
            text.push_str(&format!("    {}\n", line(field)));
        }
    }
    let [created, updated, deleted] = counts;
    text.push_str(&format!("\n{created} to create, {updated} to update, {deleted} to delete."));
    text
}

fn line(field: &FieldDiff) -> String {
    let path = paint(Style::Dim, &format!("{}:", field.path));
    let removed = |v: &Value| paint(Style::Removed, &v.to_string());
    let added = |v: &Value| paint(Style::Added, &v.to_string());
    match (&field.before, &field.after) {
        (Some(before), Some(after)) => format!("{path} {} -> {}", removed(before), added(after)),
        (None, Some(after)) => format!("{path} {}", added(after)),
        (Some(before), None) => format!("{path} {} -> (gone)", removed(before)),
        (None, None) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_reads_as_one_block_per_resource() {
        let plan: Result<Plan, _> = serde_json::from_value(json!({"base": 7, "changes": [
            {"action": "create", "kind": "Team", "id": "a", "diff": [{"path": "spec.name", "after": "A"}]},
            {"action": "update", "kind": "ModelRoute", "id": "fast", "diff": [
                {"path": "spec.targets[0].weight", "before": 1, "after": 9}, {"path": "spec.strict", "before": true}]},
            {"action": "delete", "kind": "Team", "id": "b", "diff": []},
        ]}));
        let text = plan.map(|p| render(&p.changes)).unwrap_or_default();
        assert_eq!(
            text,
            "+ Team/a\n    spec.name: \"A\"\n~ ModelRoute/fast\n    spec.targets[0].weight: 1 -> 9\n    spec.strict: true -> \
             (gone)\n- Team/b\n\n1 to create, 1 to update, 1 to delete."
        );
    }

    #[test]
    fn nothing_to_do_says_so() {
        assert!(render(&[]).starts_with("No changes"));
    }
}
