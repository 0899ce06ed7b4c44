//! The buckets of tokens by their places, and which of them another stands in for: one order and one rule, for bills and
//! for the tool that writes prices.

/// How many there are: as many as [`crate::usage::Tokens::buckets`] gives.
pub const COUNT: usize = 13;

/// Uncached input.
pub const INPUT: usize = 0;
/// Text that was written.
pub const OUTPUT: usize = 1;
/// Input read from a cache.
pub const CACHE_READ: usize = 2;
/// Input written to a cache for five minutes.
pub const CACHE_WRITE_5M: usize = 3;
/// The same for an hour.
pub const CACHE_WRITE_1H: usize = 4;
/// Reasoning.
pub const REASONING: usize = 5;
/// Sound that was heard.
pub const AUDIO_IN: usize = 6;
/// Sound that was made.
pub const AUDIO_OUT: usize = 7;
/// Pictures that were seen.
pub const IMAGE_IN: usize = 8;
/// Pictures that were made.
pub const IMAGE_OUT: usize = 9;
/// Sound read from a cache.
pub const CACHE_READ_AUDIO: usize = 10;
/// Pictures read from a cache.
pub const CACHE_READ_IMAGE: usize = 11;
/// Films that were seen.
pub const VIDEO_IN: usize = 12;

/// Which bucket's rate stands in for one without its own. In this order, so that what stands in is settled before.
pub const STAND_INS: [(usize, usize); 11] = [
    (CACHE_READ, INPUT),
    (CACHE_WRITE_5M, INPUT),
    (CACHE_WRITE_1H, CACHE_WRITE_5M),
    (REASONING, OUTPUT),
    (AUDIO_IN, INPUT),
    (AUDIO_OUT, OUTPUT),
    (IMAGE_IN, INPUT),
    (IMAGE_OUT, OUTPUT),
    (CACHE_READ_AUDIO, CACHE_READ),
    (CACHE_READ_IMAGE, CACHE_READ),
    (VIDEO_IN, INPUT),
];

/// The same rates with those that stand in where a bucket has none.
#[must_use]
pub fn completed<T: Copy>(mut rates: [Option<T>; COUNT]) -> [Option<T>; COUNT] {
    for (bucket, base) in STAND_INS {
        rates[bucket] = rates[bucket].or(rates[base]);
    }
    rates
}
