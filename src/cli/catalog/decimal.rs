//! Exact decimal numbers, for prices on their way from one unit to another: no float ever holds one.

use std::fmt;

/// Significant digits that are kept: tables made with floats say 2.0000000000000002e-7 where the vendor says 0.0000002.
const SIGNIFICANT: usize = 15;
/// The most digits after the point that a price of ours may have.
const MAX_FRACTION: i32 = 15;

/// `digits` × 10^`exponent`; never negative, without trailing zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: u128,
    exponent: i32,
}

impl Decimal {
    /// Reads a JSON number, such as `2.5e-07`; `None` when it is negative or no number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let joined = format!("{whole}{fraction}");
        if joined.is_empty() || !joined.bytes().all(|b| b.is_ascii_digit()) || joined.len() > 30 {
            return None;
        }
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        Some(Self { digits: joined.parse().ok()?, exponent }.rounded())
    }

    /// Zero.
    pub(super) fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Times 10^`places`.
    pub(super) fn shifted(self, places: i32) -> Self {
        if self.digits == 0 { self } else { Self { exponent: self.exponent.saturating_add(places), ..self } }
    }

    /// Times a whole number.
    pub(super) fn times(self, factor: u64) -> Self {
        Self { digits: self.digits.saturating_mul(u128::from(factor)), ..self }.rounded()
    }

    /// Half of it.
    pub(super) fn half(self) -> Self {
        Self { digits: self.digits.saturating_mul(5), exponent: self.exponent.saturating_sub(1) }.trimmed()
    }

    fn rounded(mut self) -> Self {
        while self.digits >= 10_u128.pow(u32::try_from(SIGNIFICANT).unwrap_or(0)) {
            let last = self.digits % 10;
            self.digits = self.digits / 10 + u128::from(last >= 5);
            self.exponent = self.exponent.saturating_add(1);
        }
        self.trimmed()
    }

    fn trimmed(mut self) -> Self {
        if self.digits == 0 {
            return Self::default();
        }
        while self.digits.is_multiple_of(10) {
            self.digits /= 10;
            self.exponent = self.exponent.saturating_add(1);
        }
        self
    }
}

/// Without an exponent, with at most fifteen digits after the point.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = *self;
        while number.exponent < -MAX_FRACTION {
            let last = number.digits % 10;
            number =
                Self { digits: number.digits / 10 + u128::from(last >= 5), exponent: number.exponent + 1 }.trimmed();
            if number.digits == 0 {
                return f.write_str("0");
            }
        }
        let digits = number.digits.to_string();
        match usize::try_from(number.exponent) {
            Ok(zeros) => write!(f, "{digits}{}", "0".repeat(zeros)),
            Err(_) => {
                let fraction = usize::try_from(-number.exponent).unwrap_or(0);
                let padded = format!("{digits:0>width$}", width = fraction + 1);
                let (whole, fraction) = padded.split_at(padded.len() - fraction);
                write!(f, "{whole}.{fraction}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_form_become_plain_decimals_without_the_noise_of_floats() {
        for (json, shift, text) in [
            ("2.5e-06", 6, "2.5"),
            ("0.0000025", 6, "2.5"),
            ("2.0000000000000002e-7", 6, "0.2"),
            ("1.0000000000000001E-7", 6, "0.1"),
            ("0.0002833333333333333", 0, "0.000283333333333"),
            ("8.39233E-08", 0, "0.0000000839233"),
            ("0", 6, "0"),
            ("0.0", 0, "0"),
            ("15", 3, "15000"),
            ("1.1", 0, "1.1"),
        ] {
            assert_eq!(Decimal::parse(json).map(|d| d.shifted(shift).to_string()).as_deref(), Some(text), "{json}");
        }
        assert_eq!(Decimal::parse("1e-7").map(|d| d.half().times(3).to_string()).as_deref(), Some("0.00000015"));
        for bad in ["-1", "", "x", "1e", "1e99999999999", "NaN"] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
    }
}
