//! Usage of many requests as one.

use super::{ImageSize, Tokens, Units, Usage, UsageSource};

impl Usage {
    /// Adds what another request of the same kind consumed. What has no sum (an image's size, lines of a picture) stays
    /// where both say the same, and is unknown else.
    pub fn add(&mut self, other: &Self) {
        self.source = match (self.source, other.source) {
            (UsageSource::None, source) | (source, UsageSource::None) => source,
            (mine, theirs) if mine == theirs => mine,
            _ => UsageSource::Mixed,
        };
        self.units.add(&other.units, self.tokens == Tokens::default());
        self.tokens.add(&other.tokens);
    }
}

impl Tokens {
    fn add(&mut self, other: &Self) {
        let sum = |mine: &mut u64, theirs: u64| *mine = mine.saturating_add(theirs);
        sum(&mut self.input_uncached, other.input_uncached);
        sum(&mut self.cache_read, other.cache_read);
        sum(&mut self.cache_write_5m, other.cache_write_5m);
        sum(&mut self.cache_write_1h, other.cache_write_1h);
        sum(&mut self.output_text, other.output_text);
        sum(&mut self.reasoning, other.reasoning);
        sum(&mut self.audio_in, other.audio_in);
        sum(&mut self.audio_out, other.audio_out);
        sum(&mut self.image_in, other.image_in);
        sum(&mut self.image_out, other.image_out);
        sum(&mut self.cache_read_audio, other.cache_read_audio);
        sum(&mut self.cache_read_image, other.cache_read_image);
        sum(&mut self.video_in, other.video_in);
    }
}

impl Units {
    fn add(&mut self, other: &Self, first: bool) {
        if first && self.is_empty() {
            *self = *other;
            return;
        }
        if self.image_size != other.image_size {
            self.image_size = ImageSize::default();
        }
        if self.image_quality != other.image_quality {
            self.image_quality = super::ImageQuality::default();
        }
        if self.video_lines != other.video_lines {
            self.video_lines = 0;
        }
        let sum = |mine: &mut u64, theirs: u64| *mine = mine.saturating_add(theirs);
        sum(&mut self.images, other.images);
        sum(&mut self.images_in, other.images_in);
        sum(&mut self.audio_in_ms, other.audio_in_ms);
        sum(&mut self.audio_out_ms, other.audio_out_ms);
        sum(&mut self.video_in_ms, other.video_in_ms);
        sum(&mut self.video_out_ms, other.video_out_ms);
        sum(&mut self.characters, other.characters);
        sum(&mut self.queries, other.queries);
        sum(&mut self.pages, other.pages);
        sum(&mut self.annotated_pages, other.annotated_pages);
        sum(&mut self.web_searches_low, other.web_searches_low);
        sum(&mut self.web_searches, other.web_searches);
        sum(&mut self.web_searches_high, other.web_searches_high);
        sum(&mut self.file_searches, other.file_searches);
        sum(&mut self.code_sessions, other.code_sessions);
        sum(&mut self.map_queries, other.map_queries);
        sum(&mut self.unlisted, other.unlisted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bucket_and_every_unit_is_summed() {
        // Each number another one, so that a forgotten or mixed up field shows.
        let count = |json: &serde_json::Value, factor: u64| -> serde_json::Value {
            let fields = json.as_object().unwrap().iter().zip(1_u64..);
            fields
                .map(|((name, value), at)| {
                    let value = if value.is_u64() { (at * factor).into() } else { value.clone() };
                    (name.clone(), value)
                })
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let names = [
            "images",
            "images_in",
            "audio_in_ms",
            "audio_out_ms",
            "video_in_ms",
            "video_out_ms",
            "characters",
            "queries",
            "pages",
            "annotated_pages",
            "web_searches_low",
            "web_searches",
            "web_searches_high",
            "file_searches",
            "code_sessions",
            "map_queries",
            "unlisted",
        ];
        let units = names.iter().map(|name| ((*name).to_owned(), 1.into())).collect::<serde_json::Map<_, _>>();
        let units = serde_json::Value::from(units);
        let tokens = serde_json::to_value(Tokens::default()).unwrap();
        let usage = |factor| Usage {
            tokens: serde_json::from_value(count(&tokens, factor)).unwrap(),
            units: serde_json::from_value(count(&units, factor)).unwrap(),
            source: UsageSource::Provider,
            ..Usage::default()
        };
        let mut sum = usage(1);
        sum.add(&usage(2));
        assert_eq!(sum, usage(3));
        let mut none = Usage::default();
        none.add(&usage(2));
        assert_eq!(none, usage(2));
    }
}
