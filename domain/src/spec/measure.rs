//! Measures as people write them: spans of time (`500ms`, `10s`, `5m`, `24h`), sizes (`64KiB`, `1MiB`), shares (`20%`).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// A span of time: a whole number with its unit, `ms`, `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "10s")]
pub struct Span(pub Duration);

/// A number of bytes: a whole number with its unit, `B`, `KiB`, `MiB` or `GiB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "1MiB")]
pub struct Size(pub u64);

/// A share of a whole: a whole number from 0 to 100 with `%`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "20%")]
pub struct Percent(pub u8);

const SPANS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const SIZES: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

impl Span {
    /// So many milliseconds.
    #[must_use]
    pub const fn ms(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// So many seconds.
    #[must_use]
    pub const fn s(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// In whole milliseconds.
    #[must_use]
    pub fn as_ms(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Size {
    /// So many mebibytes.
    #[must_use]
    pub const fn mib(mebibytes: u64) -> Self {
        Self(mebibytes << 20)
    }

    /// As an index into memory.
    #[must_use]
    pub fn as_len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The number in front of a unit, and what it is multiplied by. A longer unit is asked before one that it ends in.
fn split(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (digits, factor) = units.iter().find_map(|(unit, factor)| {
        text.strip_suffix(unit)
            .map(str::trim_end)
            .filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
            .map(|digits| (digits, *factor))
    })?;
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

fn written(value: u64, units: &[(&str, u64)]) -> String {
    let fits = units.iter().filter(|(_, factor)| value.is_multiple_of(*factor)).max_by_key(|(_, factor)| *factor);
    match (value, fits) {
        (0, _) | (_, None) => format!("{value}{}", units.iter().find(|(_, f)| *f == 1).map_or("", |(unit, _)| unit)),
        (_, Some((unit, factor))) => format!("{}{unit}", value / factor),
    }
}

impl FromStr for Span {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = "must be a span of time: a whole number with ms, s, m, h or d, such as 500ms or 24h";
        split(text.trim(), &SPANS).map(Self::ms).ok_or(problem)
    }
}

impl FromStr for Size {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = "must be a size: a whole number with B, KiB, MiB or GiB, such as 64KiB";
        split(text.trim(), &SIZES).map(Self).ok_or(problem)
    }
}

impl FromStr for Percent {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let share = split(text.trim(), &[("%", 1)]).and_then(|share| u8::try_from(share).ok());
        share.filter(|share| *share <= 100).map(Self).ok_or("must be a share from 0% to 100%, such as 20%")
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self.as_ms(), &SPANS))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self.0, &SIZES))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

macro_rules! as_text {
    ($($measure:ty),*) => {$(
        impl fmt::Debug for $measure {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $measure {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $measure {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_text!(Span, Size, Percent);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_read_and_written_with_their_units() {
        for (text, ms) in [("500ms", 500), ("10s", 10_000), ("5 m", 300_000), ("24h", 86_400_000), ("0s", 0)] {
            assert_eq!(text.parse::<Span>().map(Span::as_ms), Ok(ms), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1.5s", "1w", "99999999999999999999s", "1sm"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        for (text, bytes) in [("64KiB", 65_536), ("1MiB", 1 << 20), ("12B", 12)] {
            assert_eq!(text.parse::<Size>().map(|size| size.0), Ok(bytes), "{text}");
        }
        assert!("1KB".parse::<Size>().is_err());
        assert_eq!("100%".parse(), Ok(Percent(100)));
        assert!("101%".parse::<Percent>().is_err());
        for text in ["1500ms", "2m", "1d", "90s", "3h"] {
            assert_eq!(text.parse::<Span>().map(|span| span.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(Span::ms(0).to_string(), "0ms");
        assert_eq!(Size(1_536).to_string(), "1536B");
    }
}
