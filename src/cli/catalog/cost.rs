//! `weir catalog cost`: what usages cost by the catalogue that is built in, exactly as they would be billed.

use std::io::BufRead as _;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use weir_domain::catalog::Catalog;
use weir_domain::price::{PriceHistory, Rates};
use weir_domain::time;
use weir_domain::usage::Usage;

use crate::cli::terminal;

/// One line in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The catalogue's id of the provider.
    provider: String,
    /// The model's id at that provider.
    model: String,
    /// What was consumed, as the ledger holds it.
    usage: Usage,
}

/// One line out.
#[derive(Serialize)]
struct Told {
    /// Whether the catalogue knows the model.
    known: bool,
    /// Whether it has a price now.
    priced: bool,
    /// Nano-dollars; null when the price is unknown, or has no rate for something in the usage.
    cost: Option<i64>,
}

/// Answers each line of stdin with one.
pub(super) fn answer_lines() -> anyhow::Result<()> {
    let catalog = Catalog::built_in().map_err(anyhow::Error::msg)?;
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.context("cannot read stdin")?;
        if line.trim().is_empty() {
            continue;
        }
        let asked: Asked = serde_json::from_str(&line).with_context(|| {
            format!("line {}: give {{\"provider\": …, \"model\": …, \"usage\": {{\"tokens\": {{…}}, \"source\": \"provider\"}}}}", index + 1)
        })?;
        terminal::say(&serde_json::to_string(&tell(&catalog, &asked))?)?;
    }
    Ok(())
}

fn tell(catalog: &Catalog, asked: &Asked) -> Told {
    let model = catalog.providers.get(&asked.provider).and_then(|entry| entry.models.get(&asked.model));
    let rows = model.into_iter().flat_map(|model| &model.prices).filter_map(|price| price.row("").ok());
    let history = PriceHistory::new(rows.collect());
    let rates: Option<&Rates> = history.at(time::now()).map(|row| &*row.rates);
    Told {
        known: model.is_some(),
        priced: rates.is_some(),
        cost: rates.and_then(|rates| rates.cost_of(&asked.usage)).map(|cost| cost.0),
    }
}
