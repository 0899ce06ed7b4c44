//! A set of small numbers: indices of targets or keys.

/// Numbers below 256; the compiler of configurations allows no more targets, or keys, than that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ai) struct Bits([u64; 4]);

impl Bits {
    pub(in crate::ai) fn insert(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    pub(in crate::ai) fn remove(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    pub(in crate::ai) fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word & 1 << (at % 64) != 0)
    }

    pub(in crate::ai) fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    pub(in crate::ai) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Those that are in both.
    pub(in crate::ai) fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
        self
    }

    /// Those that are not in the other.
    pub(in crate::ai) fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= !other);
        self
    }

    /// From the least on.
    pub(in crate::ai) fn iter(&self) -> impl Iterator<Item = usize> + use<> {
        self.0.into_iter().enumerate().flat_map(|(at, mut word)| {
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(at * 64 + bit)
            })
        })
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(items: I) -> Self {
        let mut bits = Self::default();
        items.into_iter().for_each(|at| bits.insert(at));
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let some = [0, 5, 63, 64, 199, 255];
        let mut bits: Bits = some.into_iter().collect();
        assert_eq!((bits.iter().collect::<Vec<_>>(), bits.len()), (some.to_vec(), 6));
        bits.insert(256);
        bits.remove(63);
        assert!(!bits.contains(63) && bits.contains(64) && !bits.contains(256));
        let low: Bits = (0..100).collect();
        assert_eq!(bits.and(&low).iter().collect::<Vec<_>>(), [0, 5, 64]);
        assert_eq!(bits.without(&low).iter().collect::<Vec<_>>(), [199, 255]);
        assert!(Bits::default().is_empty() && !bits.is_empty());
    }
}
