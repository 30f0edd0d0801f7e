//! The Merkle tree of RFC 6962 (and RFC 9162, section 2.1) over leaf hashes: root, inclusion and
//! consistency proofs, and their verification. Leaf hashes are made by [`crate::leaf`].

mod consistency;
mod inclusion;

pub use consistency::{consistency_proof, verify_consistency};
pub use inclusion::{inclusion_proof, verify_inclusion};

use crate::{Hash, digest::sha256};

/// The root over `leaves`; of none of them it is SHA-256 of nothing.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// `SHA-256(0x01 ‖ left ‖ right)`.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[0x01], left, right])
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

#[cfg(test)]
mod tests;
