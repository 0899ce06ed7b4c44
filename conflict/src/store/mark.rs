//! Numbers that rise by the store's own clock, so that a store that has lost everything hands out greater ones at once.
//!
//! A fence is `max(last + 1, microseconds since 2024-01-01, what epoch_from says)`: where nothing was lost the counter
//! decides, where something was lost the clock does, whatever part it was. No store grants more than a million leases of
//! one bucket in a second, so a counter does not run ahead of its clock. Such numbers have 15 digits until 2055: they are
//! integers of structured fields (RFC 9651), exact in a double of Lua or JavaScript, and fit a BIGINT of SQL. Read as
//! `(epoch << 40) | counter`, the upper bits are the epoch.

/// 2024-01-01T00:00:00Z in microseconds since 1970.
pub(crate) const BEGINNING_US: i64 = 1_704_067_200_000_000;

/// Bits below the epoch.
pub(crate) const EPOCH_BITS: u32 = 40;

/// The number of a wall clock, in microseconds since 1970.
pub(crate) fn of_clock(micros: i64) -> u64 {
    u64::try_from(micros.saturating_sub(BEGINNING_US)).unwrap_or(0)
}

/// The next number after `last`, by a clock.
pub(crate) fn next(last: u64, clock: u64) -> u64 {
    clock.max(last.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_with_the_counter_and_over_losses_with_the_clock() {
        let clock = of_clock(BEGINNING_US + 5_000);
        assert_eq!(clock, 5_000);
        assert_eq!(next(0, clock), 5_000);
        assert_eq!(next(5_000, clock), 5_001);
        assert_eq!(next(9_000, clock), 9_001);
        assert_eq!(of_clock(0), 0);
        // 2055-01-01 has 15 digits, which RFC 9651 section 3.3.1 allows.
        assert!(of_clock(2_682_374_400_000_000) < 999_999_999_999_999);
    }
}
