//! Which ranges of leaves the hashes of a proof are the roots of (RFC 6962, sections 2.1.1 and
//! 2.1.2), so that whoever has the roots of subtrees can make the proof without the leaves.

use std::ops::Range;

use custody_domain::{Hash, merkle};

/// The proof that leaf `index` is in the tree of `size` leaves, as ranges, nearest to the leaf first.
/// None where there is no such leaf.
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if index >= size {
        return None;
    }
    let (mut begin, mut end) = (0, size);
    let mut ranges = Vec::new();
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(begin..middle);
            begin = middle;
        }
    }
    ranges.reverse();
    Some(ranges)
}

/// The proof that the tree of `from` leaves is the beginning of that of `to`, as ranges. Empty from
/// 0, and from a size to itself; none backwards.
pub fn consistency(from: u64, to: u64) -> Option<Vec<Range<u64>>> {
    if from > to {
        return None;
    }
    let mut ranges = Vec::new();
    let (mut begin, mut end) = (0, to);
    if from > 0 {
        while end != from {
            let middle = begin + split(end - begin);
            if from <= middle {
                ranges.push(middle..end);
                end = middle;
            } else {
                ranges.push(begin..middle);
                begin = middle;
            }
        }
        // A subtree that is the whole earlier tree is known already.
        if begin > 0 {
            ranges.push(begin..end);
        }
    }
    ranges.reverse();
    Some(ranges)
}

/// The root over roots of complete subtrees from left to right, each smaller than the one before:
/// what a range of a proof consists of. None of none.
pub fn fold(roots: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    roots.rev().reduce(|right, left| merkle::node(&left, &right))
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]
    use super::*;

    fn leaves(n: u64) -> Vec<Hash> {
        (0..n).map(|i| merkle::root(&[[u8::try_from(i).unwrap(); 32]])).collect()
    }

    fn roots(leaves: &[Hash], ranges: &[Range<u64>]) -> Vec<Hash> {
        let at = |n: u64| usize::try_from(n).unwrap();
        ranges.iter().map(|range| merkle::root(&leaves[at(range.start)..at(range.end)])).collect()
    }

    #[test]
    fn the_ranges_are_those_of_the_recursive_definition() {
        for size in 0..70 {
            let tree = leaves(size);
            for index in 0..size {
                let made = roots(&tree, &inclusion(index, size).unwrap());
                let defined = merkle::inclusion_proof(&tree, usize::try_from(index).unwrap()).unwrap();
                assert_eq!(made, defined, "leaf {index} of {size}");
                let made = roots(&tree, &consistency(index, size).unwrap());
                let defined = merkle::consistency_proof(&tree, usize::try_from(index).unwrap()).unwrap();
                assert_eq!(made, defined, "{index} to {size}");
            }
            assert_eq!(inclusion(size, size), None);
            assert_eq!(consistency(size + 1, size), None);
            assert_eq!(consistency(size, size), Some(Vec::new()));
        }
    }
}
