//! From the table to the files, and from one update to the next.

use super::*;
use crate::cli::catalog::{diff, files, table};

fn imported(json: &str, date: &str) -> Models {
    read(&table::parse(json).unwrap(), date, "a test")
}

const BEFORE: &str = r#"{"sample_spec": {"mode": "one of: chat, embedding", "litellm_provider": "x"},
    "gpt-4o": {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 128000, "input_cost_per_token": 2.5e-06,
    "output_cost_per_token": 1e-05, "supports_vision": true, "deprecation_date": "2027-01-31", "source": "https://a.example"},
    "dall-e-3": {"litellm_provider": "openai", "mode": "image_generation"},
    "hd/1024-x-1024/dall-e-3": {"litellm_provider": "openai", "mode": "image_generation", "input_cost_per_pixel": 7.6e-08},
    "old": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0}}"#;

#[test]
fn an_entry_becomes_a_model_with_its_price_and_zero_is_no_price() {
    let models = imported(BEFORE, "2026-11-22");
    let openai = &models["openai"];
    assert_eq!(models.len(), 1);
    let text = files::text("openai", openai, "a test").unwrap();
    for line in [
        "      \"gpt-4o\": {modality: chat, context: 128000, abilities: [vision], deprecated_on: \"2027-01-31\", prices: \
         [{effective_from: \"2026-11-22\", source: \"https://a.example\", per_million: {input: \"2.5\", output: \"10\"}}]}\n",
        "      \"dall-e-3\": {modality: image, prices: [{effective_from: \"2026-11-22\", source: \"a test\", per_unit: \
         {images: [{size: \"1024x1024\", quality: hd, price: \"0.079691776\"}]}}]}\n",
        "      \"old\": {modality: chat}\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let models = imported(BEFORE, "2026-11-22");
    files::write(folder.path(), &models, "a test").unwrap();
    assert_eq!(files::read(folder.path()).unwrap(), models);
}

#[test]
fn a_price_that_changes_gets_a_new_row_and_the_old_one_stays() {
    let before = imported(BEFORE, "2026-11-22");
    let changed = BEFORE.replace("2.5e-06", "2e-06").replace("128000", "200000").replace("\"old\"", "\"new\"");
    let after = merge(&before, imported(&changed, "2026-12-24"));
    let rows: Vec<(&str, Option<&str>)> = after["openai"]["gpt-4o"]
        .prices
        .iter()
        .map(|price| (price.effective_from.as_str(), price.per_million.input.as_deref()))
        .collect();
    assert_eq!(rows, [("2026-11-22", Some("2.5")), ("2026-12-24", Some("2"))]);
    assert_eq!(after["openai"]["dall-e-3"].prices.len(), 1, "what stays the same gets no row");
    assert_eq!(
        diff::lines(&before, &after),
        [
            "~ openai/gpt-4o  context: 128000 -> 200000",
            "~ openai/gpt-4o  price: {per_million:{input:2.5,output:10}} -> {per_million:{input:2,output:10}} from 2026-12-24",
            "+ openai/new  no price known",
            "- openai/old",
        ]
    );
    assert!(diff::lines(&after, &merge(&after, imported(&changed, "2027-01-01"))).is_empty());
    // The same day again: what was written in the morning was never in force on another.
    let again = merge(&after, imported(&changed.replace("2e-06", "3e-06"), "2026-12-24"));
    assert_eq!(again["openai"]["gpt-4o"].prices.len(), 2);
}
