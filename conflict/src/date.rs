//! Dates of HTTP (RFC 9110 section 5.6.7).

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use http::HeaderValue;
use weir_domain::time::Micros;

/// The calendar, weekdays included, repeats after 400 years: that many seconds.
const ERA: i64 = 12_622_780_800;
/// The first second of the year 10000, which no date of HTTP can say.
const YEAR_10000: i64 = 253_402_300_800;
/// The first second of the year 1.
const YEAR_1: i64 = -62_135_596_800;

/// A date of HTTP: whole seconds since 1970-01-01 UTC, from the year 1 to 9999. Written as IMF-fixdate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate(i64);

impl HttpDate {
    /// From seconds since the Unix epoch; what no date of HTTP can say becomes the nearest that can.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(YEAR_1, YEAR_10000 - 1))
    }

    /// From a time as Weir stores it; what is less than a second is cut off.
    #[must_use]
    pub fn from_micros(at: Micros) -> Self {
        Self::from_unix(at.div_euclid(1_000_000))
    }

    /// Now, by this node's clock.
    #[must_use]
    pub fn now() -> Self {
        Self::from_micros(weir_domain::time::now())
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// Reads any of the three forms: IMF-fixdate, RFC 850, asctime. A leap second is the second before it.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        Self::parse_at(text, Self::now())
    }

    /// The same with a clock: a year of two digits that seems more than 50 years ahead is the most recent past one.
    fn parse_at(text: &[u8], now: Self) -> Option<Self> {
        let text = std::str::from_utf8(crate::tag::trimmed(text)).ok().filter(|text| text.is_ascii())?;
        let text = text.replacen(":60", ":59", usize::from(leap_second(text)));
        let year = match text.len() {
            29 => text.get(12..16)?,
            24 => text.get(20..24)?,
            _ => return rfc850(&text, now),
        };
        let number: i64 = year.bytes().all(|b| b.is_ascii_digit()).then(|| year.parse().ok())?.filter(|y| *y > 0)?;
        // The parser knows years from 1970 on: an earlier one is read where the calendar is the same, eras later.
        let eras = (1970 - number + 399).max(0) / 400;
        let shifted = text.replacen(year, &format!("{:04}", number + 400 * eras), 1);
        let at = httpdate::parse_http_date(if eras == 0 { &text } else { &shifted }).ok()?;
        Some(Self(i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()? - eras * ERA))
    }

    /// As a header has it.
    #[must_use]
    pub fn to_header_value(self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).unwrap_or(HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
    }
}

/// IMF-fixdate.
impl fmt::Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let eras = if self.0 < 0 { (-self.0 - 1) / ERA + 1 } else { 0 };
        let seconds = u64::try_from(self.0 + eras * ERA).unwrap_or_default();
        let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        if eras == 0 {
            return f.write_str(&text);
        }
        let year: i64 = text[12..16].parse().unwrap_or_default();
        write!(f, "{}{:04}{}", &text[..12], year - 400 * eras, &text[16..])
    }
}

/// Whether it says the 61st second of a minute, which the grammar allows and a calendar has once in some years.
fn leap_second(text: &str) -> bool {
    text.contains(":60 ") && text.matches(":60").count() == 1
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`, by way of IMF-fixdate.
fn rfc850(text: &str, now: HttpDate) -> Option<HttpDate> {
    let (day_name, rest) = text.split_once(", ")?;
    let short = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        .contains(&day_name)
        .then(|| day_name.get(..3))??;
    let [day, month, year] = [rest.get(0..2)?, rest.get(3..6)?, rest.get(7..9)?];
    let dashes = rest.get(2..3)? == "-" && rest.get(6..7)? == "-" && rest.get(9..10)? == " ";
    let two: i64 = year.bytes().all(|b| b.is_ascii_digit()).then(|| year.parse().ok())??;
    if !dashes || rest.len() != 22 {
        return None;
    }
    let this_year: i64 = now.to_string().get(12..16)?.parse().ok()?;
    let century = this_year - this_year.rem_euclid(100);
    // The latest year with these digits that is not more than 50 years ahead.
    let full = [century + 100, century, century - 100].into_iter().map(|c| c + two).find(|y| *y <= this_year + 50)?;
    HttpDate::parse_at(format!("{short}, {day} {month} {full:04} {}", &rest[10..]).as_bytes(), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix(text: &str) -> Option<i64> {
        HttpDate::parse_at(text.as_bytes(), HttpDate(1_790_000_000)).map(HttpDate::as_unix)
    }

    #[test]
    fn all_three_forms_are_read() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(unix(text), Some(784_111_777), "{text}");
        }
        assert_eq!(unix(" Sun, 06 Nov 1994 08:49:37 GMT\t"), Some(784_111_777));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "0",
            "garbage",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "1994-11-06T08:49:37Z",
            "Sunday, 06-Nov-94",
            "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "784111777",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Sunday, 06-Nov-+4 08:49:37 GMT",
            "Sün, 06 Nov 1994 08:49:37 GM",
        ] {
            assert_eq!(unix(text), None, "{text}");
        }
    }

    #[test]
    fn a_leap_second_is_the_second_before_it() {
        assert_eq!(unix("Sat, 31 Dec 2016 23:59:60 GMT"), unix("Sat, 31 Dec 2016 23:59:59 GMT"));
        assert_eq!(unix("Sat Dec 31 23:59:60 2016"), unix("Sat, 31 Dec 2016 23:59:59 GMT"));
    }

    #[test]
    fn a_year_of_two_digits_is_never_more_than_fifty_years_ahead() {
        // The clock of these tests stands in 2026.
        assert_eq!(unix("Wednesday, 01-Jan-76 00:00:00 GMT"), unix("Wed, 01 Jan 2076 00:00:00 GMT"));
        assert_eq!(unix("Saturday, 01-Jan-77 00:00:00 GMT"), unix("Sat, 01 Jan 1977 00:00:00 GMT"));
    }

    #[test]
    fn years_before_1970_count_too() {
        assert_eq!(unix("Wed, 31 Dec 1969 23:59:59 GMT"), Some(-1));
        assert_eq!(unix("Mon, 01 Jan 0001 00:00:00 GMT"), Some(YEAR_1));
        assert_eq!(HttpDate(-1).to_string(), "Wed, 31 Dec 1969 23:59:59 GMT");
        assert_eq!(HttpDate(YEAR_1).to_string(), "Mon, 01 Jan 0001 00:00:00 GMT");
        assert_eq!(HttpDate::from_unix(i64::MAX).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(HttpDate::from_micros(-1), HttpDate(-1));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in YEAR_1..YEAR_10000) {
            let date = HttpDate::from_unix(seconds);
            proptest::prop_assert_eq!(HttpDate::parse(date.to_string().as_bytes()), Some(date));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            let _ = HttpDate::parse(&bytes);
        }

        #[test]
        fn nor_does_what_looks_like_a_date(text in "[SMTWF][a-z]{2,8},? [0-9 ]{2}[- ][A-Z][a-z]{2}[- ][0-9é:+]{2,9} [0-9:]{8} (GMT)?") {
            let _ = HttpDate::parse(text.as_bytes());
        }
    }
}
