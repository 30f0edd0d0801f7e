//! Sets of documents of one part.

/// A set of numbers below a bound, a bit for each: of the largest part 8 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
    bound: u32,
}

const WORD: u32 = 64;

impl Bits {
    pub(super) fn none(bound: u32) -> Self {
        Self { words: vec![0; words_for(bound)], bound }
    }

    /// From `from` up to, and without, `to`.
    pub(super) fn range(bound: u32, from: u32, to: u32) -> Self {
        let mut bits = Self::none(bound);
        let (from, to) = (from.min(bound), to.min(bound));
        if from >= to {
            return bits;
        }
        let (first, last) = (index(from), index(to - 1));
        for word in bits.words.iter_mut().take(last + 1).skip(first) {
            *word = u64::MAX;
        }
        if let Some(word) = bits.words.get_mut(first) {
            *word &= u64::MAX << (from % WORD);
        }
        if let Some(word) = bits.words.get_mut(last) {
            *word &= u64::MAX >> (WORD - 1 - (to - 1) % WORD);
        }
        bits
    }

    pub(super) fn insert(&mut self, number: u32) {
        debug_assert!(number < self.bound, "{number} of {}", self.bound);
        if let Some(word) = self.words.get_mut(index(number)) {
            *word |= 1 << (number % WORD);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(super) fn and(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    pub(super) fn or(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    pub(super) fn without(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    /// Keeps those that pass.
    pub(super) fn retain(&mut self, mut test: impl FnMut(u32) -> bool) {
        for (base, word) in (0..).step_by(64).zip(&mut self.words) {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if !test(base + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// By 64, those that have any: the first number that they may hold, and a bit for each.
    pub(super) fn words(&self) -> impl DoubleEndedIterator<Item = (u32, u64)> {
        let bases = (0..self.bound.div_ceil(WORD)).map(|word| word * WORD);
        bases.zip(self.words.iter().copied()).filter(|(_, word)| *word != 0)
    }

    pub(super) fn ascending(&self) -> impl Iterator<Item = u32> {
        self.words().flat_map(|(base, word)| numbers(base, word))
    }

    pub(super) fn descending(&self) -> impl Iterator<Item = u32> {
        let bases = (0..self.bound.div_ceil(WORD)).map(|word| word * WORD);
        bases.zip(&self.words).rev().flat_map(|(base, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| WORD - 1 - left.leading_zeros())?;
                left &= !(1 << bit);
                Some(base + bit)
            })
        })
    }
}

/// Those of a word, ascending.
pub(super) fn numbers(base: u32, word: u64) -> impl Iterator<Item = u32> {
    let mut left = word;
    std::iter::from_fn(move || {
        let bit = (left != 0).then(|| left.trailing_zeros())?;
        left &= left - 1;
        Some(base + bit)
    })
}

fn index(number: u32) -> usize {
    // At most 2^26: it fits.
    usize::try_from(number / WORD).unwrap_or(usize::MAX)
}

fn words_for(bound: u32) -> usize {
    index(bound.div_ceil(WORD) * WORD)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const BOUND: u32 = 200;

    fn of(set: &BTreeSet<u32>) -> Bits {
        let mut bits = Bits::none(BOUND);
        for number in set {
            bits.insert(*number);
        }
        bits
    }

    fn set(bits: &Bits) -> BTreeSet<u32> {
        bits.ascending().collect()
    }

    proptest! {
        #[test]
        fn they_are_sets(one in prop::collection::btree_set(0..BOUND, 0..40), other in prop::collection::btree_set(0..BOUND, 0..40)) {
            let (a, b) = (of(&one), of(&other));
            prop_assert_eq!(&set(&a), &one);
            prop_assert_eq!(a.descending().collect::<Vec<_>>(), one.iter().rev().copied().collect::<Vec<_>>());
            prop_assert_eq!(a.count(), one.len() as u64);
            prop_assert_eq!(a.is_empty(), one.is_empty());
            let with = |change: fn(&mut Bits, &Bits)| { let mut bits = a.clone(); change(&mut bits, &b); set(&bits) };
            prop_assert_eq!(with(Bits::and), &one & &other);
            prop_assert_eq!(with(Bits::or), &one | &other);
            prop_assert_eq!(with(Bits::without), &one - &other);
            let mut odd = a.clone();
            odd.retain(|number| number % 2 == 1);
            prop_assert_eq!(set(&odd), one.iter().copied().filter(|n| n % 2 == 1).collect::<BTreeSet<_>>());
        }

        #[test]
        fn a_range_holds_what_is_in_it(from in 0..BOUND + 70, to in 0..BOUND + 70) {
            let bits = Bits::range(BOUND, from, to);
            prop_assert_eq!(set(&bits), (from..to.min(BOUND)).collect::<BTreeSet<_>>());
        }
    }
}
