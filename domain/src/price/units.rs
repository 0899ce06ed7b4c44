//! Rates of what is not tokens: images, seconds, characters, queries, pages, tools that the provider runs.

use super::rates::{MILLION, PriceFault, RATE_DIGITS, number};
use super::written::PerUnit;
use crate::usage::{ImageQuality, ImageSize, Usage, UsageSource};

/// Rates for one of each, in 10^-15 dollars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UnitRates {
    request: Option<i128>,
    images: Vec<ImageRow>,
    pixel: Option<i128>,
    image_in: Option<i128>,
    audio_in_second: Option<i128>,
    audio_out_second: Option<i128>,
    video_in_second: Option<i128>,
    video_out_second: Vec<(Option<u64>, i128)>,
    character: Option<i128>,
    query: Option<i128>,
    page: Option<i128>,
    annotated_page: Option<i128>,
    web_search_low: Option<i128>,
    web_search: Option<i128>,
    web_search_high: Option<i128>,
    file_search: Option<i128>,
    code_session: Option<i128>,
    map_query: Option<i128>,
}

/// A number of units, and what becomes of them where the provider counted them in tokens too.
struct Counted {
    count: u64,
    rate: Option<i128>,
    /// Units of the count in the one that the rate is for: 1,000 for milliseconds, else 1.
    per: i128,
    /// The tokens of the same thing have been billed.
    tokens_of_it: bool,
    /// Tokens that may be of the same thing have been billed.
    some_tokens: bool,
}

/// Compiles rates; what is absent is as in `below`.
pub(super) fn compile_units(place: &str, written: &PerUnit, below: &UnitRates) -> Result<UnitRates, PriceFault> {
    let one = |name: &str, text: &Option<String>, below: Option<i128>| match text {
        Some(text) => number(&format!("{place}.{name}"), text, RATE_DIGITS).map(Some),
        None => Ok(below),
    };
    let mut rates = UnitRates {
        request: one("request", &written.request, below.request)?,
        pixel: one("pixel", &written.pixel, below.pixel)?,
        image_in: one("image_in", &written.image_in, below.image_in)?,
        audio_in_second: one("audio_in_second", &written.audio_in_second, below.audio_in_second)?,
        audio_out_second: one("audio_out_second", &written.audio_out_second, below.audio_out_second)?,
        video_in_second: one("video_in_second", &written.video_in_second, below.video_in_second)?,
        character: one("character", &written.character, below.character)?,
        query: one("query", &written.query, below.query)?,
        page: one("page", &written.page, below.page)?,
        annotated_page: one("annotated_page", &written.annotated_page, below.annotated_page)?,
        web_search_low: one("web_search_low", &written.web_search_low, below.web_search_low)?,
        web_search: one("web_search", &written.web_search, below.web_search)?,
        web_search_high: one("web_search_high", &written.web_search_high, below.web_search_high)?,
        file_search: one("file_search", &written.file_search, below.file_search)?,
        code_session: one("code_session", &written.code_session, below.code_session)?,
        map_query: one("map_query", &written.map_query, below.map_query)?,
        images: below.images.clone(),
        video_out_second: below.video_out_second.clone(),
    };
    if !written.images.is_empty() {
        rates.images = image_rows(place, written)?;
    }
    if !written.video_out_second.is_empty() {
        rates.video_out_second.clear();
        for (index, row) in written.video_out_second.iter().enumerate() {
            let field = format!("{place}.video_out_second[{index}]");
            rates.video_out_second.push((row.lines, number(&format!("{field}.price"), &row.price, RATE_DIGITS)?));
        }
    }
    Ok(rates)
}

type ImageRow = (Option<ImageSize>, Option<ImageQuality>, i128);

fn image_rows(place: &str, written: &PerUnit) -> Result<Vec<ImageRow>, PriceFault> {
    let mut rows = Vec::new();
    for (index, row) in written.images.iter().enumerate() {
        let field = format!("{place}.images[{index}]");
        let size = match row.size.as_deref() {
            None => None,
            Some(text) => Some(ImageSize::parse(text).ok_or_else(|| {
                PriceFault::new(format!("{field}.size"), format!("{text:?} is not width and height, such as 1024x1536"))
            })?),
        };
        rows.push((size, row.quality, number(&format!("{field}.price"), &row.price, RATE_DIGITS)?));
    }
    Ok(rows)
}

impl UnitRates {
    /// What the units of a usage cost, in 10^-21 dollars; `None` when one has no rate and is not billed by tokens.
    pub(super) fn cost(&self, usage: &Usage, input_rate: bool, output_rate: bool) -> Option<i128> {
        let request = match self.request {
            Some(rate) if usage.source != UsageSource::None => rate.saturating_mul(MILLION),
            _ => 0,
        };
        if usage.units.is_empty() {
            return Some(request);
        }
        if usage.units.unlisted > 0 {
            return None;
        }
        let counted = self.counted(usage, input_rate, output_rate);
        let mut sum = request;
        for unit in counted.into_iter().filter(|unit| unit.count > 0 && !unit.tokens_of_it) {
            match unit.rate {
                Some(rate) => {
                    let share = rate.saturating_mul(i128::from(unit.count)).saturating_mul(MILLION / unit.per);
                    sum = sum.saturating_add(share);
                }
                None if unit.some_tokens => {}
                None => return None,
            }
        }
        Some(sum)
    }

    fn counted(&self, usage: &Usage, input_rate: bool, output_rate: bool) -> [Counted; 16] {
        let (tokens, units) = (&usage.tokens, &usage.units);
        let read = input_rate && tokens.input_total() > 0;
        let made = output_rate && tokens.output_total() > 0;
        let media = |count, rate, per, of_it: u64, some_tokens| Counted {
            count,
            rate,
            per,
            tokens_of_it: some_tokens && of_it > 0,
            some_tokens,
        };
        let plain = |count, rate| Counted { count, rate, per: 1, tokens_of_it: false, some_tokens: false };
        [
            media(units.images, self.image(usage), 1, tokens.output_total(), made),
            media(units.images_in, self.image_in, 1, tokens.image_in, read),
            media(units.audio_in_ms, self.audio_in_second, 1_000, tokens.audio_in, read),
            media(units.audio_out_ms, self.audio_out_second, 1_000, tokens.audio_out, made),
            media(units.video_in_ms, self.video_in_second, 1_000, tokens.video_in, read),
            media(units.video_out_ms, self.video_out(units.video_lines), 1_000, tokens.output_total(), made),
            media(units.characters, self.character, 1, 0, read),
            plain(units.queries, self.query),
            plain(units.pages, self.page),
            plain(units.annotated_pages, self.annotated_page),
            plain(units.web_searches_low, self.web_search_low),
            plain(units.web_searches, self.web_search),
            plain(units.web_searches_high, self.web_search_high),
            plain(units.file_searches, self.file_search),
            plain(units.code_sessions, self.code_session),
            plain(units.map_queries, self.map_query),
        ]
    }

    /// What one image of the size and quality costs: of the rows that fit, the one that says most.
    fn image(&self, usage: &Usage) -> Option<i128> {
        let (size, quality) = (usage.units.image_size, usage.units.image_quality);
        let fits = |row: &&ImageRow| row.0.is_none_or(|s| s == size) && row.1.is_none_or(|q| q == quality);
        let rows = self.images.iter().filter(fits);
        let best = rows.max_by_key(|row| (row.0.is_some(), row.1.is_some())).map(|row| row.2);
        best.or_else(|| {
            let pixels = size.pixels();
            self.pixel.filter(|_| pixels > 0).map(|rate| rate.saturating_mul(i128::from(pixels)))
        })
    }

    fn video_out(&self, lines: u64) -> Option<i128> {
        let rows = self.video_out_second.iter().filter(|row| row.0.is_none_or(|l| l == lines));
        rows.max_by_key(|row| row.0.is_some()).map(|row| row.1)
    }
}
