//! Prices: what is exact, what is unknown, and what is never guessed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::money::NanoUsd;
use crate::usage::{ImageQuality, ImageSize, Region, ServiceTier, Tokens, Units, Usage, UsageSource};

/// A price as files hold it.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Sheet {
    per_million: PerMillion,
    context_tiers: Vec<ContextTier>,
    service_tiers: BTreeMap<ServiceTier, TierPrice>,
    per_unit: PerUnit,
    multipliers: Multipliers,
}

impl Sheet {
    fn compile(&self) -> Result<Rates, PriceFault> {
        Rates::compile(&Written {
            per_million: &self.per_million,
            context_tiers: &self.context_tiers,
            service_tiers: &self.service_tiers,
            per_unit: &self.per_unit,
            multipliers: &self.multipliers,
        })
    }
}

fn rates(yaml: &str) -> Rates {
    crate::yaml::from_str::<Sheet>(yaml).unwrap().compile().unwrap()
}

fn tokens(tokens: Tokens) -> Usage {
    Usage::of_tokens(tokens, UsageSource::Provider)
}

fn cost(yaml: &str, usage: &Usage) -> Option<i64> {
    rates(yaml).cost_of(usage).map(|cost| cost.0)
}

const FLAT: &str = "per_million: {input: '1', output: '2'}";

#[test]
fn cost_is_exact_to_the_nano_dollar() {
    let usage = tokens(Tokens { input_uncached: 1_000, output_text: 500, ..Tokens::default() });
    // 1,000 × $2.50 and 500 × $10 for a million: $0.0025 + $0.005.
    assert_eq!(cost("per_million: {input: '2.50', output: '10'}", &usage), Some(7_500_000));
}

#[test]
fn a_sum_of_many_requests_has_a_cost_only_where_their_sizes_do_not_matter() {
    let sheet = "{per_million: {input: '1', output: '2'}, context_tiers: [{above: 1000, per_million: {input: '2'}}],
        service_tiers: {batch: {per_million: {input: '0.5'}}, flex: {per_million: {input: '0.5'}, context_tiers: []}}}";
    let sum = |input, tier| {
        let counted = Tokens { input_uncached: input, ..Tokens::default() };
        rates(sheet).cost_of_sum(&Usage { tier, ..tokens(counted) }).map(|cost| cost.map(|cost| cost.0))
    };
    assert_eq!(sum(1_000, ServiceTier::Batch), Ok(Some(500_000)));
    assert_eq!(sum(1_001, ServiceTier::Batch), Err(DependsOnSizes), "one large request, or two small ones");
    assert_eq!(sum(1_001, ServiceTier::Flex), Ok(Some(500_500)));
    assert_eq!(sum(1_001, ServiceTier::Priority), Ok(None));
}

#[test]
fn rounding_happens_once_over_the_whole_sum() {
    // Two halves of a nano-dollar make one, not two.
    let usage = tokens(Tokens { input_uncached: 1, output_text: 1, ..Tokens::default() });
    assert_eq!(cost("per_million: {input: '0.0005', output: '0.0005'}", &usage), Some(1));
}

#[test]
fn an_absent_bucket_is_priced_as_its_base_and_without_a_base_it_has_no_price() {
    let usage =
        tokens(Tokens { cache_read: 1_000_000, reasoning: 1_000_000, video_in: 1_000_000, ..Tokens::default() });
    assert_eq!(cost(FLAT, &usage), Some(4_000_000_000));
    let hour = tokens(Tokens { cache_write_1h: 1_000_000, cache_read_audio: 1_000_000, ..Tokens::default() });
    let cached = "per_million: {input: '1', cache_read: '0.1', cache_write_5m: '1.25'}";
    assert_eq!(cost(cached, &hour), Some(1_350_000_000));
    let output = tokens(Tokens { output_text: 1, ..Tokens::default() });
    assert_eq!(cost("per_million: {input: '1'}", &output), None, "unknown is not free");
    assert_eq!(cost("per_million: {input: '1', output: '0'}", &output), Some(0));
}

#[test]
fn a_large_context_reprices_the_whole_request_from_the_token_above_the_threshold() {
    let tiered = "{per_million: {input: '1', output: '2', cache_read: '0.1'}, context_tiers: [
        {above: 272000, per_million: {input: '5'}}, {above: 200000, per_million: {input: '3', output: '4'}}]}";
    let with =
        |input, read| tokens(Tokens { input_uncached: input, cache_read: read, output_text: 10, ..Tokens::default() });
    assert_eq!(cost(tiered, &with(200_000, 0)), Some(200_000_000 + 20_000));
    assert_eq!(cost(tiered, &with(200_001, 0)), Some(600_003_000 + 40_000));
    // Cached input counts for the size of the context, and keeps its own rate.
    assert_eq!(cost(tiered, &with(100_001, 100_000)), Some(300_003_000 + 10_000_000 + 40_000));
    // The largest threshold that is passed holds; what it leaves out is as below it.
    assert_eq!(cost(tiered, &with(300_000, 0)), Some(1_500_000_000 + 40_000));
}

#[test]
fn the_tier_that_was_returned_is_billed_and_one_without_a_price_is_not_guessed() {
    let priced = "{per_million: {input: '1', output: '2'}, context_tiers: [{above: 10, per_million: {input: '3'}}],
        service_tiers: {priority: {per_million: {input: '2'}}, flex: {per_million: {input: '0.5', output: '1'},
        context_tiers: [{above: 10, per_million: {input: '1.5'}}]}}}";
    let usage =
        |tier, input| Usage { tier, ..tokens(Tokens { input_uncached: input, output_text: 1, ..Tokens::default() }) };
    assert_eq!(cost(priced, &usage(ServiceTier::Priority, 10)), Some(20_000 + 2_000));
    assert_eq!(cost(priced, &usage(ServiceTier::Priority, 11)), Some(33_000 + 2_000));
    assert_eq!(cost(priced, &usage(ServiceTier::Flex, 11)), Some(16_500 + 1_000));
    for unknown in [ServiceTier::Batch, ServiceTier::Fast, ServiceTier::Unknown] {
        assert_eq!(cost(priced, &usage(unknown, 1)), None, "{unknown:?}");
    }
}

#[test]
fn regions_and_speed_multiply_tokens_and_not_units() {
    let priced = "{per_million: {input: '1'}, per_unit: {web_search: '0.01'},
        multipliers: {fast: '6', us: '1.1', regional: '1.05'}}";
    let usage = |tier, region| Usage {
        tier,
        region,
        units: Units { web_searches: 1, ..Units::default() },
        ..tokens(Tokens { input_uncached: 1_000, ..Tokens::default() })
    };
    assert_eq!(cost(priced, &usage(ServiceTier::Standard, Region::Us)), Some(10_000_000 + 1_100_000));
    assert_eq!(cost(priced, &usage(ServiceTier::Fast, Region::Us)), Some(10_000_000 + 6_600_000));
    assert_eq!(cost(priced, &usage(ServiceTier::Standard, Region::Eu)), Some(10_000_000 + 1_050_000));
}

#[test]
fn units_have_their_own_rates_and_none_is_guessed() {
    let usage = |units| Usage::of_units(units);
    let listed =
        "per_unit: {query: '0.002', character: '0.000015', audio_in_second: '0.0001', page: '0.001', request: '1'}";
    assert_eq!(cost(listed, &usage(Units { queries: 2, ..Units::default() })), Some(1_004_000_000));
    assert_eq!(cost(listed, &usage(Units { characters: 3, ..Units::default() })), Some(1_000_045_000));
    assert_eq!(cost(listed, &usage(Units { audio_in_ms: 1_501, ..Units::default() })), Some(1_000_150_100));
    assert_eq!(cost(listed, &usage(Units { audio_out_ms: 1, ..Units::default() })), None);
    assert_eq!(cost(listed, &usage(Units { unlisted: 1, ..Units::default() })), None);
    assert_eq!(cost(FLAT, &usage(Units { web_searches: 1, ..Units::default() })), None);
}

#[test]
fn an_image_costs_what_the_row_that_says_most_of_it_says() {
    let priced = "per_unit: {pixel: '0.000001', images: [{size: 1024x1024, quality: hd, price: '0.08'},
        {size: 1024x1024, price: '0.04'}, {quality: low, price: '0.01'}]}";
    let image = |size: &str, quality| {
        let image_size = ImageSize::parse(size).unwrap_or_default();
        Usage::of_units(Units { images: 2, image_size, image_quality: quality, ..Units::default() })
    };
    assert_eq!(cost(priced, &image("1024x1024", ImageQuality::Hd)), Some(160_000_000));
    assert_eq!(cost(priced, &image("1024x1024", ImageQuality::Low)), Some(80_000_000));
    assert_eq!(cost(priced, &image("512x512", ImageQuality::Low)), Some(20_000_000));
    assert_eq!(cost(priced, &image("10x10", ImageQuality::High)), Some(200_000));
    assert_eq!(cost(priced, &image("", ImageQuality::High)), None);
}

#[test]
fn what_is_counted_in_tokens_and_in_units_is_billed_once() {
    let both = "{per_million: {input: '1', output: '2', audio_in: '3'}, per_unit: {audio_in_second: '1'}}";
    let heard = |audio_in| Usage {
        units: Units { audio_in_ms: 1_000, ..Units::default() },
        ..tokens(Tokens { audio_in, input_uncached: 1, ..Tokens::default() })
    };
    assert_eq!(cost(both, &heard(10)), Some(30_000 + 1_000));
    assert_eq!(cost(both, &heard(0)), Some(1_000_000_000 + 1_000));
    // No rate by time: the tokens are the bill.
    assert_eq!(cost(FLAT, &heard(10)), Some(11_000));
    let images = Units { images: 1, ..Units::default() };
    let made = Usage { units: images, ..tokens(Tokens { image_out: 5, ..Tokens::default() }) };
    assert_eq!(cost("per_million: {input: '5', image_out: '40'}", &made), Some(200_000));
    assert_eq!(cost("per_million: {input: '5', image_out: '40'}", &Usage::of_units(images)), None);
}

#[test]
fn a_price_that_makes_no_sense_names_its_field() {
    for (yaml, field) in [
        ("{}", "per_million"),
        ("per_million: {input: '1,5'}", "per_million.input"),
        (
            "{per_million: {input: '1'}, context_tiers: [{above: 1, per_million: {output: x}}]}",
            "context_tiers[0].per_million.output",
        ),
        (
            "{per_million: {input: '1'}, context_tiers: [{above: 1, per_million: {}}, {above: 1, per_million: {}}]}",
            "context_tiers[1].above",
        ),
        ("{per_million: {input: '1'}, service_tiers: {standard: {}}}", "service_tiers.standard"),
        ("{service_tiers: {flex: {per_million: {input: '-1'}}}}", "service_tiers.flex.per_million.input"),
        ("per_unit: {images: [{size: big, price: '1'}]}", "per_unit.images[0].size"),
        ("{per_million: {input: '1'}, multipliers: {us: '1.0000001'}}", "multipliers.us"),
    ] {
        let fault = crate::yaml::from_str::<Sheet>(yaml).unwrap().compile().unwrap_err();
        assert_eq!(fault.field, field, "{yaml}: {}", fault.problem);
    }
}

#[test]
fn the_latest_price_that_has_begun_is_in_force() {
    let row = |id: &str, from| PriceRow { id: id.to_owned(), from, rates: Arc::default() };
    let history = PriceHistory::new(vec![row("old", 10), row("future", 30), row("new", 20)]);
    assert_eq!(history.at(25).map(|r| r.id.as_str()), Some("new"));
    assert!(history.at(5).is_none());
}

const FULL: &str = "{per_million: {input: '1.5', output: '7', cache_read: '0.15', cache_write_5m: '1.875',
    cache_write_1h: '3', reasoning: '9', audio_in: '40', audio_out: '80', image_in: '5', image_out: '30',
    cache_read_audio: '2.5', cache_read_image: '0.5', video_in: '3'}}";

fn any_tokens() -> impl Strategy<Value = Tokens> {
    prop::array::uniform13(0_u64..1 << 30).prop_map(|n| Tokens {
        input_uncached: n[0],
        output_text: n[1],
        cache_read: n[2],
        cache_write_5m: n[3],
        cache_write_1h: n[4],
        reasoning: n[5],
        audio_in: n[6],
        audio_out: n[7],
        image_in: n[8],
        image_out: n[9],
        cache_read_audio: n[10],
        cache_read_image: n[11],
        video_in: n[12],
    })
}

proptest! {
    #[test]
    fn every_token_lies_in_exactly_one_total(tokens in any_tokens()) {
        prop_assert_eq!(tokens.buckets().iter().sum::<u64>(), tokens.input_total() + tokens.output_total());
    }

    #[test]
    fn cost_is_the_exact_sum_of_its_buckets(counted in any_tokens()) {
        let written: Sheet = crate::yaml::from_str(FULL).unwrap();
        // By another way than the code's: a thousandth of a dollar for a million is a nano-dollar for one.
        let nanos = |rate: &str| rates(&format!("per_million: {{input: '{rate}'}}"))
            .cost_of(&tokens(Tokens { input_uncached: 1, ..Tokens::default() })).unwrap().0;
        let exact: i64 = written.per_million.buckets().iter().zip(counted.buckets())
            .map(|((_, rate), count)| nanos(rate.unwrap()) * i64::try_from(count).unwrap())
            .sum();
        prop_assert_eq!(written.compile().unwrap().cost_of(&tokens(counted)), Some(NanoUsd(exact)));
    }

    #[test]
    fn cost_is_additive_up_to_the_one_rounding(one in any_tokens(), other in any_tokens()) {
        let (a, b) = (one.buckets(), other.buckets());
        let rates = rates(FULL);
        let both = Tokens {
            input_uncached: a[0] + b[0], output_text: a[1] + b[1], cache_read: a[2] + b[2], cache_write_5m: a[3] + b[3],
            cache_write_1h: a[4] + b[4], reasoning: a[5] + b[5], audio_in: a[6] + b[6], audio_out: a[7] + b[7],
            image_in: a[8] + b[8], image_out: a[9] + b[9], cache_read_audio: a[10] + b[10],
            cache_read_image: a[11] + b[11], video_in: a[12] + b[12],
        };
        let cost = |t: Tokens| rates.cost_of(&tokens(t)).unwrap().0;
        prop_assert!((cost(both) - cost(one) - cost(other)).abs() <= 1);
    }

    #[test]
    fn absent_is_never_zero(counted in any_tokens(), bucket in 0_usize..13) {
        // A price with one bucket only: whatever else was consumed makes the cost unknown.
        let mut only = serde_json::Map::new();
        let (name, _) = PerMillion::default().buckets()[bucket];
        only.insert(name.to_owned(), "1".into());
        let sheet: Sheet = serde_json::from_value(serde_json::json!({"per_million": only})).unwrap();
        let rates = sheet.compile().unwrap();
        let free = rates.cost_of(&tokens(counted));
        let output_only_of_input = bucket != 1 && counted.output_text > 0;
        prop_assert!(!output_only_of_input || free.is_none());
        prop_assert!(!(bucket != 0 && counted.input_uncached > 0) || free.is_none());
    }

    #[test]
    fn no_count_overflows(n in any::<u64>()) {
        let lied = Tokens { input_uncached: n / 2, output_text: n / 2, ..Tokens::default() };
        let units = Units { images_in: n, queries: n, ..Units::default() };
        let dear = rates("{per_million: {input: '999999999999', output: '1'}, per_unit: {image_in: '9', query: '1'}}");
        let cost = dear.cost_of(&Usage { units, ..tokens(lied) });
        prop_assert!(cost.is_some_and(|cost| cost.0 >= 0));
    }
}
