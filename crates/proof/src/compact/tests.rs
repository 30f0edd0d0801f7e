#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
use proptest::prelude::*;

use super::*;

fn leaf(n: u64) -> Hash {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    hash
}

fn range(begin: u64, end: u64) -> CompactRange {
    let mut range = CompactRange::empty(begin);
    (begin..end).for_each(|n| range.append(leaf(n)).unwrap());
    range
}

#[test]
fn the_root_is_the_trees() {
    let leaves: Vec<Hash> = (0..600).map(leaf).collect();
    for size in 0..=600 {
        let made = range(0, size);
        assert_eq!(made.root(), Some(merkle::root(&leaves[..usize::try_from(size).unwrap()])), "{size}");
        assert_eq!(u64::from(size.count_ones()), made.hashes().len() as u64);
    }
    assert_eq!(range(1, 4).root(), None, "a range that does not begin at 0 has no root");
}

proptest! {
    #[test]
    fn adjacent_ranges_merge_wherever_they_are_cut(begin in 0_u64..700, first in 0_u64..700, second in 0_u64..700) {
        let (middle, end) = (begin + first, begin + first + second);
        let mut merged = range(begin, middle);
        merged.merge(&range(middle, end)).unwrap();
        prop_assert_eq!(&merged, &range(begin, end));
        prop_assert_eq!(merged.nodes().iter().map(|n| (n.height, n.index)).collect::<Vec<_>>(), places(begin, end).unwrap());
        prop_assert_eq!(CompactRange::from_bytes(&merged.to_bytes()), Ok(merged));
    }

    #[test]
    fn bytes_that_are_no_range_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(range) = CompactRange::from_bytes(&bytes) {
            prop_assert_eq!(range.to_bytes(), bytes);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_eq!(range(0, 3).merge(&range(4, 5)), Err(RangeError::NotAdjacent));
    assert_eq!(CompactRange::from_hashes(0, 3, &[leaf(0)]), Err(RangeError::WrongCount));
    assert_eq!(CompactRange::from_hashes(3, 2, &[]), Err(RangeError::NoRange));
    assert_eq!(places(0, u64::MAX).unwrap().len(), 64);
    let mut full = CompactRange::empty(u64::MAX);
    assert_eq!(full.append(leaf(0)), Err(RangeError::NoRange));
}
