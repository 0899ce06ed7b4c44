//! Compiled prices, and the exact cost of a usage.

use super::buckets::{AUDIO_OUT, COUNT, IMAGE_OUT, INPUT, OUTPUT, completed};
use super::units::{UnitRates, compile_units};
use super::written::{ContextTier, PerMillion, Written};
use crate::money::{self, MoneyError, NanoUsd};
use crate::usage::{Region, ServiceTier, Tokens, Usage};

/// Digits after the point of a rate: the longest that vendors list have fifteen.
pub(super) const RATE_DIGITS: usize = 15;
/// Digits after the point of a multiplier.
const MULTIPLIER_DIGITS: usize = 6;
/// A multiplier of 1.
const ONE: i128 = 1_000_000;
/// What a sum of tokens times rates is to be divided by for nano-dollars: 10^15 of the rate and 10^6 of the million, less
/// the 10^9 of a nano-dollar.
const PER_NANO: i128 = 1_000_000_000_000;
/// Tokens in the unit that rates are for.
pub(super) const MILLION: i128 = 1_000_000;

/// What is wrong in a written price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct PriceFault {
    /// The field, such as `per_million.input`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl PriceFault {
    pub(super) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

/// The price has context tiers, and a sum could lie in any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DependsOnSizes;

/// A rate per bucket; `None` where the price has none and no base stands in.
type Buckets = [Option<i128>; COUNT];

/// The rates of one service tier: for all requests, and for those with much input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Bands {
    base: Buckets,
    /// By the input above which they hold, ascending. Each is complete.
    above: Vec<(u64, Buckets)>,
}

/// What a model costs, compiled: every rate an integer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    standard: (Bands, UnitRates),
    tiers: Vec<(ServiceTier, Bands, UnitRates)>,
    fast: Option<i128>,
    us: Option<i128>,
    eu: Option<i128>,
    regional: Option<i128>,
}

impl Rates {
    /// Compiles a written price.
    ///
    /// # Errors
    /// The first field that is no plain decimal, stands twice, or makes no sense; or a price that says nothing.
    pub fn compile(written: &Written<'_>) -> Result<Self, PriceFault> {
        let base = optional("per_million", written.per_million)?;
        let standard = bands("", base, written.context_tiers)?;
        let standard = (standard, compile_units("per_unit", written.per_unit, &UnitRates::default())?);
        let mut tiers = Vec::new();
        for (tier, differs) in written.service_tiers {
            if matches!(tier, ServiceTier::Standard | ServiceTier::Unknown) {
                let problem = "has no price of its own; the rates without a tier are the standard ones";
                return Err(PriceFault::new(format!("service_tiers.{}", tier.as_str()), problem));
            }
            let place = format!("service_tiers.{}.", tier.as_str());
            let own = overlaid(base, optional(&format!("{place}per_million"), &differs.per_million)?);
            let context = differs.context_tiers.as_deref().unwrap_or(written.context_tiers);
            let units = compile_units(&format!("{place}per_unit"), &differs.per_unit, &standard.1)?;
            tiers.push((*tier, bands(&place, own, context)?, units));
        }
        if standard == Default::default() && tiers.is_empty() {
            let problem = "missing; give at least one rate (a model that costs nothing has the rate \"0\")";
            return Err(PriceFault::new("per_million", problem));
        }
        let multiplier = |name: &str, text: &Option<String>| {
            text.as_deref().map(|text| number(&format!("multipliers.{name}"), text, MULTIPLIER_DIGITS)).transpose()
        };
        let m = written.multipliers;
        Ok(Self {
            standard,
            tiers,
            fast: multiplier("fast", &m.fast)?,
            us: multiplier("us", &m.us)?,
            eu: multiplier("eu", &m.eu)?,
            regional: multiplier("regional", &m.regional)?,
        })
    }

    /// The exact cost of a usage, rounded once, half up, to a nano-dollar; `None` when it holds anything that the price
    /// has no rate for: no number is better than a wrong one.
    #[must_use]
    pub fn cost_of(&self, usage: &Usage) -> Option<NanoUsd> {
        let (bands, units, speed) = self.tier(usage.tier)?;
        let tokens = bands.cost(&usage.tokens)?;
        let units = units.cost(usage, bands.has_input(), bands.has_output())?;
        let factor = speed.saturating_mul(self.uplift(usage.region)) / ONE;
        // What is cut here lies below 10^-21 dollars.
        let multiplied = tokens.saturating_mul(factor) / ONE;
        let nanos = multiplied.saturating_add(units).saturating_add(PER_NANO / 2) / PER_NANO;
        Some(NanoUsd(i64::try_from(nanos).unwrap_or(i64::MAX)))
    }

    /// The same for the sum of many requests, whose own sizes are not known.
    ///
    /// # Errors
    /// What requests cost depends on the input of each, and the sum does not tell it.
    pub fn cost_of_sum(&self, usage: &Usage) -> Result<Option<NanoUsd>, DependsOnSizes> {
        let Some((bands, ..)) = self.tier(usage.tier) else { return Ok(None) };
        // No request has more input than all together.
        match bands.above.first() {
            Some((above, _)) if usage.tokens.input_total() > *above => Err(DependsOnSizes),
            _ => Ok(self.cost_of(usage)),
        }
    }

    fn tier(&self, tier: ServiceTier) -> Option<(&Bands, &UnitRates, i128)> {
        if tier == ServiceTier::Standard {
            return Some((&self.standard.0, &self.standard.1, ONE));
        }
        if let Some((_, bands, units)) = self.tiers.iter().find(|(listed, ..)| *listed == tier) {
            return Some((bands, units, ONE));
        }
        let fast = self.fast.filter(|_| tier == ServiceTier::Fast)?;
        Some((&self.standard.0, &self.standard.1, fast))
    }

    fn uplift(&self, region: Region) -> i128 {
        let own = match region {
            Region::Global => return ONE,
            Region::Us => self.us,
            Region::Eu => self.eu,
            Region::Regional => None,
        };
        own.or(self.regional).unwrap_or(ONE)
    }
}

impl Bands {
    /// In 10^-21 dollars.
    fn cost(&self, tokens: &Tokens) -> Option<i128> {
        let input = tokens.input_total();
        let tier = self.above.iter().rev().find(|(above, _)| input > *above);
        let rates = tier.map_or(&self.base, |(_, rates)| rates);
        let used = tokens.buckets().into_iter().zip(rates).filter(|(count, _)| *count > 0);
        let mut sum = 0_i128;
        for (count, rate) in used {
            sum = sum.saturating_add((*rate)?.saturating_mul(i128::from(count)));
        }
        Some(sum)
    }

    fn has_input(&self) -> bool {
        self.base[INPUT].is_some()
    }

    fn has_output(&self) -> bool {
        self.base[OUTPUT].is_some() || self.base[IMAGE_OUT].is_some() || self.base[AUDIO_OUT].is_some()
    }
}

fn overlaid(below: Buckets, above: Buckets) -> Buckets {
    std::array::from_fn(|bucket| above[bucket].or(below[bucket]))
}

fn bands(place: &str, base: Buckets, context: &[ContextTier]) -> Result<Bands, PriceFault> {
    let mut sorted: Vec<(usize, &ContextTier)> = context.iter().enumerate().collect();
    sorted.sort_by_key(|(_, tier)| tier.above);
    let mut bands = Bands { base: completed(base), above: Vec::new() };
    let mut below = base;
    for (index, tier) in sorted {
        let field = format!("{place}context_tiers[{index}]");
        if bands.above.last().is_some_and(|(above, _)| *above == tier.above) {
            return Err(PriceFault::new(format!("{field}.above"), "stands twice; give each size once"));
        }
        below = overlaid(below, optional(&format!("{field}.per_million"), &tier.per_million)?);
        bands.above.push((tier.above, completed(below)));
    }
    Ok(bands)
}

/// The rates that are written, each bucket apart.
fn optional(place: &str, written: &PerMillion) -> Result<Buckets, PriceFault> {
    let mut rates = Buckets::default();
    for (rate, (bucket, text)) in rates.iter_mut().zip(written.buckets()) {
        *rate = text.map(|text| number(&format!("{place}.{bucket}"), text, RATE_DIGITS)).transpose()?;
    }
    Ok(rates)
}

pub(super) fn number(field: &str, text: &str, digits: usize) -> Result<i128, PriceFault> {
    money::parse_scaled(text, digits).map_err(|e: MoneyError| PriceFault::new(field, e.to_string()))
}
