//! Durations counted by length: buckets that are the same everywhere, so that counts add up over hours and nodes.

/// How many buckets: one below 256 µs, four to each doubling up to 2^30 µs (18 minutes), one above.
pub(super) const BUCKETS: usize = 90;
/// Where each bucket but the last ends, in microseconds; what is as long as that is in the next.
const ENDS: [i64; BUCKETS - 1] = ends();

/// 256 µs times powers of the fourth root of two, rounded in the first octave and doubled from there.
const fn ends() -> [i64; BUCKETS - 1] {
    let octave = [256, 304, 362, 431];
    let mut ends = [0; BUCKETS - 1];
    let mut i = 0;
    while i < ends.len() {
        ends[i] = octave[i % 4] << (i / 4);
        i += 1;
    }
    ends
}

/// The bucket of a duration in microseconds.
pub(super) fn bucket(duration_us: i64) -> usize {
    ENDS.partition_point(|end| *end <= duration_us)
}

/// How many durations fell into each bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Histogram(pub(super) [i64; BUCKETS]);

impl Histogram {
    /// The duration that `percent` of all stay within, by nearest rank. It is off by at most 9 % of itself
    /// between 256 µs and 18 minutes, and is told as these where it lies beyond; 0 when nothing was counted.
    pub(super) fn percentile(&self, percent: i64) -> i64 {
        let total: i64 = self.0.iter().sum();
        let mut counted = 0;
        let place = self.0.iter().position(|count| {
            counted += count;
            counted > 0 && counted * 100 >= total * percent
        });
        match place {
            None => 0,
            Some(0) => ENDS[0],
            Some(last) if last == ENDS.len() => ENDS[last - 1],
            // Of all values between two, this one is off by the smallest share of either.
            Some(at) => 2 * ENDS[at - 1] * ENDS[at] / (ENDS[at - 1] + ENDS[at]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(durations: &[i64]) -> Histogram {
        let mut counts = [0; BUCKETS];
        durations.iter().for_each(|d| counts[bucket(*d)] += 1);
        Histogram(counts)
    }

    #[test]
    fn one_duration_is_told_within_nine_percent() {
        let mut duration = 256;
        while duration < 1 << 30 {
            for percent in [50, 90, 99] {
                let told = of(&[duration]).percentile(percent);
                assert!((told - duration).abs() * 100 <= duration * 9, "{duration} is told as {told}");
            }
            duration += 1 + duration / 50;
        }
    }

    #[test]
    fn percentiles_follow_the_nearest_rank() {
        // 1 to 200 ms: the exact ones are 100, 180 and 198 ms.
        let all = of(&(1..=200).map(|n| n * 1_000).collect::<Vec<_>>());
        for (percent, exact) in [(50, 100_000), (90, 180_000), (99, 198_000)] {
            let told = all.percentile(percent);
            assert!((told - exact).abs() * 100 <= exact * 9, "p{percent} is told as {told}");
        }
        // Nine of ten are short: the ninetieth is too, the ninety-first is not.
        let mut mixed = vec![1_000; 90];
        mixed.extend([1_000_000; 10]);
        assert!(of(&mixed).percentile(90) < 1_200 && of(&mixed).percentile(91) > 900_000);
    }

    #[test]
    fn what_lies_beyond_is_told_as_the_ends() {
        assert_eq!((of(&[0]).percentile(50), of(&[255]).percentile(99)), (256, 256));
        assert_eq!(of(&[i64::MAX]).percentile(50), 1 << 30);
        assert_eq!(of(&[]).percentile(50), 0);
        assert_eq!((bucket(255), bucket(256), bucket((1 << 30) - 1), bucket(1 << 30)), (0, 1, 88, 89));
    }
}
