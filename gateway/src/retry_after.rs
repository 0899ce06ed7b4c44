//! How long a provider says that it wants to be left alone.

use std::time::Duration;

use http::HeaderMap;
use weir_domain::time::Micros;

/// The longest wait that is believed: a broken clock or a hostile header must not switch a target off for a day.
const LONGEST: Duration = Duration::from_mins(10);

/// Reads `retry-after-ms` (OpenAI), then `Retry-After`: seconds or an HTTP date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: Micros) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let millis = text("retry-after-ms").and_then(|t| t.parse::<f64>().ok()).and_then(|ms| seconds(ms / 1_000.0));
    let wait = millis.or_else(|| {
        let text = text("retry-after")?;
        text.parse::<f64>().ok().map_or_else(|| date(text, now), seconds)
    })?;
    Some(wait.min(LONGEST))
}

/// When the limits that an answer tells of are renewed, where one of them is used up: `x-ratelimit-remaining-requests: 0`
/// with `x-ratelimit-reset-requests: 6m0s` (OpenAI and those who speak as it does), `anthropic-ratelimit-requests-remaining`
/// with `anthropic-ratelimit-requests-reset` (Anthropic, RFC 3339), and the same for `tokens`.
pub(crate) fn exhausted(headers: &HeaderMap, now: Micros) -> Option<Duration> {
    const NAMES: [[&str; 2]; 4] = [
        ["x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
        ["x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
        ["anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"],
        ["anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"],
    ];
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let renewed = NAMES.into_iter().filter(|[left, _]| text(left) == Some("0")).filter_map(|[_, reset]| {
        let reset = text(reset)?;
        let moment = || weir_domain::time::parse_rfc3339(reset).ok().map(|at| until(at, now));
        units(reset).or_else(moment)
    });
    renewed.max().map(|wait| wait.min(LONGEST))
}

/// A time with units, such as `6m0s`, `1.5s` or `20ms`, or a bare number of seconds.
fn units(text: &str) -> Option<Duration> {
    let (mut rest, mut total) = (text, 0.0);
    if let Ok(bare) = text.parse::<f64>() {
        return seconds(bare);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let scale = match unit {
            "d" => 86_400.0,
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
        rest = tail;
    }
    (!text.is_empty()).then(|| seconds(total)).flatten()
}

fn until(at: Micros, now: Micros) -> Duration {
    Duration::from_micros(u64::try_from(at - now).unwrap_or(0))
}

fn seconds(value: f64) -> Option<Duration> {
    // `min` would turn what is not a number into the longest wait.
    if value.is_nan() { None } else { Duration::try_from_secs_f64(value.min(LONGEST.as_secs_f64())).ok() }
}

fn date(text: &str, now: Micros) -> Option<Duration> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    Some(until(at.as_microsecond(), now))
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
    #[test]
    fn a_limit_that_is_used_up_says_when_it_is_renewed() {
        let read = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            exhausted(&headers, 784_111_777_000_000)
        };
        let requests = |left, reset| [("x-ratelimit-remaining-requests", left), ("x-ratelimit-reset-requests", reset)];
        assert_eq!(read(&requests("0", "6m0s")), Some(Duration::from_mins(6)));
        assert_eq!(read(&requests("0", "20ms")), Some(Duration::from_millis(20)));
        assert_eq!(read(&requests("0", "1.5")), Some(Duration::from_millis(1_500)));
        assert_eq!(read(&requests("0", "2d")), Some(LONGEST));
        assert_eq!(read(&requests("1", "6m0s")), None);
        for nonsense in ["", "soon", "5", "m5", "5x", "..s"] {
            assert_eq!(read(&requests("0", nonsense)).is_some(), nonsense == "5", "{nonsense}");
        }
        let anthropic = [
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "1994-11-06T08:50:07Z"),
        ];
        assert_eq!(read(&anthropic), Some(Duration::from_secs(30)));
        assert_eq!(read(&[]), None);
    }
}
