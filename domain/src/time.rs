//! Time as Weir stores it: whole microseconds since 1970-01-01 UTC.

/// Microseconds since the Unix epoch, UTC.
pub type Micros = i64;

/// The wall clock now. The one place that reads it for records (durations use monotonic clocks).
#[must_use]
pub fn now() -> Micros {
    jiff::Timestamp::now().as_microsecond()
}

/// RFC 3339 in UTC, as the admin API shows times.
#[must_use]
pub fn to_rfc3339(at: Micros) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |t| t.to_string())
}

/// Parses RFC 3339; the error is a sentence for the person who wrote it.
///
/// # Errors
/// When the text is not a timestamp with an offset, such as `2026-01-31T12:00:00Z`.
pub fn parse_rfc3339(text: &str) -> Result<Micros, String> {
    text.parse::<jiff::Timestamp>()
        .map(jiff::Timestamp::as_microsecond)
        .map_err(|_| format!("{text:?} is not a time such as 2026-01-31T12:00:00Z"))
}

/// Parses a calendar date such as `2026-01-31`, meaning its first microsecond in UTC.
///
/// # Errors
/// When the text is not such a date.
pub fn parse_date(text: &str) -> Result<Micros, String> {
    text.parse::<jiff::civil::Date>()
        .ok()
        .and_then(|d| d.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|z| z.timestamp().as_microsecond())
        .ok_or_else(|| format!("{text:?} is not a date such as 2026-01-31"))
}
