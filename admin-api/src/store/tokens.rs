//! The thirteen token buckets as columns: of a request, of an attempt, of sums.

use weir_domain::usage::Tokens;

use super::ledger::number;

/// The columns, in the order of [`TokenColumns::values`].
pub(super) const TOKEN_COLUMNS: [&str; 13] = [
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output_text",
    "reasoning",
    "audio_in",
    "audio_out",
    "image_in",
    "image_out",
    "cache_read_audio",
    "cache_read_image",
    "video_in",
];

/// Their values; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct TokenColumns {
    input_uncached: i64,
    cache_read: i64,
    cache_write_5m: i64,
    cache_write_1h: i64,
    output_text: i64,
    reasoning: i64,
    audio_in: i64,
    audio_out: i64,
    image_in: i64,
    image_out: i64,
    cache_read_audio: i64,
    cache_read_image: i64,
    video_in: i64,
}

impl TokenColumns {
    /// As they are stored: none larger than a counter may be.
    pub(super) fn of(tokens: &Tokens) -> Self {
        Self {
            input_uncached: number(tokens.input_uncached),
            cache_read: number(tokens.cache_read),
            cache_write_5m: number(tokens.cache_write_5m),
            cache_write_1h: number(tokens.cache_write_1h),
            output_text: number(tokens.output_text),
            reasoning: number(tokens.reasoning),
            audio_in: number(tokens.audio_in),
            audio_out: number(tokens.audio_out),
            image_in: number(tokens.image_in),
            image_out: number(tokens.image_out),
            cache_read_audio: number(tokens.cache_read_audio),
            cache_read_image: number(tokens.cache_read_image),
            video_in: number(tokens.video_in),
        }
    }

    /// As the domain has them.
    pub(crate) fn tokens(&self) -> Tokens {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        Tokens {
            input_uncached: count(self.input_uncached),
            cache_read: count(self.cache_read),
            cache_write_5m: count(self.cache_write_5m),
            cache_write_1h: count(self.cache_write_1h),
            output_text: count(self.output_text),
            reasoning: count(self.reasoning),
            audio_in: count(self.audio_in),
            audio_out: count(self.audio_out),
            image_in: count(self.image_in),
            image_out: count(self.image_out),
            cache_read_audio: count(self.cache_read_audio),
            cache_read_image: count(self.cache_read_image),
            video_in: count(self.video_in),
        }
    }

    /// In the order of the columns.
    pub(crate) fn values(&self) -> [i64; 13] {
        let t = self;
        [
            t.input_uncached,
            t.cache_read,
            t.cache_write_5m,
            t.cache_write_1h,
            t.output_text,
            t.reasoning,
            t.audio_in,
            t.audio_out,
            t.image_in,
            t.image_out,
            t.cache_read_audio,
            t.cache_read_image,
            t.video_in,
        ]
    }

    /// Adds bucket by bucket. Sums saturate: a report must not wrap.
    pub(crate) fn add(&mut self, more: &Self) {
        let t = self;
        let sums = [
            &mut t.input_uncached,
            &mut t.cache_read,
            &mut t.cache_write_5m,
            &mut t.cache_write_1h,
            &mut t.output_text,
            &mut t.reasoning,
            &mut t.audio_in,
            &mut t.audio_out,
            &mut t.image_in,
            &mut t.image_out,
            &mut t.cache_read_audio,
            &mut t.cache_read_image,
            &mut t.video_in,
        ];
        for (sum, more) in sums.into_iter().zip(more.values()) {
            *sum = sum.saturating_add(more);
        }
    }
}
