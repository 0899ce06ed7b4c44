//! The table's rates for tokens, by service tier and context, worked out as its own calculator does, and written as ours.

use std::collections::{BTreeMap, BTreeSet};

use weir_domain::price::buckets::{
    AUDIO_OUT, CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M, COUNT, IMAGE_OUT, INPUT, OUTPUT, REASONING, STAND_INS,
    completed,
};
use weir_domain::price::{ContextTier, PerMillion, TierPrice};
use weir_domain::usage::ServiceTier;

use super::decimal::Decimal;
use super::table::Entry;

/// A rate for one token by bucket, in the order of [`PerMillion::buckets`].
type Buckets = [Option<Decimal>; COUNT];

/// The table's name of each bucket.
const FIELDS: [&str; COUNT] = [
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
    "cache_creation_input_token_cost_above_1hr",
    "output_cost_per_reasoning_token",
    "input_cost_per_audio_token",
    "output_cost_per_audio_token",
    "input_cost_per_image_token",
    "output_cost_per_image_token",
    "cache_read_input_audio_token_cost",
    "cache_read_input_image_token_cost",
    "input_cost_per_video_token",
];

/// Buckets whose rates the table has for large contexts too.
const BY_CONTEXT: [usize; 5] = [INPUT, OUTPUT, CACHE_READ, CACHE_WRITE_5M, CACHE_WRITE_1H];

/// Service tiers by the ending of the table's fields.
const TIERS: [(ServiceTier, &str); 3] =
    [(ServiceTier::Priority, "_priority"), (ServiceTier::Flex, "_flex"), (ServiceTier::Ultrafast, "_ultrafast")];
const BATCH: &str = "_batches";

/// The token rates of a price of ours.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TokenRates {
    pub(super) per_million: PerMillion,
    pub(super) context_tiers: Vec<ContextTier>,
    pub(super) service_tiers: BTreeMap<ServiceTier, TierPrice>,
}

/// Rates for all requests, then for those with more input than so much, ascending; each complete.
type Levels = Vec<(u64, Buckets)>;

/// Reads the token rates of an entry. Thresholds that a request need only reach (xAI) become ones that it must pass.
pub(super) fn read(entry: &Entry, inclusive: bool) -> TokenRates {
    let mut standard = by_range(entry).unwrap_or_else(|| levels(entry, ""));
    let mut tiers: Vec<(ServiceTier, Levels)> = Vec::new();
    if by_range(entry).is_none() {
        let priced = |ending: &str| [INPUT, OUTPUT].iter().any(|b| entry.has(&format!("{}{ending}", FIELDS[*b])));
        tiers.extend(TIERS.iter().filter(|(_, e)| priced(e)).map(|(tier, ending)| (*tier, levels(entry, ending))));
        if [INPUT, OUTPUT].iter().all(|b| entry.has(&format!("{}{BATCH}", FIELDS[*b]))) || is_input_only(entry) {
            tiers.push((ServiceTier::Batch, batch_levels(entry)));
        }
    }
    if inclusive {
        let all = std::iter::once(&mut standard).chain(tiers.iter_mut().map(|(_, levels)| levels));
        all.flatten().filter(|(above, _)| *above > 0).for_each(|(above, _)| *above -= 1);
    }
    write(&standard, &tiers)
}

/// Embeddings have a price for input alone, in batches too.
fn is_input_only(entry: &Entry) -> bool {
    let free = entry.decimal(FIELDS[OUTPUT]).is_none_or(Decimal::is_zero);
    free && entry.has(&format!("{}{BATCH}", FIELDS[INPUT]))
}

/// Digits of `200k` as a number.
fn threshold(text: &str) -> Option<u64> {
    match text.strip_suffix('k') {
        Some(thousands) => thousands.parse::<u64>().ok().map(|n| n * 1_000),
        None => text.parse().ok(),
    }
}

/// The thresholds that fields of a service tier have, and those of the standard one, each as it is written.
fn thresholds(entry: &Entry, ending: &str) -> Vec<(u64, String)> {
    let mut found = BTreeSet::new();
    for field in entry.fields() {
        let Some((bucket, rest)) = field.split_once("_above_").filter(|(_, rest)| rest.contains("_tokens")) else {
            continue;
        };
        // `…_above_1hr_above_200k_tokens`: only fields with one threshold open a level.
        let Some((size, tail)) = rest.split_once("_tokens") else { continue };
        let opens = BY_CONTEXT.iter().any(|b| FIELDS[*b] == bucket) && (tail.is_empty() || tail == ending);
        if let Some(above) = threshold(size).filter(|_| opens) {
            found.insert((above, size.to_owned()));
        }
    }
    found.into_iter().collect()
}

/// The rates of the standard tier or one that the calculator treats alike: a field of the tier, else the standard one.
fn levels(entry: &Entry, ending: &str) -> Levels {
    let of = |field: &str| entry.decimal(&format!("{field}{ending}")).or_else(|| entry.decimal(field));
    let mut rates: Buckets = std::array::from_fn(|bucket| of(FIELDS[bucket]));
    rates[CACHE_WRITE_1H] = rates[CACHE_WRITE_1H].or_else(|| of("cache_creation_input_token_cost_above_12hr"));
    // Of image models that price no text, all output is images.
    if rates[OUTPUT].is_none_or(Decimal::is_zero) {
        rates[OUTPUT] = rates[IMAGE_OUT].or(rates[OUTPUT]);
    }
    let output = format!("{}{ending}", FIELDS[OUTPUT]);
    let reasoning = format!("{}{ending}", FIELDS[REASONING]);
    if !ending.is_empty() && entry.has(&output) && !entry.has(&reasoning) {
        rates[REASONING] = None;
    }
    let mut levels = vec![(0, completed(rates))];
    for (above, size) in thresholds(entry, ending) {
        for bucket in BY_CONTEXT {
            let field = format!("{}_above_{size}_tokens", FIELDS[bucket]);
            let own = entry.decimal(&format!("{field}{ending}"));
            // A longer cache has no rate of the standard tier to fall back on.
            let fallback = if bucket == CACHE_WRITE_1H && !ending.is_empty() { None } else { entry.decimal(&field) };
            rates[bucket] = own.or(fallback).or(rates[bucket]);
        }
        levels.push((above, completed(rates)));
    }
    levels
}

/// The rates of batches: nothing falls back on a dearer rate, but on the rate of batches for input or output.
fn batch_levels(entry: &Entry) -> Levels {
    let of = |field: &str| entry.decimal(&format!("{field}{BATCH}"));
    let text = of(FIELDS[OUTPUT]).or_else(|| entry.decimal(FIELDS[OUTPUT]).map(Decimal::half));
    let images = of(FIELDS[IMAGE_OUT]).or_else(|| entry.decimal(FIELDS[IMAGE_OUT]).map(Decimal::half));
    let mut rates: Buckets = std::array::from_fn(|bucket| match bucket {
        OUTPUT => text,
        IMAGE_OUT => images,
        REASONING | AUDIO_OUT => None,
        _ => of(FIELDS[bucket]),
    });
    let mut levels = vec![(0, completed(rates))];
    let mut sizes: Vec<(u64, String)> = thresholds(entry, BATCH);
    sizes.retain(|(_, size)| {
        BY_CONTEXT.iter().any(|b| entry.has(&format!("{}_above_{size}_tokens{BATCH}", FIELDS[*b])))
    });
    for (above, size) in sizes {
        for bucket in BY_CONTEXT {
            rates[bucket] = of(&format!("{}_above_{size}_tokens", FIELDS[bucket])).or(rates[bucket]);
        }
        levels.push((above, completed(rates)));
    }
    levels
}

/// Rates that the entry lists by ranges of input: all that a range leaves out is at its rate for input or output.
fn by_range(entry: &Entry) -> Option<Levels> {
    let mut ranges: Vec<(u64, Entry)> = Vec::new();
    for range in entry.list("tiered_pricing") {
        let start = *range.counts("range").first()?;
        range.decimal(FIELDS[INPUT])?;
        ranges.push((start, range));
    }
    ranges.sort_by_key(|(start, _)| *start);
    let levels: Levels = ranges
        .into_iter()
        .map(|(start, range)| {
            let mut rates: Buckets = std::array::from_fn(|bucket| range.decimal(FIELDS[bucket]));
            rates[OUTPUT] = rates[OUTPUT].or_else(|| entry.decimal(FIELDS[OUTPUT]));
            (start, completed(rates))
        })
        .collect();
    (levels.first()?.0 == 0).then_some(levels)
}

/// Writes levels: of each only what does not follow from what is below it.
fn write(standard: &Levels, tiers: &[(ServiceTier, Levels)]) -> TokenRates {
    let (base, per_million) = overlay(Buckets::default(), &level(standard, 0));
    let context_tiers = context(base, standard);
    let mut service_tiers = BTreeMap::new();
    for (tier, levels) in tiers {
        let (own, per_million) = overlay(base, &level(levels, 0));
        let tiers = (!follows(own, &context_tiers, levels)).then(|| context(own, levels));
        service_tiers.insert(*tier, TierPrice { per_million, context_tiers: tiers, ..TierPrice::default() });
    }
    TokenRates { per_million, context_tiers, service_tiers }
}

fn level(levels: &Levels, index: usize) -> Buckets {
    levels.get(index).map(|(_, rates)| *rates).unwrap_or_default()
}

fn context(mut below: Buckets, levels: &Levels) -> Vec<ContextTier> {
    let mut tiers = Vec::new();
    for (above, rates) in levels.iter().skip(1) {
        let (written, per_million) = overlay(below, rates);
        below = written;
        tiers.push(ContextTier { above: *above, per_million });
    }
    tiers
}

/// Whether the standard tier's rates for large requests, laid over those of this tier, are what it has.
fn follows(own: Buckets, standard: &[ContextTier], levels: &Levels) -> bool {
    let mut rates = own;
    standard.len() + 1 == levels.len()
        && standard.iter().zip(levels.iter().skip(1)).all(|(tier, (above, wanted))| {
            for (rate, (_, text)) in rates.iter_mut().zip(tier.per_million.buckets()) {
                *rate = text.and_then(Decimal::parse).map(|rate| rate.shifted(-6)).or(*rate);
            }
            tier.above == *above && completed(rates) == *wanted
        })
}

/// The fewest rates that, laid over those below, make the wanted ones; and what is written then in all.
fn overlay(below: Buckets, wanted: &Buckets) -> (Buckets, PerMillion) {
    let mut all = below;
    let mut own = Buckets::default();
    for bucket in [INPUT, OUTPUT].into_iter().chain(STAND_INS.iter().map(|(bucket, _)| *bucket)) {
        if completed(all)[bucket] != wanted[bucket] {
            own[bucket] = wanted[bucket];
            all[bucket] = wanted[bucket];
        }
    }
    (all, per_million(&own))
}

fn per_million(rates: &Buckets) -> PerMillion {
    let [
        input,
        output,
        cache_read,
        cache_write_5m,
        cache_write_1h,
        reasoning,
        audio_in,
        audio_out,
        image_in,
        image_out,
        cache_read_audio,
        cache_read_image,
        video_in,
    ] = rates.map(|rate| rate.map(|rate| rate.shifted(6).to_string()));
    PerMillion {
        input,
        output,
        cache_read,
        cache_write_5m,
        cache_write_1h,
        reasoning,
        audio_in,
        audio_out,
        image_in,
        image_out,
        cache_read_audio,
        cache_read_image,
        video_in,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_json(json: &str) -> TokenRates {
        read(&serde_json::from_str(json).unwrap(), false)
    }

    fn yaml(value: &impl serde::Serialize) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn tiers_and_thresholds_keep_what_the_table_means() {
        let rates = read_json(
            r#"{"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 2.5e-07,
            "input_cost_per_token_above_200k_tokens": 5e-06, "output_cost_per_token_above_200k_tokens": 1.5e-05,
            "input_cost_per_token_priority": 4.5e-06, "output_cost_per_token_priority": 2e-05,
            "output_cost_per_reasoning_token": 1.2e-05}"#,
        );
        assert_eq!(yaml(&rates.per_million), r#"{"input":"2.5","output":"10","cache_read":"0.25","reasoning":"12"}"#);
        assert_eq!(yaml(&rates.context_tiers), r#"[{"above":200000,"per_million":{"input":"5","output":"15"}}]"#);
        let priority = &rates.service_tiers[&ServiceTier::Priority];
        // Reasoning is at the tier's rate for output there, small and large.
        assert_eq!(yaml(&priority.per_million), r#"{"input":"4.5","output":"20","reasoning":"20"}"#);
        assert_eq!(
            yaml(&priority.context_tiers),
            r#"[{"above":200000,"per_million":{"input":"5","output":"15","reasoning":"15"}}]"#
        );
    }

    #[test]
    fn batches_fall_back_on_their_own_rates() {
        let rates = read_json(
            r#"{"input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06, "cache_read_input_token_cost": 5e-07,
            "input_cost_per_token_batches": 1e-06, "output_cost_per_token_batches": 4e-06}"#,
        );
        let batch = &rates.service_tiers[&ServiceTier::Batch];
        assert_eq!(yaml(&batch.per_million), r#"{"input":"1","output":"4","cache_read":"1"}"#);
    }

    #[test]
    fn ranges_are_thresholds() {
        let rates = read_json(
            r#"{"tiered_pricing": [{"range": [0, 256000.0], "input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07},
            {"range": [256000.0, 1000000.0], "input_cost_per_token": 2.5e-07, "output_cost_per_token": 2e-06}]}"#,
        );
        assert_eq!(yaml(&rates.per_million), r#"{"input":"0.05","output":"0.4"}"#);
        assert_eq!(yaml(&rates.context_tiers), r#"[{"above":256000,"per_million":{"input":"0.25","output":"2"}}]"#);
    }

    #[test]
    fn a_threshold_that_need_only_be_reached_is_one_less_to_pass() {
        let entry: Entry =
            serde_json::from_str(r#"{"input_cost_per_token": 1e-06, "input_cost_per_token_above_200k_tokens": 2e-06}"#)
                .unwrap();
        assert_eq!(read(&entry, true).context_tiers[0].above, 199_999);
    }
}
