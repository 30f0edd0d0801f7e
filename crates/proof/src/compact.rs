//! Compact ranges: of the leaves `begin..end` of a tree, the roots of the largest complete subtrees
//! that lie within. At most two a level, so a few hashes stand for any number of leaves; adjacent
//! ranges merge, and one from 0 gives the root.
//!
//! (As transparency-dev/merkle has them, and describes them in `docs/compact_ranges.md`.)

use custody_domain::{Hash, merkle};

/// A tree of 2⁶⁴ leaves.
const HEIGHT_MAX: usize = 64;
const HEADER: usize = 16;

/// The range of no leaves at 0 is `default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    begin: u64,
    end: u64,
    /// From left to right.
    nodes: Vec<Node>,
}

/// The root of the complete subtree of 2^height leaves, the first of which is `index << height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub height: u8,
    pub index: u64,
    pub hash: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    #[error("the ranges are not adjacent")]
    NotAdjacent,
    #[error("there are not as many hashes as the range has")]
    WrongCount,
    #[error("the range ends before it begins, or beyond what a tree can have")]
    NoRange,
}

impl CompactRange {
    /// The range of no leaves at `begin`.
    pub fn empty(begin: u64) -> Self {
        Self { begin, end: begin, nodes: Vec::new() }
    }

    /// From the hashes of the range's nodes, from left to right.
    pub fn from_hashes(begin: u64, end: u64, hashes: &[Hash]) -> Result<Self, RangeError> {
        let places = places(begin, end)?;
        if places.len() != hashes.len() {
            return Err(RangeError::WrongCount);
        }
        let nodes = places
            .into_iter()
            .zip(hashes)
            .map(|((height, index), hash)| Node { height, index, hash: *hash })
            .collect();
        Ok(Self { begin, end, nodes })
    }

    pub fn begin(&self) -> u64 {
        self.begin
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    pub fn len(&self) -> u64 {
        self.end - self.begin
    }

    pub fn is_empty(&self) -> bool {
        self.begin == self.end
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// From left to right: with `begin` and `end` all that there is to it.
    pub fn hashes(&self) -> impl ExactSizeIterator<Item = &Hash> {
        self.nodes.iter().map(|node| &node.hash)
    }

    /// Adds the leaf at `end`.
    pub fn append(&mut self, leaf: Hash) -> Result<(), RangeError> {
        let end = self.end.checked_add(1).ok_or(RangeError::NoRange)?;
        self.push(Node { height: 0, index: self.end, hash: leaf });
        self.end = end;
        Ok(())
    }

    /// Adds the range that begins where this one ends.
    pub fn merge(&mut self, right: &Self) -> Result<(), RangeError> {
        if self.end != right.begin {
            return Err(RangeError::NotAdjacent);
        }
        right.nodes.iter().for_each(|node| self.push(*node));
        self.end = right.end;
        Ok(())
    }

    /// The root of the tree of the first `end` leaves, where the range begins at 0.
    pub fn root(&self) -> Option<Hash> {
        if self.begin != 0 {
            return None;
        }
        let mut hashes = self.nodes.iter().rev().map(|node| node.hash);
        let Some(last) = hashes.next() else { return Some(merkle::root(&[])) };
        Some(hashes.fold(last, |right, left| merkle::node(&left, &right)))
    }

    /// `u64be(begin) ‖ u64be(end) ‖ hashes`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + 32 * self.nodes.len());
        bytes.extend_from_slice(&self.begin.to_be_bytes());
        bytes.extend_from_slice(&self.end.to_be_bytes());
        self.hashes().for_each(|hash| bytes.extend_from_slice(hash));
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RangeError> {
        let (begin, rest) = bytes.split_first_chunk().ok_or(RangeError::WrongCount)?;
        let (end, rest) = rest.split_first_chunk().ok_or(RangeError::WrongCount)?;
        let (hashes, []) = rest.as_chunks::<32>() else { return Err(RangeError::WrongCount) };
        Self::from_hashes(u64::from_be_bytes(*begin), u64::from_be_bytes(*end), hashes)
    }

    /// Two that are halves of one subtree become it, and so on up.
    fn push(&mut self, mut right: Node) {
        while let Some(left) = self.nodes.last()
            && left.height == right.height
            && left.index ^ right.index == 1
        {
            let hash = merkle::node(&left.hash, &right.hash);
            right = Node { height: right.height + 1, index: right.index >> 1, hash };
            self.nodes.pop();
        }
        self.nodes.push(right);
    }
}

/// Height and index of each node of a range, from left to right.
pub fn places(begin: u64, end: u64) -> Result<Vec<(u8, u64)>, RangeError> {
    let mut left = end.checked_sub(begin).ok_or(RangeError::NoRange)?;
    let mut places = Vec::with_capacity(2 * HEIGHT_MAX);
    let mut at = begin;
    while left > 0 {
        // The largest subtree that begins here and ends within.
        let height = at.trailing_zeros().min(left.ilog2());
        places.push((u8::try_from(height).map_err(|_| RangeError::NoRange)?, at >> height));
        at += 1 << height;
        left -= 1 << height;
    }
    Ok(places)
}

#[cfg(test)]
mod tests;
