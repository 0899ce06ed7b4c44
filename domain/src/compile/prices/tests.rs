//! Promises of prices: what is in force when, and that no two rows are for the same moment.

use crate::compile::tests::compile_yaml;
use crate::time;

const PROVIDER: &str = "kind: Provider\nid: openai\nspec: {protocol: openai, base_url: https://api.openai.com/v1}\n";

fn price(id: &str, model: &str, from: &str) -> String {
    let from = if from.is_empty() { String::new() } else { format!("effective_from: {from}, ") };
    let rates = "per_million: {input: '1', output: '2'}";
    format!("---\nkind: Price\nid: {id}\nspec: {{provider: openai, model: '{model}', {from}{rates}}}\n")
}

/// The rows in force for `gpt-4o-mini` on these days; `catalog` for any of the catalogue.
fn in_force(prices: &[(&str, &str, &str)], days: &[&str]) -> Vec<String> {
    let rows: String = prices.iter().map(|(id, model, from)| price(id, model, from)).collect();
    let snapshot = compile_yaml(&format!("{PROVIDER}{rows}")).unwrap();
    let at = |day: &&str| snapshot.providers["openai"].price("gpt-4o-mini", time::parse_date(day).unwrap());
    let shown = |id: &str| id.split('/').next().unwrap_or_default().to_owned();
    days.iter().map(|day| at(day).map(|row| shown(&row.id)).unwrap_or_default()).collect()
}

#[test]
fn an_override_that_is_to_come_leaves_the_catalogue_in_force_until_then() {
    let days = ["2090-01-01", "2098-12-31", "2099-01-01"];
    assert_eq!(in_force(&[("later", "gpt-4o-mini", "2099-01-01")], &days), ["catalog", "catalog", "later"]);
    assert_eq!(in_force(&[("later", "*", "2099-01-01")], &days), ["catalog", "catalog", "later"]);
}

#[test]
fn an_override_of_the_model_goes_before_one_of_all_models_and_that_before_the_catalogue() {
    let days = ["2090-01-01", "2099-01-01"];
    assert_eq!(in_force(&[], &days), ["catalog", "catalog"]);
    assert_eq!(in_force(&[("all", "*", "")], &days), ["all", "all"]);
    assert_eq!(in_force(&[("all", "*", ""), ("own", "gpt-4o-mini", "2099-01-01")], &days), ["all", "own"]);
    // The date decides among rows for the same model only.
    assert_eq!(in_force(&[("all", "*", "2099-01-01"), ("own", "gpt-4o-mini", "")], &days), ["own", "own"]);
    let two = [("old", "gpt-4o-mini", ""), ("new", "gpt-4o-mini", "2099-01-01")];
    assert_eq!(in_force(&two, &days), ["old", "new"]);
}

#[test]
fn two_rows_for_the_same_moment_are_a_fault_that_names_both() {
    for (model, from) in [("gpt-4o-mini", "2099-01-01"), ("*", ""), ("own-model", "")] {
        let rows = [price("one", model, from), price("two", model, from), price("other", "other", from)].concat();
        let faults = compile_yaml(&format!("{PROVIDER}{rows}")).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("Price/two: spec.effective_from: Price/one and Price/two "), "{faults:?}");
    }
}

#[test]
fn each_price_of_a_missing_provider_is_told_once() {
    let rows: String = ["a", "b", "c"].map(|model| price(&format!("of-{model}"), model, "")).concat();
    let faults = compile_yaml(rows.trim_start_matches("---\n")).unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:?}");
    for (fault, model) in faults.iter().zip(["a", "b", "c"]) {
        assert!(fault.starts_with(&format!("Price/of-{model}: spec.provider: there is no Provider")), "{fault}");
    }
}
