//! What the provider says was used is what the caller sees and what the ledger holds: one row per
//! request, one per attempt, streamed or not.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use weir_harness::provider::Vendor;
use weir_harness::script::{Counts, Fault, Reply, Script, Wire};

use crate::stand::{DIALECTS, Stand, request, streamed};

/// Dollars for a million tokens of the two models under test.
pub(crate) fn priced(config: weir_harness::config::Config) -> weir_harness::config::Config {
    let rates =
        json!({"input": "3", "output": "15", "cache_read": "0.30", "cache_write_5m": "3.75", "cache_write_1h": "6"});
    config.with("Price", "p-openai", &json!({"provider": "oai", "model": "gpt-4o", "per_million": rates})).with(
        "Price",
        "p-anthropic",
        &json!({"provider": "ant", "model": "claude-sonnet-4-5", "per_million": rates}),
    )
}

/// What the rates of [`priced`] make of a usage, in nano-dollars.
fn cost(counts: &Counts) -> u64 {
    counts.input * 3000
        + counts.cache_read * 300
        + counts.cache_write_5m * 3750
        + counts.cache_write_1h * 6000
        + counts.output_total() * 15_000
}

/// A JSON number in dollars as nano-dollars, digit by digit: a float would hide an error in the ninth place.
fn nanos(value: &Value) -> anyhow::Result<u64> {
    let text = value.to_string();
    ensure!(!text.contains(['e', 'E']), "{text} is not plain decimal");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    ensure!(fraction.len() <= 9, "{text}");
    Ok(whole.parse::<u64>()? * 1_000_000_000 + format!("{fraction:0<9}").parse::<u64>()?)
}

/// The ledger row of a request, awaited.
pub(crate) async fn row(stand: &Stand, id: &str) -> anyhow::Result<Value> {
    let admin = stand.weir.admin()?;
    for _ in 0..200 {
        let found = admin.send("GET", &format!("/requests/{id}"), &[], None).await?;
        if found.status == 200 {
            return Ok(found.body);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("no ledger row for {id}")
}

#[tokio::test]
async fn usage_on_the_wire_equals_the_ledger_in_every_pair() -> anyhow::Result<()> {
    let stand = Stand::start_with(|config, _, _| priced(config)).await?;
    let openai = Counts { input: 101, cache_read: 37, output: 23, reasoning: 11, ..Counts::default() };
    let anthropic =
        Counts { input: 101, cache_read: 37, cache_write_5m: 13, cache_write_1h: 17, output: 23, reasoning: 0 };
    for provider in DIALECTS {
        let counts = if provider == Vendor::Openai { openai } else { anthropic };
        for caller in DIALECTS {
            for fields in [json!({}), streamed(caller)] {
                let reply = Reply { usage: Some(counts), ..Reply::text("Grüße") };
                stand.fake(provider).next(Script::say(reply));
                let answered = stand.ask(caller, provider, &fields).await?;
                let place = format!("{caller:?} to {provider:?}, {fields}");
                let wire = answered.heard(caller)?.usage.context("no usage")?;
                assert_eq!(
                    (wire.input, wire.cache_read, wire.output),
                    (counts.input_total(), 37, counts.output_total()),
                    "{place}"
                );
                let wire_cost = nanos(wire.cost.as_ref().context("no usage.cost")?)?;
                assert_eq!(wire_cost, cost(&counts), "{place}");
                if fields == json!({}) {
                    let header: Value =
                        serde_json::from_str(answered.header("x-weir-cost").context("no x-weir-cost")?)?;
                    assert_eq!(nanos(&header)?, wire_cost, "{place}");
                }
                let row = row(&stand, answered.header("x-weir-request-id").context("no id")?).await?;
                check_row(&row, &counts, caller, provider).with_context(|| format!("{place}: {row}"))?;
            }
        }
    }
    Ok(())
}

fn check_row(row: &Value, counts: &Counts, caller: Vendor, provider: Vendor) -> anyhow::Result<()> {
    let tokens = &row["usage"]["tokens"];
    let bucket = |name: &str| tokens[name].as_u64().unwrap_or(0);
    ensure!(bucket("input_uncached") == counts.input, "input_uncached");
    ensure!(bucket("cache_read") == counts.cache_read, "cache_read");
    ensure!(bucket("cache_write_5m") == counts.cache_write_5m, "cache_write_5m");
    ensure!(bucket("cache_write_1h") == counts.cache_write_1h, "cache_write_1h");
    ensure!(bucket("output_text") + bucket("reasoning") == counts.output_total(), "output");
    ensure!(bucket("reasoning") == counts.reasoning, "reasoning");
    ensure!(row["usage"]["source"] == "provider", "source");
    ensure!(row["cost"].as_u64() == Some(cost(counts)), "cost");
    ensure!(row["outcome"] == "ok" && row["status"] == 200, "outcome");
    ensure!(row["application"] == "app", "application");
    let dialect = if caller == Vendor::Openai { "openai" } else { "anthropic" };
    ensure!(row["dialect"] == dialect, "dialect");
    let (id, model) = if provider == Vendor::Openai { ("oai", "gpt-4o") } else { ("ant", "claude-sonnet-4-5") };
    ensure!(row["provider"] == id && row["upstream_model"] == model, "provider and model");
    let attempts = row["attempts"].as_array().context("attempts")?;
    ensure!(attempts.len() == 1, "one attempt");
    ensure!(attempts[0]["usage"] == row["usage"] && attempts[0]["cost"] == row["cost"], "the attempt is the request");
    ensure!(attempts[0]["provider_key"] == "main", "name of the key");
    Ok(())
}

#[tokio::test]
async fn each_attempt_has_a_row_and_the_caller_pays_the_last() -> anyhow::Result<()> {
    let stand = Stand::start_with(|config, _, _| {
        priced(config).with("ModelRoute", "both", &json!({
            "targets": [{"provider": "oai", "model": "gpt-4o", "priority": 0}, {"provider": "ant", "model": "claude-sonnet-4-5", "priority": 1}],
            "retry": {"cooldown_ms": 1}}))
    })
    .await?;
    for fields in [json!({}), streamed(Vendor::Openai)] {
        stand.openai.next(Script::refuse(503));
        let answered = stand.caller.ask(Vendor::Openai, &request(Vendor::Openai, "both", &fields)).await?;
        let usage = answered.heard(Vendor::Openai)?.usage.context("no usage")?;
        let row = row(&stand, answered.header("x-weir-request-id").context("no id")?).await?;
        let attempts = row["attempts"].as_array().context("attempts")?;
        let brief: Vec<_> =
            attempts.iter().map(|a| (a["provider"].as_str(), a["status"].as_u64(), a["outcome"].as_str())).collect();
        assert_eq!(
            brief,
            [(Some("oai"), Some(503), Some("upstream_error")), (Some("ant"), Some(200), Some("ok"))],
            "{row}"
        );
        assert_eq!(attempts[1]["usage"], row["usage"]);
        assert_eq!(row["provider"], "ant");
        assert_eq!(row["cost"].as_u64(), Some(nanos(usage.cost.as_ref().context("no cost")?)?));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_caller_who_leaves_is_in_the_ledger_once() -> anyhow::Result<()> {
    let stand = Stand::start_with(|config, _, _| priced(config)).await?;
    for provider in DIALECTS {
        for caller in DIALECTS {
            let reply = Reply::text(&"many words ".repeat(300));
            stand.fake(provider).next(Script::say(reply).on_wire(Wire { event_delay_ms: 20, ..Wire::default() }));
            let body = request(caller, crate::stand::route_to(provider), &streamed(caller)).to_string();
            let mut answer = stand.caller.request(caller).body(body).send().await?;
            let id = answer.headers().get("x-weir-request-id").context("no id")?.to_str()?.to_owned();
            for _ in 0..5 {
                answer.chunk().await?.context("ended early")?;
            }
            drop(answer);
            let row = row(&stand, &id).await?;
            assert_eq!(row["outcome"], "aborted", "{row}");
            assert!(["estimated", "mixed"].contains(&row["usage"]["source"].as_str().unwrap_or_default()), "{row}");
            assert!(row["usage"]["tokens"]["output_text"].as_u64().is_some_and(|n| n > 0), "{row}");
        }
    }
    let rows = stand.weir.admin()?.requests(4).await?;
    assert_eq!(rows.len(), 4);
    Ok(())
}

#[tokio::test]
async fn refusals_cost_nothing_and_a_broken_stream_what_came_of_it() -> anyhow::Result<()> {
    let stand = Stand::start_with(|config, _, _| priced(config)).await?;
    let unknown = stand.caller.ask(Vendor::Openai, &request(Vendor::Openai, "nothing", &json!({}))).await?;
    let row_of_unknown = row(&stand, unknown.header("x-weir-request-id").context("no id")?).await?;
    assert_eq!(
        (&row_of_unknown["outcome"], &row_of_unknown["status"]),
        (&json!("refused"), &json!(404)),
        "{row_of_unknown}"
    );
    assert_eq!(row_of_unknown["attempts"].as_array().map_or(0, Vec::len), 0);
    stand.openai.next(Script::fail(Fault::ErrorEvent { after: 6 }));
    let broken = stand.ask(Vendor::Openai, Vendor::Openai, &streamed(Vendor::Openai)).await?;
    let row_of_broken = row(&stand, broken.header("x-weir-request-id").context("no id")?).await?;
    assert_eq!(row_of_broken["outcome"], "upstream_error", "{row_of_broken}");
    stand.openai.next_times(3, Script::refuse(400));
    let failed = stand.ask(Vendor::Openai, Vendor::Openai, &json!({})).await?;
    let row_of_failed = row(&stand, failed.header("x-weir-request-id").context("no id")?).await?;
    assert_eq!((&row_of_failed["outcome"], &row_of_failed["status"]), (&json!("upstream_error"), &json!(400)));
    assert_eq!((&row_of_failed["cost"], &row_of_failed["attempts"][0]["cost"]), (&json!(0), &json!(0)));
    assert_eq!(row_of_unknown["cost"], 0, "{row_of_unknown}");
    // What was delivered before the error was generated, and is charged as counted: never nothing, never unknown.
    assert!(row_of_broken["cost"].as_u64().is_some_and(|cost| cost > 0), "{row_of_broken}");
    assert_eq!(row_of_broken["cost"], row_of_broken["attempts"][0]["cost"]);
    for row in [&row_of_unknown, &row_of_broken, &row_of_failed] {
        assert_eq!(row["application"], "app");
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_price_is_null_and_never_zero() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for caller in DIALECTS {
        for fields in [json!({}), streamed(caller)] {
            let body = request(caller, "oai/model-without-price", &fields);
            let answered = stand.caller.ask(caller, &body).await?;
            let usage = answered.heard(caller)?.usage.context("no usage")?;
            assert_eq!(usage.cost, Some(Value::Null), "{}", answered.text());
            let row = row(&stand, answered.header("x-weir-request-id").context("no id")?).await?;
            assert!(row["cost"].is_null(), "{row}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_vendors_prices_hold_where_it_is_named_and_never_by_an_id() -> anyhow::Result<()> {
    let stand = Stand::start_with(|config, openai, _| {
        let server = weir_harness::config::provider(openai, crate::stand::OPENAI_KEY);
        config.with("Provider", "openai", &server).with(
            "Provider",
            "proxied",
            &crate::stand::both(&server, &json!({"catalog": "openai"})),
        )
    })
    .await?;
    for (id, is_priced) in [("openai", false), ("proxied", true)] {
        let body = request(Vendor::Openai, &format!("{id}/gpt-4o"), &json!({}));
        let answered = stand.caller.ask(Vendor::Openai, &body).await?;
        let usage = answered.heard(Vendor::Openai)?.usage.context("no usage")?;
        assert_eq!(usage.cost.is_some_and(|cost| cost.is_number()), is_priced, "{id}: {}", answered.text());
        let row = row(&stand, answered.header("x-weir-request-id").context("no id")?).await?;
        assert_eq!(row["cost"].is_null(), !is_priced, "{id}: {row}");
    }
    // The most that the model writes is known of the vendor too: a caller of the other dialect may ask for more.
    let greedy = json!({"max_tokens": 50_000});
    for (id, sent) in [("openai", 50_000), ("proxied", 16_384)] {
        stand.caller.ask(Vendor::Anthropic, &request(Vendor::Anthropic, &format!("{id}/gpt-4o"), &greedy)).await?;
        let arrived = stand.openai.received().pop().context("nothing arrived")?.json();
        let limit = arrived.get("max_completion_tokens").or(arrived.get("max_tokens"));
        assert_eq!(limit, Some(&json!(sent)), "{id}: {arrived}");
    }
    Ok(())
}

#[tokio::test]
async fn without_usage_from_the_provider_it_is_estimated_and_said_so() -> anyhow::Result<()> {
    let stand = Stand::start_with(|config, _, _| priced(config)).await?;
    stand.openai.next(Script::default().on_wire(Wire { no_usage: true, ..Wire::default() }));
    let answered = stand.ask(Vendor::Openai, Vendor::Openai, &streamed(Vendor::Openai)).await?;
    answered.heard(Vendor::Openai)?;
    let row = row(&stand, answered.header("x-weir-request-id").context("no id")?).await?;
    assert_eq!((&row["usage"]["source"], &row["outcome"]), (&json!("estimated"), &json!("ok")), "{row}");
    assert!(row["usage"]["tokens"]["output_text"].as_u64().is_some_and(|n| n > 0), "{row}");
    assert!(row["usage"]["tokens"]["input_uncached"].as_u64().is_some_and(|n| n > 0), "{row}");
    Ok(())
}
