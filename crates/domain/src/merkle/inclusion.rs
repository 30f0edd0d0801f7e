//! That one leaf is in the tree.

use super::{node, root, split};
use crate::Hash;

/// The hashes beside the way from leaf `index` up to the root over `leaves`, lowest first. `None`
/// where there is no such leaf.
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    path(leaves, index, &mut proof);
    Some(proof)
}

/// PATH of RFC 9162, section 2.1.3.1.
fn path(leaves: &[Hash], index: usize, proof: &mut Vec<Hash>) {
    if leaves.len() < 2 {
        return;
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    if index < at {
        path(left, index, proof);
        proof.push(root(right));
    } else {
        path(right, index - at, proof);
        proof.push(root(left));
    }
}

/// Whether `proof` leads from the leaf at `index` to the `root` of a tree of `size` leaves: RFC 9162,
/// section 2.1.3.2.
pub fn verify_inclusion(leaf_hash: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf_hash;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            hash = node(sibling, &hash);
            while at % 2 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}
