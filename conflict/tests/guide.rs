//! The guide explains every problem that the engine can answer with, at its status, and no other.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use weir_conflict::problem::Slug;

const GUIDE: &str = include_str!("../../docs/CONFLICT-GUIDE.md");

/// Rows such as `| 428 | `precondition-required` | …`.
fn rows() -> BTreeMap<String, u16> {
    let table = GUIDE.split_once("| status | problem | what to do |").unwrap().1;
    let cells = table.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let rows = cells.filter_map(|row| Some((row.get(2)?.trim_matches('`').to_owned(), row.get(1)?.parse().ok()?)));
    rows.collect()
}

#[test]
fn the_guide_explains_every_problem() {
    let known: BTreeMap<_, _> = Slug::ALL.iter().map(|slug| (slug.as_str().to_owned(), slug.facts().status)).collect();
    assert_eq!(rows(), known);
}
