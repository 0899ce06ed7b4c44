//! How long a provider says that it wants to be left alone.

use std::time::Duration;

use http::HeaderMap;
use weir_domain::time::Micros;

/// The longest wait that is believed: a broken clock or a hostile header must not switch a target off for a day.
const LONGEST: Duration = Duration::from_mins(10);

/// Reads `retry-after-ms` (OpenAI), then `Retry-After`: seconds or an HTTP date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: Micros) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let millis = text("retry-after-ms").and_then(|t| t.parse::<f64>().ok()).and_then(|ms| seconds(ms / 1_000.0));
    let wait = millis.or_else(|| {
        let text = text("retry-after")?;
        text.parse::<f64>().ok().map_or_else(|| date(text, now), seconds)
    })?;
    Some(wait.min(LONGEST))
}

fn seconds(value: f64) -> Option<Duration> {
    // `min` would turn what is not a number into the longest wait.
    if value.is_nan() { None } else { Duration::try_from_secs_f64(value.min(LONGEST.as_secs_f64())).ok() }
}

fn date(text: &str, now: Micros) -> Option<Duration> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    Some(Duration::from_micros(u64::try_from(at.as_microsecond() - now).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        // Sun, 06 Nov 1994 08:49:37 GMT
        retry_after(&headers, 784_111_777_000_000)
    }

    #[test]
    fn seconds_dates_and_milliseconds_are_read() {
        assert_eq!(read(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(read(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        assert_eq!(read(&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")]), Some(Duration::from_secs(30)));
        assert_eq!(read(&[("retry-after-ms", "1500"), ("retry-after", "9")]), Some(Duration::from_millis(1_500)));
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn nonsense_is_ignored_and_long_waits_are_cut() {
        assert_eq!(read(&[("retry-after", "soon")]), None);
        assert_eq!(read(&[("retry-after", "-3")]), None);
        assert_eq!(read(&[("retry-after", "NaN")]), None);
        assert_eq!(read(&[("retry-after", "inf")]), Some(LONGEST));
        assert_eq!(read(&[("retry-after", "86400")]), Some(LONGEST));
        assert_eq!(read(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]), Some(Duration::ZERO));
    }
}
