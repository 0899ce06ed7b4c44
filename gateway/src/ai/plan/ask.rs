//! What choosing goes by: the request as its model route sees it, and which targets take it.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use http::HeaderMap;
use weir_domain::snapshot::ModelRoute;
use weir_domain::spec::{Sticky, StickyBy, When};
use weir_domain::time::Micros;
use weir_llm::Content;

use super::bits::Bits;
use crate::ai::pool::Pool;

/// A request, as far as choosing goes by it.
pub(in crate::ai) struct Ask<'a> {
    /// Its input, in estimated tokens.
    pub(in crate::ai) input: u64,
    /// Its own limit of output tokens.
    pub(in crate::ai) max_tokens: Option<u64>,
    /// Whether a stream is asked for.
    pub(in crate::ai) stream: bool,
    /// Whether tools are given.
    pub(in crate::ai) tools: bool,
    /// What its body holds; empty unless [`wants_content`] says that the route goes by it.
    pub(in crate::ai) content: Content,
    /// The caller's team.
    pub(in crate::ai) team: &'a str,
    /// The public id of the caller's key.
    pub(in crate::ai) key: &'a str,
    /// Its headers.
    pub(in crate::ai) headers: &'a HeaderMap,
    /// When it came.
    pub(in crate::ai) at: Micros,
}

/// Whether a route goes by what stands in the messages.
pub(in crate::ai) fn wants_content(route: &ModelRoute) -> bool {
    let sticky = route.sticky.as_ref().is_some_and(|sticky| sticky.by != StickyBy::Header);
    let looks = |when: &When| when.images.is_some() || when.audio.is_some() || when.documents.is_some();
    let shadows = route.shadows.iter().filter_map(|shadow| shadow.when.as_ref());
    sticky || route.targets.iter().filter_map(|target| target.when.as_ref()).chain(shadows).any(|when| looks(when))
}

impl Ask<'_> {
    /// The targets that take the request: switched on, their conditions met, their context large enough. Where it is
    /// too small everywhere, by an estimate, those with the largest are asked all the same: the provider counts better.
    pub(super) fn fitting(&self, pool: &Pool) -> Bits {
        let targets = pool.route.targets.iter().enumerate();
        let meets = |when: &When| self.meets(when);
        let fits: Bits = targets
            .filter(|(_, target)| !target.provider.disabled && target.when.as_ref().is_none_or(|when| meets(when)))
            .map(|(at, _)| at)
            .collect();
        let need = self.input.saturating_add(self.max_tokens.unwrap_or(0));
        let room = |at: usize| pool.slot(at).and_then(|slot| slot.context).unwrap_or(u64::MAX);
        let roomy: Bits = fits.iter().filter(|&at| room(at) >= need).collect();
        if !roomy.is_empty() {
            return roomy;
        }
        let largest = fits.iter().map(room).max().unwrap_or(0);
        fits.iter().filter(|&at| room(at) == largest).collect()
    }

    pub(super) fn meets(&self, when: &When) -> bool {
        let within = when.input_tokens.is_none_or(|range| {
            range.min.is_none_or(|min| self.input >= min) && range.max.is_none_or(|max| self.input <= max)
        });
        let is = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
        let has = |(name, values): (&String, &Vec<String>)| {
            let value = self.headers.get(name).map(http::HeaderValue::as_bytes);
            value.is_some_and(|value| values.iter().any(|one| one.as_bytes() == value))
        };
        within
            && is(when.tools, self.tools)
            && is(when.images, self.content.images)
            && is(when.audio, self.content.audio)
            && is(when.documents, self.content.documents)
            && (when.teams.is_empty() || when.teams.iter().any(|team| team == self.team))
            && when.headers.iter().all(has)
    }

    /// The mark of calls that belong together.
    pub(super) fn mark(&self, sticky: &Sticky) -> Option<u64> {
        match sticky.by {
            StickyBy::Header => self.header(sticky.header.as_deref()?),
            StickyBy::User => Some(mark(self.content.user.as_deref().unwrap_or(self.key).as_bytes())),
            StickyBy::Conversation => Some(spread(self.content.opening)),
        }
    }

    /// A number made of a header's value.
    pub(super) fn header(&self, name: &str) -> Option<u64> {
        self.headers.get(name).map(|value| mark(value.as_bytes()))
    }
}

/// A number made of bytes: the same on every node and in every version, so that a rolling upgrade moves nobody
/// (FNV-1a, which is simple enough to stay what it is, and a finaliser that spreads its bits).
pub(in crate::ai) fn mark(bytes: &[u8]) -> u64 {
    let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    spread(bytes.iter().fold(0xcbf2_9ce4_8422_2325, fnv))
}

/// Spreads a number over all bits (the finaliser of `splitmix64`).
pub(in crate::ai) fn spread(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Numbers that differ from request to request: drawn from the request's id, most of which is random.
pub(in crate::ai) fn dice(id: &str) -> impl FnMut(u64) -> u64 + use<> {
    let seed = BuildHasherDefault::<DefaultHasher>::default().hash_one(id);
    let mut drawn = 0_u64;
    move |below| {
        drawn += 1;
        spread(seed.wrapping_add(drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15))) % below.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_are_fair_over_many_requests() {
        let mut counts = [0_u32; 4];
        for _ in 0..4_000 {
            let mut roll = dice(&weir_domain::name::new_id());
            for count in [roll(4), roll(4)] {
                counts[usize::try_from(count).unwrap_or(0)] += 1;
            }
        }
        assert!(counts.iter().all(|&count| (1_800..2_200).contains(&count)), "{counts:?}");
    }

    #[test]
    fn marks_never_change() {
        // Written down: another number would move every conversation at the next upgrade.
        assert_eq!(mark(b""), 0xf52a_15e9_a9b5_e89b);
        assert_eq!(mark(b"user-1"), mark(b"user-1"));
        assert_ne!(mark(b"user-1"), mark(b"user-2"));
    }
}
