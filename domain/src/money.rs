//! Money as integer nano-dollars: never a float, so that sums of a million rows are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount in billionths of a US dollar. Nine quintillion of them (nine billion dollars) fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct NanoUsd(pub i64);

/// Nano-dollars in one dollar.
pub const NANOS_PER_USD: i64 = 1_000_000_000;

impl NanoUsd {
    /// No money at all. An unknown price is `None`, never this.
    pub const ZERO: Self = Self(0);

    /// Saturating addition: a ledger sum must never wrap.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Add for NanoUsd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Self::saturating_add)
    }
}

/// Decimal dollars without trailing zeros and without an exponent: `0.000125`, a valid JSON number.
impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let (whole, fraction) = (nanos / NANOS_PER_USD.unsigned_abs(), nanos % NANOS_PER_USD.unsigned_abs());
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{fraction:09}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// What [`fmt::Display`] writes of an amount that is not negative.
impl FromStr for NanoUsd {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let nanos = parse_scaled(text, 9)?;
        i64::try_from(nanos).map(Self).map_err(|_| MoneyError::TooLarge)
    }
}

/// Why a decimal price was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not `digits[.digits]`.
    #[error("not a plain decimal number such as \"2.50\"")]
    NotDecimal,
    /// More digits after the point than the unit can hold.
    #[error("more than {0} digits after the point")]
    TooPrecise(usize),
    /// Too large for the type.
    #[error("too large")]
    TooLarge,
}

/// The most digits before the point: a thousand billion dollars for anything is a slip of the pen.
const MAX_WHOLE_DIGITS: usize = 12;

/// Parses a non-negative decimal string into an integer with `scale` digits after the point.
pub(crate) fn parse_scaled(text: &str, scale: usize) -> Result<i128, MoneyError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return Err(MoneyError::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > scale {
        return Err(MoneyError::TooPrecise(scale));
    }
    if whole.trim_start_matches('0').len() > MAX_WHOLE_DIGITS {
        return Err(MoneyError::TooLarge);
    }
    let joined = format!("{whole}{fraction:0<scale$}");
    joined.parse().map_err(|_| MoneyError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nano_dollars_print_as_plain_decimals() {
        for (nanos, text) in
            [(0, "0"), (1, "0.000000001"), (125_000, "0.000125"), (-2_500_000_000, "-2.5"), (3_000_000_000, "3")]
        {
            assert_eq!(NanoUsd(nanos).to_string(), text);
        }
    }

    #[test]
    fn decimals_parse_exactly_or_not_at_all() {
        assert_eq!(parse_scaled("2.50", 9), Ok(2_500_000_000));
        assert_eq!(parse_scaled("0.000000001", 9), Ok(1));
        assert_eq!(parse_scaled("0.0000000001", 9), Err(MoneyError::TooPrecise(9)));
        assert_eq!(parse_scaled("99999999999999999999", 9), Err(MoneyError::TooLarge));
        for bad in ["", ".5", "1.", "-1", "1e3", "1,5", " 1"] {
            assert_eq!(parse_scaled(bad, 9), Err(MoneyError::NotDecimal), "{bad:?}");
        }
    }
}
